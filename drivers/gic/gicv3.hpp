// SPDX-License-Identifier: Apache-2.0
// GICv3 and GICv4 (IHI 0069): distributor and this pCPU's redistributor memory mapped, CPU interface
// and virtual interface control in system registers, affinity routing on. Everything is in
// (non-secure) Group 1, for QEMU and hardware without security signal Group 0 as FIQ.
#pragma once

#include "drivers/gic/affinity.hpp"
#include "drivers/gic/gicd.hpp"
#include "hyp/core/regs/gich.hpp"
#include "hyp/core/regs/icc.hpp"
#include "hyp/core/regs/ich.hpp"
#include "hyp/core/regs/lr.hpp"

namespace hyp {

template <MmioBus M, SysRegBus S>
class GicV3 : public Distributor<M, S, Frame::gicr_sgi> {
    using Base = Distributor<M, S, Frame::gicr_sgi>;
    using Base::bus_;
    using Base::sys_;

public:
    using Base::Base;
    static constexpr GicGeneration generation = GicGeneration::v3;

    // On one pCPU, before any init_cpu(). Routes all SPIs to that pCPU.
    Status init_distributor() {
        constexpr Error busy{"GICD_CTLR.RWP stays set: the GIC distributor does not answer"};
        const GicdCtlrV3 found{bus_.template read32<Frame::gicd>(offset(GicdReg::ctlr))};
        // Affinity routing and DS are kept: clearing them is UNPREDICTABLE.
        const GicdCtlrV3 off = GicdCtlrV3{}
                                   .with<GicdCtlrV3::Are>(found.get<GicdCtlrV3::Are>())
                                   .with<GicdCtlrV3::Ds>(found.get<GicdCtlrV3::Ds>());
        this->write_gicd(offset(GicdReg::ctlr), off.raw());
        if (!this->wait_shared()) {
            return busy;
        }
        const GicdCtlrV3 routing = off.with<GicdCtlrV3::Are>(true);
        this->write_gicd(offset(GicdReg::ctlr), routing.raw());
        if (!this->wait_shared() || !this->reset_shared(~0U)) {
            return busy;
        }
        route_shared_here();
        this->write_gicd(offset(GicdReg::ctlr), routing.with<GicdCtlrV3::EnableGrp1>(true).raw());
        return this->wait_shared() ? Status{Done{}} : Status{busy};
    }

    // On every pCPU.
    Status init_cpu() {
        sys_.template write<SysReg::icc_sre_el2>(all_system_registers);
        sys_.template barrier<Barrier::isb>(); // before any other ICC or ICH register
        if (!IccSreEl2{sys_.template read<SysReg::icc_sre_el2>()}.template get<IccSreEl2::Sre>()) {
            return Error{"ICC_SRE_EL2.SRE stays 0: firmware keeps the GIC system registers away"};
        }
        sys_.template write<SysReg::icc_sre_el1>(all_system_registers); // no guest may change it
        sys_.template write<SysReg::icc_igrpen1>(0);
        reset_virtual_interface();
        sys_.template barrier<Barrier::isb>(); // off before the redistributor changes
        if (!wake()) {
            return Error{"GICR_WAKER.ChildrenAsleep stays set: the redistributor has no power"};
        }
        if (!this->reset_private(~0U)) {
            return Error{"GICR_CTLR.RWP stays set: the redistributor does not answer"};
        }
        prepare_priorities();
        sys_.template write<SysReg::icc_ctlr>(IccCtlr{}.with<IccCtlr::EoiMode>(true).raw());
        sys_.template write<SysReg::icc_bpr1>(0);
        sys_.template write<SysReg::icc_pmr>(open_mask);
        sys_.template barrier<Barrier::isb>(); // EOImode in force before the first interrupt
        sys_.template write<SysReg::icc_igrpen1>(1);
        sys_.template barrier<Barrier::isb>(); // enabled on return
        return Done{};
    }

