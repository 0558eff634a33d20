// SPDX-License-Identifier: Apache-2.0
// What the machine's device tree says, as one value: memory, CPUs, GIC, timer, UART, PSCI conduit.
// Nothing here is believed further than the tree deserves: self-tests and quirks are elsewhere, and
// a piece that the tree does not name is absent here, for whoever needs it to refuse.
#pragma once

#include "hyp/core/base/addr.hpp"
#include "hyp/core/base/gic_generation.hpp"
#include "hyp/core/base/intid.hpp"
#include "hyp/core/base/pcpu.hpp"
#include "hyp/core/base/result.hpp"
#include "hyp/core/base/types.hpp"
#include "hyp/core/manifest/devices.hpp"

namespace hyp {

// An interrupt as a device names it. `present` is false when the tree gives none, or one that is
// not wired to the GIC.
struct WiredInterrupt {
    bool present = false;
    PIntid intid{0};
    Trigger trigger = Trigger::level;
};

enum class CpuEnable : u8 { none, psci, spin_table };

struct PlatformCpu {
    u64 affinity = 0; // MPIDR_EL1.Aff3..Aff0 at their register positions, other bits zero
    CpuEnable enable = CpuEnable::none;
    Pa release{};       // where a spin-table CPU looks
    Pa redistributor{}; // GICv3: RD_base; found by asking the hardware
};

// Frames as Baton maps them. GICC and GICV are two contiguous pages (DIR is the first word of the
// second): where a SoC mirrors each page over 64 KiB (ZynqMP, Armada 8K: the tree gives 128 KiB),
// the base is moved to +0xf000, which is the last mirror of page one just below page two.
struct PlatformGic {
    static constexpr u32 max_redistributor_regions = 4;

    bool present = false;
    GicGeneration generation = GicGeneration::v2;
    PaRange gicd{};
    PaRange gicc{}; // v2
    PaRange gich{}; // v2
    PaRange gicv{}; // v2; size 0: the tree names no virtual interface
    PaRange gicr[max_redistributor_regions]{};
    u32 gicr_count = 0;
    u64 gicr_stride = 0; // 0: as GICR_TYPER.VLPIS says (128 or 256 KiB)
    WiredInterrupt maintenance{};
};

struct PlatformTimer {
    WiredInterrupt secure{};
    WiredInterrupt ptimer{};
    WiredInterrupt vtimer{};
    WiredInterrupt hyp{};
};

enum class UartKind : u8 { none, pl011, other };

struct PlatformUart {
    UartKind kind = UartKind::none;
    char compatible[40] = {}; // the first compatible string, cut if longer
    PaRange frame{};
    WiredInterrupt interrupt{};
};

// A device that may be a guest's. Size 0: the tree has none.
struct PlatformDevice {
    PaRange frame{};
    WiredInterrupt interrupt{};
};

enum class Conduit : u8 { none, smc, hvc };

struct Platform {
    static constexpr u32 max_ram = 16;
    static constexpr u32 max_reserved = 32;
    static constexpr u32 max_cpus = 16;

    char model[48] = {}; // cut if longer; the root's first compatible string when there is no model
    PaRange ram[max_ram]{};
    u32 ram_count = 0;
    PaRange reserved[max_reserved]{}; // the tree itself, /memreserve/, /reserved-memory
    u32 reserved_count = 0;
    PlatformCpu cpus[max_cpus]{}; // more than these are not used
    u32 cpu_count = 0;
    PlatformCpu pcpus[max_pcpus]{}; // those that Baton uses, by pCPU (pcpus.hpp)
    u32 pcpu_count = 0;
    PlatformGic gic{};
    PlatformTimer timer{};
    PlatformUart uart{}; // the one Baton speaks on: /chosen stdout-path, else the first known one
    // By DeviceId: the PL011 if that is `uart`, the first PL031, virtio-mmio transports by address
    // (more than these are not used).
    PlatformDevice devices[device_count]{};
    u32 virtio_count = 0;
    Conduit conduit = Conduit::none;
};

// Reads the flattened tree at `fdt`, of which `size_limit` bytes may be looked at, in one pass over
// its tags. `tree_address` is where it lies physically: that range is listed as reserved.
// Fails only for a tree that is broken or holds more memory ranges than Platform does (RAM that
// cannot be listed could be lost; a reserved range that cannot be listed would be overwritten).
// Never reads outside, loops or crashes, whatever the bytes are. Aligned to 8 bytes, as DTSpec asks.
[[nodiscard]] Result<Platform> read_platform(const void* fdt, usize size_limit, Pa tree_address);

} // namespace hyp
