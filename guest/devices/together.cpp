// SPDX-License-Identifier: Apache-2.0
// Six interrupts pending at once, more than any GIC here has list registers: tick, UART, clock,
// entropy, disk and an edge by software. They are raised with interrupts masked, the least urgent
// first, and must be taken in the order of their priorities, each as often as it should be.

#include "channel.hpp"
#include "checks.hpp"
#include "rtc.hpp"

#include "common/psci.hpp"

namespace guest {
namespace {

constexpr unsigned source_count = 6;
constexpr unsigned rounds = 12;
constexpr std::uint8_t usual_priority = 0xa0;

/** 5.2.6, a write-out request without data: flush. The device answers with its status alone. */
struct FlushRequest {
    std::uint32_t type = 4;
    std::uint32_t reserved = 0;
    std::uint64_t sector = 0;
};

/** The PL011 again, this time by its transmit interrupt alone (uart.cpp). */
enum : std::uintptr_t { UARTDR = 0x00, UARTIMSC = 0x38, UARTRIS = 0x3c };
constexpr std::uint32_t transmit_interrupt = 1U << 5;

struct Source {
    Intid intid;
    void (*raise)();
    bool (*is_raised)();
};

constinit Channel entropy{};
constinit Channel disk{};
constinit Rtc rtc{};
constinit DeviceNode uart{};
constinit DeviceNode empty_slot{};
constinit volatile std::uint64_t random = 0;
constinit FlushRequest flush{};
constinit volatile std::uint8_t flush_status = 0;

void on_used(UsedChain) {}

void ask_entropy() {
    const Buffer buffer{&random, sizeof random, Buffer::Writer::device};
    entropy.queue.describe(0, {&buffer, 1});
    entropy.submit(0);
}

void ask_disk() {
    flush_status = 0xff;
    const Buffer buffers[] = {{&flush, sizeof flush, Buffer::Writer::driver},
                              {&flush_status, sizeof flush_status, Buffer::Writer::device}};
    disk.queue.describe(0, buffers);
    disk.submit(0);
}

/** The transmit condition holds (something was sent before): let it out to the line. */
void ask_uart() {
    write32(uart.base + UARTIMSC, transmit_interrupt);
}

constinit Source sources[source_count] = {
    {spurious_intid, [] {}, [] { return VirtualTimer::expired(); }},
    {spurious_intid, ask_uart, [] { return (read32(uart.base + UARTRIS) >> 5 & 1) != 0; }},
    {spurious_intid, [] { (void)rtc.raise(); }, [] { return rtc.is_high(); }},
    {spurious_intid, ask_entropy, [] { return entropy.device.interrupt_status() != 0; }},
    {spurious_intid, ask_disk, [] { return disk.device.interrupt_status() != 0; }},
    {spurious_intid, [] { gic().set_pending(empty_slot.wire.intid); }, [] { return true; }},
};

Outcome open() {
    uart = find_device("arm,pl011");
    GUEST_REQUIRE(uart.found(), "no PL011 in the device tree", 0);
    empty_slot = find_virtio(VirtioKind::none);
    GUEST_REQUIRE(empty_slot.found(), "no empty virtio slot in the device tree", 0);
    GUEST_REQUIRE_NO(rtc.open());
    GUEST_REQUIRE_NO(entropy.open(
        find_virtio(VirtioKind::entropy), [](Ack) { return entropy.serve(); }, on_used));
    GUEST_REQUIRE_NO(disk.open(
        find_virtio(VirtioKind::block), [](Ack) { return disk.serve(); }, on_used));
    write32(uart.base + UARTIMSC, 0);
    connect_spi(uart.wire, [](Ack) {
        write32(uart.base + UARTIMSC, 0);
        return After::end_it;
    });
    connect_spi(rtc.wire(), [](Ack) {
        rtc.clear();
        return After::end_it;
    });
    connect_spi(empty_slot.wire, [](Ack) { return After::end_it; });
    const Intid intids[source_count] = {machine().virtual_timer, uart.wire.intid,
                                        rtc.wire().intid,        entropy.wire.intid,
                                        disk.wire.intid,         empty_slot.wire.intid};
    for (unsigned i = 0; i < source_count; ++i) {
        sources[i].intid = intids[i];
    }
    return passed;
}

/** The source of urgency `rank` (0 is the most urgent) in this round. */
Source& ranked(unsigned round, unsigned rank) {
    return sources[(rank * (round % 2 == 0 ? 1 : 5) + round) % source_count];
}

Outcome one_round(unsigned round) {
    for (unsigned rank = 0; rank < source_count; ++rank) {
        const auto priority = static_cast<std::uint8_t>(0x20 + 0x10 * rank);
        gic().set_priority(ranked(round, rank).intid, priority);
    }
    begin_check(round % 4 < 2 ? EoiMode::joint : EoiMode::split);
    write32(uart.base + UARTDR, '.'); // what the transmit interrupt is for
    for (unsigned rank = source_count; rank-- != 0;) {
        const Source& source = ranked(round, rank);
        source.raise();
        GUEST_REQUIRE(poll(source.is_raised), "did not come up: INTID", source.intid.value);
    }
    GUEST_REQUIRE(serve_until([] {
                      for (const Source& source : sources) {
                          if (taken(source.intid) == 0) {
                              return false;
                          }
                      }
                      return true;
                  }),
                  "lost among others, in round", round);
    GUEST_REQUIRE_PASS(end_check());
    for (unsigned rank = 0; rank < source_count; ++rank) {
        const Intid intid = ranked(round, rank).intid;
        GUEST_REQUIRE(first_place(intid) == rank + 1, "not by priority: INTID", intid.value);
        GUEST_REQUIRE(taken(intid) == 1 || intid == machine().virtual_timer,
                      "more than once: INTID", intid.value);
    }
    return passed;
}

Outcome together() {
    GUEST_REQUIRE_PASS(open());
    Outcome outcome = passed;
    for (unsigned round = 0; round < rounds && outcome.kind == Outcome::Kind::pass; ++round) {
        outcome = one_round(round);
    }
    write32(uart.base + UARTDR, '\n');
    for (const Source& source : sources) {
        gic().set_priority(source.intid, usual_priority);
    }
    GUEST_REQUIRE_PASS(outcome);
    GUEST_REQUIRE_PASS(expect(entropy.empty == 0 && disk.empty == 0,
                              "virtio interrupts without a cause", entropy.empty + disk.empty));
    return expect(entropy.completions == rounds && disk.completions == rounds, "completions",
                  entropy.completions + disk.completions);
}

constexpr Check all[] = {{"TOGETHER", together}};

} // namespace

std::span<const Check> together_checks() {
    return all;
}

} // namespace guest
