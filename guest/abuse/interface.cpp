// SPDX-License-Identifier: Apache-2.0
// The CPU interface: any value into any of its registers, while an interrupt waits and while one is
// active. On GICv3 by instructions made at run time, for every encoding that could be one of them.

#include "abuse.hpp"

#include "common/fault.hpp"
#include "made_instruction.hpp"

namespace guest::lab {
namespace {

constexpr std::uint64_t values[] = {
    ~std::uint64_t{0}, 0, 0xa5a55a5aa5a55a5a, 0x1b, 0x3ff, 0x2001, 0x7f, 0x1000001};

/** GICC, page 0 and the page of DIR, by every size. */
void v2_registers() {
    for (const std::uint64_t value : values) {
        for (std::uintptr_t offset = 0; offset < 0x2000; offset += offset < 0x100 ? 4 : 0x7c) {
            for (const unsigned size : {1U, 2U, 4U, 8U}) {
                store(machine().cpu_interface + offset, size, value);
                (void)load(machine().cpu_interface + offset, size);
            }
        }
        store(machine().cpu_interface + 0x1000, 4, value); // GICC_DIR
    }
}

/** S3_0_C12_C8..C12 and ICC_PMR_EL1. */
void v3_registers() {
    for (const std::uint64_t value : values) {
        for (unsigned crm = 8; crm <= 12; ++crm) {
            for (unsigned op2 = 0; op2 < 8; ++op2) {
                const SystemRegister reg{.op0 = 3, .op1 = 0, .crn = 12, .crm = crm, .op2 = op2};
                write_register(reg, value);
                (void)read_register(reg);
            }
        }
        write_register({.op0 = 3, .op1 = 0, .crn = 4, .crm = 6, .op2 = 0}, value);
        write_register({.op0 = 3, .op1 = 4, .crn = 12, .crm = 9, .op2 = 5}, value); // SRE_EL2
    }
}

void all_registers() {
    catch_faults();
    irqs().is_v3() ? v3_registers() : v2_registers();
    (void)caught();
}

} // namespace

Outcome abuse_interface() {
    all_registers();
    prepare({}); // now with one pending, a level line high, and one active
    open(Intid{100});
    open(machine().virtual_timer);
    pend(Intid{100});
    VirtualTimer::arm(0);
    all_registers();
    prepare({});
    open(Intid{100});
    open(machine().virtual_timer);
    pend(Intid{100});
    (void)cpu().acknowledge(bank());
    VirtualTimer::arm(0);
    (void)cpu().acknowledge(bank());
    all_registers();
    return passed;
}

/** Reads every encoding there is; writes those of ID registers and of what a maker may define. */
Outcome abuse_system_registers() {
    catch_faults();
    for (unsigned encoding = 0; encoding < 2U << 14; ++encoding) {
        const SystemRegister reg{.op0 = 2 + (encoding >> 14),
                                 .op1 = encoding >> 11 & 7,
                                 .crn = encoding >> 7 & 15,
                                 .crm = encoding >> 3 & 15,
                                 .op2 = encoding & 7};
        (void)read_register(reg);
        const bool for_makers = reg.op0 == 3 && (reg.crn == 11 || reg.crn == 15);
        const bool identifies = reg.op0 == 3 && reg.op1 == 0 && reg.crn == 0;
        if (for_makers || identifies) {
            write_register(reg, ~std::uint64_t{0});
            write_register(reg, 0);
        }
    }
    // ACTLR_EL1, then the set/way operations, which a hypervisor must watch.
    write_register({.op0 = 3, .op1 = 0, .crn = 1, .crm = 0, .op2 = 1}, ~std::uint64_t{0});
    for (const unsigned crm : {6U, 10U, 14U}) {
        write_register({.op0 = 1, .op1 = 0, .crn = 7, .crm = crm, .op2 = 2}, 0);
    }
    (void)caught();
    return passed;
}

} // namespace guest::lab
