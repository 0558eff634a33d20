// SPDX-License-Identifier: Apache-2.0
// Two vCPUs of one VM, each on a pCPU of its own, and what one of them does about an SPI that the
// other has or is to get: it posts, and tells whom to wake. The list registers are those of flush().
#include "tests/unit/vgic/bare_cpu.hpp"

using namespace hyp;

namespace {

constexpr VIntid spi{40};
constexpr unsigned word = 1;
constexpr u32 bit = 1U << 8;

using Pair = test::BarePair;

} // namespace

TEST_CASE("two vCPUs: an SPI goes to the one that it is routed to", "[vgic]") {
    Pair p;
    p.list_at_one();
    CHECK(p.zero.find(spi) == nullptr);
    CHECK(p.vm.word(spi).is_held_by(VcpuIndex{1}));
    p.one.acknowledge(spi);
    p.one.end(spi);
    CHECK(p.one.exit() == 0);
    CHECK_FALSE(p.vm.word(spi).is_held());
    CHECK(p.one.irqs.nothing_waits());
    CHECK(p.vm.vcpus() == 2);
}

TEST_CASE("two vCPUs: one clears what is pending at the other", "[vgic]") {
    Pair p;
    p.list_at_one();
    CHECK(p.zero.exit([](VcpuIrqs& v) { v.guest_clear_pending(word, bit); }) == 2);
    CHECK(p.one.exit() == 0);
    CHECK(p.one.find(spi) == nullptr);
    CHECK_FALSE(p.vm.word(spi).is_held());
    CHECK_FALSE(p.vm.word(spi).is_pending());
}

TEST_CASE("two vCPUs: one ends what is active at the other", "[vgic]") {
    Pair p;
    p.list_at_one();
    p.one.acknowledge(spi);
    static_cast<void>(p.one.exit());
    CHECK(p.zero.exit([](VcpuIrqs& v) { v.guest_clear_active(word, bit); }) == 2);
    CHECK(p.one.exit() == 0);
    CHECK(p.one.find(spi) == nullptr);
    CHECK_FALSE(p.vm.word(spi).is_held());
    p.list_at_one(); // and it can come again
}

TEST_CASE("two vCPUs: DIR of what the other has active traps, and ends it there", "[vgic]") {
    Pair p;
    p.list_at_one();
    p.one.acknowledge(spi);
    static_cast<void>(p.one.exit());
    static_cast<void>(p.zero.exit());
    CHECK(p.zero.irqs.control().watch_deactivate);
    CHECK(p.zero.exit([](VcpuIrqs& v) { v.on_deactivate(spi); }) == 2);
    CHECK(p.one.exit() == 0);
    CHECK(p.one.find(spi) == nullptr);
    CHECK_FALSE(p.vm.word(spi).is_held());
}

TEST_CASE("two vCPUs: a disabled one leaves the other's list register, and comes back", "[vgic]") {
    Pair p;
    p.list_at_one();
    CHECK(p.zero.exit([](VcpuIrqs& v) { v.guest_disable(word, bit); }) == 2);
    CHECK(p.one.exit() == 0);
    CHECK(p.one.find(spi) == nullptr);
    CHECK(p.vm.word(spi).is_pending());
    CHECK(p.zero.exit([](VcpuIrqs& v) { v.guest_enable(word, bit); }) == 2);
    CHECK(p.one.exit() == 0);
    CHECK(p.one.has(spi, LrState::pending));
}

TEST_CASE("two vCPUs: a new route takes a pending one along, and leaves an active one", "[vgic]") {
    Pair p;
    p.list_at_one();
    CHECK(p.zero.exit([](VcpuIrqs& v) { v.set_route(spi, VcpuIndex{0}); }) == 2);
    CHECK(p.one.exit() == 1);
    CHECK(p.one.find(spi) == nullptr);
    CHECK(p.zero.exit() == 0);
    CHECK(p.zero.has(spi, LrState::pending));
    p.zero.acknowledge(spi);
    static_cast<void>(p.zero.exit([](VcpuIrqs& v) { v.set_route(spi, VcpuIndex{1}); }));
    static_cast<void>(p.one.exit());
    CHECK(p.zero.has(spi, LrState::active));
    CHECK(p.one.find(spi) == nullptr);
    CHECK(p.vm.word(spi).is_held_by(VcpuIndex{0}));
}

