// SPDX-License-Identifier: Apache-2.0
// What a random run really exercised. A class that never happened makes the run fail: equality of
// two interrupt controllers in which nothing flows would prove nothing.
#pragma once

#include "tests/target/differential/operation.hpp"

#include <string_view>

namespace hyp::differential {

enum class Event : std::uint8_t {
    acknowledged, // by EL2
    nested,       // by EL2, while a priority was active
    guest_acknowledged,
    guest_nested,
    guest_deactivated_hw, // the guest deactivated a physical interrupt through a list register
    resignalled,          // ... and it, or another, was signalled to EL2 at once
    eoi_counted,          // ICH_HCR.EOIcount went up
    maintenance,          // PPI 25 high
    virq,                 // vIRQ or vFIQ signalled
    masked_pending,       // something pending, but PMR, running priority or enables hold it back
    count,
};

// clang-format off
constexpr std::array<std::string_view, static_cast<unsigned>(Event::count)> event_names = {
    "acknowledged", "acknowledged nested", "acknowledged by the guest",
    "acknowledged nested by the guest", "deactivated by the guest through HW", "signalled right then",
    "EOIcount", "maintenance line high", "vIRQ or vFIQ signalled", "pending but held back"};
// clang-format on

struct Coverage {
    std::array<std::uint64_t, static_cast<unsigned>(Event::count)> counts{};

    void note(Event event, bool happened) {
        counts[static_cast<unsigned>(event)] += happened ? 1U : 0U;
    }
    // On v2 the guest's deactivation is the very thing that does not signal (exceptions.hpp).
    [[nodiscard]] bool complete(bool v3) const {
        for (unsigned i = 0; i < counts.size(); ++i) {
            if (counts[i] == 0 && (v3 || static_cast<Event>(i) != Event::resignalled)) {
                return false;
            }
        }
        return true;
    }
};

// What the model's state was before an operation, as far as the events need it.
struct Before {
    std::array<std::uint64_t, 4> list{};
    unsigned running = 0;
    unsigned guest_running = 0;
    std::uint32_t hcr = 0;
    bool irq = false;
};

} // namespace hyp::differential
