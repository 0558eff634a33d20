// SPDX-License-Identifier: Apache-2.0
// Names for ESR_ELx.EC and fault status codes (DDI 0487, ESR_EL2).
#include "hyp/core/vm/esr_decode.hpp"

namespace hyp {

// clang-format off
const char* exception_class_name(u32 exception_class) {
    switch (exception_class) {
    case 0x00: return "undefined or unknown instruction";
    case 0x01: return "WFI or WFE";
    case 0x03: return "AArch32 MCR or MRC, coprocessor 15";
    case 0x04: return "AArch32 MCRR or MRRC, coprocessor 15";
    case 0x05: return "AArch32 MCR or MRC, coprocessor 14";
    case 0x06: return "AArch32 LDC or STC";
    case 0x07: return "FP or SIMD access";
    case 0x08: return "AArch32 VMRS";
    case 0x09: return "pointer authentication";
    case 0x0a: return "LD64B or ST64B";
    case 0x0c: return "AArch32 MRRC, coprocessor 14";
    case 0x0d: return "branch target";
    case 0x0e: return "illegal execution state";
    case 0x11: return "AArch32 SVC";
    case 0x12: return "AArch32 HVC";
    case 0x13: return "AArch32 SMC";
    case 0x15: return "SVC";
    case 0x16: return "HVC";
    case 0x17: return "SMC";
    case 0x18: return "system register or instruction";
    case 0x19: return "SVE access";
    case 0x1a: return "ERET";
    case 0x1c: return "pointer authentication failure";
    case 0x1d: return "SME access";
    case 0x1e: return "granule protection check";
    case 0x20: return "instruction abort from a lower level";
    case 0x21: return "instruction abort";
    case 0x22: return "misaligned PC";
    case 0x24: return "data abort from a lower level";
    case 0x25: return "data abort";
    case 0x26: return "misaligned SP";
    case 0x27: return "memory operation";
    case 0x28: return "AArch32 FP exception";
    case 0x2c: return "FP exception";
    case 0x2f: return "SError";
    case 0x30: return "breakpoint from a lower level";
    case 0x31: return "breakpoint";
    case 0x32: return "single step from a lower level";
    case 0x33: return "single step";
    case 0x34: return "watchpoint from a lower level";
    case 0x35: return "watchpoint";
    case 0x38: return "AArch32 BKPT";
    case 0x3a: return "AArch32 vector catch";
    case 0x3c: return "BRK";
    default: return "reserved exception class";
    }
}

const char* fault_status_name(u32 code) {
    switch (code & 0x3fU) {
    case 0x00: return "address size fault, level 0";
    case 0x01: return "address size fault, level 1";
    case 0x02: return "address size fault, level 2";
    case 0x03: return "address size fault, level 3";
    case 0x04: return "translation fault, level 0";
    case 0x05: return "translation fault, level 1";
    case 0x06: return "translation fault, level 2";
    case 0x07: return "translation fault, level 3";
    case 0x08: return "access flag fault, level 0";
    case 0x09: return "access flag fault, level 1";
    case 0x0a: return "access flag fault, level 2";
    case 0x0b: return "access flag fault, level 3";
    case 0x0c: return "permission fault, level 0";
    case 0x0d: return "permission fault, level 1";
    case 0x0e: return "permission fault, level 2";
    case 0x0f: return "permission fault, level 3";
    case 0x10: return "external abort";
    case 0x11: return "tag check fault";
    case 0x14: return "external abort on a table walk, level 0";
    case 0x15: return "external abort on a table walk, level 1";
    case 0x16: return "external abort on a table walk, level 2";
    case 0x17: return "external abort on a table walk, level 3";
    case 0x18: return "parity or ECC error";
    case 0x1c: return "parity or ECC error on a table walk, level 0";
    case 0x1d: return "parity or ECC error on a table walk, level 1";
    case 0x1e: return "parity or ECC error on a table walk, level 2";
    case 0x1f: return "parity or ECC error on a table walk, level 3";
    case 0x21: return "alignment fault";
    case 0x30: return "TLB conflict";
    case 0x31: return "unsupported atomic update";
    case 0x34: return "lockdown fault";
    case 0x35: return "unsupported exclusive or atomic access";
    default: return "reserved fault status";
    }
}
// clang-format on

} // namespace hyp
