// SPDX-License-Identifier: Apache-2.0
// An SGI from one vCPU to another by the two fast paths: what is posted is listed once, whatever is
// in the way; and what one side declines is still there for the slow path.
#include "drivers/gic/gic.hpp"
#include "hyp/core/fast/trap.hpp"
#include "hyp/core/vgic/vm_irqs.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <vector>

using namespace hyp;

namespace {

struct Done {
    std::array<u64, 4> words{};
    std::vector<u64> bells;
    std::vector<u32> ended;
};

struct Gic {
    static constexpr GicGeneration generation = GicGeneration::v3;
    Done* done;

    [[nodiscard]] static constexpr bool is_empty_word(u64 word) { return word == 0; }
    [[nodiscard]] u64 read_lr_word(LrIndex n) const { return done->words[n.value]; }
    void write_lr_word(LrIndex n, u64 word) const { done->words[n.value] = word; }
    void drop_priority(Ack ack) const { done->ended.push_back(ack.raw()); }
    void deactivate(Ack ack) const { done->ended.push_back(ack.raw()); }
    void send_sgi_word(u64 word) const { done->bells.push_back(word); }
    void complete_acknowledge() const {}
};

// vCPU 1 of three receives from vCPU 0.
struct Pair {
    static constexpr u64 bell = 0x0c00'0002;
    static constexpr u32 iar = 12;
    VmIrqs vm{3, Group::group1};
    std::array<Delivery, 16> sgis{};
    FastPlan sender;
    FastPlan receiver;
    Done done;

    Pair() {
        vm.mailbox(VcpuIndex{1}).set_bell(bell);
        sgis.fill(next(fresh_delivery(VcpuIndex{1}, Group::group1, Trigger::edge), Event::enable));
        sender.boxes = &vm.mailbox(VcpuIndex{0});
        sender.siblings = 0b110;
        sender.sgi_to_self = 1;
        sender.sgis = no_sgis;
        receiver.own_box = &vm.mailbox(VcpuIndex{1});
        receiver.not_bell = ~iar;
        receiver.sgis = sgis.data();
    }
    [[nodiscard]] bool send(u64 request) { return fast_sgi(Gic{&done}, sender, request); }
    [[nodiscard]] bool receive(u32 acknowledged = iar) {
        return fast_bell(Gic{&done}, receiver, Ack{acknowledged});
    }
    // What the slow path would find.
    [[nodiscard]] std::vector<u32> left() {
        std::vector<u32> found;
        vm.mailbox(VcpuIndex{1})
            .take([&](VIntid sgi, u8) { found.push_back(sgi.value()); }, [](Request, VIntid) {},
                  [] {}, [](u8, u8) {});
        return found;
    }
};

constexpr u64 sgi_5_to_1 = u64{5} << 24 | 2;

} // namespace

TEST_CASE("sibling SGI: posted, rung once, listed", "[fast]") {
    Pair p;
    REQUIRE(p.send(sgi_5_to_1));
    REQUIRE(p.send(sgi_5_to_1)); // merges
    CHECK(p.done.bells == std::vector<u64>{Pair::bell});
    REQUIRE(p.receive());
    CHECK((p.done.words[1] & 0xffff'ffff) == 5);
    CHECK(p.done.ended == std::vector<u32>{Pair::iar, Pair::iar});
    CHECK(p.left().empty());
    REQUIRE(p.send(sgi_5_to_1));
    CHECK(p.done.bells.size() == 2); // the box was empty again
}

TEST_CASE("sibling SGI: what is not one SGI to one sibling goes the slow way", "[fast]") {
    for (const u64 request : {u64{0}, u64{6}, u64{1}, u64{8}, u64{1} << 8 | 2, u64{1} << 16 | 2,
                              u64{1} << 32 | 2, u64{1} << 40 | 2, u64{1} << 44 | 2}) {
        Pair p;
        CHECK_FALSE(p.send(request | u64{5} << 24));
        CHECK(p.left().empty());
        CHECK(p.done.bells.empty());
    }
    Pair withdrawn;
    withdrawn.sender = FastPlan{};
    withdrawn.sender.sgi_to_self = 1;
    withdrawn.sender.sgis = no_sgis;
    CHECK_FALSE(withdrawn.send(sgi_5_to_1));
}

TEST_CASE("sibling SGI: declined, nothing is lost and nothing is ended", "[fast]") {
    const auto declined = [](auto&& change) {
        Pair p;
        REQUIRE(p.send(sgi_5_to_1));
        change(p);
        const auto before = p.done.words;
        const bool done = p.receive();
        return !done && p.done.words == before && p.done.ended.empty() && p.left().front() == 5U;
    };
    CHECK(declined([](Pair& p) { p.done.words[1] = 1; }));
    CHECK(declined([](Pair& p) { p.sgis[5] = next(p.sgis[5], Event::disable); }));
    CHECK(declined([](Pair& p) { p.sgis[5] = next(p.sgis[5], Event::raise); }));
    CHECK(declined([](Pair& p) { REQUIRE(p.send(u64{6} << 24 | 2)); }));
    CHECK(declined([](Pair& p) {
        static_cast<void>(p.vm.mailbox(VcpuIndex{1}).post(Request::look, VIntid{33}));
    }));
    CHECK(declined([](Pair& p) { p.receiver.not_bell = ~13U; }));
    CHECK_FALSE(declined([](Pair&) {}));
    Pair empty;
    CHECK_FALSE(empty.receive()); // the slow path took it before the bell came
    CHECK(empty.done.ended.empty());
}
