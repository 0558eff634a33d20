// SPDX-License-Identifier: Apache-2.0
#pragma once
// MRS and MSR of any encoding, made at run time: an assembler wants the register by name.

#include "common/sysreg.hpp"

namespace guest::lab {

/** A system register, or with op0 = 1 an instruction of the SYS group. */
struct SystemRegister {
    unsigned op0;
    unsigned op1;
    unsigned crn;
    unsigned crm;
    unsigned op2;
};

/** Both within catch_faults(): UNDEFINED ones are skipped, and read as `unread`. */
constexpr std::uint64_t unread = 0x756e72656164;
std::uint64_t read_register(const SystemRegister& reg);
void write_register(const SystemRegister& reg, std::uint64_t value);

} // namespace guest::lab
