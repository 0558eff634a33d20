// SPDX-License-Identifier: Apache-2.0
// Traps that the fast path finishes, and each reason to leave one to the slow path, which then finds
// everything as it was.
#include "hyp/core/fast/trap.hpp"

#include "hyp/core/fast/tick.hpp"
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <vector>

using namespace hyp;

namespace {

constexpr GicGeneration v2 = GicGeneration::v2;
constexpr GicGeneration v3 = GicGeneration::v3;
using D = Delivery;

// The list registers as words, and what was done, in order.
template <GicGeneration Generation>
struct Registers {
    static constexpr GicGeneration generation = Generation;
    std::array<u64, 4>* words;
    std::vector<u32>* dropped;

    [[nodiscard]] static constexpr u64 lr_word(const ListReg& lr) {
        return encode_raw(Generation, lr);
    }
    [[nodiscard]] static constexpr bool is_empty_word(u64 word) { return word == 0; }
    [[nodiscard]] u64 read_lr_word(LrIndex n) const { return (*words)[n.value]; }
    void write_lr_word(LrIndex n, u64 word) const { (*words)[n.value] = word; }
    void drop_priority(Ack ack) const { dropped->push_back(ack.raw()); }
    void send_sgi_word(u64 /*word*/) const { FAIL("an SGI to nobody"); }
};

template <GicGeneration Generation>
struct Bench {
    std::array<u64, 4> words{};
    std::vector<u32> dropped;
    FastPlan plan;
    std::array<Delivery, 16> sgis{};
    [[nodiscard]] Registers<Generation> gic() { return {&words, &dropped}; }
};

constexpr Affinity self{1, 2, 3, 17}; // bit 1 of range 1

template <GicGeneration Generation>
[[nodiscard]] Bench<Generation> sgi_bench() {
    Bench<Generation> bench;
    const Group group = Generation == v2 ? Group::group0 : Group::group1;
    bench.sgis.fill(next(next(fresh_delivery(VcpuIndex{2}, group, Trigger::edge), Event::enable),
                         Event::prioritize, 0x68));
    bench.plan.sgi_lr = encode_raw(Generation, ListReg::sgi(VIntid{0}, Generation == v2 ? 2 : 0,
                                                            Priority{0}, group, EoiNotify::no));
    bench.plan.sgi_to_self = Generation == v2 ? 0x0004'0000 : sgi_to(self);
    return bench;
}

template <GicGeneration Generation>
[[nodiscard]] bool send(Bench<Generation>& bench, u64 request) {
    bench.plan.sgis = bench.sgis.data();
    const auto before = bench.sgis;
    const bool done = fast_sgi(bench.gic(), bench.plan, request);
    CHECK(bench.sgis == before); // sync() finds it in the list register
    return done;
}

} // namespace

TEST_CASE("fast reads: GICD's first four words, and no other offset", "[fast]") {
    FastPlan plan;
    plan.registers = {0x52, 0x480008, 0xba00043b, 0};
    for (u32 offset = 0; offset < 0x1000; ++offset) {
        u64 value = 0x1234;
        const bool done = fast_gicd_read(plan, offset, value);
        REQUIRE(done == (offset % 4 == 0 && offset < 16));
        REQUIRE(value == (done ? plan.registers[offset / 4] : 0x1234));
    }
}

TEST_CASE("fast enables: one idle SPI of software, by its bit", "[fast]") {
    for (const u32 spi : {32U, 33U, 63U, 64U, 255U, 256U, 287U}) {
        CAPTURE(spi);
        VmIrqs vm{1, Group::group1};
        FastPlan plan;
        plan.spis = vm.words();
        const u32 offset = 0x100 + spi / 32 * 4;
        REQUIRE(fast_enable(plan, offset, 1U << spi % 32));
        VmIrqs wanted{1, Group::group1};
        static_cast<void>(wanted.step(VIntid{spi}, Event::enable));
        CHECK(vm == wanted);
        REQUIRE(fast_enable(plan, offset + 0x80, 1U << spi % 32));
        CHECK(vm == VmIrqs{1, Group::group1});
    }
}

