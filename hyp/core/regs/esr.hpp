// SPDX-License-Identifier: Apache-2.0
// ESR_EL2 and the layouts of its syndrome (DDI 0487). What they mean is in hyp/core/vm/
// esr_decode.hpp.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

// ESR_EL2.EC; others exist, see exception_class_name().
enum class ExceptionClass : u8 {
    unknown = 0x00,
    wfx = 0x01,
    fp_access = 0x07,
    pauth = 0x09,
    illegal_state = 0x0e,
    hvc64 = 0x16,
    smc64 = 0x17,
    system_register = 0x18,
    sve_access = 0x19,
    instruction_abort_lower = 0x20,
    instruction_abort_same = 0x21,
    pc_alignment = 0x22,
    data_abort_lower = 0x24,
    data_abort_same = 0x25,
    sp_alignment = 0x26,
    serror = 0x2f,
    brk64 = 0x3c,
};

struct EsrEl2 : Register<EsrEl2, u64> {
    using Register::Register;
    using Iss = Field<24, 0>;
    using Il = Bit<25>; // the instruction was 32 bits long
    using Ec = Field<31, 26, ExceptionClass>;
};

// Syndrome of a trapped WFI or WFE.
struct IssWfx : Register<IssWfx, u64> {
    using Register::Register;
    using Ti = Field<1, 0>; // 0 WFI, 1 WFE, 2 WFIT, 3 WFET
};

// Syndrome of a trapped MSR, MRS or system instruction.
struct IssSysReg : Register<IssSysReg, u64> {
    using Register::Register;
    using Read = Bit<0>;
    using CRm = Field<4, 1>;
    using Rt = Field<9, 5, u8>;
    using CRn = Field<13, 10>;
    using Op1 = Field<16, 14>;
    using Op2 = Field<19, 17>;
    using Op0 = Field<21, 20>;
};

// Syndrome of data aborts; of instruction aborts the fields Fsc, S1Ptw, Ea and Fnv.
struct IssAbort : Register<IssAbort, u64> {
    using Register::Register;
    using Fsc = Field<5, 0>;
    using Wnr = Bit<6>;
    using S1Ptw = Bit<7>; // stage 2 fault on a stage 1 walk
    using Cm = Bit<8>;    // cache maintenance or address translation
    using Ea = Bit<9>;
    using Fnv = Bit<10>; // FAR_EL2 is not valid
    using Ar = Bit<14>;  // acquire or release
    using Sf = Bit<15>;  // 64-bit register
    using Srt = Field<20, 16, u8>;
    using Sse = Bit<21>;       // sign extend
    using Sas = Field<23, 22>; // log2 of the bytes
    using Isv = Bit<24>;       // Sas to Ar are valid
};

static_assert(EsrEl2{0x07e00000}.get<EsrEl2::Ec>() == ExceptionClass::wfx);
static_assert(EsrEl2{0x623a3016}.get<EsrEl2::Ec>() == ExceptionClass::system_register);
static_assert(IssSysReg{0x3a3016}.get<IssSysReg::CRn>() == 12);
static_assert(IssSysReg{0x3a3016}.get<IssSysReg::CRm>() == 11);
static_assert(IssSysReg{0x3a3016}.get<IssSysReg::Op2>() == 5);
static_assert(EsrEl2{}.with<EsrEl2::Ec>(ExceptionClass::unknown).with<EsrEl2::Il>(true).raw() ==
              0x02000000);

} // namespace hyp
