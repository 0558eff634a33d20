// SPDX-License-Identifier: Apache-2.0
// What can happen next to a Machine, by name: the alphabet of the random walks, of the exploration
// and of the fuzzer (steps.hpp says what each does). Each step is one thing that the guest, EL2 or
// the world does; the exit that a physical interrupt causes is a step of its own, for on hardware it
// may come a few instructions late.
#pragma once

#include "tests/unit/vgic/ghost.hpp"

#include <array>
#include <string>
#include <vector>

namespace hyp::test {

// clang-format off
enum class Step : u8 {
    interrupt, acknowledge, end_last, end_first, line_up, line_down, hvc,
    timer_off, timer_on, mask, unmask, sgi, sgi_from_1, spi, edge, mark,
    groups_off, groups_on, urgent, normal, sgi_off, sgi_on, deliver_0, deliver_1, deliver_2,
    second_sgi, uart_up, uart_down, soft_up, soft_down, route_away, route_back, group_0, group_1,
    spi_level, spi_edge, disk_off, disk_on, spi_off, spi_on, soft_off, soft_on, uart_off, uart_on,
    pend_timer, unpend_timer, pend_disk, unpend_disk, pend_soft, unpend_soft, unpend_spi,
    activate_timer, deactivate_timer, activate_disk, deactivate_disk, activate_spi, deactivate_spi,
    count,
};
inline constexpr std::array<const char*, static_cast<usize>(Step::count)> step_names{
    "interrupt", "acknowledge", "end-last", "end-first", "line-up", "line-down", "hvc",
    "timer-off", "timer-on", "mask", "unmask", "sgi", "sgi-from-1", "spi", "edge", "mark",
    "groups-off", "groups-on", "urgent", "normal", "sgi-off", "sgi-on", "deliver-0", "deliver-1",
    "deliver-2",
    "second-sgi", "uart-up", "uart-down", "soft-up", "soft-down", "route-away", "route-back",
    "group-0", "group-1", "spi-level", "spi-edge", "disk-off", "disk-on", "spi-off", "spi-on",
    "soft-off", "soft-on", "uart-off", "uart-on", "pend-timer", "unpend-timer", "pend-disk",
    "unpend-disk", "pend-soft", "unpend-soft", "unpend-spi", "activate-timer", "deactivate-timer",
    "activate-disk", "deactivate-disk", "activate-spi", "deactivate-spi",
};

// Steps that write one bit of a register of the distributor.
enum class Write : u8 { none, disable, enable, pend, unpend, activate, deactivate };
struct RegisterStep {
    Step step;
    Write write;
    u32 intid;
};
inline constexpr std::array<RegisterStep, 25> register_steps{{
    {Step::timer_off, Write::disable, timer},       {Step::timer_on, Write::enable, timer},
    {Step::sgi_off, Write::disable, self_sgi},      {Step::sgi_on, Write::enable, self_sgi},
    {Step::disk_off, Write::disable, disk},         {Step::disk_on, Write::enable, disk},
    {Step::spi_off, Write::disable, soft_spi},      {Step::spi_on, Write::enable, soft_spi},
    {Step::soft_off, Write::disable, soft_level},   {Step::soft_on, Write::enable, soft_level},
    {Step::uart_off, Write::disable, uart},         {Step::uart_on, Write::enable, uart},
    {Step::pend_timer, Write::pend, timer},         {Step::unpend_timer, Write::unpend, timer},
    {Step::pend_disk, Write::pend, disk},           {Step::unpend_disk, Write::unpend, disk},
    {Step::pend_soft, Write::pend, soft_level},     {Step::unpend_soft, Write::unpend, soft_level},
    {Step::unpend_spi, Write::unpend, soft_spi},
    {Step::activate_timer, Write::activate, timer}, {Step::deactivate_timer, Write::deactivate, timer},
    {Step::activate_disk, Write::activate, disk},   {Step::deactivate_disk, Write::deactivate, disk},
    {Step::activate_spi, Write::activate, soft_spi},
    {Step::deactivate_spi, Write::deactivate, soft_spi},
}};
// clang-format on

[[nodiscard]] constexpr RegisterStep register_step(Step step) {
    for (const RegisterStep& one : register_steps) {
        if (one.step == step) {
            return one;
        }
    }
    return RegisterStep{step, Write::none, 0};
}

class Steps {
public:
    constexpr Steps() = default;
    template <class... S>
    constexpr explicit Steps(S... steps)
        : bits_{((u64{1} << static_cast<unsigned>(steps)) | ... | u64{0})} {}
    [[nodiscard]] constexpr bool has(Step step) const {
        return (bits_ >> static_cast<unsigned>(step) & 1U) != 0;
    }
    [[nodiscard]] constexpr Steps operator|(Steps other) const {
        Steps both;
        both.bits_ = bits_ | other.bits_;
        return both;
    }

