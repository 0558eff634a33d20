// SPDX-License-Identifier: Apache-2.0
// GICD and GICR registers of the reference GIC model on top of the distributor state. Reads compute
// what hardware computes (ISPENDR = latch || (level && line)); a write says whether it hit a
// register, for only then does a v2 distributor look at its interrupts again.
#pragma once

#include "tests/model/gic_distributor.hpp"
#include "tests/model/gic_registers.hpp"

namespace hyp::model {

// Which INTIDs a frame shows: v2's GICD all, v3's GICD the SPIs, SGI_base of a GICR the others.
struct Window {
    unsigned pe;
    bool shows_private;
    bool shows_shared;
    [[nodiscard]] constexpr bool shows(unsigned word) const {
        return word == 0 ? shows_private : shows_shared;
    }
};

template <class D>
[[nodiscard]] constexpr std::uint32_t read_bitmap(const D& d, Window window, unsigned offset) {
    const unsigned word = (offset & 0x7f) / 4;
    if (!window.shows(word) || D::implemented(word) == 0) {
        return 0;
    }
    const Bank& bank = d.bank(window.pe, word);
    switch (offset & ~0x7fU) {
    case gicd::igroupr: return bank.group;
    case gicd::isenabler:
    case gicd::icenabler: return bank.enabled;
    case gicd::ispendr:
    case gicd::icpendr: return d.pending_word(window.pe, word);
    default: // ISACTIVER, ICACTIVER
        return d.active_word(window.pe, word);
    }
}

// SGI bits of a v2 write: pending is WI (SPENDSGIR instead), enables may be fixed.
[[nodiscard]] constexpr std::uint32_t writable_bits(const Options& options, unsigned offset,
                                                    unsigned word, std::uint32_t bits) {
    if (word != 0 || options.generation != Generation::v2) {
        return bits;
    }
    const unsigned reg = offset & ~0x7fU;
    const bool enable = reg == gicd::isenabler || reg == gicd::icenabler;
    const bool pending = reg == gicd::ispendr || reg == gicd::icpendr;
    if (reg == gicd::ispendr && options.quirks.has(Quirk::ppi_set_pending_ignored)) {
        return 0;
    }
    return pending || (enable && options.sgis_always_enabled) ? bits & 0xffff0000 : bits;
}

template <class D>
constexpr bool write_bitmap(D& d, const Options& options, Window window, unsigned offset,
                            std::uint32_t value) {
    const unsigned word = (offset & 0x7f) / 4;
    if (!window.shows(word) || D::implemented(word) == 0) {
        return false;
    }
    const std::uint32_t bits = writable_bits(options, offset, word, value & D::implemented(word));
    Bank& bank = d.bank(window.pe, word);
    switch (offset & ~0x7fU) {
    case gicd::igroupr: bank.group = bits; return true;
    case gicd::isenabler: bank.enabled |= bits; return true;
    case gicd::icenabler: bank.enabled &= ~bits; return true;
    case gicd::ispendr: d.set_latch(options, window.pe, word, bits); return true;
    case gicd::icpendr: d.clear_latch(window.pe, word, bits); return true;
    case gicd::isactiver: d.set_active(options, window.pe, word, bits); return true;
    default: // ICACTIVER
        d.clear_active(window.pe, word, bits);
        return true;
    }
}

// One byte of IPRIORITYR, ITARGETSR, CPENDSGIR or SPENDSGIR; `offset` is the byte's.
template <class D>
[[nodiscard]] constexpr std::uint8_t read_byte(const D& d, const Options& options, Window window,
                                               unsigned offset) {
    constexpr unsigned pes = D::pes;
    if (offset >= gicd::sgir) {
        return options.generation == Generation::v2 ? d.sgi_sources[window.pe][offset & 15] : 0;
    }
    const unsigned intid = offset & 0x3ff;
    if (!D::exists(intid) || !window.shows(intid / 32)) {
        return 0;
    }
    if (offset < gicd::itargetsr) {
        return d.bank(window.pe, intid / 32).priority[intid % 32];
    }
    if (options.generation == Generation::v3 || pes == 1) {
        return 0; // RAZ/WI with affinity routing, or on a uniprocessor
    }
    return intid < private_count ? static_cast<std::uint8_t>(1U << window.pe)
                                 : d.targets[intid - private_count];
}

template <class D>
constexpr bool write_byte(D& d, const Options& options, Window window, unsigned offset,
                          std::uint8_t value) {
    constexpr unsigned pes = D::pes;
    const bool v2 = options.generation == Generation::v2;
    if (offset >= gicd::sgir) {
        const unsigned sgi = offset & 15;
        std::uint8_t& sources = d.sgi_sources[window.pe][sgi];
        if (v2 && offset >= gicd::spendsgir && value != 0) {
            d.raise_sgi(window.pe, sgi, value);
        } else if (v2 && offset < gicd::spendsgir) {
            sources = static_cast<std::uint8_t>(sources & ~value);
            d.private_latch[window.pe] &= sources == 0 ? ~(1U << sgi) : ~0U;
        }
        return v2;
    }
    const unsigned intid = offset & 0x3ff;
    if (!D::exists(intid) || !window.shows(intid / 32)) {
        return false;
    }
    if (offset < gicd::itargetsr) {
        const auto mask =
            static_cast<std::uint8_t>(0xff & ~(0xffU >> options.distributor_priority_bits));
        d.bank(window.pe, intid / 32).priority[intid % 32] = value & mask;
    } else if (v2 && pes > 1 && intid >= private_count) {
        d.targets[intid - private_count] = value & ((1U << pes) - 1);
    }
    return true;
}

// ICFGR: 16 INTIDs per word, bit 1 of each pair: edge. SGIs are edge triggered for ever.
template <class D>
[[nodiscard]] constexpr std::uint32_t read_icfgr(const D& d, Window window, unsigned offset) {
    const unsigned first = (offset & 0xff) * 4;
    std::uint32_t value = 0;
    if (!window.shows(first / 32) || !D::exists(first)) {
        return 0;
    }
    const std::uint32_t edge = d.bank(window.pe, first / 32).edge >> (first % 32);
    for (unsigned i = 0; i < 16; ++i) {
        value |= (edge >> i & 1) << (2 * i + 1);
    }
    return value;
}

template <class D>
constexpr bool write_icfgr(D& d, Window window, unsigned offset, std::uint32_t value) {
    const unsigned first = (offset & 0xff) * 4;
    if (!window.shows(first / 32) || !D::exists(first)) {
        return false;
    }
    std::uint32_t edge = 0;
    for (unsigned i = 0; i < 16; ++i) {
        edge |= (value >> (2 * i + 1) & 1) << i;
    }
    edge = first == 0 ? 0xffff : edge & D::implemented(first / 32) >> (first % 32);
    std::uint32_t& word = d.bank(window.pe, first / 32).edge;
    word = (word & ~(0xffffU << (first % 32))) | edge << (first % 32);
    return true;
}

// GICD_SGIR: filter 0 the list, 1 all but self, 2 self; 3 is reserved and does nothing here.
template <class D>
constexpr void write_sgir(D& d, unsigned pe, std::uint32_t value) {
    constexpr unsigned pes = D::pes;
    const unsigned filter = value >> 24 & 3;
    const unsigned list = filter == 0   ? value >> 16 & 0xff
                          : filter == 1 ? 0xffU & ~(1U << pe)
                          : filter == 2 ? 1U << pe
                                        : 0;
    for (unsigned target = 0; target < pes; ++target) {
        if ((list >> target & 1) != 0) {
            d.raise_sgi(target, value & 15, static_cast<std::uint8_t>(1U << pe));
        }
    }
}

// ICC_SGI0R, SGI1R, ASGI1R: `group` of the register; only SGIs configured to that group are raised.
template <class D>
constexpr void write_sgir_v3(D& d, unsigned pe, unsigned group, std::uint64_t value) {
    constexpr unsigned pes = D::pes;
    const auto intid = static_cast<unsigned>(value >> 24 & 15);
    const bool all_but_self = (value >> 40 & 1) != 0;
    const bool affinity0 = (value >> 16 & 0xff) == 0 && (value >> 32 & 0xff) == 0 &&
                           (value >> 48 & 0xff) == 0 && (value >> 44 & 15) == 0;
    for (unsigned target = 0; target < pes; ++target) {
        const bool listed = all_but_self ? target != pe : affinity0 && (value >> target & 1) != 0;
        if (listed && (d.bank(target, 0).group >> intid & 1) == group) {
            d.private_latch[target] |= 1U << intid;
        }
    }
}

} // namespace hyp::model
