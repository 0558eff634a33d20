// SPDX-License-Identifier: Apache-2.0
// Addresses: physical (Pa) and a guest's intermediate physical (Ipa). Each is a type, so that no
// stage of translation can be forgotten or done twice.
#pragma once

#include "hyp/core/base/types.hpp"

#include <compare>

namespace hyp {

template <class Space>
class BasicAddr {
public:
    constexpr BasicAddr() = default;
    explicit constexpr BasicAddr(u64 value) : value_{value} {}
    [[nodiscard]] constexpr u64 value() const { return value_; }
    [[nodiscard]] constexpr BasicAddr operator+(u64 bytes) const {
        return BasicAddr{value_ + bytes};
    }
    [[nodiscard]] constexpr u64 operator-(BasicAddr other) const { return value_ - other.value_; }
    [[nodiscard]] constexpr bool is_aligned(u64 power_of_two) const {
        return (value_ & (power_of_two - 1)) == 0;
    }
    [[nodiscard]] constexpr BasicAddr align_up(u64 power_of_two) const {
        return BasicAddr{(value_ + power_of_two - 1) & ~(power_of_two - 1)};
    }
    [[nodiscard]] constexpr BasicAddr align_down(u64 power_of_two) const {
        return BasicAddr{value_ & ~(power_of_two - 1)};
    }
    friend constexpr auto operator<=>(BasicAddr, BasicAddr) = default;

private:
    u64 value_ = 0;
};

using Pa = BasicAddr<struct PhysicalMemory>;
using Ipa = BasicAddr<struct GuestMemory>;

// Bytes [base, base + size). An empty range has size 0.
template <class A>
struct AddrRange {
    A base{};
    u64 size = 0;
    [[nodiscard]] constexpr A end() const { return base + size; }
    [[nodiscard]] constexpr bool contains(A address) const {
        return address >= base && address - base < size;
    }
    [[nodiscard]] constexpr bool contains(AddrRange other) const {
        return other.base >= base && other.base - base <= size &&
               other.size <= size - (other.base - base);
    }
    [[nodiscard]] constexpr bool overlaps(AddrRange other) const {
        return size != 0 && other.size != 0 && (contains(other.base) || other.contains(base));
    }
    friend constexpr bool operator==(AddrRange, AddrRange) = default;
};

using PaRange = AddrRange<Pa>;
using IpaRange = AddrRange<Ipa>;

} // namespace hyp
