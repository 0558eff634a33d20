// SPDX-License-Identifier: Apache-2.0
// Does this GICv2 look at its interrupt lines again when a guest ends a forwarded interrupt? The
// architecture demands it; QEMU 7.2's model does not (gic_complete_irq calls gic_update_virt only),
// and an interrupt whose line is still high is then lost to the guest. Told by behaviour, never by
// the machine's name. Conditions as in self_test.hpp; the virtual interface must be unused.
#pragma once

#include "drivers/gic/gicv2.hpp"
#include "drivers/gic/self_test.hpp"

namespace hyp {

enum class Reevaluation : u8 {
    works,
    missing, // the quirk
    unknown, // the timer's interrupt or the virtual interface did not answer
};

template <MmioBus M, SysRegBus S>
class ReevaluationTest {
public:
    ReevaluationTest(M bus, S sys, GicV2<M, S> gic, PIntid hyp_timer)
        : bus_{bus}, sys_{sys}, gic_{gic}, timer_{hyp_timer} {}

    // EL2 plays the guest: its timer's line stays high while the interrupt, forwarded to a list
    // register, is acknowledged and ended through GICV. Then it must be pending again.
    [[nodiscard]] Reevaluation run() {
        const VirtInterface found = gic_.save_interface();
        gic_.set_enable(timer_, Enable::on);
        raise_hyp_timer(sys_);
        const Ack ack = await_interrupt(gic_, sys_, timer_);
        Reevaluation result = Reevaluation::unknown;
        if (!ack.is_spurious()) {
            gic_.drop_priority(ack);
            if (forward_and_end()) {
                result = becomes_pending() ? Reevaluation::works : Reevaluation::missing;
            }
        }
        lower_hyp_timer(sys_);
        gic_.set_enable(timer_, Enable::off);
        gic_.write_lr(LrIndex{0}, ListReg{});
        gic_.write_control(VirtControl{});
        gic_.load_interface(found);
        gic_.clear_active(timer_); // for the case that GICV never took it
        return result;
    }

private:
    // False if GICV does not show the interrupt.
    [[nodiscard]] bool forward_and_end() {
        write_gicv(GiccReg::ctlr, GiccCtlr{}.with<GiccCtlr::Enable>(true).raw());
        write_gicv(GiccReg::pmr, 0xf8);
        gic_.write_control(VirtControl{.enable = true});
        const VIntid vintid{timer_.value()};
        gic_.write_lr(LrIndex{0}, ListReg::hardware(vintid, timer_, ppi_priority, Group::group0));
        sys_.template barrier<Barrier::dsb_sy>(); // GICH and GICV are different devices
        PollWindow<S> window{sys_};
        do {
            const u32 iar = bus_.template read32<Frame::gicv>(offset(GiccReg::iar));
            if (GiccIar{iar}.get<GiccIar::Intid>() == timer_.value()) {
                write_gicv(GiccReg::eoir, iar);
                sys_.template barrier<Barrier::dsb_sy>(); // ended before anyone looks at GICC
                return true;
            }
        } while (window.is_open());
        return false;
    }

    // HPPIR only looks. A write to GICD or to GICC_PMR would mend what is to be seen.
    [[nodiscard]] bool becomes_pending() {
        PollWindow<S> window{sys_};
        do {
            const u32 hppir = bus_.template read32<Frame::gicc>(offset(GiccReg::hppir));
            if (GiccIar{hppir}.get<GiccIar::Intid>() == timer_.value()) {
                return true;
            }
        } while (window.is_open());
        return false;
    }

    void write_gicv(GiccReg reg, u32 value) {
        bus_.template write32<Frame::gicv>(offset(reg), value);
    }

    [[no_unique_address]] M bus_;
    [[no_unique_address]] S sys_;
    GicV2<M, S> gic_;
    PIntid timer_;
};

} // namespace hyp
