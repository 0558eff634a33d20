// SPDX-License-Identifier: Apache-2.0
// Maintenance, unknown calls, unknown registers.

#include "attacks.hpp"

#include "common/fault.hpp"
#include "common/interrupts.hpp"
#include "common/smp.hpp"

#include <initializer_list>

namespace guest::hostile {
namespace {

alignas(4096) constinit char scratch[max_cpus][4096] = {};
constinit std::uint64_t random_state[max_cpus] = {};

/** xorshift64, each CPU for itself. */
std::uint64_t random(unsigned cpu) {
    std::uint64_t& state = random_state[cpu];
    if (state == 0) {
        state = VirtualTimer::now() | 1;
    }
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/** A function identifier of nobody: PSCI's range and Baton's two calls could end this guest. */
std::uint32_t unknown_function(std::uint64_t bits) {
    auto number = static_cast<std::uint32_t>(bits);
    const std::uint32_t owner = number >> 24 & 0x3f;
    const bool ours = owner == 4 || owner == 6; // DEN 0028: standard and vendor hypervisor services
    number |= 0x80000000;                       // a fast call
    return ours ? number | 0xff00 : number;
}

} // namespace

void flush_translations(unsigned cpu) {
    const auto page = reinterpret_cast<std::uintptr_t>(scratch[cpu]) >> 12;
    asm volatile("tlbi vmalle1is\n\t"
                 "tlbi vae1is, %0\n\t"
                 "tlbi vaae1is, %0\n\t"
                 "tlbi vale1is, %0\n\t"
                 "tlbi aside1is, %1\n\t"
                 "dsb ish\n\t"
                 "tlbi vmalle1\n\t"
                 "dsb ish\n\tisb"
                 :
                 : "r"(page), "r"(random(cpu) << 48)
                 : "memory");
}

void flush_caches(unsigned cpu) {
    for (std::uintptr_t i = 0; i < sizeof scratch[cpu]; i += 64) {
        char* const line = scratch[cpu] + i;
        asm volatile("dc civac, %0\n\tdc cvau, %0\n\tic ivau, %0" : : "r"(line) : "memory");
    }
    for (std::uint64_t way_and_set = 0; way_and_set < 64; ++way_and_set) {
        asm volatile("dc cisw, %0\n\tdc csw, %0" : : "r"(way_and_set << 6) : "memory");
    }
    asm volatile("dsb sy\n\tic ialluis\n\tdsb ish\n\tisb" : : : "memory");
}

void make_unknown_calls(unsigned cpu) {
    for (unsigned i = 0; i < 20; ++i) {
        const std::uint32_t function = unknown_function(random(cpu));
        const Conduit conduit = i % 2 == 0 ? Conduit::hvc : Conduit::smc;
        (void)probe([=] { // where there is no EL3 and no hypervisor SMC is undefined
            psci_call(conduit, function, random(cpu), random(cpu), random(cpu));
        });
    }
    (void)probe([] { asm volatile("hvc #0x1234" : : : "x0", "x1", "x2", "x3", "memory"); });
    (void)probe([] { asm volatile("smc #0xffff" : : : "x0", "x1", "x2", "x3", "memory"); });
}

void touch_unknown_registers(unsigned) {
    std::uint64_t value = 0;
    (void)probe([&] { asm volatile("mrs %0, s3_0_c15_c2_0" : "=r"(value)); });
    (void)probe([&] { asm volatile("msr s3_3_c15_c15_7, %0" : : "r"(value)); });
    (void)probe([&] { asm volatile("mrs %0, s3_4_c1_c1_0" : "=r"(value)); });    // HCR_EL2
    (void)probe([&] { asm volatile("msr s3_4_c12_c11_0, %0" : : "r"(value)); }); // ICH_HCR_EL2
    (void)probe([&] { asm volatile("msr s3_4_c14_c0_3, %0" : : "r"(value)); });  // CNTVOFF_EL2
    (void)probe([&] { asm volatile("mrs %0, s3_6_c12_c12_5" : "=r"(value)); });  // ICC_SRE_EL3
    (void)probe([&] { asm volatile("mrs %0, s3_3_c9_c12_0" : "=r"(value)); });   // PMCR_EL0
    (void)probe([&] { asm volatile("mrs %0, s2_0_c0_c0_4" : "=r"(value)); });    // DBGBVR0_EL1
    for (const std::uintptr_t address :
         {std::uintptr_t{0x0b000000}, std::uintptr_t{0x3ffffff8}, std::uintptr_t{0x7000000000}}) {
        (void)probe([=] { (void)read32(address); });
        (void)probe([=] { write64(address, ~std::uint64_t{0}); });
    }
}

void rewrite_distributor(unsigned cpu) {
    const std::uintptr_t distributor = machine().distributor;
    for (std::uintptr_t offset = 0; offset < 0x1000; offset += 4) {
        (void)probe([=] { (void)read32(distributor + offset); });
    }
    for (const std::uintptr_t array :
         {GICD_IPRIORITYR, GICD_ISACTIVER, GICD_ISPENDR, GICD_ISENABLER, GICD_ICENABLER,
          GICD_ICPENDR, GICD_ICACTIVER}) {
        for (std::uintptr_t word = 4; word < 32; word += 4) {
            write32(distributor + array + word, 0xffffffff);
        }
    }
    write32(distributor + GICD_IIDR, static_cast<std::uint32_t>(random(cpu)));
    dsb();
}

} // namespace guest::hostile
