// SPDX-License-Identifier: Apache-2.0
// The two conduits: x0 to x3 carry arguments and results, x4 to x17 may be lost (SMCCC 1.0).

#include "psci.hpp"

#define GUEST_SMCCC(instruction, function, argument)                                               \
    register std::uint64_t x0 asm("x0") = (function);                                              \
    register std::uint64_t x1 asm("x1") = (argument);                                              \
    asm volatile(instruction " #0"                                                                 \
                 : "+r"(x0), "+r"(x1)                                                              \
                 :                                                                                 \
                 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",     \
                   "x14", "x15", "x16", "x17", "memory");                                          \
    return x0

namespace guest {

std::uint64_t hvc(std::uint32_t function, std::uint64_t argument) {
    GUEST_SMCCC("hvc", function, argument);
}

std::uint64_t smc(std::uint32_t function, std::uint64_t argument) {
    GUEST_SMCCC("smc", function, argument);
}

std::uint64_t psci(const Machine& machine, Function function, std::uint64_t argument) {
    const auto number = static_cast<std::uint32_t>(function);
    switch (machine.psci) {
    case Conduit::hvc: return hvc(number, argument);
    case Conduit::smc: return smc(number, argument);
    case Conduit::none: break;
    }
    return not_supported;
}

} // namespace guest
