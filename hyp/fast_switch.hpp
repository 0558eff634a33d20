// SPDX-License-Identifier: Apache-2.0
// The switch between two vCPUs of which nothing but the timer is to be decided (core/fast/parked.hpp):
// an alarm of the scheduler, a yielding call, WFI. A memo of resume(): what is declined is done there.
// To be asked before the loaded vCPU is synced, and only while it is quiet and this pCPU's inbox empty.
#pragma once

#include "hyp/irq.hpp"
#include "hyp/pcpu.hpp"

namespace hyp {

// The hypervisor timer's interrupt, acknowledged. It is ended; null: whom to enter is to be decided.
template <class G>
[[nodiscard]] ExitFrame* fast_alarm(G gic, Ack ack);

// The yielding call, which is done; null: as above.
template <class G>
[[nodiscard]] ExitFrame* fast_yield(G gic);

// WFI.
struct FastWait {
    enum Outcome : u8 {
        declined, // nothing was done
        asleep,   // the vCPU waits; whom to enter is to be decided
        done,
    };
    Outcome outcome;
    ExitFrame* frame; // of `done`
};
template <class G>
[[nodiscard]] FastWait fast_wait(G gic);

} // namespace hyp
