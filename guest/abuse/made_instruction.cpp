// SPDX-License-Identifier: Apache-2.0
// Two instructions in memory of their own: the one that was asked for, on x0, and RET.

#include "made_instruction.hpp"

namespace guest::lab {
namespace {

constexpr std::uint32_t RET = 0xd65f03c0;
constexpr std::uint32_t MSR_X0 = 0xd5000000;
constexpr std::uint32_t MRS_X0 = 0xd5200000;

constinit std::uint32_t code[2] = {RET, RET};

std::uint64_t run(std::uint32_t instruction, const SystemRegister& reg, std::uint64_t value) {
    code[0] =
        instruction | reg.op0 << 19 | reg.op1 << 16 | reg.crn << 12 | reg.crm << 8 | reg.op2 << 5;
    // The MMU is off: the store went to memory, only what was fetched earlier is stale.
    asm volatile("dsb sy\n\tic ivau, %0\n\tdsb sy\n\tisb" : : "r"(code) : "memory");
    return reinterpret_cast<std::uint64_t (*)(std::uint64_t)>(code)(value);
}

} // namespace

std::uint64_t read_register(const SystemRegister& reg) {
    return run(MRS_X0, reg, unread);
}

void write_register(const SystemRegister& reg, std::uint64_t value) {
    (void)run(MSR_X0, reg, value);
}

} // namespace guest::lab
