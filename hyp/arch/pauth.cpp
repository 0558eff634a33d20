// SPDX-License-Identifier: Apache-2.0
#include "hyp/arch/pauth.hpp"

#include <utility>

namespace hyp {

namespace {

namespace reg = sysreg;

// APIAKeyLo_EL1 is S3_0_C2_C1_0; four halves in each of CRm 1 and 2, two in CRm 3.
template <u32 N>
constexpr u32 key_half = sysreg_encoding(3, 0, 2, 1 + N / 4, N % 4);
using Halves = std::make_integer_sequence<u32, 10>;

void set_open(bool open) {
    reg::write<reg::hcr_el2>(
        HcrEl2{reg::read<reg::hcr_el2>()}.with<HcrEl2::Apk>(open).with<HcrEl2::Api>(open).raw());
}

} // namespace

bool has_pauth() {
    return (reg::read<reg::id_aa64isar1_el1>() & 0xff00'0ff0) != 0;
}

void pauth_trap(const PauthKeys& from) {
    [&]<u32... n>(std::integer_sequence<u32, n...>) {
        (reg::write<key_half<n>>(from.halves[n]), ...);
    }
    (Halves{});
    set_open(true);
}

void pauth_save(PauthKeys& to) {
    [&]<u32... n>(std::integer_sequence<u32, n...>) {
        ((to.halves[n] = reg::read<key_half<n>>()), ...);
    }
    (Halves{});
    set_open(false);
}

} // namespace hyp
