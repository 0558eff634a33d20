// SPDX-License-Identifier: Apache-2.0
// A machine with the reference GIC, set up as an EL2 that forwards interrupts sets it up: all
// interrupts in the group the generation uses for the guest, EOImode 1, every PPI and SPI enabled.
// It hides only what differs between the generations, so that a test reads like the life cycle.
#pragma once

#include "tests/unit/model/models.hpp"

namespace hyp::model::test {

constexpr unsigned vtimer = 27;
constexpr unsigned uart = 33;
constexpr unsigned edge_spi = 60;

template <unsigned Pes = 1, unsigned Lrs = 4>
struct Machine {
    Gic<Pes, 32, Lrs> gic;
    bool v2;
    unsigned group; // of guest interrupts: v2 uses Group 0, v3 Group 1

    explicit Machine(const Options& options)
        : gic(options), v2(options.generation == Generation::v2), group(v2 ? 0 : 1) {
        gic.write(0, Frame::gicd, gicd::ctlr, 3);
        gic.write(0, Frame::gicd, gicd::isenabler + 4, 0xffffffff);
        for (unsigned pe = 0; pe < Pes; ++pe) {
            start_pe(pe);
        }
        set_edge(edge_spi);
    }

    void start_pe(unsigned pe) {
        if (v2) {
            gic.write(pe, Frame::gicd, gicd::isenabler, 0xffffffff);
            gic.write(pe, Frame::gicc, gicc::pmr, 0xff);
            gic.write(pe, Frame::gicc, gicc::ctlr, 0x201);
            gic.write(pe, Frame::gicd, gicd::itargetsr + uart, 1, 1);
            gic.write(pe, Frame::gicd, gicd::itargetsr + edge_spi, 1, 1);
            return;
        }
        gic.write(pe, Frame::gicr, redistributor(pe) + gicd::igroupr, 0xffffffff);
        gic.write(pe, Frame::gicr, redistributor(pe) + gicd::isenabler, 0xffffffff);
        gic.write(pe, Frame::gicd, gicd::igroupr + 4, 0xffffffff);
        gic.write(pe, Sysreg::icc_pmr, 0xff);
        gic.write(pe, Sysreg::icc_ctlr, 2);
        gic.write(pe, Sysreg::icc_igrpen1, 1);
    }

    [[nodiscard]] static unsigned redistributor(unsigned pe) {
        return pe * redistributor_stride + sgi_base;
    }

    // A bitmap register of the distributor for the word that holds `intid`.
    void write_bits(unsigned reg, unsigned intid, unsigned pe = 0) {
        const std::uint32_t bit = 1U << (intid % 32);
        if (!v2 && intid < private_count) {
            gic.write(pe, Frame::gicr, redistributor(pe) + reg, bit);
        } else {
            gic.write(pe, Frame::gicd, reg + intid / 32 * 4, bit);
        }
    }

    void set_edge(unsigned intid) {
        const unsigned offset = gicd::icfgr + intid / 16 * 4;
        const auto old = static_cast<std::uint32_t>(gic.read(0, Frame::gicd, offset));
        gic.write(0, Frame::gicd, offset, old | 2U << (intid % 16 * 2));
    }

    // The guest's interface: enabled, unmasked.
    void start_guest(unsigned pe = 0, bool eoi_mode = false) {
        const std::uint32_t split = eoi_mode ? 1U << 9 : 0;
        if (v2) {
            gic.write(pe, Frame::gich, gich::vmcr, 0xf8000001 | split);
            gic.write(pe, Frame::gich, gich::hcr, hcr::en);
        } else {
            gic.write(pe, Sysreg::ich_vmcr, 0xf8000002 | split);
            gic.write(pe, Sysreg::ich_hcr, hcr::en);
        }
    }

    void set_hcr(std::uint32_t value, unsigned pe = 0) {
        if (v2) {
            gic.write(pe, Frame::gich, gich::hcr, value);
        } else {
            gic.write(pe, Sysreg::ich_hcr, value);
        }
    }

    [[nodiscard]] std::uint32_t virtual_apr(unsigned pe = 0) {
        return static_cast<std::uint32_t>(v2 ? gic.read(pe, Frame::gich, gich::apr)
                                             : gic.read(pe, Sysreg::ich_ap1r0));
    }

    void inject(unsigned index, const LrFields& fields, unsigned pe = 0) {
        gic.set_lr(pe, index, encode_lr(gic.options().generation, fields));
    }

    [[nodiscard]] LrFields hardware(unsigned intid, LrState state = LrState::pending) const {
        LrFields lr;
        lr.vintid = intid;
        lr.pintid = intid;
        lr.priority = 0xa0;
        lr.group = static_cast<std::uint8_t>(group);
        lr.state = state;
        lr.hw = true;
        return lr;
    }

    [[nodiscard]] LrFields software(unsigned intid, std::uint8_t priority = 0xa0,
                                    LrState state = LrState::pending) const {
        LrFields lr;
        lr.vintid = intid;
        lr.priority = priority;
        lr.group = static_cast<std::uint8_t>(group);
        lr.state = state;
        return lr;
    }

    // Steps 2 to 4 of the life cycle: acknowledge, drop the priority, hand over.
    unsigned forward(unsigned index, unsigned pe = 0) {
        const unsigned iar = gic.acknowledge(pe);
        gic.end_of_interrupt(pe, iar);
        if (iar < first_special) {
            inject(index, hardware(iar), pe);
        }
        return iar;
    }

    [[nodiscard]] unsigned guest_ack(unsigned pe = 0) { return gic.guest_acknowledge(pe, group); }
    void guest_eoi(unsigned iar, unsigned pe = 0) { gic.guest_end_of_interrupt(pe, iar, group); }
};

// D(P,A) of the life cycle tables.
struct Distributed {
    bool pending;
    bool active;
    constexpr bool operator==(const Distributed&) const = default;
};

template <class M>
[[nodiscard]] Distributed state(const M& machine, unsigned intid, unsigned pe = 0) {
    return {machine.gic.pending(pe, intid), machine.gic.active(pe, intid)};
}

} // namespace hyp::model::test
