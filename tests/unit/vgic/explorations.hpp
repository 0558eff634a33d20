// SPDX-License-Identifier: Apache-2.0
// What is explored: machines and parts of the alphabet whose states are few enough to see all. The
// unit tests do some of them with sanitizers, tests/soak does all of them without.
#pragma once

#include "tests/unit/vgic/explore.hpp"

namespace hyp::test {

inline constexpr usize most_states = 400'000;

struct Exploration {
    std::string name;
    Report (*run)(const Setup& setup, Steps steps);
    Setup setup;
    Steps steps;
};

namespace detail {

template <GicGeneration G, unsigned L>
[[nodiscard]] Report explored(const Setup& setup, Steps steps) {
    return explore(Machine<G, L>{setup}, steps, most_states);
}

} // namespace detail

// On a GIC with 1, 2, 3 and 4 list registers, each EOImode.
class Explorations {
public:
    template <GicGeneration G, unsigned L>
    void add(const char* what, Setup setup, Steps steps) {
        setup.fast = !setup.workaround;
        const std::string name = std::string{what} + ", GICv" +
                                 (G == GicGeneration::v2 ? "2, " : "3, ") + std::to_string(L) +
                                 " list registers" + (setup.eoi_mode ? ", EOImode 1" : "");
        all_.push_back({name, &detail::explored<G, L>, setup, steps});
    }
    template <GicGeneration G>
    void add_sizes(const char* what, const Setup& setup, Steps steps) {
        add<G, 1>(what, setup, steps);
        add<G, 2>(what, setup, steps);
        add<G, 3>(what, setup, steps);
        add<G, 4>(what, setup, steps);
    }
    void add_both(const char* what, const Setup& setup, Steps steps) {
        add_sizes<GicGeneration::v2>(what, setup, steps);
        add_sizes<GicGeneration::v3>(what, setup, steps);
    }
    [[nodiscard]] const std::vector<Exploration>& all() const { return all_; }

private:
    std::vector<Exploration> all_;
};

inline constexpr Steps timer_and_sgi = basic | enabling | masking | marking | one_sgi;
inline constexpr Steps configuring = basic | enabling | sgis | masking | priorities | grouping;
inline constexpr Steps timer_and_disk = basic | edges | one_sgi | marking | enabling;
inline constexpr Steps four_sources = basic | edges | one_sgi | spis;
inline constexpr Steps two_levels = basic | second_level | uart_enabling | one_sgi;
inline constexpr Steps software_line = basic | soft_line | soft_enabling | soft_pending;
inline constexpr Steps software_edge = basic | spis | spi_enabling | spi_clearing | spi_trigger;
inline constexpr Steps routed = basic | edges | spis | routing;
inline constexpr Steps pended = basic | timer_pending | enabling;
inline constexpr Steps disk_registers = basic | edges | disk_pending | disk_enabling;
inline constexpr Steps activated = basic | activating | edges;

[[nodiscard]] inline Setup as_fault() {
    Setup setup;
    setup.stale = setup.workaround = true;
    return setup;
}

[[nodiscard]] inline std::vector<Exploration> all_explorations() {
    Explorations out;
    Setup split;
    split.eoi_mode = true;
    Setup asynchronous;
    asynchronous.timing = model::Timing::asynchronous;
    Setup survives;
    survives.survives = true;
    Setup other_faults;
    other_faults.spi_fault = other_faults.ppi_fault = true;
    Setup active = split;
    active.activates = true;
    Setup active_faults = other_faults;
    active_faults.eoi_mode = active_faults.activates = true;
    constexpr GicGeneration v2 = GicGeneration::v2;
    constexpr GicGeneration v3 = GicGeneration::v3;
    out.add_both("timer and SGI", {}, timer_and_sgi);
    out.add_both("timer and SGI", split, timer_and_sgi | dir_order);
    out.add_both("timer and SGI, asynchronous", asynchronous, timer_and_sgi);
    out.add_both("timer and SGI, list registers stay active", survives, timer_and_sgi);
    out.add_sizes<v2>("timer and SGI, no second look", as_fault(), timer_and_sgi);
    out.add<v2, 1>("timer and disk, no second look", as_fault(), timer_and_disk);
    out.add<v2, 2>("timer and disk, no second look", as_fault(), timer_and_disk);
    out.add<v2, 3>("timer and disk, no second look", as_fault(), timer_and_disk);
    out.add_both("configuring", {}, configuring);
    out.add_sizes<v2>("configuring, no second look", as_fault(), configuring);
    out.add_both("timer and disk", {}, timer_and_disk);
    // With two and three list registers these have half a million states each.
    out.add<v2, 1>("four sources", {}, four_sources);
    out.add<v2, 4>("four sources", {}, four_sources);
    out.add<v3, 1>("four sources", {}, four_sources);
    out.add<v3, 4>("four sources", {}, four_sources);
    out.add<v2, 1>("four sources", split, four_sources | dir_order);
    out.add<v3, 1>("four sources", split, four_sources | dir_order);
    out.add_both("two levels", {}, two_levels);
    out.add_both("software line", {}, software_line);
    out.add_both("software line", split, software_line | dir_order);
    out.add_both("software edge", {}, software_edge);
    out.add_both("routed away and back", {}, routed);
    out.add_both("ISPENDR of a level", {}, pended);
    out.add_sizes<v2>("ISPENDR of a level, no PPI ISPENDR", other_faults, pended);
    out.add_both("registers of the disk", {}, disk_registers);
    out.add_both("ISACTIVER", active, activated);
    out.add_sizes<v2>("ISACTIVER, SPI active per CPU", active_faults, activated);
    return out.all();
}

} // namespace hyp::test