TEST_CASE("two vCPUs: a group switched off leaves every list register", "[vgic]") {
    Pair p;
    p.list_at_one();
    CHECK((p.zero.exit([](VcpuIrqs& v) { v.set_group_enables(1); }) & 2U) != 0);
    static_cast<void>(p.one.exit());
    CHECK(p.one.find(spi) == nullptr);
    CHECK(p.vm.word(spi).is_pending());
    CHECK((p.zero.exit([](VcpuIrqs& v) { v.set_group_enables(3); }) & 2U) != 0);
    static_cast<void>(p.one.exit());
    CHECK(p.one.has(spi, LrState::pending));
}

TEST_CASE("two vCPUs: SGIs arrive once, on GICv2 with their sender", "[vgic]") {
    const VIntid sgi{5};
    Pair v3;
    static_cast<void>(v3.one.exit([&](VcpuIrqs& v) { v.guest_enable(0, 1U << 5); }));
    CHECK(v3.zero.exit([&](VcpuIrqs& v) { v.post_sgi(VcpuIndex{1}, sgi, 2); }) == 2);
    CHECK(v3.zero.exit([&](VcpuIrqs& v) { v.post_sgi(VcpuIndex{1}, sgi, 2); }) == 0); // awake yet
    static_cast<void>(v3.one.exit());
    CHECK(v3.one.has(sgi, LrState::pending));
    v3.one.acknowledge(sgi);
    v3.one.end(sgi);
    static_cast<void>(v3.one.exit());
    CHECK(v3.one.find(sgi) == nullptr);
    CHECK(v3.zero.find(sgi) == nullptr);

    Pair v2{GicGeneration::v2};
    static_cast<void>(v2.one.exit([&](VcpuIrqs& v) { v.guest_enable(0, 1U << 5); }));
    CHECK(v2.zero.exit([&](VcpuIrqs& v) { v.post_sgi(VcpuIndex{1}, sgi, 1); }) == 2);
    static_cast<void>(v2.one.exit([&](VcpuIrqs& v) { v.receive_sgi(sgi, 2); }));
    REQUIRE(v2.one.has(sgi, LrState::pending));
    const u8 first = v2.one.find(sgi)->source();
    v2.one.acknowledge(sgi);
    v2.one.end(sgi);
    static_cast<void>(v2.one.exit());
    REQUIRE(v2.one.has(sgi, LrState::pending));
    CHECK(first + v2.one.find(sgi)->source() == 1); // from 0 and from 1, each once
    v2.one.acknowledge(sgi);
    v2.one.end(sgi);
    static_cast<void>(v2.one.exit());
    CHECK(v2.one.find(sgi) == nullptr);
}

// The other pCPU changes the word after this one has taken its posts: the claim fails, nothing else.
TEST_CASE("two vCPUs: what is gone at the moment of the claim is not listed", "[vgic]") {
    for (const Event event : {Event::clear, Event::disable}) {
        Pair p;
        REQUIRE(p.zero.exit([](VcpuIrqs& v) { v.raise(spi); }) == 2);
        CHECK(p.one.exit([&](VcpuIrqs&) { static_cast<void>(p.vm.step(spi, event)); }) == 0);
        CHECK(p.one.find(spi) == nullptr);
        CHECK_FALSE(p.vm.word(spi).is_held());
        static_cast<void>(p.zero.exit([](VcpuIrqs& v) {
            v.guest_enable(word, bit);
            v.raise(spi);
        }));
        static_cast<void>(p.one.exit());
        CHECK(p.one.has(spi, LrState::pending));
    }
}

// --- what only a sibling's list registers tell