    [[nodiscard]] GicFacts facts() {
        const IchVtr vtr = this->vtr();
        const IccCtlr ctlr{sys_.template read<SysReg::icc_ctlr>()};
        const GicdPidr2 pidr2{bus_.template read32<Frame::gicd>(offset(GicdReg::pidr2_v3))};
        return GicFacts{
            .list_registers = static_cast<u8>(vtr.list_registers()),
            .virtual_priority_bits = static_cast<u8>(vtr.priority_bits()),
            .preemption_bits = static_cast<u8>(vtr.preemption_bits()),
            .physical_priority_bits = static_cast<u8>(ctlr.priority_bits()),
            .intids = static_cast<u16>(this->typer().intids()),
            .architecture = pidr2.get<GicdPidr2::ArchRev>(),
            .distributor_id = bus_.template read32<Frame::gicd>(offset(GicdReg::iidr)),
        };
    }

    // No barrier: exception entry and ERET synchronise the context.
    [[nodiscard, gnu::always_inline]] Ack acknowledge() {
        return Ack{static_cast<u32>(sys_.template read<SysReg::icc_iar1>())};
    }
    [[gnu::always_inline]] void drop_priority(Ack ack) {
        sys_.template write<SysReg::icc_eoir1>(ack.raw());
    }
    [[gnu::always_inline]] void deactivate(Ack ack) {
        sys_.template write<SysReg::icc_dir>(ack.raw());
    }

    // By the affinity in this pCPU's redistributor.
    [[nodiscard]] GicTarget own_target() {
        const GicrTyper typer{bus_.template read64<Frame::gicr_rd>(offset(GicrReg::typer))};
        return target_of_affinity(typer.get<GicrTyper::Affinity>());
    }
    [[gnu::always_inline]] void send_sgi(GicTarget target, PIntid sgi) {
        send_sgi_word(target.sgi | IccSgir{}.with<IccSgir::Intid>(sgi.value()).raw());
    }
    [[gnu::always_inline]] void send_sgi_word(u64 word) {
        sys_.template barrier<Barrier::dsb_ishst>(); // what the target shall find; litmus: kick
        sys_.template write<SysReg::icc_sgi1r>(word);
    }
    [[gnu::always_inline]] void complete_acknowledge() { sys_.template barrier<Barrier::dsb_sy>(); }
    void route(PIntid spi, GicTarget target) {
        bus_.template write64<Frame::gicd>(dword_offset(GicdDwords::irouter, spi.value()),
                                           target.route);
    }
    [[gnu::always_inline]] void set_priority_mask(u8 mask) {
        sys_.template write<SysReg::icc_pmr>(secure_view_ ? mask / 2U | 0x80U : mask);
    }

    // ICH_LR<n>_EL2 as a word. n must be below facts().list_registers. One instruction when n is a
    // constant, else a tree of bit tests.
    [[nodiscard]] static constexpr u64 lr_word(const ListReg& lr) { return encode_ich(lr).raw(); }
    [[nodiscard]] static constexpr ListReg lr_of(u64 word) { return decode(IchLr{word}); }
    [[nodiscard]] static constexpr bool is_empty_word(u64 word) {
        return IchLr{word}.get<IchLr::State>() == LrState::invalid;
    }
    [[gnu::always_inline]] void write_lr_word(LrIndex n, u64 word) {
        if (__builtin_constant_p(n.value) != 0) {
            write_lr_among<0, max_list_registers>(n.value, word);
        } else {
            write_lr_by_number(n, word);
        }
    }
    [[nodiscard, gnu::always_inline]] u64 read_lr_word(LrIndex n) {
        return __builtin_constant_p(n.value) != 0 ? read_lr_among<0, max_list_registers>(n.value)
                                                  : read_lr_by_number(n);
    }
    [[gnu::always_inline]] void write_lr(LrIndex n, const ListReg& lr) {
        write_lr_word(n, lr_word(lr));
    }
    [[nodiscard, gnu::always_inline]] ListReg read_lr(LrIndex n) { return lr_of(read_lr_word(n)); }

