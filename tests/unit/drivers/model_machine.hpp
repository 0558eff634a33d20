// SPDX-License-Identifier: Apache-2.0
// The reference GIC model and EL2's timer behind the two seams, as one pCPU sees them: what drivers
// are run on where the state of interrupts matters. In asynchronous mode a message arrives at each
// read of the counter.
#pragma once

#include "hyp/core/base/bus.hpp"
#include "tests/unit/model/models.hpp"

namespace hyp::test {

template <unsigned Pes = 1>
class ModelMachine {
public:
    explicit ModelMachine(const model::Options& options, unsigned timer_intid = 26)
        : gic{options}, timer_intid_{timer_intid} {}

    model::Gic<Pes, 64> gic;
    u64 counter = 1000;
    u64 cnthp_cval = 0;
    u64 cnthp_ctl = 0;
    bool guest_frame_dead = false; // GICV reads as if nothing were there

    [[nodiscard]] u64 read(Frame frame, u32 offset, unsigned bytes) {
        if (frame == Frame::gicv && guest_frame_dead) {
            return 0;
        }
        return gic.read(0, model_frame(frame), model_offset(frame, offset), bytes);
    }
    void write(Frame frame, u32 offset, u64 value, unsigned bytes) {
        gic.write(0, model_frame(frame), model_offset(frame, offset), value, bytes);
    }
    [[nodiscard]] u64 sys_read(SysReg reg) {
        switch (reg) {
        case SysReg::cntfrq: return 62'500'000;
        case SysReg::cntpct:
            if (gic.deliverable() != 0) {
                gic.deliver(0);
            }
            counter += 50;
            update_timer();
            return counter;
        case SysReg::cnthp_ctl: return cnthp_ctl;
        case SysReg::icc_sre_el2: return 0xf; // not modelled: constant in QEMU
        default: return gic.read(0, static_cast<model::Sysreg>(reg));
        }
    }
    void sys_write(SysReg reg, u64 value) {
        if (reg == SysReg::cnthp_cval) {
            cnthp_cval = value;
        } else if (reg == SysReg::cnthp_ctl) {
            cnthp_ctl = value;
        } else {
            gic.write(0, static_cast<model::Sysreg>(reg), value);
        }
        update_timer();
    }

private:
    static model::Frame model_frame(Frame frame) {
        switch (frame) {
        case Frame::gicd: return model::Frame::gicd;
        case Frame::gicr_rd:
        case Frame::gicr_sgi: return model::Frame::gicr;
        case Frame::gicc: return model::Frame::gicc;
        case Frame::gich: return model::Frame::gich;
        case Frame::gicv:
        case Frame::uart: return model::Frame::gicv;
        }
        return model::Frame::gicd;
    }
    static u32 model_offset(Frame frame, u32 offset) {
        return frame == Frame::gicr_sgi ? offset + 0x10000 : offset;
    }
    void update_timer() {
        const bool line = (cnthp_ctl & 3) == 1 && counter >= cnthp_cval;
        if (line != line_) {
            line_ = line;
            gic.set_line(0, timer_intid_, line);
        }
    }

    unsigned timer_intid_;
    bool line_ = false;
};

template <class Machine>
class ModelMmio {
public:
    explicit ModelMmio(Machine& machine) : machine_{&machine} {}
    template <Frame F>
    [[nodiscard]] u32 read32(u32 offset) const {
        return static_cast<u32>(machine_->read(F, offset, 4));
    }
    template <Frame F>
    [[nodiscard]] u64 read64(u32 offset) const {
        return machine_->read(F, offset, 8);
    }
    template <Frame F>
    void write8(u32 offset, u8 value) const {
        machine_->write(F, offset, value, 1);
    }
    template <Frame F>
    void write32(u32 offset, u32 value) const {
        machine_->write(F, offset, value, 4);
    }
    template <Frame F>
    void write64(u32 offset, u64 value) const {
        machine_->write(F, offset, value, 8);
    }

private:
    Machine* machine_;
};

template <class Machine>
class ModelSysReg {
public:
    explicit ModelSysReg(Machine& machine) : machine_{&machine} {}
    template <SysReg R>
    [[nodiscard]] u64 read() const {
        return machine_->sys_read(R);
    }
    template <SysReg R>
    void write(u64 value) const {
        machine_->sys_write(R, value);
    }
    template <Barrier B>
    void barrier() const {}
    void relax() const {}

private:
    Machine* machine_;
};

} // namespace hyp::test
