// SPDX-License-Identifier: Apache-2.0
// Claims on syndromes (DDI 0487, ESR_EL2): each field against its bits, for all 2^64 words, and what
// a load leaves in its register.
#include "hyp/core/vm/esr_decode.hpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

namespace {

constexpr u32 bits(u64 word, unsigned msb, unsigned lsb) {
    return static_cast<u32>(word >> lsb & ((u64{1} << (msb - lsb + 1)) - 1));
}

} // namespace

CLAIM(syndrome_of_a_system_register)(u64 esr) {
    const SysRegExit exit = decode_system_register(EsrEl2{esr});
    const u32 name = bits(esr, 21, 20) << 14U | bits(esr, 16, 14) << 11U | bits(esr, 13, 10) << 7U |
                     bits(esr, 4, 1) << 3U | bits(esr, 19, 17);
    return static_cast<u32>(exit.reg) == name && exit.rt.number == bits(esr, 9, 5) &&
           (exit.direction == Direction::read) == (bits(esr, 0, 0) == 1);
}

// No two encodings share a name.
CLAIM(system_registers_have_one_name_each)(u64 one, u64 other) {
    constexpr u64 name_bits = 0x3ffc1e;
    const bool same =
        decode_system_register(EsrEl2{one}).reg == decode_system_register(EsrEl2{other}).reg;
    return same == ((one & name_bits) == (other & name_bits));
}

CLAIM(syndrome_of_a_data_abort)(u64 esr) {
    const DataAbortExit exit = decode_data_abort(EsrEl2{esr});
    const MmioAccess& access = exit.access;
    return access.size == 1U << bits(esr, 23, 22) && access.rt.number == bits(esr, 20, 16) &&
           (access.sign_extend == SignExtend::yes) == (bits(esr, 21, 21) == 1) &&
           (access.width == RegisterWidth::bits64) == (bits(esr, 15, 15) == 1) &&
           (access.direction == Direction::write) == (bits(esr, 6, 6) == 1) &&
           exit.syndrome_valid == (bits(esr, 24, 24) == 1) &&
           exit.cache_maintenance == (bits(esr, 8, 8) == 1) &&
           exit.abort.on_stage1_walk == (bits(esr, 7, 7) == 1) &&
           exit.abort.far_valid == (bits(esr, 10, 10) == 0);
}

CLAIM(what_a_load_leaves_in_its_register)(u64 value, u8 log2_size, bool sign, bool wide) {
    if (log2_size > 3) {
        return true;
    }
    const MmioAccess access{
        static_cast<u8>(1U << log2_size), sign ? SignExtend::yes : SignExtend::no,
        wide ? RegisterWidth::bits64 : RegisterWidth::bits32, GuestRegister{0}, Direction::read};
    const unsigned unused = 64 - (8U << log2_size);
    const u64 zeroes = value << unused >> unused;
    const u64 signs = static_cast<u64>(static_cast<i64>(value << unused) >> unused);
    const u64 extended = sign ? signs : zeroes;
    // A load of 8 bytes has a 64-bit register, whatever SF says.
    return loaded_value(access, value) ==
           (wide || log2_size == 3 ? extended : extended & 0xffff'ffffU);
}

CLAIM(address_of_a_fault)(u64 hpfar, u64 far) {
    const u64 ipa = fault_ipa(hpfar, far).value();
    return ipa >> 52U == 0 && (ipa & 0xfffU) == (far & 0xfffU) &&
           ipa >> 12U == (hpfar >> 4U & 0xff'ffff'ffffU);
}

CLAIM(a_fault_names_its_level)(u32 code) {
    const FaultStatus status = decode_fault_status(code);
    const bool has_level =
        (code & 0x3fU) < 0x10 || (code & 0x3cU) == 0x14 || (code & 0x3cU) == 0x1c;
    return status.level == (has_level ? code & 3U : 0);
}
