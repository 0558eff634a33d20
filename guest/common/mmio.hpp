// SPDX-License-Identifier: Apache-2.0
#pragma once
// Device accesses as single loads and stores with a plain base register. A compiler may choose
// write-back or pair forms for a volatile access; those leave ESR_EL2.ISV = 0, and a hypervisor
// that emulates the device cannot tell what was meant.

#include "sysreg.hpp"

namespace guest {

/** Reads the 32-bit device register at `address`. */
[[nodiscard]] inline std::uint32_t read32(std::uintptr_t address) {
    std::uint32_t value;
    asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

/** Writes the 32-bit device register at `address`. */
inline void write32(std::uintptr_t address, std::uint32_t value) {
    asm volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

/** Reads the 64-bit device register at `address`. */
[[nodiscard]] inline std::uint64_t read64(std::uintptr_t address) {
    std::uint64_t value;
    asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

/** Writes the 64-bit device register at `address`. */
inline void write64(std::uintptr_t address, std::uint64_t value) {
    asm volatile("str %0, [%1]" : : "r"(value), "r"(address) : "memory");
}

/** Reads the byte-wide device register at `address`. */
[[nodiscard]] inline std::uint8_t read8(std::uintptr_t address) {
    std::uint32_t value;
    asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return static_cast<std::uint8_t>(value);
}

/** Writes the byte-wide device register at `address`. */
inline void write8(std::uintptr_t address, std::uint8_t value) {
    asm volatile("strb %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

} // namespace guest
