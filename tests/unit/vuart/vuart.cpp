// SPDX-License-Identifier: Apache-2.0
// The virtual PL011: against a small model of QEMU's over random accesses, a flood against a reader
// that empties the ring when it likes, and several threads at once.
#include "tests/unit/vuart/vuart_model.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

using namespace hyp;
using namespace hyp::test;

namespace {

std::unique_ptr<Vuart> powered_on() {
    auto uart = std::make_unique<Vuart>();
    uart->reset();
    return uart;
}

void put(Vuart& uart, u32 offset, u32 value) {
    (void)uart.write(offset, 4, value);
}
u32 get(Vuart& uart, u32 offset) {
    return uart.read(offset, 4);
}

} // namespace

TEST_CASE("vuart: what drivers look for at power-on", "[vuart]") {
    auto uart = powered_on();
    CHECK(get(*uart, fr) == (txfe | rxfe));
    CHECK(get(*uart, 0x30) == 0x300);
    CHECK(get(*uart, 0x34) == 0x12);
    u32 periph = 0;
    u32 cell = 0;
    for (u32 n = 0; n < 4; ++n) {
        periph |= get(*uart, 0xfe0 + 4 * n) << 8 * n;
        cell |= get(*uart, 0xff0 + 4 * n) << 8 * n;
    }
    CHECK((periph & 0xfffff) == 0x41011); // what Linux' amba-pl011 matches
    CHECK(cell == 0xb105f00d);
    CHECK(!uart->line());
}

TEST_CASE("vuart: random accesses answer as the model does", "[vuart]") {
    std::mt19937 random{4};
    auto uart = powered_on();
    Pl011Model model;
    const std::vector<u32> offsets{dr,   dr,   fr,    lcr_h, imsc,   ris,  mis,
                                   icr,  4,    0x20,  0x24,  0x28,   0x30, 0x34,
                                   0x48, 0x4c, 0xfe0, 0xffc, 0x1000, 0xfdc};
    u64 high = 0;
    for (int n = 0; n < 200'000; ++n) {
        const u32 offset = offsets[random() % offsets.size()] + (random() % 16 == 0 ? 1 : 0);
        const u8 size = static_cast<u8>(1U << random() % 4);
        const u32 rare = random() % 64;
        const bool flood = n / 4096 % 2 == 1; // often enough to fill both FIFOs
        if (rare < 24 || flood) {
            const u64 value = u64{random()} << 32 | random();
            (void)uart->write(flood ? dr : offset, flood ? 4 : size, value);
            model.write(flood ? dr : offset, flood ? 4 : size, value);
        } else if (rare < 40) {
            CHECK(uart->read(offset, size) == model.read(offset, size));
        } else if (rare < 56) {
            const u8 byte = static_cast<u8>(random());
            CHECK(uart->receive(byte) == model.type(byte));
        } else {
            for (auto count = random() % 256; count != 0; --count) {
                u8 byte = 0;
                REQUIRE(uart->output().take(byte) == !model.sent.empty());
                if (!model.sent.empty()) {
                    CHECK(byte == model.sent.front());
                    model.sent.pop_front();
                }
            }
            CHECK(uart->drained() == model.drained());
        }
        REQUIRE(uart->line() == model.line());
        REQUIRE(get(*uart, ris) == model.read(ris, 4));
        high += (get(*uart, fr) & txff) != 0 ? 1U : 0U;
    }
    CHECK(high > 1000); // the ring has been full
}

TEST_CASE("vuart: a driver that writes by interrupts loses nothing and never hangs", "[vuart]") {
    std::mt19937 random{7};
    auto uart = powered_on();
    put(*uart, imsc, tx);
    put(*uart, dr, 0); // as Linux does, the first byte before the first interrupt
    std::vector<u8> seen;
    u32 written = 1;
    constexpr u32 total = 100'000;
    u32 interrupts = 0;
    while (seen.size() < total) {
        if (uart->line() && written < total && random() % 4 != 0) {
            ++interrupts;
            for (u32 n = 0; n < Vuart::burst / 2 && written < total; ++n) { // without a look at FR
                put(*uart, dr, written++);
            }
            if (written == total) {
                put(*uart, imsc, 0);
            }
        }
        if (random() % (seen.size() / 16384 % 2 == 0 ? 2 : 200) == 0) {
            u8 byte = 0;
            for (auto n = random() % 300; n != 0 && uart->output().take(byte); --n) {
                seen.push_back(byte);
            }
            (void)uart->drained();
        }
    }
    bool in_order = true;
    for (u32 n = 0; n < total; ++n) {
        in_order = in_order && seen[n] == static_cast<u8>(n);
    }
    CHECK(in_order);
    CHECK(interrupts >= total / 16);
}

