// SPDX-License-Identifier: Apache-2.0
#include "hyp/arch/pauth.hpp"

namespace hyp {

namespace {

namespace reg = sysreg;

void set_open(bool open) {
    reg::write<reg::hcr_el2>(
        HcrEl2{reg::read<reg::hcr_el2>()}.with<HcrEl2::Apk>(open).with<HcrEl2::Api>(open).raw());
}

// Key N, both halves at once. The low one is S3_0_C2_C<1 + N / 2>_<0 or 2>, the high one follows.
template <u32 N>
void load_key(const PauthKeys& from) {
    u64 low;
    u64 high;
    asm volatile("ldp %0, %1, [%2, %3]\n\t"
                 "msr S3_0_C2_C%4_%5, %0\n\tmsr S3_0_C2_C%4_%6, %1"
                 : "=&r"(low), "=&r"(high)
                 : "r"(&from), "i"(16 * N), "i"(1 + N / 2), "i"(N % 2 * 2), "i"(N % 2 * 2 + 1)
                 : "memory");
}
template <u32 N>
void save_key(PauthKeys& to) {
    u64 low;
    u64 high;
    asm volatile("mrs %0, S3_0_C2_C%4_%5\n\tmrs %1, S3_0_C2_C%4_%6\n\t"
                 "stp %0, %1, [%2, %3]"
                 : "=&r"(low), "=&r"(high)
                 : "r"(&to), "i"(16 * N), "i"(1 + N / 2), "i"(N % 2 * 2), "i"(N % 2 * 2 + 1)
                 : "memory");
}

} // namespace

bool has_pauth() {
    const u64 apa_api_gpa_gpi = reg::read<reg::id_aa64isar1_el1>() & 0xff00'0ff0;
    const u64 gpa3_apa3 = reg::read<reg::id_aa64isar2_el1>() & 0xff00;
    return (apa_api_gpa_gpi | gpa3_apa3) != 0;
}

void pauth_trap(const PauthKeys& from) {
    load_key<0>(from);
    load_key<1>(from);
    load_key<2>(from);
    load_key<3>(from);
    load_key<4>(from);
    set_open(true);
}

void pauth_save(PauthKeys& to) {
    save_key<0>(to);
    save_key<1>(to);
    save_key<2>(to);
    save_key<3>(to);
    save_key<4>(to);
    set_open(false);
}

} // namespace hyp
