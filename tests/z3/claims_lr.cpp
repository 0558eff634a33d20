// SPDX-License-Identifier: Apache-2.0
// Claims on list registers: ListReg and its two encodings, GICH_LR<n> (IHI 0048B) and
// ICH_LR<n>_EL2 (IHI 0069), with every field put together by shifts.
#include "hyp/core/regs/lr.hpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

namespace {

ListReg hardware(u32 vintid, u32 pintid, u8 priority, bool group1, u8 state) {
    return ListReg::hardware(VIntid{vintid}, PIntid{pintid}, Priority{priority},
                             group1 ? Group::group1 : Group::group0)
        .in_state(static_cast<LrState>(state & 3U));
}

ListReg software(u32 vintid, u8 source, u8 priority, bool group1, bool notify, u8 state) {
    return ListReg::sgi(VIntid{vintid}, source & 7U, Priority{priority},
                        group1 ? Group::group1 : Group::group0,
                        notify ? EoiNotify::yes : EoiNotify::no)
        .in_state(static_cast<LrState>(state & 3U));
}

// What EL2 may write: with HW=1 pending or active, never both.
constexpr u32 legal_state(bool is_hardware, u32 state) {
    return is_hardware && (state & 3U) == 3 ? 2 : state & 3U;
}

// The same list register with HW=1 read back as pending and active counts as active.
constexpr u64 canonical(u64 word, unsigned hw, unsigned state) {
    const bool both = (word >> hw & 1U) != 0 && (word >> state & 3U) == 3;
    return both ? word & ~(u64{1} << state) : word;
}

bool is_legal(const ListReg& lr) {
    const u32 v2 = encode_gich(lr).raw();
    const u64 v3 = encode_ich(lr).raw();
    if ((v2 >> 31U != 0) != lr.is_hardware() || (v3 >> 61U & 1U) != u64{lr.is_hardware()}) {
        return false;
    }
    if (!lr.is_hardware()) {
        return true;
    }
    // The bit of the maintenance request (19, 41) belongs to the physical INTID.
    const u32 pintid = lr.pintid().value();
    return lr.state() != LrState::pending_active && lr.notify() == EoiNotify::no &&
           (v2 >> 28U & 3U) != 3 && v3 >> 62U != 3 && (v2 >> 10U & 0x3ffU) == (pintid & 0x3ffU) &&
           (v3 >> 32U & 0x1fffU) == (pintid & 0x1fffU);
}

} // namespace

CLAIM(gich_lr_of_a_hardware_interrupt)(u32 vintid, u32 pintid, u8 priority, bool group1, u8 state) {
    if (vintid > 1023 || pintid > 1023) {
        return true;
    }
    const u32 word = encode_gich(hardware(vintid, pintid, priority, group1, state)).raw();
    return word == (vintid | pintid << 10U | u32{priority} >> 3U << 23U |
                    legal_state(true, state) << 28U | u32{group1} << 30U | 1U << 31U);
}

CLAIM(gich_lr_of_a_software_interrupt)
(u32 vintid, u8 source, u8 priority, bool group1, bool notify, u8 state) {
    if (vintid > 1023) {
        return true;
    }
    const u32 word = encode_gich(software(vintid, source, priority, group1, notify, state)).raw();
    return word ==
           (vintid | (source & 7U) << 10U | u32{notify} << 19U | u32{priority} >> 3U << 23U |
            legal_state(false, state) << 28U | u32{group1} << 30U);
}

CLAIM(ich_lr_of_a_hardware_interrupt)(u32 vintid, u32 pintid, u8 priority, bool group1, u8 state) {
    if (pintid > 1023) {
        return true;
    }
    const u64 word = encode_ich(hardware(vintid, pintid, priority, group1, state)).raw();
    return word == (u64{vintid} | u64{pintid} << 32U | u64{priority} << 48U | u64{group1} << 60U |
                    u64{1} << 61U | u64{legal_state(true, state)} << 62U);
}

CLAIM(ich_lr_of_a_software_interrupt)
(u32 vintid, u8 source, u8 priority, bool group1, bool notify, u8 state) {
    const u64 word = encode_ich(software(vintid, source, priority, group1, notify, state)).raw();
    return word == (u64{vintid} | u64{notify} << 41U | u64{priority} << 48U | u64{group1} << 60U |
                    u64{legal_state(false, state)} << 62U);
}

// Whatever hardware answers, and whatever is made, HW=1 excludes pending-and-active, and no
// end-of-interrupt request of it is ever written.
CLAIM(hardware_list_registers_of_gicv2_are_legal)(u32 word) {
    return is_legal(decode(GichLr{word}));
}

CLAIM(hardware_list_registers_of_gicv3_are_legal)(u64 word) {
    return is_legal(decode(IchLr{word}));
}

CLAIM(hardware_list_registers_as_made_are_legal)
(u32 vintid, u32 pintid, u8 priority, bool group1, u8 state) {
    return is_legal(hardware(vintid, pintid, priority, group1, state));
}

CLAIM(gich_lr_there_and_back)(u32 word) {
    const bool hw = word >> 31U != 0;
    const u32 fields = hw ? 0xff8f'ffff : 0xff88'1fff; // 22:20 are reserved; with HW=0 also 18:13
    return encode_gich(decode(GichLr{word})).raw() == canonical(word & fields, 31, 28);
}

CLAIM(ich_lr_there_and_back)(u64 word) {
    const bool hw = (word >> 61U & 1U) != 0;
    const u64 fields = hw ? 0xf0ff'1fff'ffff'ffff : 0xf0ff'0200'ffff'ffff;
    return encode_ich(decode(IchLr{word})).raw() == canonical(word & fields, 61, 62);
}

CLAIM(list_register_there_and_back)
(u32 vintid, u32 pintid, u8 priority, bool group1, bool notify, u8 state) {
    if (vintid > 1023 || pintid > 1023 || (priority & 7U) != 0) {
        return true;
    }
    const ListReg hw = hardware(vintid, pintid, priority, group1, state);
    const ListReg sw = software(vintid, 0, priority, group1, notify, state);
    return decode(encode_gich(hw)) == hw && decode(encode_ich(hw)) == hw &&
           decode(encode_gich(sw)) == sw && decode(encode_ich(sw)) == sw;
}

CLAIM(sgi_keeps_its_source)
(u32 vintid, u8 source, u8 priority, bool group1, bool notify, u8 state) {
    if (vintid > 15 || (priority & 7U) != 0) {
        return true;
    }
    const ListReg lr = software(vintid, source, priority, group1, notify, state);
    return decode(encode_gich(lr)) == lr && lr.source() == (source & 7U);
}
