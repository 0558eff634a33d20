// SPDX-License-Identifier: Apache-2.0
// Why a guest came to EL2: ESR_EL2 as typed values (DDI 0487, ESR_EL2). First exit_class(), then
// the decode_* function of that class; each reads only its own part of the syndrome.
#pragma once

#include "hyp/core/base/addr.hpp"
#include "hyp/core/base/sysreg_id.hpp"
#include "hyp/core/base/types.hpp"
#include "hyp/core/regs/esr.hpp"

namespace hyp {

enum class ExitClass : u8 {
    wfx,
    hvc64,             // ELR_EL2 is past the HVC already
    smc64,             // ELR_EL2 is the SMC
    system_register,   // MSR, MRS or system instruction, AArch64
    fp,                // CPTR_EL2.TFP
    pauth,             // a PAuth instruction: HCR_EL2.API
    instruction_abort, // from EL1 or EL0
    data_abort,        // from EL1 or EL0
    unknown,           // EC 0: an instruction that EL2's controls make undefined
    illegal_state,     // PSTATE.IL
    other,             // no reason for which EL2 traps; see exception_class_name()
};

[[nodiscard]] constexpr ExitClass exit_class(EsrEl2 esr) {
    switch (esr.get<EsrEl2::Ec>()) {
    case ExceptionClass::wfx: return ExitClass::wfx;
    case ExceptionClass::hvc64: return ExitClass::hvc64;
    case ExceptionClass::smc64: return ExitClass::smc64;
    case ExceptionClass::system_register: return ExitClass::system_register;
    case ExceptionClass::fp_access: return ExitClass::fp;
    case ExceptionClass::pauth: return ExitClass::pauth;
    case ExceptionClass::instruction_abort_lower: return ExitClass::instruction_abort;
    case ExceptionClass::data_abort_lower: return ExitClass::data_abort;
    case ExceptionClass::unknown: return ExitClass::unknown;
    case ExceptionClass::illegal_state: return ExitClass::illegal_state;
    case ExceptionClass::sve_access:
    case ExceptionClass::instruction_abort_same:
    case ExceptionClass::pc_alignment:
    case ExceptionClass::data_abort_same:
    case ExceptionClass::sp_alignment:
    case ExceptionClass::serror:
    case ExceptionClass::brk64: return ExitClass::other;
    }
    return ExitClass::other; // a class that ExceptionClass does not name
}

// Bytes of the instruction that trapped: 2 only from AArch32.
[[nodiscard]] constexpr u64 instruction_length(EsrEl2 esr) {
    return esr.get<EsrEl2::Il>() ? 4 : 2;
}

enum class WaitKind : u8 { wfi = 0, wfe = 1, wfit = 2, wfet = 3 };
struct WaitExit {
    WaitKind kind;
    [[nodiscard]] constexpr bool is_wfe() const {
        return kind == WaitKind::wfe || kind == WaitKind::wfet;
    }
};
[[nodiscard]] constexpr WaitExit decode_wait(EsrEl2 esr) {
    return WaitExit{static_cast<WaitKind>(IssWfx{esr.get<EsrEl2::Iss>()}.get<IssWfx::Ti>())};
}

enum class Direction : u8 { read, write };

// X0..X30, or 31 for XZR: reads as zero, and what is written to it is lost.
struct GuestRegister {
    u8 number;
    [[nodiscard]] constexpr bool is_zero() const { return number == 31; }
    friend constexpr bool operator==(GuestRegister, GuestRegister) = default;
};

struct alignas(8) SysRegExit {
    SysReg reg; // any encoding, also one that the enumeration does not name
    GuestRegister rt;
    Direction direction; // read: MRS, the guest's Rt is to be written
};
[[nodiscard]] constexpr SysRegExit decode_system_register(EsrEl2 esr) {
    const IssSysReg iss{esr.get<EsrEl2::Iss>()};
    const u32 encoding = sysreg_encoding(iss.get<IssSysReg::Op0>(), iss.get<IssSysReg::Op1>(),
                                         iss.get<IssSysReg::CRn>(), iss.get<IssSysReg::CRm>(),
                                         iss.get<IssSysReg::Op2>());
    return SysRegExit{static_cast<SysReg>(encoding), GuestRegister{iss.get<IssSysReg::Rt>()},
                      iss.get<IssSysReg::Read>() ? Direction::read : Direction::write};
}

enum class FaultKind : u8 {
    address_size,
    translation,
    access_flag,
    permission,
    external,         // of the access itself
    external_on_walk, // of a table walk, parity or ECC errors included
    parity,
    alignment,
    tlb_conflict,
    other,
};

// A fault status code, DFSC or IFSC. `level` is the table level where it has one, else 0.
struct FaultStatus {
    FaultKind kind;
    u8 level;
    friend constexpr bool operator==(FaultStatus, FaultStatus) = default;
};
[[nodiscard]] constexpr FaultStatus decode_fault_status(u32 code) {
    const u8 level = code & 3U;
    switch (code & 0x3fU) {
    case 0x10: return {FaultKind::external, 0};
    case 0x18: return {FaultKind::parity, 0};
    case 0x21: return {FaultKind::alignment, 0};
    case 0x30: return {FaultKind::tlb_conflict, 0};
    default: break;
    }
    switch (code >> 2U & 0xfU) {
    case 0: return {FaultKind::address_size, level};
    case 1: return {FaultKind::translation, level};
    case 2: return {FaultKind::access_flag, level};
    case 3: return {FaultKind::permission, level};
    case 5: return {FaultKind::external_on_walk, level};
    case 7: return {FaultKind::external_on_walk, level};
    default: return {FaultKind::other, 0};
    }
}

struct AbortExit {
    FaultStatus status;
    bool on_stage1_walk; // the address is that of a guest's table entry
    bool far_valid;
};
[[nodiscard]] constexpr AbortExit decode_abort(EsrEl2 esr) {
    const IssAbort iss{esr.get<EsrEl2::Iss>()};
    return AbortExit{decode_fault_status(iss.get<IssAbort::Fsc>()), iss.get<IssAbort::S1Ptw>(),
                     !iss.get<IssAbort::Fnv>()};
}

// The IPA of a stage 2 fault that is not a permission fault (there HPFAR_EL2 may be UNKNOWN unless
// on_stage1_walk), byte offset from FAR_EL2. HPFAR_EL2.FIPA, bits 43:4, is IPA[51:12].
[[nodiscard]] constexpr Ipa fault_ipa(u64 hpfar, u64 far) {
    constexpr u64 fipa = 0x0000'0fff'ffff'fff0;
    return Ipa{(hpfar & fipa) << 8U | (far & 0xfffU)};
}

enum class SignExtend : u8 { no, yes };
enum class RegisterWidth : u8 { bits32, bits64 };

// A load or store that can be emulated from the syndrome alone.
struct MmioAccess {
    u8 size; // bytes: 1, 2, 4 or 8
    SignExtend sign_extend;
    RegisterWidth width;
    GuestRegister rt;
    Direction direction;
};

// Aligned, as others that are handed on by value: else -mstrict-align has g++ copy it by bytes.
struct alignas(8) DataAbortExit {
    AbortExit abort;
    bool syndrome_valid; // ISV: `access` may be used in full; else only its direction
    bool cache_maintenance;
    MmioAccess access;
};
[[nodiscard]] constexpr DataAbortExit decode_data_abort(EsrEl2 esr) {
    const IssAbort iss{esr.get<EsrEl2::Iss>()};
    const MmioAccess access{
        .size = static_cast<u8>(1U << iss.get<IssAbort::Sas>()),
        .sign_extend = iss.get<IssAbort::Sse>() ? SignExtend::yes : SignExtend::no,
        .width = iss.get<IssAbort::Sf>() ? RegisterWidth::bits64 : RegisterWidth::bits32,
        .rt = GuestRegister{iss.get<IssAbort::Srt>()},
        .direction = iss.get<IssAbort::Wnr>() ? Direction::write : Direction::read,
    };
    return DataAbortExit{decode_abort(esr), iss.get<IssAbort::Isv>(), iss.get<IssAbort::Cm>(),
                         access};
}

// What a load leaves in Rt when the device answers with `value`.
[[nodiscard]] constexpr u64 loaded_value(MmioAccess access, u64 value) {
    if (access.size == 8) {
        return value;
    }
    const unsigned bits = access.size * 8U;
    const u64 mask = (u64{1} << bits) - 1;
    const bool negative = (value >> (bits - 1) & 1U) != 0;
    const u64 extended =
        access.sign_extend == SignExtend::yes && negative ? value | ~mask : value & mask;
    return access.width == RegisterWidth::bits64 ? extended : extended & 0xffff'ffffU;
}

// In words, for reports; the level of a table walk is not named (decode_fault_status). Never null.
// `exception_class` is ESR_ELx.EC, `code` its DFSC or IFSC.
[[nodiscard]] const char* exception_class_name(u32 exception_class);
[[nodiscard]] const char* fault_status_name(u32 code);

} // namespace hyp
