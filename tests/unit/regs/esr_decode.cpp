// SPDX-License-Identifier: Apache-2.0
// ESR_EL2 decode: syndromes measured on QEMU 7.2 and words put together by hand (oracle H23).
#include "hyp/core/vm/esr_decode.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace hyp;

namespace {

// A data abort from EL1 with the syndrome's fields put in place by shifts.
EsrEl2 data_abort(u32 sas, bool sse, u32 srt, bool sf, bool wnr, u32 dfsc, bool isv = true) {
    return EsrEl2{u64{0x24} << 26 | u64{1} << 25 | u64{isv} << 24 | u64{sas} << 22 |
                  u64{sse} << 21 | u64{srt} << 16 | u64{sf} << 15 | u64{wnr} << 6 | dfsc};
}

} // namespace

TEST_CASE("exit classes", "[regs][esr]") {
    CHECK(exit_class(EsrEl2{0x07e00000}) == ExitClass::wfx);
    CHECK(exit_class(EsrEl2{0x5a000000}) == ExitClass::hvc64);
    CHECK(exit_class(EsrEl2{0x5e000000}) == ExitClass::smc64);
    CHECK(exit_class(EsrEl2{0x623a3016}) == ExitClass::system_register);
    CHECK(exit_class(EsrEl2{0x1fe00000}) == ExitClass::fp);
    CHECK(exit_class(EsrEl2{0x26000000}) == ExitClass::pauth);
    CHECK(exit_class(EsrEl2{0x82000006}) == ExitClass::instruction_abort);
    CHECK(exit_class(EsrEl2{0x93800047}) == ExitClass::data_abort);
    CHECK(exit_class(EsrEl2{0x02000000}) == ExitClass::unknown);
    CHECK(exit_class(EsrEl2{0x3a000000}) == ExitClass::illegal_state);
    unsigned named = 0;
    for (u64 ec = 0; ec < 64; ++ec) {
        named += exit_class(EsrEl2{ec << 26}) != ExitClass::other ? 1U : 0U;
        // Bits above 31 (ISS2) say nothing about the class.
        CHECK(exit_class(EsrEl2{ec << 26 | 0xff00000000}) == exit_class(EsrEl2{ec << 26}));
    }
    CHECK(named == 10);
}

TEST_CASE("WFI and WFE", "[regs][esr]") {
    CHECK(decode_wait(EsrEl2{0x07e00000}).kind == WaitKind::wfi);
    CHECK_FALSE(decode_wait(EsrEl2{0x07e00000}).is_wfe());
    CHECK(decode_wait(EsrEl2{0x07e00001}).is_wfe());
    CHECK(decode_wait(EsrEl2{0x07e00002}).kind == WaitKind::wfit);
    CHECK(instruction_length(EsrEl2{0x07e00000}) == 4);
}

TEST_CASE("H23: trapped system registers, as measured", "[regs][esr]") {
    const SysRegExit sgi = decode_system_register(EsrEl2{0x623a3016});
    CHECK(sgi.reg == SysReg::icc_sgi1r);
    CHECK(sgi.direction == Direction::write);
    CHECK(sgi.rt == GuestRegister{0});
    const SysRegExit pmr = decode_system_register(EsrEl2{0x6230102d});
    CHECK(pmr.reg == SysReg::icc_pmr);
    CHECK(pmr.direction == Direction::read);
    CHECK(pmr.rt == GuestRegister{1});
    const SysRegExit iar = decode_system_register(EsrEl2{0x62303039});
    CHECK(iar.reg == SysReg::icc_iar1);
    CHECK(iar.direction == Direction::read);
    CHECK(iar.rt == GuestRegister{1});
    const SysRegExit dir = decode_system_register(EsrEl2{0x62323016});
    CHECK(dir.reg == SysReg::icc_dir);
    CHECK(dir.direction == Direction::write);
    // The other two SGI registers, with Rt = 17 and XZR.
    CHECK(decode_system_register(EsrEl2{0x623e3016 | 17U << 5}).rt == GuestRegister{17});
    CHECK(decode_system_register(EsrEl2{0x623e3016}).reg ==
          static_cast<SysReg>(sysreg_encoding(3, 0, 12, 11, 7)));
    CHECK(decode_system_register(EsrEl2{0x623c3016 | 31U << 5}).rt.is_zero());
}

