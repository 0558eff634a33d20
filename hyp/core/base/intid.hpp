// SPDX-License-Identifier: Apache-2.0
// Interrupt identities. A physical INTID (pINTID) and the one a guest sees (vINTID) are two types:
// a list register takes one of each, and swapping them must not compile.
#pragma once

#include "hyp/core/base/types.hpp"

#include <compare>

namespace hyp {

// IHI 0069, INTIDs: 0-15 SGI, 16-31 PPI, 32-1019 SPI, 1020-1023 special, from 8192 LPI.
template <class Space>
class BasicIntid {
public:
    explicit constexpr BasicIntid(u32 value) : value_{value} {}
    [[nodiscard]] static constexpr BasicIntid sgi(u32 n) { return BasicIntid{n}; }
    [[nodiscard]] static constexpr BasicIntid ppi(u32 n) { return BasicIntid{16 + n}; }
    [[nodiscard]] static constexpr BasicIntid spi(u32 n) { return BasicIntid{32 + n}; }

    [[nodiscard]] constexpr u32 value() const { return value_; }
    [[nodiscard]] constexpr bool is_sgi() const { return value_ < 16; }
    [[nodiscard]] constexpr bool is_ppi() const { return value_ >= 16 && value_ < 32; }
    [[nodiscard]] constexpr bool is_private() const { return value_ < 32; }
    [[nodiscard]] constexpr bool is_spi() const { return value_ >= 32 && value_ < 1020; }
    [[nodiscard]] constexpr bool is_special() const { return value_ >= 1020 && value_ < 1024; }

    friend constexpr auto operator<=>(BasicIntid, BasicIntid) = default;

private:
    u32 value_;
};

using PIntid = BasicIntid<struct PhysicalSpace>;
using VIntid = BasicIntid<struct VirtualSpace>;

// What a guest built for QEMU's `virt` expects of its PPIs; Baton's guests have the same.
inline constexpr VIntid guest_vtimer = VIntid::ppi(11);
inline constexpr VIntid guest_ptimer = VIntid::ppi(14);

// The virtual timer's PPI of the machine. Every known machine has it here (BSA makes it a rule); the
// IRQ vector compares with a constant, so boot refuses a tree that says otherwise.
inline constexpr PIntid host_vtimer = PIntid::ppi(11);

} // namespace hyp
