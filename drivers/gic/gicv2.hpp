// SPDX-License-Identifier: Apache-2.0
// GICv2 (GIC-400 and QEMU's model; IHI 0048B): distributor, CPU interface and virtual interface
// control, all memory mapped. EL2 is non-secure, or the GIC has no Security Extensions; in either
// case the one group it uses is enabled by bit 0 of both CTLRs and signalled as IRQ.
#pragma once

#include "drivers/gic/gicd.hpp"
#include "hyp/core/regs/gicc.hpp"
#include "hyp/core/regs/gich.hpp"
#include "hyp/core/regs/lr.hpp"

#include <bit>

namespace hyp {

template <MmioBus M, SysRegBus S>
class GicV2 : public Distributor<M, S, Frame::gicd> {
    using Base = Distributor<M, S, Frame::gicd>;
    using Base::bus_;
    using Base::sys_;

public:
    using Base::Base;
    static constexpr GicGeneration generation = GicGeneration::v2;

    // On one pCPU, before any init_cpu(). Cannot fail; a Status as on GICv3.
    Status init_distributor() {
        this->write_gicd(offset(GicdReg::ctlr), 0);
        // Group 0 with no Security Extensions; RAZ/WI to us with them, firmware chose Group 1.
        static_cast<void>(this->reset_shared(0));
        const u32 words = this->typer().intids() / 4;
        const u32 targets = own_mask() * 0x01010101U;
        for (u32 word = 8; word < words; ++word) {
            this->write_gicd(word_offset(GicdBytes::itargetsr, word), targets);
        }
        this->write_gicd(offset(GicdReg::ctlr), GicdCtlrV2{}.with<GicdCtlrV2::Enable>(true).raw());
        return Done{};
    }

    // On every pCPU. Fails only where firmware keeps all interrupts to itself.
    Status init_cpu() {
        const GiccCtlr found{read_gicc(GiccReg::ctlr)};
        const GiccCtlr off =
            GiccCtlr{}.with<GiccCtlr::BypassDisable>(found.get<GiccCtlr::BypassDisable>());
        write_gicc(offset(GiccReg::ctlr), off.raw());
        reset_virtual_interface();
        static_cast<void>(this->reset_private(0));
        for (u32 word = 0; word < 4; ++word) { // 16 SGIs, a byte each: a bit for each source
            this->write_gicd(word_offset(GicdBytes::cpendsgir, word), ~0U);
        }
        idle_running_priority();
        write_gicc(offset(GiccReg::bpr), 0);
        write_gicc(offset(GiccReg::pmr), open_mask);
        if (read_gicc(GiccReg::pmr) == 0) { // a secure PMR below 0x80 ignores non-secure writes
            return Error{"GICC_PMR stays 0: firmware masks every non-secure interrupt"};
        }
        write_gicc(offset(GiccReg::ctlr),
                   off.with<GiccCtlr::EoiMode>(true).with<GiccCtlr::Enable>(true).raw());
        return Done{};
    }

    // After init_cpu(): the implemented priority bits are those that stuck in PMR.
    [[nodiscard]] GicFacts facts() {
        const GichVtr vtr{read_gich(GichReg::vtr)};
        const GicdPidr2 pidr2{bus_.template read32<Frame::gicd>(offset(GicdReg::pidr2_v2))};
        const u8 pmr = read_gicc(GiccReg::pmr) & 0xffU;
        return GicFacts{
            .list_registers = static_cast<u8>(vtr.list_registers()),
            .virtual_priority_bits = static_cast<u8>(vtr.priority_bits()),
            .preemption_bits = static_cast<u8>(vtr.preemption_bits()),
            .physical_priority_bits = static_cast<u8>(8 - std::countr_zero(pmr)),
            .intids = static_cast<u16>(this->typer().intids()),
            .architecture = pidr2.get<GicdPidr2::ArchRev>(),
            .distributor_id = bus_.template read32<Frame::gicd>(offset(GicdReg::iidr)),
        };
    }

    [[nodiscard, gnu::always_inline]] Ack acknowledge() { return Ack{read_gicc(GiccReg::iar)}; }
    [[gnu::always_inline]] void drop_priority(Ack ack) {
        write_gicc(offset(GiccReg::eoir), ack.raw());
    }
    [[gnu::always_inline]] void deactivate(Ack ack) { write_gicc(offset(GiccReg::dir), ack.raw()); }

    // What the distributor's registers call this pCPU; an only one reads as none.
    [[nodiscard]] GicTarget own_target() {
        using Filter = GicdSgir::Filter;
        const u32 mask = own_mask();
        return {.sgi = GicdSgir{}
                           .with<GicdSgir::CpuTargetList>(mask)
                           .template with<GicdSgir::TargetListFilter>(mask == 0 ? Filter::self
                                                                                : Filter::list)
                           .raw(),
                .route = mask};
    }
    [[gnu::always_inline]] void send_sgi(GicTarget target, PIntid sgi) {
        sys_.template barrier<Barrier::dsb_ishst>(); // what the target shall find; litmus: kick
        this->write_gicd(offset(GicdReg::sgir), static_cast<u32>(target.sgi) | sgi.value());
    }
    void route(PIntid spi, GicTarget target) {
        bus_.template write8<Frame::gicd>(byte_offset(GicdBytes::itargetsr, spi.value()),
                                          static_cast<u8>(target.route));
    }
    [[gnu::always_inline]] void set_priority_mask(u8 mask) {
        write_gicc(offset(GiccReg::pmr), mask);
    }