TEST_CASE("fast enables: any other register, none or several bits are not for it", "[fast]") {
    VmIrqs vm{1, Group::group1};
    const VmIrqs before = vm;
    FastPlan plan;
    plan.spis = vm.words();
    for (u32 offset = 0; offset < 0x1000; ++offset) {
        const u32 word = offset % 0x80 / 4;
        if (offset % 4 == 0 && offset >= 0x100 && offset < 0x200 && word >= 1 &&
            word < guest_words) {
            continue;
        }
        CAPTURE(offset);
        REQUIRE_FALSE(fast_enable(plan, offset, 1));
    }
    CHECK_FALSE(fast_enable(plan, 0x104, 0));
    CHECK_FALSE(fast_enable(plan, 0x104, 3));
    CHECK_FALSE(fast_enable(plan, 0x104, 0x8000'0001));
    CHECK(vm == before);
}

TEST_CASE("fast enables: what is pending, held or forwarded is not for it", "[fast]") {
    const auto refused = [](Event event, u8 arg) {
        VmIrqs vm{2, Group::group1};
        static_cast<void>(vm.step(VIntid{40}, event, arg));
        const VmIrqs before = vm;
        FastPlan plan;
        plan.spis = vm.words();
        const bool done = fast_enable(plan, 0x104, 1U << 8);
        return !done && vm == before;
    };
    CHECK(refused(Event::raise, 0));
    CHECK(refused(Event::line_up, 0));
    CHECK(refused(Event::hold, 0));
    CHECK(refused(Event::hold, 1));
    CHECK_FALSE(refused(Event::prioritize, 0x80));
    CHECK_FALSE(refused(Event::route, nobody.value));
    VmIrqs vm{1, Group::group1};
    vm.map_hardware(VIntid{40}, PIntid{40}, Trigger::level);
    FastPlan plan;
    plan.spis = vm.words();
    CHECK_FALSE(fast_enable(plan, 0x104, 1U << 8));
    CHECK(fast_enable(plan, 0x104, 1U << 9));
}

TEST_CASE("fast SGIs: to oneself, into their home", "[fast]") {
    for (u32 sgi = 0; sgi < 16; ++sgi) {
        auto b3 = sgi_bench<v3>();
        REQUIRE(send(b3, sgi_to(self) | u64{sgi} << 24));
        CHECK(b3.words == std::array<u64, 4>{0, 0x5068'0000'0000'0000U | sgi, 0, 0});
        auto b2 = sgi_bench<v2>();
        REQUIRE(send(b2, 0x0004'0000 | sgi));
        CHECK(b2.words == std::array<u64, 4>{0, 0x1680'0800U | sgi, 0, 0}); // from CPU 2
        auto by_filter = sgi_bench<v2>();
        REQUIRE(send(by_filter, 0x02ff'8000 | sgi)); // the list is of no account then, nor NSATT
        CHECK(by_filter.words == b2.words);
    }
}

TEST_CASE("fast SGIs: not to others, nor to more than oneself", "[fast]") {
    for (const u64 request : {u64{0x0100'0003}, u64{0x0304'0003}, u64{0x0006'0003},
                              u64{0x0001'0003}, u64{0x0000'0003}, u64{0x0104'0003}}) {
        auto bench = sgi_bench<v2>();
        CHECK_FALSE(send(bench, request));
        CHECK(bench.words == std::array<u64, 4>{});
    }
    for (const u64 bit : {0U, 1U, 2U, 15U, 16U, 32U, 40U, 44U, 48U}) {
        auto bench = sgi_bench<v3>();
        CHECK_FALSE(send(bench, sgi_to(self) ^ u64{1} << bit));
        CHECK(bench.words == std::array<u64, 4>{});
    }
}

TEST_CASE("fast SGIs: not what is more than an idle, enabled one", "[fast]") {
    const auto refused = [](auto&& change) {
        auto bench = sgi_bench<v3>();
        change(bench);
        const auto before = bench.words;
        return !send(bench, sgi_to(self) | u64{5} << 24) && bench.words == before;
    };
    const auto stepped = [&](Event event, u8 arg = 0) {
        return refused([&](auto& bench) { bench.sgis[5] = next(bench.sgis[5], event, arg); });
    };
    CHECK_FALSE(refused([](auto&) {}));
    CHECK(stepped(Event::disable));
    CHECK(stepped(Event::raise));
    CHECK(stepped(Event::hold, 0));
    CHECK(stepped(Event::hold, 2));
    CHECK(stepped(Event::to_group0));
    CHECK_FALSE(stepped(Event::prioritize, 0xf8));
    CHECK(refused([](auto& bench) { bench.words[1] = 1; }));
    CHECK_FALSE(refused([](auto& bench) { bench.words[0] = 1; }));
    auto withdrawn = sgi_bench<v3>();
    withdrawn.plan.sgis = no_sgis;
    CHECK_FALSE(fast_sgi(withdrawn.gic(), withdrawn.plan, sgi_to(self)));
}

TEST_CASE("fast devices: each by its physical INTID into its home", "[fast]") {
    const auto run = [](u32 ack, u64 first, u64 second) {
        Bench<v3> bench;
        bench.plan.device = {33, 48};
        bench.plan.device_lr = {first, second};
        const bool done = fast_device<Ack>(bench.gic(), bench.plan, ack);
        CHECK(bench.dropped.size() == (done ? 1 : 0));
        CHECK((!done || bench.dropped[0] == ack));
        return done ? bench.words : std::array<u64, 4>{9, 9, 9, 9};
    };
    const std::array<u64, 4> no{9, 9, 9, 9};
    CHECK(run(33, 7, 8) == std::array<u64, 4>{0, 0, 7, 0});
    CHECK(run(48, 7, 8) == std::array<u64, 4>{0, 0, 0, 8});
    CHECK(run(34, 7, 8) == no);
    CHECK(run(33, 0, 8) == no);
    CHECK(run(48, 7, 0) == no);
    CHECK(run(0, 0, 0) == no);
    CHECK(run(1023, 7, 8) == no);
}

TEST_CASE("the plan's SGIs: with a second list register and their group only", "[fast]") {
    test::Setup setup;
    setup.fast = true;
    test::Machine<v3, 4> m{setup};
    CHECK(m.plan.sgis == m.irqs.sgi_words());
    CHECK(m.plan.gicd == 0x80000);
    m.trap([](VcpuIrqs& v) { v.set_group_enables(1); });
    CHECK(m.plan.sgis == no_sgis);
    m.trap([](VcpuIrqs& v) { v.set_group_enables(3); });
    CHECK(m.plan.sgis != no_sgis);
    CHECK(m.plan.registers[0] == 0x53);
    m.gic.guest_write(0, model::Sysreg::icc_igrpen1, 0); // closed by its CPU interface
    m.trap([](VcpuIrqs&) {});
    CHECK(m.plan.sgis == no_sgis);
    CHECK(m.plan.timer_lr == 0);
    m.gic.guest_write(0, model::Sysreg::icc_igrpen1, 1);
    m.trap([](VcpuIrqs&) {});
    CHECK(m.plan.sgis != no_sgis);
    test::Machine<v3, 1> one{setup};
    CHECK(one.plan.sgis == no_sgis);
    CHECK(one.plan.spis != nullptr);
    test::Machine<v3, 2> two{setup};
    CHECK(two.plan.sgis != no_sgis);
}

TEST_CASE("a plan that nobody wrote asks the slow path about everything", "[fast]") {
    const FastPlan plan;
    CHECK(plan.timer_lr == 0);
    CHECK(plan.own_box == nullptr);
    CHECK(plan.siblings == 0);
    CHECK(plan.device == std::array<u32, 2>{});
    CHECK(plan.device_lr == std::array<u64, 2>{});
    CHECK(plan.gicd == 0); // made before the first entry: see no_page
    CHECK(plan.sgis == nullptr);
    CHECK(plan.spis == nullptr);
    CHECK(plan.sgi_to_self == 0);
    CHECK(plan.registers == std::array<u32, 4>{});
}
