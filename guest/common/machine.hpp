// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the device tree says about the machine the guest runs on, as one value.

#include "sysreg.hpp"

namespace guest {

/** An interrupt number as the GIC knows it. */
struct Intid {
    std::uint32_t value;
    friend constexpr bool operator==(Intid, Intid) = default;
};

/** IHI 0048B and IHI 0069: 1020 to 1023 are special, 1023 says "nothing pending". */
constexpr Intid spurious_intid{1023};

/** SGIs are 0 to 15, PPIs 16 to 31, SPIs from here. */
constexpr Intid first_spi{32};

enum class GicVersion : std::uint8_t { none, v2, v3 };
enum class Conduit : std::uint8_t { none, hvc, smc };

/** The machine. Addresses are physical (the guest's); the MMU is off. */
struct Machine {
    GicVersion gic = GicVersion::none;
    Conduit psci = Conduit::none;
    bool under_baton = false;
    std::uintptr_t distributor = 0;
    /** GICC on v2, the redistributor region on v3. */
    std::uintptr_t cpu_interface = 0;
    std::uintptr_t console = 0x09000000;
    Intid virtual_timer{27};
    Intid physical_timer{30};
    /** The command line; never null; lives in the tree. */
    const char* bootargs = "";
    /** The valid device tree itself, for drivers (tree.hpp); null without one. */
    const void* tree = nullptr;
};

/**
 * Reads the flattened device tree at `tree` in one pass over its nodes. Devices are looked for
 * directly under the root, as on the machine that QEMU's virt and Baton show. Without a valid
 * tree the result is the default machine: a console, but no GIC.
 */
[[nodiscard]] Machine read_machine(const void* tree);

} // namespace guest
