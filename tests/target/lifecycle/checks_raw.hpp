// SPDX-License-Identifier: Apache-2.0
// T31, T43 to T48, T53 to T55, T57: the list registers as the hardware has them. No vGIC: words and
// controls are written by this test, and every physical interrupt is held for it to look at. The
// list register used is the last one of the clamp.
#pragma once

#include "tests/target/lifecycle/bench.hpp"

namespace hyp::lifecycle {

inline constexpr u32 software = 70; // an SPI that no device has
inline constexpr u32 edge_spi = 60; // QEMU's virtio-mmio slot 12, empty
inline constexpr u64 maintenance_intid = 25;

template <class G>
[[nodiscard]] unsigned last_lr(const Bench<G>& b) {
    return b.setting().caps.list_registers - 1U;
}

// Everything off, the guest's interface on, and then `control`.
template <class G>
void start_raw(Bench<G>& b, u64 control, u64 eoi_mode = 0) {
    b.start(eoi_mode);
    for (unsigned n = 0; n < Registers::max_list_registers; ++n) {
        b.registers.set_lr(n, 0);
    }
    b.registers.set_hcr(control);
}

template <class G>
[[nodiscard]] u64 held_iar(Bench<G>& b) {
    return b.visit(Step::acknowledge, 0, Irqs::hold).value;
}

template <class G>
void expect_stop(Bench<G>& b, std::string_view item, Stop expected, const Visit& visit) {
    b.expect(item, static_cast<u64>(expected), static_cast<u64>(visit.stop));
}

// The maintenance interrupt is a plain level: PPI 25 pending and signalled while MISR is not zero.
template <class G>
void expect_maintenance(Bench<G>& b, u64 misr) {
    b.expect("MISR", misr, b.registers.misr());
    b.expect("P25", misr != 0 ? 1 : 0, b.registers.private_pending(maintenance_intid));
    b.expect("ISR.I", misr != 0 ? 1 : 0, b.probe.signalled());
}

template <class G>
void t31_marked_spi(Bench<G>& b) {
    start_raw(b, hcr_en);
    const unsigned n = last_lr(b);
    b.registers.set_enabled(edge_spi);
    b.registers.set_active(edge_spi);
    b.expect("A by ISACTIVER", 1, b.registers.active(edge_spi));
    b.registers.set_lr(n, b.registers.word({.intid = edge_spi, .hardware = true}));
    b.expect("guest's IAR", edge_spi, held_iar(b));
    (void)b.visit(Step::end, edge_spi, Irqs::hold);
    b.expect("State", static_cast<u64>(State::invalid), static_cast<u64>(b.registers.state(n)));
    // QEMU's GICv2: ISACTIVER sets the bits of eight CPUs, the deactivation clears one.
    b.expect("A after the end", b.setting().active_per_cpu ? 1 : 0, b.registers.active(edge_spi));
    // This CPU's is the one cleared: the SPI can signal again, whatever ISACTIVER reads.
    b.registers.set_pending(edge_spi);
    b.expect("ISR.I of the next", 1, b.probe.signalled());
    b.registers.clear_active(edge_spi);
    b.expect("A after ICACTIVER", 0, b.registers.active(edge_spi));
}

template <class G>
void t43_type_register(Bench<G>& b) {
    b.start();
    const u64 vtr = b.registers.vtr();
    b.expect("list registers", 4, (vtr & 0x1f) + 1);
    b.expect("preemption bits", 5, (vtr >> 26 & 7) + 1);
    b.expect("priority bits", 5, (vtr >> 29 & 7) + 1);
    b.expect("ELRSR", all_empty, b.registers.elrsr());
    const unsigned n = last_lr(b); // holds all that was written to it
    const u64 word = b.registers.word({.intid = software, .priority = 0xf8});
    b.registers.set_lr(n, word);
    b.expect("LR", word, b.registers.lr(n));
    b.expect("ELRSR with one", all_empty & ~(u64{1} << n), b.registers.elrsr());
}

// Invalid with a request: not free, and asking until it is written.
template <class G>
void t44_eoi_request(Bench<G>& b) {
    start_raw(b, hcr_en);
    const unsigned n = last_lr(b);
    const u64 bit = u64{1} << n;
    b.registers.set_lr(n, b.registers.word({.intid = software, .eoi = true}));
    expect_maintenance(b, 0);
    b.expect("guest's IAR", software, held_iar(b));
    expect_stop(b, "exit", Stop::irq, b.visit(Step::end, software, Irqs::hold));
    b.expect("EISR", bit, b.registers.eisr());
    b.expect("ELRSR", 0, b.registers.elrsr() & bit);
    expect_maintenance(b, misr_eoi);
    b.expect("HPPIR", maintenance_intid, b.probe.hppir());
    b.registers.set_lr(n, 0);
    b.expect("EISR after", 0, b.registers.eisr());
    b.expect("ELRSR after", bit, b.registers.elrsr() & bit);
    expect_maintenance(b, 0);
}

template <class G>
void t45_no_request(Bench<G>& b) {
    start_raw(b, hcr_en);
    const unsigned n = last_lr(b);
    b.registers.set_lr(n, b.registers.word({.intid = software}));
    b.expect("guest's IAR", software, held_iar(b));
    expect_stop(b, "exit", Stop::done, b.visit(Step::end, software, Irqs::hold));
    b.expect("ELRSR", all_empty, b.registers.elrsr());
    b.expect("EISR", 0, b.registers.eisr());
    expect_maintenance(b, 0);
}

// Fewer than two valid, also when there are none from the start.
template <class G>
void t46_underflow(Bench<G>& b) {
    start_raw(b, hcr_en | hcr_uie);
    const unsigned count = last_lr(b) + 1;
    expect_maintenance(b, misr_underflow);
    for (unsigned n = 0; n < count; ++n) {
        b.registers.set_lr(n, b.registers.word({.intid = software + n}));
        expect_maintenance(b, n == 0 ? misr_underflow : 0);
    }
    if (count > 1) { // and again at the end of all but one
        b.expect("guest's IAR", software, held_iar(b));
        const Visit ended = b.visit(Step::end, software, Irqs::hold);
        expect_stop(b, "exit", count == 2 ? Stop::irq : Stop::done, ended);
        expect_maintenance(b, count == 2 ? misr_underflow : 0);
    }
    b.registers.set_hcr(hcr_en);
    expect_maintenance(b, 0);
}

// At the acknowledge of the last pending one, before its end.
template <class G>
void t47_no_pending(Bench<G>& b) {
    start_raw(b, hcr_en);
    const unsigned last = last_lr(b);
    for (unsigned n = 0; n <= last; ++n) {
        b.registers.set_lr(n, b.registers.word({.intid = software + n}));
    }
    b.registers.set_hcr(hcr_en | hcr_npie);
    expect_maintenance(b, 0);
    for (unsigned n = 0; n < last; ++n) {
        b.expect("guest's IAR", software + n, held_iar(b));
        const Visit ended = b.visit(Step::end, software + n, Irqs::hold);
        expect_stop(b, "end", Stop::done, ended);
    }
    expect_stop(b, "acknowledge", Stop::irq, b.visit(Step::acknowledge, 0, Irqs::hold));
    b.expect("State", static_cast<u64>(State::active), static_cast<u64>(b.registers.state(last)));
    b.expect_apr(apr_active);
    expect_maintenance(b, misr_no_pending);
    b.registers.set_hcr(hcr_en);
    expect_maintenance(b, 0);
    b.expect("guest's IAR, last", software + last, b.go_on(Irqs::hold).value);
}

// An active interrupt taken out of its list register, and then ended.
template <class G>
void t48_entry_not_present(Bench<G>& b) {
    start_raw(b, hcr_en);
    const unsigned n = last_lr(b);
    b.registers.set_lr(n, b.registers.word({.intid = software}));
    b.expect("guest's IAR", software, held_iar(b));
    b.registers.set_lr(n, 0);
    b.registers.set_hcr(hcr_en | hcr_lrenpie);
    expect_maintenance(b, 0);
    b.expect_apr(apr_active);
    expect_stop(b, "exit", Stop::irq, b.visit(Step::end, software, Irqs::hold));
    b.expect("EOIcount", 1, b.registers.eoi_count());
    b.expect_apr(0);
    expect_maintenance(b, misr_entry_not_present);
    b.registers.set_hcr(hcr_en | hcr_lrenpie);
    b.expect("EOIcount after", 0, b.registers.eoi_count());
    expect_maintenance(b, 0);
}

// GICv2: the sender of an SGI is in IAR and must come back in EOIR.
template <class G>
void t53_sgi_source(Bench<G>& b) {
    start_raw(b, hcr_en);
    constexpr u64 iar = 0xc05; // CPUID 3, SGI 5
    b.registers.set_lr(last_lr(b), b.registers.word({.intid = 5, .source = 3}));
    b.expect("guest's IAR", iar, held_iar(b));
    (void)b.visit(Step::end, iar, Irqs::hold);
    b.expect("ELRSR", all_empty, b.registers.elrsr());
    b.expect_apr(0);
}

// GICv2: a Group 1 interrupt reads as 1022 unless GICV_CTLR.AckCtl is set.
template <class G>
void t54_group1(Bench<G>& b) {
    start_raw(b, hcr_en);
    constexpr u64 group1_enabled = 2;
    constexpr u64 ack_ctl = 4;
    const u64 vmcr = b.registers.vmcr();
    const u64 word = b.registers.word({.intid = software, .group1 = true});
    b.registers.set_lr(last_lr(b), word);
    b.registers.set_vmcr(vmcr | group1_enabled);
    b.expect("guest's IAR", 1022, held_iar(b));
    b.expect("LR", word, b.registers.lr(last_lr(b)));
    b.registers.set_vmcr(vmcr | group1_enabled | ack_ctl);
    b.expect("guest's IAR with AckCtl", software, held_iar(b));
    (void)b.visit(Step::end, software, Irqs::hold);
    b.expect("ELRSR", all_empty, b.registers.elrsr());
}

template <class G>
void t55_disabled(Bench<G>& b) {
    start_raw(b, 0);
    const unsigned n = last_lr(b);
    const u64 word = b.registers.word({.intid = software});
    b.registers.set_lr(n, word);
    b.expect("EL1's ISR.I, off", 0, b.visit(Step::is_pending, 0, Irqs::hold).value);
    b.expect("guest's IAR, off", spurious, held_iar(b));
    b.expect("LR", word, b.registers.lr(n));
    b.registers.set_hcr(hcr_en);
    b.expect("EL1's ISR.I, on", 1, b.visit(Step::is_pending, 0, Irqs::hold).value);
    b.expect("guest's IAR, on", software, held_iar(b));
}

// GICv3: ICH_HCR_EL2.TC, TALL1 and TDIR, each by the syndrome of one access. The number of the
// general register is the compiler's.
template <class G>
void t57_traps(Bench<G>& b) {
    struct Trap {
        std::string_view name;
        u64 control;
        Step step;
        u64 esr;
    };
    constexpr u64 tc = 1U << 10;
    constexpr u64 tall1 = 1U << 12;
    constexpr u64 tdir = 1U << 14;
    constexpr std::array<Trap, 3> traps{{
        {"TC", tc, Step::read_pmr, 0x6230100d},
        {"TALL1", tall1, Step::acknowledge, 0x62303019},
        {"TDIR", tdir, Step::deactivate, 0x62323016},
    }};
    constexpr u64 rt_field = 0x1f << 5;
    for (const Trap& trap : traps) {
        start_raw(b, hcr_en, 1);
        b.registers.set_hcr(hcr_en | trap.control);
        const Visit trapped = b.trap(trap.step, software);
        b.expect(trap.name, trap.esr, trapped.value & ~rt_field);
        b.registers.set_hcr(hcr_en);
        (void)b.skip();
        b.expect("untrapped", static_cast<u64>(Stop::done),
                 static_cast<u64>(b.visit(trap.step, software).stop));
    }
}

} // namespace hyp::lifecycle
