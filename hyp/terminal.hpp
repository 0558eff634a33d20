// SPDX-License-Identifier: Apache-2.0
// The machine's one UART, shared: virtual PL011s of the VMs that have a console, Baton's own words
// and its console (core/console, core/vuart). Without such a VM there is no terminal, and the UART is
// Baton's until a guest has it.
//
// Who has something to say sends it himself, as far as one step goes and the UART takes it: so it is
// the writer's time, and of a flood the flooder's. What is left over is done by the UART's interrupt,
// or by an SGI, on one pCPU, the home of the least urgent vCPU, with that one's urgency: nobody more
// urgent is disturbed by it. One step at a time, by a word that nobody waits for: who finds it taken
// leaves a wish, and whoever has it asks for the SGI.
#pragma once

#include "hyp/guest_access.hpp"
#include "hyp/platform/platform.hpp"

namespace hyp {

// When the VMs are built. Returns the vCPU whose home gets the UART's interrupt with its rank, or
// null where no VM has a console. Baton's words go to the terminal from then on.
[[nodiscard]] const Vcpu* open_terminal(const PlatformUart& uart, u8 hot_key);

// The SPI of open_terminal()'s UART: serve_terminal() ends its cause. Not to be asked of others.
[[nodiscard]] bool is_terminal(PIntid intid);

// There is a terminal, and a vCPU of this rank is no more urgent.
[[nodiscard]] bool may_serve_terminal(Rank rank);

// A VM with a console starts again: its PL011 is as at power-on.
void reset_terminal(const Vm& vm);

// A guest's load or store in its PL011. The vCPU is loaded and has been synced.
[[nodiscard]] u64 access_terminal(Vcpu& vcpu, u32 offset, const GuestAccess& access);

// Baton's words.
void say_on_terminal(const char* text, usize length);

// One step.
void serve_terminal();
// Before each entry and each sleep: a step, if this is the pCPU for it and somebody wished for one,
// or the time has come. Returns the time of the next one.
[[nodiscard]] u64 serve_terminal_here(u64 now);

// All that was said goes out, polled: before the machine ends.
void drain_terminal();

} // namespace hyp
