// SPDX-License-Identifier: Apache-2.0
#pragma once
// Software-generated interrupts and routed SPIs between CPUs: GICD_SGIR and GICD_ITARGETSR of GICv2
// (IHI 0048B), ICC_SGI1R_EL1 and GICD_IROUTER of GICv3 (IHI 0069). What was stored before one is
// sent is seen by who takes it.

#include "smp.hpp"

namespace guest {

void send_sgi(Intid sgi, unsigned cpu);
/** To every CPU that is on, but this one. */
void send_sgi_to_others(Intid sgi);
void send_sgi_to_self(Intid sgi);

/** The sender that an acknowledge names; on v3, which has none, `max_cpus`. */
[[nodiscard]] unsigned sgi_sender(Ack ack);

/** Where this SPI goes from now on; complete on return. */
void route_spi(Intid spi, unsigned cpu);

} // namespace guest
