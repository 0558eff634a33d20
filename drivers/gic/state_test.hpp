// SPDX-License-Identifier: Apache-2.0
// Two faults of QEMU 7.2's GICv2 in how the distributor keeps an interrupt's state, told by
// behaviour. Conditions as in self_test.hpp; the interrupts used are disabled and stay so.
#pragma once

#include "drivers/gic/self_test.hpp"

namespace hyp {

// Is an SPI that software made active still active after it was deactivated? (QEMU keeps an active
// bit for each CPU; ISACTIVER sets all, a deactivation clears one.)
template <GicBackend G, SysRegBus S>
[[nodiscard]] bool spi_stays_active(G& gic, S sys, PIntid spi) {
    const unsigned word = spi.value() / 32;
    const u32 bit = 1U << (spi.value() % 32);
    gic.set_active(spi);
    gic.deactivate(Ack{spi.value()});
    PollWindow<S> window{sys};
    bool active = true;
    do {
        active = (gic.shared_active(word) & bit) != 0;
    } while (active && window.is_open());
    gic.clear_active(spi);
    return active;
}

// Does ISPENDR of a PPI, whose line is low, have no effect?
template <GicBackend G, SysRegBus S>
[[nodiscard]] bool ppi_stays_idle(G& gic, S sys, PIntid ppi) {
    const u32 bit = 1U << ppi.value();
    gic.set_pending(ppi);
    PollWindow<S> window{sys};
    bool pending = false;
    do {
        pending = (gic.private_pending() & bit) != 0;
    } while (!pending && window.is_open());
    gic.clear_pending(ppi);
    return !pending;
}

} // namespace hyp
