// SPDX-License-Identifier: Apache-2.0
#pragma once
// The gusts that are no interrupts: maintenance that reaches other CPUs, and accesses to what is not
// there. Each returns soon.

namespace guest::hostile {

/** TLBI of every kind that EL1 has, broadcast. */
void flush_translations(unsigned cpu);
/** DC by address and by set and way, IC, broadcast where they can be. */
void flush_caches(unsigned cpu);
/** HVC and SMC with numbers of nobody, and with immediates other than zero. */
void make_unknown_calls(unsigned cpu);
/** System registers and addresses that do not exist or are read-only. */
void touch_unknown_registers(unsigned cpu);
/** Every register of the distributor read, every SPI enabled, made pending, active, and undone. */
void rewrite_distributor(unsigned cpu);

} // namespace guest::hostile
