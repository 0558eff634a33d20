// SPDX-License-Identifier: Apache-2.0
// Names for ESR_ELx.EC and fault status codes (DDI 0487, ESR_EL2).
#include "hyp/core/vm/esr_decode.hpp"

namespace hyp {

namespace {

// Code byte, name, zero; ends with an empty name. One block of text: a switch would cost a pointer
// and alignment for each of these seldom read words.
// clang-format off
constexpr char exception_classes[] =
    "\x01" "WFI or WFE\0"
    "\x07" "FP or SIMD access\0"
    "\x09" "pointer authentication\0"
    "\x0d" "branch target\0"
    "\x0e" "illegal execution state\0"
    "\x15" "SVC\0"
    "\x16" "HVC\0"
    "\x17" "SMC\0"
    "\x18" "system register or instruction\0"
    "\x19" "SVE access\0"
    "\x1a" "ERET\0"
    "\x1c" "pointer authentication failure\0"
    "\x1d" "SME access\0"
    "\x20" "instruction abort from a lower level\0"
    "\x21" "instruction abort\0"
    "\x22" "misaligned PC\0"
    "\x24" "data abort from a lower level\0"
    "\x25" "data abort\0"
    "\x26" "misaligned SP\0"
    "\x27" "memory operation\0"
    "\x2c" "FP exception\0"
    "\x2f" "SError\0"
    "\x30" "breakpoint from a lower level\0"
    "\x31" "breakpoint\0"
    "\x32" "single step from a lower level\0"
    "\x33" "single step\0"
    "\x34" "watchpoint from a lower level\0"
    "\x35" "watchpoint\0"
    "\x3c" "BRK\0"
    "\xff";

constexpr char fault_statuses[] =
    "\x10" "external abort\0"
    "\x11" "tag check fault\0"
    "\x18" "parity or ECC error\0"
    "\x21" "alignment fault\0"
    "\x30" "TLB conflict\0"
    "\x31" "unsupported atomic update\0"
    "\x34" "lockdown fault\0"
    "\x35" "unsupported exclusive or atomic access\0"
    "\xff";
// clang-format on

[[nodiscard]] const char* look_up(const char* names, u32 code, const char* otherwise) {
    while (*names != '\xff') {
        if (static_cast<u8>(*names) == code) {
            return names + 1;
        }
        while (*names++ != '\0') {
        }
    }
    return otherwise;
}

} // namespace

const char* exception_class_name(u32 exception_class) {
    // Code 0 cannot stand in the text, where a zero ends a name.
    return exception_class == 0 ? "undefined or unknown instruction"
                                : look_up(exception_classes, exception_class,
                                          "a trap of AArch32 or a reserved class");
}

const char* fault_status_name(u32 code) {
    const u32 status = code & 0x3fU;
    switch (status >> 2U) {
    case 0: return "address size fault";
    case 1: return "translation fault";
    case 2: return "access flag fault";
    case 3: return "permission fault";
    case 5: return "external abort on a table walk";
    case 7: return "parity or ECC error on a table walk";
    default: return look_up(fault_statuses, status, "reserved fault status");
    }
}

} // namespace hyp