TEST_CASE("two vCPUs: a read of what the other has waits for its answer, once", "[vgic]") {
    Pair p;
    p.list_at_one();
    const auto read_again = [&] { return p.zero.irqs.ask(word, ~0U); };
    CHECK(p.zero.exit([](VcpuIrqs& v) { CHECK(v.ask(word, ~0U)); }) == 2);
    CHECK(p.zero.irqs.is_asking());
    CHECK(p.zero.exit([&](VcpuIrqs&) { CHECK(read_again()); }) == 0); // not asked twice
    p.one.acknowledge(spi);
    CHECK(p.one.exit() == 1); // answered, and vCPU 0 is to be woken
    CHECK(p.zero.exit([&](VcpuIrqs& v) {
        CHECK_FALSE(v.is_asking());
        CHECK_FALSE(read_again());
        CHECK(v.active_word(word) == bit);
        CHECK(v.pending_word(word, PhysWords{}) == 0);
    }) == 0);
    p.one.end(spi);
    CHECK(p.one.exit() == 0);
    CHECK(p.zero.exit([&](VcpuIrqs& v) {
        CHECK_FALSE(read_again()); // nobody has it
        CHECK(v.active_word(word) == 0);
    }) == 0);
    // It is claimed before the answer is given: what its holder showed last is out of date.
    p.list_at_one();
    CHECK(p.zero.irqs.active_word(word) == 0);
    CHECK(p.zero.irqs.pending_word(word, PhysWords{}) == bit);
}

TEST_CASE("two vCPUs: what is pending there reads as pending; others are not asked", "[vgic]") {
    Pair p;
    p.list_at_one();
    CHECK_FALSE(p.zero.irqs.ask(word, ~bit));
    CHECK_FALSE(p.zero.irqs.ask(word + 1, ~0U));
    CHECK_FALSE(p.zero.irqs.ask(0, ~0U));
    CHECK_FALSE(p.one.irqs.ask(word, ~0U));                    // its own
    CHECK(p.zero.irqs.pending_word(word, PhysWords{}) == bit); // claimed since it was asked for
    CHECK(p.zero.irqs.ask(word, bit));
    static_cast<void>(p.one.irqs.put()); // it does not run: its owner answers from memory
    p.one.irqs.take_posts();
    CHECK(p.one.irqs.take_kicks() == 1);
    p.zero.irqs.take_posts();
    CHECK_FALSE(p.zero.irqs.ask(word, bit));
    CHECK(p.zero.irqs.pending_word(word, PhysWords{}) == bit);
    CHECK(p.zero.irqs.active_word(word) == 0);
}

// An answer to the older question may be older than the newer one.
TEST_CASE("two vCPUs: a question that was left open is waited for before another", "[vgic]") {
    Pair p;
    p.list_at_one();
    CHECK(p.zero.irqs.ask(word, bit));
    CHECK(p.zero.irqs.ask(word + 1, ~0U)); // by an interrupt handler, say
    CHECK(p.one.exit() == 1);
    p.zero.irqs.take_posts();
    CHECK_FALSE(p.zero.irqs.ask(word + 1, ~0U));
    CHECK(p.zero.irqs.ask(word, bit)); // anew
    CHECK(p.one.exit() == 1);
    p.zero.irqs.take_posts();
    CHECK_FALSE(p.zero.irqs.ask(word, bit));
}

TEST_CASE("two vCPUs: ISACTIVER after ICACTIVER, and of what is pending at the other", "[vgic]") {
    Pair p;
    p.list_at_one();
    p.one.acknowledge(spi);
    CHECK(p.one.exit() == 0);
    CHECK(p.zero.exit([](VcpuIrqs& v) {
        v.guest_clear_active(word, bit);
        CHECK(v.ask(word, bit));
    }) == 2);
    CHECK(p.one.exit() == 1);
    CHECK(p.one.find(spi) == nullptr);
    CHECK(p.zero.exit([](VcpuIrqs& v) {
        CHECK_FALSE(v.ask(word, bit));
        v.guest_set_active(word, bit);
        CHECK(v.active_word(word) == bit);
    }) == 2);
    CHECK(p.vm.word(spi).is_held_by(VcpuIndex{0}));
    CHECK(p.zero.exit([](VcpuIrqs& v) { v.guest_clear_active(word, bit); }) == 0); // not looked yet
    CHECK(p.one.exit() == 0);

    p.list_at_one();
    CHECK(p.zero.exit([](VcpuIrqs& v) { CHECK(v.ask(word, bit)); }) == 2);
    CHECK(p.one.exit() == 1);
    CHECK(p.zero.exit([](VcpuIrqs& v) {
        CHECK_FALSE(v.ask(word, bit));
        v.guest_set_active(word, bit);
    }) == 2);
    CHECK(p.one.exit() == 0);
    CHECK(p.one.has(spi, LrState::pending_active));
}