    [[nodiscard]] constexpr Steps operator&(Steps other) const {
        Steps both;
        both.bits_ = bits_ & other.bits_;
        return both;
    }
    // Each step or not, by a bit of `chance`.
    [[nodiscard]] static constexpr Steps of_bits(u64 chance) {
        Steps some;
        some.bits_ = chance;
        return some;
    }

private:
    static_assert(static_cast<unsigned>(Step::count) <= 64);
    u64 bits_ = 0;
};

inline constexpr Steps basic{Step::interrupt, Step::acknowledge, Step::end_last,
                             Step::line_up,   Step::line_down,   Step::hvc,
                             Step::deliver_0, Step::deliver_1,   Step::deliver_2};
inline constexpr Steps dir_order{Step::end_first};
inline constexpr Steps enabling{Step::timer_off, Step::timer_on};
inline constexpr Steps masking{Step::mask, Step::unmask};
inline constexpr Steps sgis{Step::sgi, Step::sgi_from_1, Step::sgi_off, Step::sgi_on};
inline constexpr Steps one_sgi{Step::sgi};
inline constexpr Steps two_sgis{Step::sgi, Step::second_sgi};
inline constexpr Steps spis{Step::spi};
inline constexpr Steps edges{Step::edge};
inline constexpr Steps marking{Step::mark};
inline constexpr Steps grouping{Step::groups_off, Step::groups_on};
inline constexpr Steps timer_group{Step::group_0, Step::group_1};
inline constexpr Steps priorities{Step::urgent, Step::normal};
inline constexpr Steps second_level{Step::uart_up, Step::uart_down};
inline constexpr Steps uart_enabling{Step::uart_off, Step::uart_on};
inline constexpr Steps soft_line{Step::soft_up, Step::soft_down};
inline constexpr Steps soft_enabling{Step::soft_off, Step::soft_on};
inline constexpr Steps soft_pending{Step::pend_soft, Step::unpend_soft};
inline constexpr Steps routing{Step::route_away, Step::route_back};
inline constexpr Steps spi_trigger{Step::spi_level, Step::spi_edge};
inline constexpr Steps spi_enabling{Step::spi_off, Step::spi_on};
inline constexpr Steps spi_clearing{Step::unpend_spi};
inline constexpr Steps disk_enabling{Step::disk_off, Step::disk_on};
inline constexpr Steps timer_pending{Step::pend_timer, Step::unpend_timer};
inline constexpr Steps disk_pending{Step::pend_disk, Step::unpend_disk};
inline constexpr Steps activating{Step::activate_timer, Step::deactivate_timer,
                                  Step::activate_disk,  Step::deactivate_disk,
                                  Step::activate_spi,   Step::deactivate_spi};
inline constexpr Steps everything =
    basic | dir_order | enabling | masking | sgis | two_sgis | spis | edges | marking | grouping |
    timer_group | priorities | second_level | uart_enabling | soft_line | soft_enabling |
    soft_pending | routing | spi_trigger | spi_enabling | spi_clearing | disk_enabling |
    timer_pending | disk_pending | activating;

[[nodiscard]] inline std::string to_text(const std::vector<Step>& walk) {
    std::string text;
    for (const Step step : walk) {
        text += step_names[static_cast<usize>(step)];
        text += ' ';
    }
    return text;
}

} // namespace hyp::test