TEST_CASE("vuart: a driver that polls TXFF loses nothing, one that does not loses bytes",
          "[vuart]") {
    auto uart = powered_on();
    u32 written = 0;
    while ((get(*uart, fr) & txff) == 0) {
        put(*uart, dr, written++);
    }
    CHECK(written == OutputRing::capacity);
    CHECK(get(*uart, fr) == (txff | busy | rxfe));
    put(*uart, dr, 0xee);
    u8 byte = 0;
    REQUIRE(uart->output().take(byte));
    CHECK(byte == 0);
    CHECK(get(*uart, fr) == (txfe | rxfe));
    CHECK(get(*uart, ris) == 0); // room for one is none for a burst
    for (u32 n = 1; n < Vuart::burst; ++n) {
        (void)uart->output().take(byte);
    }
    CHECK(uart->drained());
    CHECK(get(*uart, ris) == tx);
    for (u32 n = Vuart::burst; n < OutputRing::capacity; ++n) {
        REQUIRE(uart->output().take(byte));
        REQUIRE(byte == static_cast<u8>(n));
    }
    CHECK(!uart->output().take(byte));
}

TEST_CASE("vuart: who puts into what the taker found empty is told to say so", "[vuart]") {
    auto uart = powered_on();
    CHECK(uart->write(dr, 1, 'a'));
    CHECK(!uart->write(dr, 1, 'b'));
    CHECK(uart->write(dr, 1, '\n'));
    u8 byte = 0;
    for (int n = 0; n < 3; ++n) {
        CHECK(!uart->output().looks_empty());
        CHECK(uart->output().take(byte));
    }
    CHECK(uart->output().looks_empty());
    for (u32 n = 0; n < OutputRing::capacity; ++n) {
        CHECK(uart->write(dr, 1, 'x') == (n == 0 || n == OutputRing::capacity - 1));
    }
}

TEST_CASE("vuart: starting again forgets the registers and what was typed, not what was sent",
          "[vuart]") {
    auto uart = powered_on();
    put(*uart, dr, 'x');
    put(*uart, imsc, rx | tx);
    put(*uart, 0x24, 13);
    CHECK(uart->receive('y'));
    CHECK(uart->line());
    uart->reset();
    CHECK(!uart->line());
    CHECK(get(*uart, ris) == 0);
    CHECK(get(*uart, 0x24) == 0);
    CHECK(get(*uart, fr) == (txfe | rxfe));
    u8 byte = 0;
    CHECK(uart->output().take(byte));
    CHECK(byte == 'x');
}

// Real threads: what the orders of the words are for. Two vCPUs send, each its own numbers and as
// TXFF lets it; they read what is typed; the level that was passed on last is the true one.
TEST_CASE("vuart: vCPUs and the UART's pCPU at once", "[vuart]") {
    auto uart = powered_on();
    put(*uart, imsc, rx | tx);
    constexpr u32 each = 30'000;
    std::atomic<bool> level{false};
    std::atomic<u32> running{2};
    std::atomic<u32> read_back{0};
    std::atomic<u32> told{0};
    const auto settle = [&] { settle_line(*uart, [&](bool high) { level = high; }); };
    const auto vcpu = [&](u8 mark) {
        for (u32 sent = 0; sent < each;) {
            if (uart->output().room() > 4) { // two may see the last place
                told += uart->write(dr, 1, static_cast<u8>(mark | sent++ % 128)) ? 1U : 0U;
            }
            if ((get(*uart, fr) & rxfe) == 0 && get(*uart, dr) != 0) {
                ++read_back;
            }
            settle();
        }
        --running;
    };
    std::thread first{vcpu, u8{0}};
    std::thread second{vcpu, u8{128}};
    u32 count[2]{};
    u32 typed = 0;
    bool in_order = true;
    while (running != 0 || !uart->output().looks_empty()) {
        u8 byte = 0;
        while (uart->output().take(byte)) {
            u32& n = count[byte / 128];
            in_order = in_order && byte % 128 == n % 128;
            ++n;
        }
        (void)uart->drained();
        typed += uart->receive(1) ? 1U : 0U;
        settle();
    }
    first.join();
    second.join();
    CHECK(in_order);
    CHECK(count[0] == each);
    CHECK(count[1] == each);
    CHECK(level == uart->line());
    while ((get(*uart, fr) & rxfe) == 0) {
        read_back += get(*uart, dr);
    }
    CHECK(read_back == typed);
    CHECK(get(*uart, ris) == tx); // neither of the two is stuck
    CHECK(told > 0);
}
