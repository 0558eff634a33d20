// SPDX-License-Identifier: Apache-2.0
#pragma once
// PSCI calls with all their arguments (DEN 0022), for guests with several CPUs.

#include "psci.hpp"

namespace guest {

// DEN 0022, return codes.
constexpr std::int64_t psci_success = 0;
constexpr std::int64_t psci_not_supported = -1;
constexpr std::int64_t psci_invalid_parameters = -2;
constexpr std::int64_t psci_denied = -3;
constexpr std::int64_t psci_already_on = -4;
constexpr std::int64_t psci_on_pending = -5;
constexpr std::int64_t psci_invalid_address = -9;

// DEN 0022, AFFINITY_INFO's answers.
constexpr std::int64_t psci_on = 0;
constexpr std::int64_t psci_off = 1;
constexpr std::int64_t psci_turning_on = 2;

/** The call by this conduit; x0 as a signed number. Of a 32-bit function its low half counts. */
std::int64_t psci_call(Conduit conduit, std::uint32_t function, std::uint64_t x1 = 0,
                       std::uint64_t x2 = 0, std::uint64_t x3 = 0);

/** The call by the conduit that the device tree names. */
std::int64_t psci_call(Function function, std::uint64_t x1 = 0, std::uint64_t x2 = 0,
                       std::uint64_t x3 = 0);

} // namespace guest
