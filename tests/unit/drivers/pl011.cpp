// SPDX-License-Identifier: Apache-2.0
// The PL011 driver on a recording machine.
#include "drivers/uart/pl011.hpp"
#include "tests/unit/drivers/recorder.hpp"

#include <catch2/catch.hpp>

using namespace hyp;
using namespace hyp::test;

namespace {

using Uart = Pl011<RecordingMmio, RecordingSysReg>;
Uart driver(Machine& machine) {
    return Uart{RecordingMmio{machine}, RecordingSysReg{machine}};
}

std::vector<Access> writes_of(const Machine& machine) {
    std::vector<Access> writes;
    for (const Access& access : machine.log) {
        if (access.kind == Kind::write) {
            writes.push_back(access);
        }
    }
    return writes;
}

} // namespace

TEST_CASE("PL011: what firmware set up stays", "[drivers][uart]") {
    Machine machine;
    machine.memory[{Frame::uart, 0x30}] = 0x301;
    driver(machine).init();
    CHECK(writes_of(machine).empty());
}

TEST_CASE("PL011: an UART left off is switched on, line control first", "[drivers][uart]") {
    Machine machine;
    machine.memory[{Frame::uart, 0x30}] = 0xc000; // flow control bits are kept
    driver(machine).init();
    CHECK(writes_of(machine) == std::vector<Access>{mmio_write(Frame::uart, 0x2c, 0x70),
                                                    mmio_write(Frame::uart, 0x30, 0xc301)});
}

TEST_CASE("PL011: a receiver-only UART gets its transmitter, no new line control",
          "[drivers][uart]") {
    Machine machine;
    machine.memory[{Frame::uart, 0x30}] = 0x201;
    driver(machine).init();
    CHECK(writes_of(machine) == std::vector<Access>{mmio_write(Frame::uart, 0x30, 0x301)});
}

TEST_CASE("PL011: put waits for room, flush for the last bit", "[drivers][uart]") {
    Machine machine;
    unsigned busy_reads = 3;
    u64 flag = 0x20;
    machine.on_read = [&](Frame, u32) -> std::optional<u64> {
        return busy_reads-- > 0 ? flag : 0x90U; // FIFO empty, something received
    };
    driver(machine).put('\xe9');
    CHECK(machine.relaxed == 3);
    CHECK(machine.log.size() == 5);
    CHECK(machine.log.back() == mmio_write(Frame::uart, 0, 0xe9)); // no sign extension
    busy_reads = 2;
    flag = 0x08;
    driver(machine).flush();
    CHECK(machine.relaxed == 5);
}

TEST_CASE("PL011: an UART that never drains does not stop EL2", "[drivers][uart]") {
    Machine machine;
    machine.on_read = [](Frame, u32) -> std::optional<u64> { return 0x28; };
    driver(machine).put('a');
    driver(machine).flush();
    CHECK(machine.relaxed > 1000);
}

TEST_CASE("PL011: interrupts of a receiver that firmware left without FIFOs", "[drivers][uart]") {
    Machine machine;
    machine.memory[{Frame::uart, 0x2c}] = 0x60;
    machine.memory[{Frame::uart, 0x30}] = 0x301;
    driver(machine).start_interrupts();
    CHECK(writes_of(machine) ==
          std::vector<Access>{
              mmio_write(Frame::uart, 0x30, 0x300), mmio_write(Frame::uart, 0x2c, 0x70),
              mmio_write(Frame::uart, 0x30, 0x301), mmio_write(Frame::uart, 0x34, 0x12),
              mmio_write(Frame::uart, 0x44, 0x7ff), mmio_write(Frame::uart, 0x38, 0x50)});
    machine.log.clear(); // once more: nothing that was received is lost by it
    driver(machine).start_interrupts();
    CHECK(machine.find(mmio_write(Frame::uart, 0x2c, 0x70)) == Machine::npos);
    machine.log.clear();
    driver(machine).set_interrupts(Enable::on, Enable::on);
    driver(machine).clear_transmit();
    CHECK(writes_of(machine) == std::vector<Access>{mmio_write(Frame::uart, 0x38, 0x70),
                                                    mmio_write(Frame::uart, 0x44, 0x20)});
}

TEST_CASE("PL011: bytes without waiting", "[drivers][uart]") {
    Machine machine;
    machine.memory[{Frame::uart, 0x18}] = 0x30; // full, and nothing to read
    u8 byte = 0;
    CHECK(!driver(machine).can_write());
    CHECK(!driver(machine).try_read(byte));
    CHECK(machine.count([](const Access& a) { return a.offset == 0; }) == 0);
    machine.memory[{Frame::uart, 0x18}] = 0x80;
    machine.memory[{Frame::uart, 0}] = 0x8c3; // with an overrun: those before it are lost, not it
    CHECK(driver(machine).can_write());
    CHECK(driver(machine).try_read(byte));
    CHECK(byte == 0xc3);
    machine.memory[{Frame::uart, 0}] = 0x400; // a break
    CHECK(!driver(machine).try_read(byte));
    driver(machine).write(0xe9);
    CHECK(machine.log.back() == mmio_write(Frame::uart, 0, 0xe9));
    CHECK(machine.relaxed == 0);
}