    [[gnu::always_inline]] void poke() {} // GICv2's work-around

    [[nodiscard, gnu::always_inline]] u32 maintenance_status() {
        return static_cast<u32>(sys_.template read<SysReg::ich_misr>());
    }
    [[nodiscard, gnu::always_inline]] u32 eoi_count() {
        return IchHcr{sys_.template read<SysReg::ich_hcr>()}.template get<IchHcr::EoiCount>();
    }
    // Without TDIR the trap of DIR takes others along (common_registers.hpp).
    [[gnu::always_inline]] void write_control(VirtControl control) {
        const bool trap = control.trap_deactivate;
        const bool has_tdir =
            (trap || control.watch_deactivate) && vtr().template get<IchVtr::Tds>();
        sys_.template write<SysReg::ich_hcr>(
            IchHcr{}
                .with<IchHcr::En>(control.enable)
                .template with<IchHcr::Uie>(control.underflow)
                .template with<IchHcr::Lrenpie>(control.entry_not_present)
                .template with<IchHcr::Npie>(control.no_pending)
                .template with<IchHcr::VGrp0Eie>((control.opened & 1U) != 0)
                .template with<IchHcr::VGrp1Eie>((control.opened & 2U) != 0)
                .template with<IchHcr::VGrp0Die>((control.closed & 1U) != 0)
                .template with<IchHcr::VGrp1Die>((control.closed & 2U) != 0)
                .template with<IchHcr::Tdir>(has_tdir)
                .template with<IchHcr::Tc>(trap && !has_tdir)
                .raw());
    }

    // ICH_VMCR_EL2 alone.
    [[nodiscard, gnu::always_inline]] u32 read_vmcr() {
        return static_cast<u32>(sys_.template read<SysReg::ich_vmcr>());
    }
    void write_vmcr(u32 value) { sys_.template write<SysReg::ich_vmcr>(value); }
    [[nodiscard]] IchVtr vtr() { return IchVtr{sys_.template read<SysReg::ich_vtr>()}; }
    [[nodiscard]] VirtInterface save_interface() {
        VirtInterface interface;
        interface.vmcr = static_cast<u32>(sys_.template read<SysReg::ich_vmcr>());
        for_each_word(active_priority_words(vtr().preemption_bits()), [&]<u32 n>() {
            constexpr SysReg reg = sysreg_at(SysReg::ich_ap1r0, n);
            constexpr SysReg reg0 = sysreg_at(SysReg::ich_ap0r0, n);
            interface.apr[n] = static_cast<u32>(sys_.template read<reg>());
            interface.apr0[n] = static_cast<u32>(sys_.template read<reg0>());
        });
        return interface;
    }
    void load_interface(const VirtInterface& interface) {
        sys_.template write<SysReg::ich_vmcr>(interface.vmcr);
        for_each_word(active_priority_words(vtr().preemption_bits()), [&]<u32 n>() {
            sys_.template write<sysreg_at(SysReg::ich_ap1r0, n)>(interface.apr[n]);
            sys_.template write<sysreg_at(SysReg::ich_ap0r0, n)>(interface.apr0[n]);
        });
    }

private:
    static inline constinit bool secure_view_ = false; // the same on all pCPUs; init_cpu() finds it

    static constexpr u64 all_system_registers = IccSreEl2{}
                                                    .with<IccSreEl2::Sre>(true)
                                                    .with<IccSreEl2::Dfb>(true)
                                                    .with<IccSreEl2::Dib>(true)
                                                    .raw();

    // One copy of each tree in the image.
    [[gnu::noinline]] void write_lr_by_number(LrIndex n, u64 word) {
        write_lr_among<0, max_list_registers>(n.value, word);
    }
    [[nodiscard, gnu::noinline]] u64 read_lr_by_number(LrIndex n) {
        return read_lr_among<0, max_list_registers>(n.value);
    }

