// SPDX-License-Identifier: Apache-2.0
// Claims on software-generated interrupts: who is reached by a write of ICC_SGI1R_EL1 (IHI 0069,
// ICC_SGI1R_EL1) and of GICD_SGIR (IHI 0048B), said from the target's point of view.
#include "hyp/core/vgic/sgi.hpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

namespace {

Affinity place(u32 packed) {
    return Affinity{static_cast<u8>(packed >> 24U), static_cast<u8>(packed >> 16U),
                    static_cast<u8>(packed >> 8U), static_cast<u8>(packed)};
}

constexpr u64 bits(u64 word, unsigned msb, unsigned lsb) {
    return word >> lsb & ((u64{1} << (msb - lsb + 1)) - 1);
}

} // namespace

// A target has a cluster (Aff3, Aff2, Aff1), a group of 16 in it (RS) and a place in that group.
CLAIM(sgi1r_reaches_whom_it_names)(u64 value, u32 self, u32 target) {
    const bool everybody = bits(value, 40, 40) != 0;
    const u64 cluster =
        bits(value, 55, 48) << 16U | bits(value, 39, 32) << 8U | bits(value, 23, 16);
    const u64 group = bits(value, 47, 44);
    const u64 member = u64{1} << (target & 0xfU);
    const bool named = cluster == target >> 8U && group == (target >> 4U & 0xfU) &&
                       (value & 0xffffU & member) != 0;
    return sgi_reaches(IccSgir{value}, place(self), place(target)) ==
           (everybody ? self != target : named);
}

CLAIM(sgi1r_names_its_interrupt)(u64 value) {
    return IccSgir{value}.get<IccSgir::Intid>() == bits(value, 27, 24);
}

// Of what a write says nothing but the fields counts: reserved bits change no answer.
CLAIM(sgi1r_reserved_bits_mean_nothing)(u64 value, u32 self, u32 target, u64 other) {
    constexpr u64 fields = 0x00ff'f1ff'0fff'ffff;
    const u64 changed = (value & fields) | (other & ~fields);
    return sgi_reaches(IccSgir{value}, place(self), place(target)) ==
           sgi_reaches(IccSgir{changed}, place(self), place(target));
}

CLAIM(mpidr_affinity_there_and_back)(u64 mpidr) {
    const Affinity affinity = Affinity::of_mpidr(mpidr);
    return affinity.packed() == (bits(mpidr, 39, 32) << 24U | bits(mpidr, 23, 0)) &&
           place(affinity.packed()) == affinity;
}

CLAIM(sgir_reaches_whom_it_names)(u32 value, u8 self, u8 existing, u8 target) {
    if (self > 7 || target > 7 || (existing >> self & 1U) == 0) {
        return true;
    }
    const bool exists = (existing >> target & 1U) != 0;
    bool named = false;
    switch (value >> 24U & 3U) {
    case 0: named = (value >> 16U >> target & 1U) != 0; break;
    case 1: named = target != self; break;
    case 2: named = target == self; break;
    default: break;
    }
    return (sgi_targets(GicdSgir{value}, self, existing) >> target & 1U) ==
           static_cast<u32>(named && exists);
}
