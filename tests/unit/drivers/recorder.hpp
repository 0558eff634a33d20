// SPDX-License-Identifier: Apache-2.0
// A machine behind the two seams that records every access and answers as simple hardware would:
// registers are memory, Register Write Pending stays set for two reads after a change, a woken
// redistributor needs two reads, the counter counts. Behaviour that a test needs beyond that is
// given by hooks. For the state of interrupts use the reference model, not this.
#pragma once

#include "hyp/core/base/bus.hpp"
#include "hyp/core/regs/gicd.hpp"
#include "hyp/core/regs/gicr.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hyp::test {

enum class Kind { read, write, sys_read, sys_write, barrier };

struct Access {
    Kind kind;
    Frame frame = Frame::gicd;
    u32 offset = 0; // in the frame; of a system register its encoding
    u64 value = 0;  // of a barrier its kind
    unsigned bytes = 4;
    friend bool operator==(const Access&, const Access&) = default;
};

inline Access mmio_write(Frame frame, u32 offset, u64 value, unsigned bytes = 4) {
    return {Kind::write, frame, offset, value, bytes};
}
inline Access sys_write(SysReg reg, u64 value) {
    return {Kind::sys_write, Frame::gicd, static_cast<u32>(reg), value, 8};
}
inline Access barrier(Barrier which) {
    return {Kind::barrier, Frame::gicd, 0, static_cast<u64>(which), 0};
}

class Machine {
public:
    std::vector<Access> log;
    std::vector<std::string> violations; // what no hardware forgives
    std::map<std::pair<Frame, u32>, u64> memory;
    std::map<SysReg, u64> registers;
    std::function<std::optional<u64>(Frame, u32)> on_read;
    std::function<void(Frame, u32, u64)> on_write;
    std::function<std::optional<u64>(SysReg)> on_sys_read;
    std::function<void(SysReg, u64)> on_sys_write;
    bool rwp_stuck = false;
    u64 relaxed = 0;

    [[nodiscard]] u64 read(Frame frame, u32 offset, unsigned bytes) {
        u64 value = memory[{frame, offset}];
        if (const auto hooked = on_read ? on_read(frame, offset) : std::nullopt) {
            value = *hooked;
        }
        value = with_pending(frame, offset, value);
        log.push_back({Kind::read, frame, offset, value, bytes});
        return value;
    }

    void write(Frame frame, u32 offset, u64 value, unsigned bytes) {
        note_pending(frame, offset);
        log.push_back(mmio_write(frame, offset, value, bytes));
        if (offset % bytes != 0) {
            violations.emplace_back("misaligned access");
        }
        memory[{frame, offset}] = value;
        if (frame == Frame::gicr_rd && offset == hyp::offset(GicrReg::waker)) {
            sleepy_reads_ = 2;
        }
        if (on_write) {
            on_write(frame, offset, value);
        }
    }

    [[nodiscard]] u64 sys_read(SysReg reg) {
        u64 value = registers[reg];
        if (reg == SysReg::cntpct) {
            value = registers[reg] += 16;
        }
        if (const auto hooked = on_sys_read ? on_sys_read(reg) : std::nullopt) {
            value = *hooked;
        }
        log.push_back({Kind::sys_read, Frame::gicd, static_cast<u32>(reg), value, 8});
        return value;
    }

    void sys_write(SysReg reg, u64 value) {
        log.push_back(test::sys_write(reg, value));
        registers[reg] = value;
        if (on_sys_write) {
            on_sys_write(reg, value);
        }
    }

    // --- questions about the log; npos where there is none
    static constexpr usize npos = ~usize{0};
    template <class Predicate>
    [[nodiscard]] usize first(Predicate predicate, usize from = 0) const {
        for (usize i = from; i < log.size(); ++i) {
            if (predicate(log[i])) {
                return i;
            }
        }
        return npos;
    }
    template <class Predicate>
    [[nodiscard]] usize last(Predicate predicate) const {
        for (usize i = log.size(); i-- > 0;) {
            if (predicate(log[i])) {
                return i;
            }
        }
        return npos;
    }
    template <class Predicate>
    [[nodiscard]] usize count(Predicate predicate) const {
        usize n = 0;
        for (const Access& access : log) {
            n += predicate(access) ? 1U : 0U;
        }
        return n;
    }
    [[nodiscard]] usize find(const Access& access, usize from = 0) const {
        return first([&](const Access& a) { return a == access; }, from);
    }
    [[nodiscard]] usize find_last(const Access& access) const {
        return last([&](const Access& a) { return a == access; });
    }

private:
    static bool changes_enables(u32 offset) {
        return offset == hyp::offset(GicdReg::ctlr) ||
               (offset >= word_offset(GicdBits::icenabler, 0) &&
                offset < word_offset(GicdBits::ispendr, 0));
    }
    // While a change is pending only further changes of enables may come.
    void note_pending(Frame frame, u32 offset) {
        const bool shared = frame == Frame::gicd;
        const bool own = frame == Frame::gicr_sgi || frame == Frame::gicr_rd;
        const bool icenabler = offset >= word_offset(GicdBits::icenabler, 0) &&
                               offset < word_offset(GicdBits::ispendr, 0);
        if (shared && shared_pending_ != 0 && !icenabler) {
            violations.emplace_back("GICD written while GICD_CTLR.RWP was set");
        }
        if (own && own_pending_ != 0 && !icenabler) {
            violations.emplace_back("GICR written while GICR_CTLR.RWP was set");
        }
        if (shared && changes_enables(offset)) {
            shared_pending_ = 2;
        }
        if (frame == Frame::gicr_sgi && icenabler) {
            own_pending_ = 2;
        }
    }
    u64 with_pending(Frame frame, u32 offset, u64 value) {
        if (frame == Frame::gicd && offset == hyp::offset(GicdReg::ctlr)) {
            return took(shared_pending_) ? value | GicdCtlrV3::Rwp::mask : value;
        }
        if (frame == Frame::gicr_rd && offset == hyp::offset(GicrReg::ctlr)) {
            return took(own_pending_) ? value | GicrCtlr::Rwp::mask : value;
        }
        if (frame == Frame::gicr_rd && offset == hyp::offset(GicrReg::waker)) {
            const u64 asleep = GicrWaker::ChildrenAsleep::mask;
            const bool sleeps = (value & GicrWaker::ProcessorSleep::mask) != 0;
            return sleeps || took(sleepy_reads_) ? value | asleep : value & ~asleep;
        }
        return value;
    }
    [[nodiscard]] bool took(unsigned& reads_left) const {
        if (reads_left == 0) {
            return false;
        }
        reads_left -= rwp_stuck ? 0 : 1;
        return true;
    }

    unsigned shared_pending_ = 0;
    unsigned own_pending_ = 0;
    unsigned sleepy_reads_ = 0;
};

class RecordingMmio {
public:
    explicit RecordingMmio(Machine& machine) : machine_{&machine} {}
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

class RecordingSysReg {
public:
    explicit RecordingSysReg(Machine& machine) : machine_{&machine} {}
    template <SysReg R>
    [[nodiscard]] u64 read() const {
        return machine_->sys_read(R);
    }
    template <SysReg R>
    void write(u64 value) const {
        machine_->sys_write(R, value);
    }
    template <Barrier B>
    void barrier() const {
        machine_->log.push_back(test::barrier(B));
    }
    void relax() const { ++machine_->relaxed; }

private:
    Machine* machine_;
};

static_assert(MmioBus<RecordingMmio> && SysRegBus<RecordingSysReg>);

} // namespace hyp::test
