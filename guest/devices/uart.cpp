// SPDX-License-Identifier: Apache-2.0
// The PL011 (DDI 0183) by interrupts. Its line is a level, high while a masked-in condition holds:
// a character to be read, or room for one to be sent.

#include "checks.hpp"
#include "find.hpp"
#include "switchboard.hpp"

#include "common/mmio.hpp"

#include <cstdio>

namespace guest {
namespace {

enum : std::uintptr_t {
    UARTDR = 0x00,
    UARTFR = 0x18,
    UARTLCR_H = 0x2c,
    UARTCR = 0x30,
    UARTIMSC = 0x38,
    UARTMIS = 0x40,
    UARTICR = 0x44,
};

constexpr std::uint32_t receive_empty = 1U << 4;                // UARTFR.RXFE
constexpr std::uint32_t receive_full = 1U << 6;                 // UARTFR.RXFF
constexpr std::uint32_t fifos = 1U << 4;                        // UARTLCR_H.FEN
constexpr std::uint32_t receive_interrupts = 1U << 4 | 1U << 6; // RX, and RT: FIFO below its level
constexpr std::uint32_t transmit_interrupt = 1U << 5;           // TX

/** How the handler takes characters. */
enum class Manner : std::uint8_t {
    drain,    // all that are there
    one_each, // one an interrupt, and it ends only when the next has arrived
};

struct Line {
    char text[128];
    volatile std::uint32_t length;
    volatile bool complete;
    volatile std::uint32_t high_at_end; // ends of interrupt with the line high
    volatile std::uint32_t without_cause;
    volatile bool active_dropped; // EOImode 1: EOIR alone deactivated it
    volatile bool offered_again;  // between EOIR and DIR
};

constinit DeviceNode uart{};
constinit Line line{};
constinit Manner manner = Manner::drain;

std::uint32_t get(std::uintptr_t offset) {
    return read32(uart.base + offset);
}

void put(std::uintptr_t offset, std::uint32_t value) {
    write32(uart.base + offset, value);
}

bool has_character() {
    return (get(UARTFR) & receive_empty) == 0;
}

void take_character() {
    const char c = static_cast<char>(get(UARTDR) & 0xff);
    if (c == '\n' || c == '\r') {
        line.complete = true;
    } else if (line.length < sizeof line.text) {
        line.text[line.length] = c;
        line.length = line.length + 1;
    }
}

/** Takes one character and waits until the next is there: the line is high at the end of this
 * interrupt. The very first waits for a full FIFO, after which the line does not even fall. */
void take_one() {
    constexpr std::uint64_t typing_us = 200000;
    if (line.length == 0) {
        (void)poll([] { return (get(UARTFR) & receive_full) != 0; }, typing_us);
    }
    take_character();
    if (!line.complete && poll(has_character, typing_us)) {
        line.high_at_end = line.high_at_end + 1;
    }
}

After on_receive(Ack) {
    if ((get(UARTMIS) & receive_interrupts) == 0) {
        line.without_cause = line.without_cause + 1;
    }
    if (manner == Manner::one_each) {
        take_one();
    } else {
        while (has_character()) {
            take_character();
        }
    }
    return After::end_it;
}

/** EOImode 1: priority drop while the line is high, a look, then deactivation. */
After on_receive_split(Ack ack) {
    (void)on_receive(ack);
    dsb();
    gic().end(ack);
    line.active_dropped = line.active_dropped || !gic().is_active(uart.wire.intid);
    line.offered_again = line.offered_again || gic().highest_pending() == uart.wire.intid;
    gic().deactivate(ack);
    return After::ended;
}

/** Finds the UART, chooses FIFOs or not, and connects its interrupt; what it asks for is next. */
const char* open(bool with_fifos, Service service) {
    uart = find_device("arm,pl011");
    if (!uart.found()) {
        return "no PL011 in the device tree";
    }
    put(UARTIMSC, 0);
    const std::uint32_t control = get(UARTCR);
    put(UARTCR, 0); // DDI 0183, UARTLCR_H: only while the UART is disabled
    put(UARTLCR_H, with_fifos ? get(UARTLCR_H) | fifos : get(UARTLCR_H) & ~fifos);
    put(UARTCR, control);
    put(UARTICR, receive_interrupts | transmit_interrupt);
    line.length = 0;
    line.complete = false;
    line.high_at_end = 0;
    line.without_cause = 0;
    line.active_dropped = false;
    line.offered_again = false;
    connect_spi(uart.wire, service);
    return nullptr;
}

/** FNV-1a, by which whoever typed the line can tell that it arrived. */
std::uint32_t checksum() {
    std::uint32_t hash = 2166136261;
    for (std::uint32_t i = 0; i < line.length; ++i) {
        hash = (hash ^ static_cast<unsigned char>(line.text[i])) * 16777619;
    }
    return hash;
}

/** Asks for a line and receives it by interrupts. */
Outcome receive(Manner how, EoiMode mode) {
    constexpr std::uint64_t human_us = 60000000;
    GUEST_REQUIRE_NO(open(true, mode == EoiMode::split ? on_receive_split : on_receive));
    manner = how;
    std::printf("pl011: type a line\n");
    begin_check(mode);
    put(UARTIMSC, receive_interrupts);
    const bool came = serve_until([] { return line.complete; }, Idle::sleep, human_us);
    const Outcome end = end_check();
    put(UARTIMSC, 0);
    std::printf("pl011: %u characters, FNV-1a 0x%08x, %lu interrupts, %u ended with the line "
                "high: %.*s\n",
                line.length, checksum(), taken(uart.wire.intid), line.high_at_end,
                static_cast<int>(line.length), line.text);
    GUEST_REQUIRE(came, "no whole line; characters", line.length);
    GUEST_REQUIRE(line.without_cause == 0, "interrupts without a cause", line.without_cause);
    return end;
}

Outcome all_that_is_there() {
    GUEST_REQUIRE_PASS(receive(Manner::drain, EoiMode::joint));
    const std::uint64_t count = taken(uart.wire.intid);
    return expect(count != 0 && count <= line.length + 1, "wrong number of interrupts", count);
}

/** As many interrupts as characters, the end of the line among them: each end with the line high
 * brings one more. */
Outcome one_each(EoiMode mode) {
    GUEST_REQUIRE_PASS(receive(Manner::one_each, mode));
    const std::uint64_t count = taken(uart.wire.intid);
    GUEST_REQUIRE(count == line.length + 1, "wrong number of interrupts", count);
    GUEST_REQUIRE(line.high_at_end >= line.length / 2, "too few ends with the line high",
                  line.high_at_end);
    GUEST_REQUIRE(!line.active_dropped, "EOIR alone deactivated", 1);
    return expect(!line.offered_again, "offered again between EOIR and DIR", 1);
}

constexpr char message[] = "pl011: sent by interrupts, one character each\r\n";
constexpr std::uint64_t message_length = sizeof message - 1;
constinit volatile std::uint64_t sent = 0;

/** Sends the next character; the line, low after UARTICR, is high as soon as it has gone. */
After on_transmit(Ack) {
    if ((get(UARTMIS) & transmit_interrupt) == 0) {
        line.without_cause = line.without_cause + 1;
    }
    put(UARTICR, transmit_interrupt);
    if (sent < message_length) {
        put(UARTDR, static_cast<unsigned char>(message[sent]));
        sent = sent + 1;
    } else {
        put(UARTIMSC, 0);
    }
    return After::end_it;
}

Outcome send() {
    GUEST_REQUIRE_NO(open(false, on_transmit));
    begin_check();
    sent = 1;
    put(UARTIMSC, transmit_interrupt);
    put(UARTDR, static_cast<unsigned char>(message[0])); // gone: the first interrupt
    const bool all =
        serve_until([] { return sent == message_length && get(UARTIMSC) == 0; }, Idle::sleep);
    GUEST_REQUIRE(all, "no interrupt after character", sent);
    GUEST_REQUIRE_PASS(end_check());
    GUEST_REQUIRE(line.without_cause == 0, "interrupts without a cause", line.without_cause);
    return expect(taken(uart.wire.intid) == message_length, "wrong number of interrupts",
                  taken(uart.wire.intid));
}

constexpr Check all[] = {
    {"T26-drain", all_that_is_there},
    {"T26", [] { return one_each(EoiMode::joint); }},
    {"T26-split", [] { return one_each(EoiMode::split); }},
    {"T26-send", send},
};

} // namespace

std::span<const Check> uart_checks() {
    return all;
}

} // namespace guest
