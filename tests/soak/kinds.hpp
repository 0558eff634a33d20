// SPDX-License-Identifier: Apache-2.0
// Every kind of machine that is walked: both GICs, one to four list registers, EOImode 0 and 1,
// synchronous and not, with each fault of the hardware, and with a guest that breaks the rules.
#pragma once

#include "tests/unit/vgic/explore.hpp"
#include "tests/unit/vgic/shrink.hpp"

namespace hyp::test {

// What one walk found; `scenario` is the failure as short as it gets.
struct Walked {
    Report report;
    std::string scenario;
};

struct Kind {
    std::string name;
    Walked (*walk)(const Setup& setup, u64 steps, u32 seed);
    Setup setup;
};

template <GicGeneration G, unsigned L>
[[nodiscard]] Walked walked(const Setup& setup, u64 steps, u32 seed) {
    const Machine<G, L> start{setup};
    Walked result{wander(start, everything, steps, seed), {}};
    if (result.report.failure != "good") {
        result.scenario = scenario(start, result.report);
    }
    return result;
}

struct Hardware {
    const char* name;
    Setup setup;
    bool v2_only = false;
};

[[nodiscard]] inline std::vector<Hardware> all_hardware() {
    const Setup plain{.fast = true};
    std::vector<Hardware> all{{"", plain}};
    Setup setup = plain;
    setup.timing = model::Timing::asynchronous;
    all.push_back({", asynchronous", setup});
    setup = plain;
    setup.survives = true;
    all.push_back({", list registers stay active", setup});
    setup = plain;
    setup.lawless = true;
    all.push_back({", lawless guest", setup});
    setup = plain;
    setup.stale = setup.workaround = true;
    all.push_back({", no second look", setup, true});
    setup = plain;
    setup.spi_fault = setup.ppi_fault = true;
    all.push_back({", SPI active per CPU, no PPI ISPENDR", setup, true});
    setup.stale = setup.workaround = true;
    all.push_back({", all three faults", setup, true});
    return all;
}

template <GicGeneration G, unsigned L>
void add_kind(std::vector<Kind>& kinds, const Hardware& hardware, bool split) {
    Setup setup = hardware.setup;
    setup.eoi_mode = split;
    setup.activates = split || setup.lawless;
    kinds.push_back({"GICv" + std::to_string(G == GicGeneration::v2 ? 2 : 3) + ", " +
                         std::to_string(L) + " list registers, EOImode " + (split ? "1" : "0") +
                         hardware.name,
                     &walked<G, L>, setup});
}

template <GicGeneration G>
void add_sizes(std::vector<Kind>& kinds, const Hardware& hardware, bool split) {
    add_kind<G, 1>(kinds, hardware, split);
    add_kind<G, 2>(kinds, hardware, split);
    add_kind<G, 3>(kinds, hardware, split);
    add_kind<G, 4>(kinds, hardware, split);
}

[[nodiscard]] inline std::vector<Kind> all_kinds() {
    std::vector<Kind> kinds;
    for (const Hardware& hardware : all_hardware()) {
        for (const bool split : {false, true}) {
            add_sizes<GicGeneration::v2>(kinds, hardware, split);
            if (!hardware.v2_only) {
                add_sizes<GicGeneration::v3>(kinds, hardware, split);
            }
        }
    }
    return kinds;
}

} // namespace hyp::test
