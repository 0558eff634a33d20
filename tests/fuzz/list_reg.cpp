// SPDX-License-Identifier: Apache-2.0
// Fuzz target: list registers, as words and as the vGIC's own. Whatever hardware answers, decoding
// gives a legal list register and encoding it again the same word, but for bits that nobody gave a
// meaning; whatever the vGIC makes survives the way there and back. (tests/z3 proves the same for
// all inputs on what the compiler makes of it; here the sanitizers look on.)
#include "hyp/core/regs/lr.hpp"
#include "tests/fuzz/input.hpp"

using namespace hyp;
using fuzz::require;

namespace {

// With HW=1 never pending and active, never a maintenance request, never an SGI's source.
void check_legal(const ListReg& lr) {
    require(!lr.is_hardware() || (lr.state() != LrState::pending_active &&
                                  lr.notify() == EoiNotify::no && lr.source() == 0),
            "an illegal hardware list register");
    require(lr.is_valid() == (lr.is_pending() || lr.is_active()), "validity");
}

// Both pending and active, which EL2 never writes with HW=1, is read as active.
[[nodiscard]] u64 without_pending(u64 word, unsigned hw, unsigned state) {
    const bool both = (word >> hw & 1U) != 0 && (word >> state & 3U) == 3;
    return both ? word & ~(u64{1} << state) : word;
}

void check_words(u64 word) {
    const u32 low = static_cast<u32>(word);
    const ListReg v2 = decode(GichLr{low});
    check_legal(v2);
    const bool v2_hw = (low >> 31U) != 0;
    const u32 v2_fields = v2_hw ? 0xff8f'ffff : 0xff88'1fff; // 22:20 reserved; HW=0: 18:13 too
    require(encode_gich(v2).raw() == without_pending(low & v2_fields, 31, 28), "GICH_LR");

    const ListReg v3 = decode(IchLr{word});
    check_legal(v3);
    const bool v3_hw = (word >> 61U & 1U) != 0;
    const u64 v3_fields = v3_hw ? 0xf0ff'1fff'ffff'ffff : 0xf0ff'0200'ffff'ffff;
    require(encode_ich(v3).raw() == without_pending(word & v3_fields, 61, 62), "ICH_LR");
}

void check_made(fuzz::Input& input) {
    const VIntid vintid{input.word() & 0x3ffU};
    const PIntid pintid{input.word() & 0x3ffU};
    const Priority priority{static_cast<u8>(input.byte() & 0xf8U)};
    const u8 flags = input.byte();
    const Group group = (flags & 1U) != 0 ? Group::group1 : Group::group0;
    const EoiNotify notify = (flags & 2U) != 0 ? EoiNotify::yes : EoiNotify::no;
    const auto state = static_cast<LrState>(flags >> 2U & 3U);
    const u8 source = flags >> 4U & 7U;
    const ListReg hardware = ListReg::hardware(vintid, pintid, priority, group).in_state(state);
    const ListReg software = ListReg::software(vintid, priority, group, notify).in_state(state);
    const ListReg sgi = ListReg::sgi(vintid, source, priority, group, notify).in_state(state);
    for (const ListReg& lr : {hardware, software, sgi}) {
        check_legal(lr);
        require(decode(encode_gich(lr)) == lr, "there and back through GICH_LR");
    }
    for (const ListReg& lr : {hardware, software}) {
        require(decode(encode_ich(lr)) == lr, "there and back through ICH_LR");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    fuzz::Input input{data, size};
    while (!input.empty()) {
        check_words(input.dword());
        check_made(input);
    }
    return 0;
}
