// SPDX-License-Identifier: Apache-2.0
// A hardware register as a value: one class per register around `raw`, its fields named types.
//
//     struct IchVmcr : Register<IchVmcr, u64> {
//         using Register::Register;
//         using Vpmr = Field<31, 24>;
//     };
//     IchVmcr{}.with<IchVmcr::Vpmr>(0xf8).raw()
//
// C++ bit-fields are not used: their layout is the compiler's, not Arm's.
#pragma once

#include "hyp/core/base/types.hpp"

#include <type_traits>

namespace hyp {

// Bits Msb..Lsb of a register, read and written as T (an integer, bool or enumeration).
template <unsigned Msb, unsigned Lsb, class T = u32>
struct Field {
    static_assert(Msb >= Lsb && Msb < 64);
    using Type = T;
    static constexpr unsigned msb = Msb;
    static constexpr unsigned lsb = Lsb;
    static constexpr u64 mask = (~u64{0} >> (63 - (Msb - Lsb))) << Lsb;
};

// One bit.
template <unsigned Position, class T = bool>
using Bit = Field<Position, Position, T>;

// Base of every register class. Raw is u32 or u64, as wide as the register.
template <class Derived, class Raw>
class Register {
public:
    constexpr Register() = default;
    explicit constexpr Register(Raw raw) : raw_{raw} {}

    [[nodiscard]] constexpr Raw raw() const { return raw_; }

    template <class F>
    [[nodiscard]] constexpr typename F::Type get() const {
        static_assert(F::msb < sizeof(Raw) * 8);
        return static_cast<typename F::Type>((static_cast<u64>(raw_) & F::mask) >> F::lsb);
    }

    // A copy with field F replaced; bits of `value` that do not fit are dropped.
    template <class F>
    [[nodiscard]] constexpr Derived with(typename F::Type value) const {
        static_assert(F::msb < sizeof(Raw) * 8);
        const u64 bits = (static_cast<u64>(value) << F::lsb) & F::mask;
        return Derived{static_cast<Raw>((static_cast<u64>(raw_) & ~F::mask) | bits)};
    }

    [[nodiscard]] friend constexpr bool operator==(Register left, Register right) {
        return left.raw_ == right.raw_;
    }

private:
    Raw raw_ = 0;
};

} // namespace hyp