    // GICH_LR<n> as a word, and how a list register looks in one: for code that prepares words
    // ahead of the interrupt. n must be below facts().list_registers.
    [[nodiscard]] static constexpr u64 lr_word(const ListReg& lr) { return encode_gich(lr).raw(); }
    [[nodiscard]] static constexpr ListReg lr_of(u64 word) {
        return decode(GichLr{static_cast<u32>(word)});
    }
    [[nodiscard]] static constexpr bool is_empty_word(u64 word) {
        return GichLr{static_cast<u32>(word)}.get<GichLr::State>() == LrState::invalid;
    }
    [[gnu::always_inline]] void write_lr_word(LrIndex n, u64 word) {
        write_gich(offset(GichReg::lr, n.value), static_cast<u32>(word));
    }
    [[nodiscard, gnu::always_inline]] u64 read_lr_word(LrIndex n) {
        return bus_.template read32<Frame::gich>(offset(GichReg::lr, n.value));
    }
    [[gnu::always_inline]] void write_lr(LrIndex n, const ListReg& lr) {
        write_lr_word(n, lr_word(lr));
    }
    [[nodiscard, gnu::always_inline]] ListReg read_lr(LrIndex n) { return lr_of(read_lr_word(n)); }

    // Makes the distributor look at its lines again, for the machine whose guest deactivations do not
    // (reeval_test.hpp). Elsewhere a write that disables nothing.
    [[gnu::always_inline]] void poke() { this->write_gicd(word_offset(GicdBits::icenabler, 0), 0); }

    [[nodiscard, gnu::always_inline]] u32 maintenance_status() { return read_gich(GichReg::misr); }
    [[nodiscard, gnu::always_inline]] u32 eoi_count() {
        return GichHcr{read_gich(GichReg::hcr)}.template get<GichHcr::EoiCount>();
    }
    // GICv2 cannot trap a guest's DIR: it is kept from the second page of GICV instead.
    [[gnu::always_inline]] void write_control(VirtControl control) {
        write_gich(offset(GichReg::hcr),
                   GichHcr{}
                       .with<GichHcr::En>(control.enable)
                       .template with<GichHcr::Uie>(control.underflow)
                       .template with<GichHcr::Lrenpie>(control.entry_not_present)
                       .template with<GichHcr::Npie>(control.no_pending)
                       .template with<GichHcr::VGrp0Eie>((control.opened & 1U) != 0)
                       .template with<GichHcr::VGrp1Eie>((control.opened & 2U) != 0)
                       .template with<GichHcr::VGrp0Die>((control.closed & 1U) != 0)
                       .template with<GichHcr::VGrp1Die>((control.closed & 2U) != 0)
                       .raw());
    }

    // GICH_VMCR alone.
    [[nodiscard, gnu::always_inline]] u32 read_vmcr() { return read_gich(GichReg::vmcr); }
    [[nodiscard]] VirtInterface save_interface() {
        return VirtInterface{.vmcr = read_gich(GichReg::vmcr), .apr = {read_gich(GichReg::apr)}};
    }
    void load_interface(const VirtInterface& interface) {
        write_gich(offset(GichReg::vmcr), interface.vmcr);
        write_gich(offset(GichReg::apr), interface.apr[0]);
    }

private:
    [[nodiscard, gnu::always_inline]] u32 read_gicc(GiccReg reg) {
        return bus_.template read32<Frame::gicc>(offset(reg));
    }
    [[gnu::always_inline]] void write_gicc(u32 at, u32 value) {
        bus_.template write32<Frame::gicc>(at, value);
    }
    [[nodiscard, gnu::always_inline]] u32 read_gich(GichReg reg) {
        return bus_.template read32<Frame::gich>(offset(reg));
    }
    [[gnu::always_inline]] void write_gich(u32 at, u32 value) {
        bus_.template write32<Frame::gich>(at, value);
    }

    // This pCPU's bit, which the banked ITARGETSR0-7 hold in every byte of an implemented INTID.
    [[nodiscard]] u32 own_mask() {
        u32 mask = 0;
        for (u32 word = 0; word < 8; ++word) {
            mask |= bus_.template read32<Frame::gicd>(word_offset(GicdBytes::itargetsr, word));
        }
        mask |= mask >> 16U;
        return (mask | mask >> 8U) & 0xffU;
    }

    void reset_virtual_interface() {
        write_gich(offset(GichReg::hcr), 0);
        const u32 count = GichVtr{read_gich(GichReg::vtr)}.list_registers();
        for (u32 n = 0; n < count; ++n) {
            write_gich(offset(GichReg::lr, n), 0);
        }
        load_interface(VirtInterface{});
    }

    // Firmware may have acknowledged an interrupt and never ended it; its priority would mask ours.
    void idle_running_priority() {
        for (u32 word = 0; word < 4; ++word) {
            write_gicc(offset(GiccReg::apr, word), 0);
            write_gicc(offset(GiccReg::nsapr, word), 0);
        }
    }
};

} // namespace hyp
