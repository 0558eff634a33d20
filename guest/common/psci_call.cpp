// SPDX-License-Identifier: Apache-2.0
// SMC calling convention 1.0: x0 to x3 carry arguments, x4 to x17 may be lost (DEN 0028).

#include "psci_call.hpp"

#define GUEST_CALL(instruction)                                                                    \
    asm volatile(instruction " #0"                                                                 \
                 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)                                          \
                 :                                                                                 \
                 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",   \
                   "x16", "x17", "memory")

namespace guest {

std::int64_t psci_call(Conduit conduit, std::uint32_t function, std::uint64_t x1, std::uint64_t x2,
                       std::uint64_t x3) {
    register std::uint64_t r0 asm("x0") = function;
    register std::uint64_t r1 asm("x1") = x1;
    register std::uint64_t r2 asm("x2") = x2;
    register std::uint64_t r3 asm("x3") = x3;
    switch (conduit) {
    case Conduit::hvc: GUEST_CALL("hvc"); break;
    case Conduit::smc: GUEST_CALL("smc"); break;
    case Conduit::none: return psci_not_supported;
    }
    constexpr std::uint32_t wide = 1U << 30; // DEN 0028: SMC64
    const std::uint64_t result = r0;
    return (function & wide) != 0 ? static_cast<std::int64_t>(result)
                                  : static_cast<std::int32_t>(static_cast<std::uint32_t>(result));
}

std::int64_t psci_call(Function function, std::uint64_t x1, std::uint64_t x2, std::uint64_t x3) {
    return psci_call(machine().psci, static_cast<std::uint32_t>(function), x1, x2, x3);
}

} // namespace guest
