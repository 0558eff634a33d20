// SPDX-License-Identifier: Apache-2.0
// The entropy device (VIRTIO 1.2, 5.4): one buffer at a time, filled with random bytes. Its
// interrupt is an edge: the device's line rises with the first used buffer not yet acknowledged.

#include "channel.hpp"
#include "checks.hpp"

#include <bit>
#include <cstdio>

namespace guest {
namespace {

constexpr std::uint32_t words = 4;
constexpr std::uint64_t requests = 200;

constinit Channel channel{};
constinit volatile std::uint64_t random[words]{};
constinit volatile std::uint32_t received = 0; // bytes of the last request
constinit std::uint64_t left_to_chain = 0;     // the handler's alone while a check runs

After on_irq(Ack) {
    return channel.serve();
}

void on_used(UsedChain chain) {
    received = chain.length;
}

const char* open() {
    return channel.open(find_virtio(VirtioKind::entropy), on_irq, on_used);
}

/** Asks for sizeof(random) bytes. */
void ask() {
    for (volatile std::uint64_t& word : random) {
        word = 0;
    }
    const Buffer buffer{&random[0], sizeof random, Buffer::Writer::device};
    channel.queue.describe(0, {&buffer, 1});
    channel.submit(0);
}

/** The device has used the buffer, and its line is high. */
bool line_is_high() {
    return channel.queue.has_used() && channel.device.interrupt_status() != 0;
}

/** Bits that are set among the bytes received. */
unsigned ones() {
    unsigned count = 0;
    for (const volatile std::uint64_t& word : random) {
        count += static_cast<unsigned>(std::popcount(word));
    }
    return count;
}

/** One request after the other, one interrupt each; and the bytes look random. */
Outcome each_once() {
    GUEST_REQUIRE_NO(open());
    begin_check();
    std::uint64_t bytes = 0;
    std::uint64_t set = 0;
    for (std::uint64_t n = 1; n <= requests; ++n) {
        const std::uint64_t before = random[0];
        ask();
        GUEST_REQUIRE(serve_until([n] { return channel.completions == n; },
                                  n % 2 == 0 ? Idle::spin : Idle::sleep),
                      "no interrupt for request", n);
        GUEST_REQUIRE(received != 0 && received <= sizeof random, "bytes received", received);
        GUEST_REQUIRE(random[0] != before && random[0] != 0, "the same bytes again", before);
        bytes += received;
        set += ones();
    }
    // Half of the bits, within ten standard deviations (sqrt(n) / 2 for n bits).
    const std::uint64_t bits = 8 * bytes;
    const std::uint64_t off = set > bits / 2 ? set - bits / 2 : bits / 2 - set;
    GUEST_REQUIRE(off * off <= 25 * bits, "far from half of the bits are set", set);
    GUEST_REQUIRE_PASS(end_check());
    std::printf("entropy: %s transport, %lu requests, %lu bytes, %lu interrupts\n",
                name(channel.device.transport()), requests, bytes, taken(channel.wire.intid));
    return channel.interrupts_were(requests);
}

/** Each next request completes while the interrupt of the one before is still active: the edge
 * waits in the distributor, pending and active, and comes once. */
Outcome edge_while_active() {
    GUEST_REQUIRE_NO(open());
    begin_check();
    left_to_chain = requests - 1;
    channel.on_drained = [] {
        if (left_to_chain != 0) {
            --left_to_chain;
            ask();
            (void)poll(line_is_high);
        }
    };
    ask();
    GUEST_REQUIRE(serve_until([] { return channel.completions == requests; }),
                  "an edge during its own interrupt was lost, after", channel.completions);
    GUEST_REQUIRE_PASS(end_check());
    return channel.interrupts_were(requests);
}

/** A line that stays high is one edge. Were the interrupt a level, here or in the distributor
 * below, this would be a storm. It was a level for a moment, so that the edge is not only what was
 * found at boot. */
Outcome held_line() {
    GUEST_REQUIRE_NO(open());
    gic().disable(channel.wire.intid);
    gic().set_up_spi(channel.wire.intid, Trigger::level);
    connect_spi(channel.wire, on_irq);
    begin_check();
    channel.hold = true;
    ask();
    GUEST_REQUIRE(serve_until([] { return taken(channel.wire.intid) != 0; }), "no interrupt", 0);
    serve_rest();
    GUEST_REQUIRE(taken(channel.wire.intid) == 1, "interrupts of one edge",
                  taken(channel.wire.intid));
    GUEST_REQUIRE(!gic().is_pending(channel.wire.intid), "pending without an edge", 1);
    channel.hold = false;
    channel.drain();
    ask();
    GUEST_REQUIRE(serve_until([] { return channel.completions == 2; }), "no second edge",
                  taken(channel.wire.intid));
    GUEST_REQUIRE_PASS(end_check());
    return channel.interrupts_were(2);
}

/** Disabled by its own handler, then ended: an edge meanwhile waits for the enable. */
Outcome disabled_while_active() {
    GUEST_REQUIRE_NO(open());
    begin_check();
    channel.on_drained = [] {
        if (channel.completions == 1) {
            gic().disable(channel.wire.intid);
        }
    };
    ask();
    GUEST_REQUIRE(serve_until([] { return channel.completions == 1; }), "no interrupt", 0);
    serve_rest();
    ask();
    GUEST_REQUIRE(poll(line_is_high), "the device is stuck", 0);
    serve_rest();
    GUEST_REQUIRE(taken(channel.wire.intid) == 1, "taken while disabled",
                  taken(channel.wire.intid));
    gic().enable(channel.wire.intid);
    GUEST_REQUIRE(serve_until([] { return channel.completions == 2; }),
                  "the edge while disabled was lost", taken(channel.wire.intid));
    GUEST_REQUIRE_PASS(end_check());
    return channel.interrupts_were(2);
}

constexpr Check all[] = {
    {"T33-rng", each_once},
    {"T33-rng-active", edge_while_active},
    {"T33-rng-held", held_line},
    {"T32-rng", disabled_while_active},
};

} // namespace

std::span<const Check> entropy_checks() {
    return all;
}

} // namespace guest