TEST_CASE("H23: data aborts: every load and store form", "[regs][esr]") {
    for (u32 sas = 0; sas < 4; ++sas) {
        for (u32 srt = 0; srt < 32; ++srt) {
            for (u32 bits = 0; bits < 8; ++bits) {
                const bool sse = (bits & 1U) != 0;
                const bool sf = (bits & 2U) != 0;
                const bool wnr = (bits & 4U) != 0;
                const DataAbortExit exit =
                    decode_data_abort(data_abort(sas, sse, srt, sf, wnr, 0x06));
                CHECK(exit.syndrome_valid);
                CHECK(exit.access.size == 1U << sas);
                CHECK((exit.access.sign_extend == SignExtend::yes) == sse);
                CHECK((exit.access.width == RegisterWidth::bits64) == sf);
                CHECK(exit.access.rt == GuestRegister{static_cast<u8>(srt)});
                CHECK((exit.access.direction == Direction::write) == wnr);
                CHECK(exit.abort.status == FaultStatus{FaultKind::translation, 2});
                CHECK(exit.abort.far_valid);
                CHECK_FALSE(exit.abort.on_stage1_walk);
            }
        }
    }
}

TEST_CASE("data aborts: the other flags", "[regs][esr]") {
    const u64 plain = data_abort(2, false, 0, false, false, 0x07, false).raw();
    CHECK_FALSE(decode_data_abort(EsrEl2{plain}).syndrome_valid);
    CHECK(decode_data_abort(EsrEl2{plain | 1U << 8}).cache_maintenance);
    CHECK_FALSE(decode_data_abort(EsrEl2{plain}).cache_maintenance);
    CHECK_FALSE(decode_abort(EsrEl2{plain | 1U << 10}).far_valid);
    CHECK(decode_abort(EsrEl2{plain | 1U << 7}).on_stage1_walk);
}

TEST_CASE("fault status codes", "[regs][esr]") {
    for (u8 level = 0; level < 4; ++level) {
        CHECK(decode_fault_status(0x00U + level) == FaultStatus{FaultKind::address_size, level});
        CHECK(decode_fault_status(0x04U + level) == FaultStatus{FaultKind::translation, level});
        CHECK(decode_fault_status(0x08U + level) == FaultStatus{FaultKind::access_flag, level});
        CHECK(decode_fault_status(0x0cU + level) == FaultStatus{FaultKind::permission, level});
        CHECK(decode_fault_status(0x14U + level) ==
              FaultStatus{FaultKind::external_on_walk, level});
    }
    CHECK(decode_fault_status(0x10).kind == FaultKind::external);
    CHECK(decode_fault_status(0x18).kind == FaultKind::parity);
    CHECK(decode_fault_status(0x21).kind == FaultKind::alignment);
    CHECK(decode_fault_status(0x30).kind == FaultKind::tlb_conflict);
    CHECK(decode_fault_status(0x3f).kind == FaultKind::other);
    CHECK(decode_fault_status(0x11).kind == FaultKind::other);
}

TEST_CASE("the address of a stage 2 fault", "[regs][esr]") {
    CHECK(fault_ipa(0x80400, 0xffff000012345abc) == Ipa{0x08040abc});
    CHECK(fault_ipa(0x80000fffffffffff, 0xfff) == Ipa{0xfffffffffffff}); // NS and RES0 bits ignored
}

TEST_CASE("what a load leaves in its register", "[regs][esr]") {
    const auto load = [](u8 size, SignExtend sign, RegisterWidth width, u64 value) {
        return loaded_value({size, sign, width, GuestRegister{0}, Direction::read}, value);
    };
    CHECK(load(1, SignExtend::no, RegisterWidth::bits32, 0x1234'5680) == 0x80);
    CHECK(load(1, SignExtend::yes, RegisterWidth::bits32, 0x80) == 0xffffff80);
    CHECK(load(1, SignExtend::yes, RegisterWidth::bits64, 0x80) == 0xffffffffffffff80);
    CHECK(load(2, SignExtend::yes, RegisterWidth::bits64, 0x7fff) == 0x7fff);
    CHECK(load(4, SignExtend::yes, RegisterWidth::bits64, 0x80000000) == 0xffffffff80000000);
    CHECK(load(4, SignExtend::no, RegisterWidth::bits64, 0xf'80000000) == 0x80000000);
    CHECK(load(8, SignExtend::no, RegisterWidth::bits64, ~u64{0}) == ~u64{0});
}

TEST_CASE("names for reports", "[regs][esr]") {
    CHECK(std::string{exception_class_name(0x24)} == "data abort from a lower level");
    CHECK(std::string{exception_class_name(0x25)} == "data abort");
    CHECK(std::string{exception_class_name(0x3f)} == "a trap of AArch32 or a reserved class");
    CHECK(std::string{fault_status_name(0x06)} == "translation fault");
    CHECK(std::string{fault_status_name(0x0f)} == "permission fault");
    for (u32 code = 0; code < 64; ++code) {
        CHECK(exception_class_name(code) != nullptr);
        CHECK(fault_status_name(code) != nullptr);
    }
}
