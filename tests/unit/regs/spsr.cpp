// SPDX-License-Identifier: Apache-2.0
// SPSR_EL2's fields, each by the word that it alone makes (DDI 0487, SPSR_EL2, from AArch64).
#include "hyp/core/regs/spsr.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

template <class F>
[[nodiscard]] u64 with(u64 value) {
    return SpsrEl2{}.with<F>(static_cast<typename F::Type>(value)).raw();
}

} // namespace

TEST_CASE("SPSR_EL2: every field at its place", "[regs]") {
    CHECK(with<SpsrEl2::M>(0xff) == 0xf);
    CHECK(with<SpsrEl2::NRw>(1) == 0x10);
    CHECK(with<SpsrEl2::F>(1) == 0x40);
    CHECK(with<SpsrEl2::I>(1) == 0x80);
    CHECK(with<SpsrEl2::A>(1) == 0x100);
    CHECK(with<SpsrEl2::D>(1) == 0x200);
    CHECK(with<SpsrEl2::Il>(1) == 0x10'0000);
    CHECK(with<SpsrEl2::Ss>(1) == 0x20'0000);
    CHECK(with<SpsrEl2::Pan>(1) == 0x40'0000);
    CHECK(with<SpsrEl2::Uao>(1) == 0x80'0000);
    CHECK(with<SpsrEl2::Dit>(1) == 0x100'0000);
    CHECK(with<SpsrEl2::Tco>(1) == 0x200'0000);
    CHECK(with<SpsrEl2::Nzcv>(0xff) == 0xf000'0000);
}

TEST_CASE("SPSR_EL2: the modes", "[regs]") {
    using Mode = SpsrEl2::Mode;
    CHECK(SpsrEl2{0x3c0}.get<SpsrEl2::M>() == Mode::el0t);
    CHECK(SpsrEl2{0x3c4}.get<SpsrEl2::M>() == Mode::el1t);
    CHECK(SpsrEl2{0x3c5}.get<SpsrEl2::M>() == Mode::el1h);
    CHECK(SpsrEl2{0x3c8}.get<SpsrEl2::M>() == Mode::el2t);
    CHECK(SpsrEl2{0x3c9}.get<SpsrEl2::M>() == Mode::el2h);
}
