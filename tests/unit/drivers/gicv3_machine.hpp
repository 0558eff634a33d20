// SPDX-License-Identifier: Apache-2.0
// A recording machine that looks like the GICv3 of QEMU's virt, and the driver on it.
#pragma once

#include "drivers/gic/gicv3.hpp"
#include "tests/unit/drivers/recorder.hpp"

#include <memory>

namespace hyp::test {

using RecordedGicV3 = GicV3<RecordingMmio, RecordingSysReg>;
static_assert(GicBackend<RecordedGicV3>);

// QEMU's virt: 256 INTIDs by TYPER, single security state, 4 list registers, 5 bits of priority.
// The redistributor is that of CPU 1.2.3.4 (Aff3..Aff0).
inline std::unique_ptr<Machine> virt_v3() {
    auto machine = std::make_unique<Machine>();
    machine->memory[{Frame::gicd, 0x0}] = 0x53; // firmware: ARE, DS, both groups on
    machine->memory[{Frame::gicd, 0x4}] = 0x037a0007;
    machine->memory[{Frame::gicd, 0x8}] = 0x43b;
    machine->memory[{Frame::gicd, 0xffe8}] = 0x3b;
    machine->memory[{Frame::gicr_rd, 0x8}] = 0x0102030400000010;
    machine->memory[{Frame::gicr_rd, 0x14}] = 6;
    machine->registers[SysReg::ich_vtr] = 0x90b80003;
    machine->registers[SysReg::icc_ctlr] = 0x8400;
    return machine;
}

inline RecordedGicV3 driver(Machine& machine) {
    return RecordedGicV3{RecordingMmio{machine}, RecordingSysReg{machine}};
}

inline bool is_mmio_write(const Access& a) {
    return a.kind == Kind::write;
}
inline bool writes(const Access& a, SysReg reg) {
    return a.kind == Kind::sys_write && a.offset == static_cast<u32>(reg);
}
inline auto writes_bits(Frame frame, GicdBits array) {
    return [=](const Access& a) {
        return a.kind == Kind::write && a.frame == frame && a.offset >= word_offset(array, 0) &&
               a.offset < word_offset(array, 32);
    };
}

} // namespace hyp::test
