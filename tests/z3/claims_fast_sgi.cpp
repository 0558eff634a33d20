// SPDX-License-Identifier: Apache-2.0
// Claims on the fast path's look at a guest's SGI (hyp/core/fast/trap.hpp): one comparison says the
// same as the slow path's decoding, for every request and every place of the vCPU.
#include "hyp/core/fast/trap.hpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

namespace {

Affinity place(u32 packed) {
    return Affinity{static_cast<u8>(packed >> 24U), static_cast<u8>(packed >> 16U),
                    static_cast<u8>(packed >> 8U), static_cast<u8>(packed)};
}

bool is_to_self_v3(u32 self, u64 request) {
    FastPlan plan;
    plan.sgi_to_self = sgi_to(place(self));
    return is_to_self<GicGeneration::v3>(plan, request);
}

// The list of a GICD_SGIR with one CPU interface, as plan_for() puts it.
bool is_to_self_v2(u8 self, u32 request) {
    FastPlan plan;
    plan.sgi_to_self = GicdSgir{}.with<GicdSgir::CpuTargetList>(1U << self).raw();
    return is_to_self<GicGeneration::v2>(plan, request);
}

} // namespace

CLAIM(a_request_to_one_reaches_it_alone)(u32 self, u32 one, u32 other) {
    const IccSgir request{sgi_to(place(one))};
    return sgi_reaches(request, place(self), place(other)) == (one == other);
}

CLAIM(what_is_fast_reaches_the_sender)(u32 self, u64 request) {
    return !is_to_self_v3(self, request) || sgi_reaches(IccSgir{request}, place(self), place(self));
}

CLAIM(what_is_fast_reaches_nobody_else)(u32 self, u32 other, u64 request) {
    return self == other || !is_to_self_v3(self, request) ||
           !sgi_reaches(IccSgir{request}, place(self), place(other));
}

// Nothing that could be fast is missed, but for words with reserved bits set.
CLAIM(what_reaches_the_sender_alone_is_fast)(u32 self, u64 request) {
    constexpr u64 reserved = ~u64{0x00ff'f1ff'0fff'ffff};
    const bool alone = (request & 0xffffU) == 1U << (self & 0xfU);
    const bool to_all = (request >> 40U & 1U) != 0;
    if ((request & reserved) != 0 || to_all || !alone ||
        !sgi_reaches(IccSgir{request}, place(self), place(self))) {
        return true;
    }
    return is_to_self_v3(self, request);
}

CLAIM(fast_and_slow_agree_on_gicd_sgir)(u8 self, u8 existing, u32 request) {
    if (self > 7 || (existing >> self & 1U) == 0) {
        return true;
    }
    const u8 own = static_cast<u8>(1U << self);
    const bool fast = is_to_self_v2(self, request);
    const u32 filter = request >> 24U & 3U;
    const u32 list = request >> 16U & 0xffU;
    // A list may also name CPU interfaces that do not exist: the slow path takes them out.
    const bool exactly = filter == 2 || (filter == 0 && list == own);
    return fast == exactly && (!fast || sgi_targets(GicdSgir{request}, self, existing) == own);
}