    template <u32 First, u32 Count>
    [[gnu::always_inline]] void write_lr_among(u32 n, u64 word) {
        if constexpr (Count == 1) {
            sys_.template write<ich_lr(First)>(word);
        } else if ((n & Count / 2) != 0) {
            write_lr_among<First + Count / 2, Count / 2>(n, word);
        } else {
            write_lr_among<First, Count / 2>(n, word);
        }
    }
    template <u32 First, u32 Count>
    [[nodiscard, gnu::always_inline]] u64 read_lr_among(u32 n) {
        if constexpr (Count == 1) {
            return sys_.template read<ich_lr(First)>();
        } else if ((n & Count / 2) != 0) {
            return read_lr_among<First + Count / 2, Count / 2>(n);
        } else {
            return read_lr_among<First, Count / 2>(n);
        }
    }

    // action.operator()<n>() for n = 0 .. count - 1, count 1, 2 or 4.
    template <class Action>
    static void for_each_word(u32 count, Action action) {
        action.template operator()<0>();
        if (count > 1) {
            action.template operator()<1>();
        }
        if (count > 2) {
            action.template operator()<2>();
            action.template operator()<3>();
        }
    }

    void route_shared_here() {
        const GicTarget here = own_target();
        constexpr u32 first_special = 1020;
        const u32 intids = this->typer().intids();
        for (u32 intid = 32; intid < intids && intid < first_special; ++intid) {
            route(PIntid{intid}, here);
        }
    }

    [[nodiscard]] bool wake() {
        const GicrWaker waker{bus_.template read32<Frame::gicr_rd>(offset(GicrReg::waker))};
        bus_.template write32<Frame::gicr_rd>(offset(GicrReg::waker),
                                              waker.with<GicrWaker::ProcessorSleep>(false).raw());
        return this->template wait_clear<Frame::gicr_rd>(offset(GicrReg::waker),
                                                         GicrWaker::ChildrenAsleep::mask);
    }

    void reset_virtual_interface() {
        sys_.template write<SysReg::ich_hcr>(0);
        const IchVtr found = vtr();
        for (u32 n = 0; n < found.list_registers(); ++n) {
            write_lr_word(LrIndex{static_cast<u8>(n)}, 0);
        }
        sys_.template write<SysReg::ich_vmcr>(0); // as load_interface() would, in less code
        for_each_word(active_priority_words(found.preemption_bits()), [&]<u32 n>() {
            sys_.template write<sysreg_at(SysReg::ich_ap0r0, n)>(0);
            sys_.template write<sysreg_at(SysReg::ich_ap1r0, n)>(0);
        });
    }

    // Firmware may have acknowledged an interrupt and never ended it; its priority would mask ours.
    // Group 0's registers are EL3's unless there is a single security state. With two, our priorities
    // are halved and put above 0x80, and so is PMR if SCR_EL3.FIQ is set: the most urgent mask then
    // becomes 0x80, which we read as 0. Else PMR is as the secure state sees it.
    void prepare_priorities() {
        const GicdCtlrV3 gicd{bus_.template read32<Frame::gicd>(offset(GicdReg::ctlr))};
        const IccCtlr ctlr{sys_.template read<SysReg::icc_ctlr>()};
        const u32 words = active_priority_words(ctlr.priority_bits());
        for_each_word(words,
                      [&]<u32 n>() { sys_.template write<sysreg_at(SysReg::icc_ap1r0, n)>(0); });
        sys_.template write<SysReg::icc_pmr>(1U << (8 - ctlr.priority_bits()));
        secure_view_ = sys_.template read<SysReg::icc_pmr>() != 0;
        if (gicd.get<GicdCtlrV3::Ds>()) {
            secure_view_ = false;
            sys_.template write<SysReg::icc_igrpen0>(0);
            for_each_word(
                words, [&]<u32 n>() { sys_.template write<sysreg_at(SysReg::icc_ap0r0, n)>(0); });
        }
    }
};

} // namespace hyp
