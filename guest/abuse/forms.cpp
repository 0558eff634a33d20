// SPDX-License-Identifier: Apache-2.0
// Loads and stores that leave the hypervisor without a description (ESR_EL2.ISV = 0), cache
// maintenance and barriers on devices, on emulated registers and on nothing. Each either works or
// ends in an exception of this guest; the next instruction runs in any case.

#include "abuse.hpp"

#include "common/fault.hpp"

namespace guest::lab {
namespace {

/** Each form at x0; x1 to x5 and v0 are lost. The base is set anew each time. */
#define GUEST_FORM(text)                                                                           \
    [](std::uintptr_t address) {                                                                   \
        register std::uintptr_t x0 asm("x0") = address;                                            \
        asm volatile(".arch_extension fp\n\t.arch_extension simd\n\t" text                         \
                     : "+r"(x0)                                                                    \
                     :                                                                             \
                     : "x1", "x2", "x3", "x4", "x5", "memory");                                    \
    }

using Form = void (*)(std::uintptr_t address);

constexpr Form forms[] = {
    GUEST_FORM("ldp w1, w2, [x0]"),
    GUEST_FORM("ldp x1, x2, [x0]"),
    GUEST_FORM("ldpsw x1, x2, [x0]"),
    GUEST_FORM("stp w1, w2, [x0]"),
    GUEST_FORM("stp xzr, xzr, [x0]"),
    GUEST_FORM("ldnp x1, x2, [x0]"),
    GUEST_FORM("stnp x1, x2, [x0]"),
    GUEST_FORM("ldr w1, [x0], #4"),
    GUEST_FORM("ldr x1, [x0, #8]!"),
    GUEST_FORM("str w1, [x0], #4"),
    GUEST_FORM("strb w1, [x0, #1]!"),
    GUEST_FORM("ldrsb x1, [x0]"),
    GUEST_FORM("ldrsb w1, [x0]"),
    GUEST_FORM("ldrsh x1, [x0]"),
    GUEST_FORM("ldrsw x1, [x0]"),
    GUEST_FORM("ldur x1, [x0, #3]"),
    GUEST_FORM("stur w1, [x0, #1]"),
    GUEST_FORM("ldr wzr, [x0]"),
    GUEST_FORM("str xzr, [x0]"),
    GUEST_FORM("ldtr w1, [x0]"),
    GUEST_FORM("sttr w1, [x0]"),
    GUEST_FORM("ldar w1, [x0]"),
    GUEST_FORM("stlr w1, [x0]"),
    GUEST_FORM("ldarb w1, [x0]"),
    GUEST_FORM("ldxr w1, [x0]"),
    GUEST_FORM("stxr w2, w1, [x0]"),
    GUEST_FORM("ldaxr x1, [x0]"),
    GUEST_FORM("stlxr w2, x1, [x0]"),
    GUEST_FORM("ldxp x1, x2, [x0]"),
    GUEST_FORM("stxp w3, x1, x2, [x0]"),
    GUEST_FORM("ldr q0, [x0]"),
    GUEST_FORM("str q0, [x0]"),
    GUEST_FORM("ldr b0, [x0]"),
    GUEST_FORM("str d0, [x0], #8"),
    GUEST_FORM("ldp q0, q1, [x0]"),
    GUEST_FORM("ld1 {v0.4s}, [x0]"),
    GUEST_FORM("st1 {v0.16b, v1.16b}, [x0]"),
    GUEST_FORM("prfm pldl1keep, [x0]"),
    GUEST_FORM("dc zva, x0"),
    GUEST_FORM("dc civac, x0"),
    GUEST_FORM("dc cvau, x0"),
    GUEST_FORM("dc ivac, x0"),
    GUEST_FORM("ic ivau, x0"),
    GUEST_FORM("at s1e1r, x0"),
};

/** A walk with loads and exclusives over an address, misaligned, too. */
void every_form(std::uintptr_t address) {
    for (const Form form : forms) {
        for (const unsigned misaligned : {0U, 1U, 2U, 4U, 7U}) {
            form(address + misaligned);
        }
    }
}

/** The first page, at the offsets of GICD's registers: whose page number a trap reports as zero. */
void first_page() {
    for (std::uintptr_t address = 0x100; address < 0x1000; address += 4) {
        write32(address, 1U << (address / 4 % 32));
        (void)read32(address);
    }
}

} // namespace

Outcome abuse_forms() {
    const std::uintptr_t gicd = irqs().gic().distributor();
    constexpr std::uintptr_t nowhere = 0x0b000000;
    constexpr std::uintptr_t flash = 0x04000000;
    constexpr std::uintptr_t beyond_memory = std::uintptr_t{1} << 39;
    constexpr std::uintptr_t beyond_all = std::uintptr_t{1} << 50;
    catch_faults();
    for (const std::uintptr_t address :
         {gicd, gicd + GICD_ISENABLER, gicd + GICD_IPRIORITYR + 100, gicd + 0xffc,
          irqs().gic().private_block() + GICD_ISPENDR, flash, nowhere, beyond_memory, beyond_all,
          machine().cpu_interface, machine().cpu_interface + 0x1000}) {
        every_form(address);
    }
    if (irqs().is_v3()) {
        every_form(irqs().gic().redistributor() + GICR_TYPER);
        every_form(irqs().gic().redistributor() + GICR_WAKER);
        every_form(gicd + GICD_IROUTER + 800);
        write32(irqs().gic().redistributor() + GICR_WAKER, 0);
    }
    if (machine().under_baton) { // a real flash takes a write for a command
        first_page();
    }
    (void)caught();
    return passed;
}

/** Hypercalls and SMCs with any number; those that end the machine or the CPU are left out. */
Outcome abuse_calls() {
    constexpr std::uint32_t verdict = 0xc6000001;
    Random random;
    catch_faults();
    for (unsigned i = 0; i < 4000; ++i) {
        const std::uint64_t picked = random.next();
        // Every second one near PSCI's numbers, which end at 0x20 or so.
        std::uint32_t function = static_cast<std::uint32_t>(picked);
        if ((picked & 1U << 31) != 0) {
            function = ((picked & 1) != 0 ? 0x84000000U : 0xc4000000U) | (function >> 8 & 0x1f);
        }
        const std::uint32_t number = function & 0xff;
        const bool psci = (function & 0xbfffff00U) == 0x84000000U;
        const bool ends =
            psci && (number == 1 || number == 2 || number == 8 || number == 9 || number >= 0xc);
        if (ends || function == verdict) {
            continue;
        }
        machine().psci == Conduit::smc ? smc(function, random.next())
                                       : hvc(function, random.next());
    }
    (void)caught();
    return passed;
}

} // namespace guest::lab
