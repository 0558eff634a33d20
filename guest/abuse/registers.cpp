// SPDX-License-Identifier: Apache-2.0
// Every offset, size and a few values into the emulated frames, holes included. A size or alignment
// that the machine refuses ends in an exception of this guest, which skips the access.

#include "abuse.hpp"

#include "common/fault.hpp"

namespace guest::lab {
namespace {

constexpr std::uint64_t values[] = {~std::uint64_t{0}, 0xa5a55a5aa5a55a5a, 0};
constexpr unsigned sizes[] = {1, 2, 4, 8};

/** On the bare machine QEMU's GICv2 dies of a zero byte in GICD_SPENDSGIR. */
bool kills_qemu(std::uintptr_t offset) {
    return !machine().under_baton && !irqs().is_v3() && offset >= GICD_SGIR && offset < 0xf40;
}

/** Bytes first..last of a frame, at every address and of every size, aligned or not. */
void hammer(std::uintptr_t frame, std::uintptr_t first, std::uintptr_t last, unsigned step) {
    for (const std::uint64_t value : values) {
        for (std::uintptr_t offset = first; offset <= last; offset += step) {
            for (const unsigned size : sizes) {
                if (!kills_qemu(offset + size - 1)) {
                    store(frame + offset, size, value);
                    (void)load(frame + offset, size);
                }
            }
        }
    }
}

/** The same at random places of 64 KiB. */
void scatter(std::uintptr_t frame, Random& random, unsigned times) {
    for (unsigned i = 0; i < times; ++i) {
        const std::uintptr_t offset = random.below(0x10000);
        const unsigned size = sizes[random.below(4)];
        if (random.below(4) == 0) {
            (void)load(frame + offset, size);
        } else {
            store(frame + offset, size, random.next());
        }
    }
}

/** What no register holds reads as zero however it was written. */
Outcome holes_are_empty(std::uintptr_t frame, std::uintptr_t first, std::uintptr_t end) {
    for (std::uintptr_t offset = first; offset < end; offset += 0x200) {
        write32(frame + offset, 0xffffffff);
        GUEST_REQUIRE(read32(frame + offset) == 0, "a hole keeps something (offset)", offset);
    }
    return passed;
}

Outcome v2_frames(Random& random) {
    const std::uintptr_t gicd = irqs().gic().distributor();
    hammer(gicd, 0, 0xff8, 1);
    for (unsigned i = 0; i < 4000; ++i) {
        const std::uintptr_t offset = random.below(0xff0);
        if (!kills_qemu(offset + 7)) {
            store(gicd + offset, sizes[random.below(4)], random.next());
        }
    }
    return holes_are_empty(gicd, 0xd00, 0xf00);
}

Outcome v3_frames(Random& random) {
    const std::uintptr_t gicd = irqs().gic().distributor();
    const std::uintptr_t rd = irqs().gic().redistributor();
    const std::uintptr_t sgi = irqs().gic().private_block();
    hammer(gicd, 0, 0x10ff, 3);
    hammer(gicd, 0x1100, 0xfff0, 0x1fc);
    hammer(gicd, 0x60f8, 0x6218, 1);
    hammer(gicd, 0xffc0, 0xfff8, 1);
    for (const std::uintptr_t frame : {rd, sgi}) {
        hammer(frame, 0, 0x438, 1);
        hammer(frame, 0x440, 0xfff0, 0x1f4);
        hammer(frame, 0xbf8, 0xc18, 1);
        hammer(frame, 0xffc0, 0xfff8, 1);
    }
    for (const std::uintptr_t frame : {gicd, rd, sgi}) {
        scatter(frame, random, 3000);
    }
    GUEST_TRY(holes_are_empty(gicd, 0x1000, 0x6000));
    GUEST_TRY(holes_are_empty(gicd, 0x8000, 0xfe00));
    GUEST_TRY(holes_are_empty(rd, 0x200, 0xfe00));
    GUEST_TRY(holes_are_empty(sgi, 0x1000, 0xfe00));
    return passed;
}

/** Behind the frames: nothing there answers, or it is somebody else's and stays so. */
void around() {
    const std::uintptr_t gicd = irqs().gic().distributor();
    const std::uintptr_t behind = gicd + (irqs().is_v3() ? 0x10000 : 0x1000);
    for (std::uintptr_t offset = 0; machine().under_baton && offset < 0x2000; offset += 0x200) {
        for (const unsigned size : sizes) {
            store(gicd - 0x2000 + offset, size, ~std::uint64_t{0});
            if (irqs().is_v3()) {
                store(behind + offset, size, ~std::uint64_t{0});
                (void)load(behind + offset, size);
                store(irqs().gic().redistributor() + 0x20000 + offset, size, 0);
            } else {
                store(behind + offset, size, ~std::uint64_t{0}); // between GICD and GICC
            }
        }
    }
}

} // namespace

void store(std::uintptr_t address, unsigned size, std::uint64_t value) {
    switch (size) {
    case 1: asm volatile("strb %w0, [%1]" : : "r"(value), "r"(address) : "memory"); break;
    case 2: asm volatile("strh %w0, [%1]" : : "r"(value), "r"(address) : "memory"); break;
    case 4: asm volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory"); break;
    default: asm volatile("str %0, [%1]" : : "r"(value), "r"(address) : "memory"); break;
    }
}

std::uint64_t load(std::uintptr_t address, unsigned size) {
    std::uint64_t value = 0;
    switch (size) {
    case 1: asm volatile("ldrb %w0, [%1]" : "+r"(value) : "r"(address) : "memory"); break;
    case 2: asm volatile("ldrh %w0, [%1]" : "+r"(value) : "r"(address) : "memory"); break;
    case 4: asm volatile("ldr %w0, [%1]" : "+r"(value) : "r"(address) : "memory"); break;
    default: asm volatile("ldr %0, [%1]" : "+r"(value) : "r"(address) : "memory"); break;
    }
    return value;
}

Outcome abuse_registers() {
    Random random;
    catch_faults();
    const Outcome outcome = irqs().is_v3() ? v3_frames(random) : v2_frames(random);
    around();
    (void)caught();
    if (irqs().is_v3()) {
        write32(irqs().gic().redistributor() + GICR_WAKER, 0);
    }
    return outcome;
}

} // namespace guest::lab
