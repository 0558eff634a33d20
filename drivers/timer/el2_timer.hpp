// SPDX-License-Identifier: Apache-2.0
// EL2's physical timer, CNTHP (DDI 0487). Its interrupt is a level: the line is up while the timer
// is enabled and the counter has reached CVAL.
#pragma once

#include "drivers/gic/gic.hpp"
#include "hyp/core/base/bus.hpp"
#include "hyp/core/regs/cnt.hpp"

namespace hyp {

template <SysRegBus S>
class El2Timer {
public:
    explicit constexpr El2Timer(S sys) : sys_{sys} {}

    [[nodiscard]] u64 now() const { return sys_.template read<SysReg::cntpct>(); }

    // The line goes up at `deadline` of CNTPCT, at once when that is past.
    void arm(u64 deadline) const {
        sys_.template write<SysReg::cnthp_cval>(deadline);
        sys_.template write<SysReg::cnthp_ctl>(CntCtl{}.with<CntCtl::Enable>(true).raw());
        sys_.template barrier<Barrier::isb>(); // in force from here
    }

    void stop() const {
        sys_.template write<SysReg::cnthp_ctl>(0);
        sys_.template barrier<Barrier::isb>(); // line down from here
    }

    // Ends its interrupt, whose priority has been dropped. The line goes down first: a level that is
    // still up when its interrupt is deactivated signals again, and for ever.
    template <GicBackend G>
    void end_interrupt(G& gic, Ack ack) const {
        stop();
        sys_.template barrier<Barrier::dsb_sy>(); // down at the distributor before the deactivation
        gic.deactivate(ack);
    }

private:
    [[no_unique_address]] S sys_;
};

} // namespace hyp
