// SPDX-License-Identifier: Apache-2.0
// Distributor state of the reference GIC model and its transitions: what each INTID is configured
// to, whether it is pending and active, and which one a PE's CPU interface sees as best. The
// redistributors of v3 are the private banks of the same state (IHI 0048B GICD, IHI 0069 GICD/GICR).
#pragma once

#include "tests/model/gic_bank.hpp"

#include <bit>

namespace hyp::model {

template <unsigned Pes, unsigned Spis>
struct Distributor {
    static constexpr unsigned spi_words = Spis == 0 ? 1 : (Spis + 31) / 32;
    static constexpr unsigned intids = private_count + Spis;
    static constexpr unsigned pes = Pes;
    static constexpr std::size_t spi_slots = std::size_t{32} * spi_words;

    std::array<Bank, Pes> private_bank{};
    std::array<Bank, spi_words> spi_bank{};
    std::array<std::uint32_t, Pes> private_latch{};
    std::array<std::uint32_t, Pes> private_active{};
    // Row 0 alone, unless a quirk keeps them per PE.
    std::array<std::array<std::uint32_t, spi_words>, Pes> spi_latch{};
    std::array<std::array<std::uint32_t, spi_words>, Pes> spi_active{};
    std::array<std::uint32_t, spi_words> spi_active_elsewhere{}; // quirk: for PEs that do not exist
    std::array<std::array<std::uint8_t, sgi_count>, Pes> sgi_sources{}; // v2
    std::array<std::uint64_t, spi_slots> route{};                       // v3 IROUTER
    std::array<std::uint8_t, spi_slots> targets{};                      // v2 ITARGETSR
    std::array<std::uint8_t, Pes> waker{};                              // v3 GICR_WAKER
    std::uint32_t group_enable = 0;                                     // GICD_CTLR[1:0]

    constexpr bool operator==(const Distributor&) const = default;

    constexpr explicit Distributor(const Options& options) {
        for (Bank& bank : private_bank) {
            bank.edge = 0xffff;
            bank.enabled = options.sgis_always_enabled ? 0xffff : 0;
        }
    }

    [[nodiscard]] static constexpr bool exists(unsigned intid) { return intid < intids; }
    [[nodiscard]] constexpr Bank& bank(unsigned pe, unsigned word) {
        return word == 0 ? private_bank[pe] : spi_bank[word - 1];
    }
    [[nodiscard]] constexpr const Bank& bank(unsigned pe, unsigned word) const {
        return word == 0 ? private_bank[pe] : spi_bank[word - 1];
    }
    // Bits of a word that stand for an implemented INTID.
    [[nodiscard]] static constexpr std::uint32_t implemented(unsigned word) {
        if (word == 0) {
            return 0xffffffff;
        }
        if (word * 32 >= intids) {
            return 0;
        }
        const unsigned left = intids - word * 32;
        return left >= 32 ? 0xffffffff : (1U << left) - 1;
    }

    // --- state as registers show it
    [[nodiscard]] constexpr std::uint32_t latch_word(unsigned pe, unsigned word) const {
        return word == 0 ? private_latch[pe] : any_row(spi_latch, word - 1);
    }
    [[nodiscard]] constexpr std::uint32_t pending_word(unsigned pe, unsigned word) const {
        const Bank& b = bank(pe, word);
        return latch_word(pe, word) | (~b.edge & b.line);
    }
    [[nodiscard]] constexpr std::uint32_t active_word(unsigned pe, unsigned word) const {
        return word == 0 ? private_active[pe]
                         : any_row(spi_active, word - 1) | spi_active_elsewhere[word - 1];
    }

    // --- transitions
    // A change of an input line. Returns whether it was a change.
    constexpr bool set_line(const Options& options, unsigned pe, unsigned intid, bool level) {
        Bank& b = bank(pe, intid / 32);
        const std::uint32_t bit = 1U << (intid % 32);
        if (((b.line & bit) != 0) == level) {
            return false;
        }
        b.line ^= bit;
        if (level && (b.edge & bit) != 0) {
            set_latch(options, pe, intid / 32, bit);
        }
        return true;
    }

    constexpr void set_latch(const Options& options, unsigned pe, unsigned word,
                             std::uint32_t bits) {
        if (word == 0) {
            private_latch[pe] |= bits;
            return;
        }
        for (unsigned row = 0; row < Pes; ++row) {
            spi_latch[row][word - 1] |= options.quirks.has(Quirk::spi_latch_per_pe)
                                            ? targeted(options, row, word) & bits
                                        : row == 0 ? bits
                                                   : 0;
        }
    }

    constexpr void clear_latch(unsigned pe, unsigned word, std::uint32_t bits) {
        if (word == 0) {
            private_latch[pe] &= ~bits;
            return;
        }
        for (auto& row : spi_latch) {
            row[word - 1] &= ~bits;
        }
    }

    constexpr void set_active(const Options& options, unsigned pe, unsigned word,
                              std::uint32_t bits) {
        if (word == 0) {
            private_active[pe] |= bits;
            return;
        }
        const bool per_pe = options.quirks.has(Quirk::spi_active_per_pe);
        const unsigned rows = per_pe ? Pes : 1;
        spi_active_elsewhere[word - 1] |= per_pe ? bits : 0;
        for (unsigned row = 0; row < rows; ++row) {
            spi_active[row][word - 1] |= bits;
        }
    }

    constexpr void clear_active(unsigned pe, unsigned word, std::uint32_t bits) {
        if (word == 0) {
            private_active[pe] &= ~bits;
            return;
        }
        spi_active_elsewhere[word - 1] &= ~bits;
        for (auto& row : spi_active) {
            row[word - 1] &= ~bits;
        }
    }

    // DIR, or EOIR with EOImode 0, or a list register's deactivation, by this PE.
    constexpr void deactivate(const Options& options, unsigned pe, unsigned intid) {
        if (!exists(intid)) {
            return;
        }
        const std::uint32_t bit = 1U << (intid % 32);
        if (intid >= private_count && options.quirks.has(Quirk::spi_active_per_pe)) {
            spi_active[pe][intid / 32 - 1] &= ~bit;
            return;
        }
        clear_active(pe, intid / 32, bit);
    }

    // Pending -> active (and pending again if the line stays high). Returns the IAR value.
    constexpr unsigned acknowledge(const Options& options, unsigned pe, const Candidate& best) {
        const unsigned word = best.intid / 32;
        const std::uint32_t bit = 1U << (best.intid % 32);
        if (word == 0) {
            private_active[pe] |= bit;
            std::uint8_t* sources = best.intid < sgi_count ? &sgi_sources[pe][best.intid] : nullptr;
            if (options.generation == Generation::v2 && sources != nullptr) {
                *sources = static_cast<std::uint8_t>(*sources & ~(1U << best.source));
                private_latch[pe] &= *sources == 0 ? ~bit : ~0U;
                return best.intid | static_cast<unsigned>(best.source) << 10;
            }
            private_latch[pe] &= ~bit;
            return best.intid;
        }
        spi_active[options.quirks.has(Quirk::spi_active_per_pe) ? pe : 0][word - 1] |= bit;
        spi_latch[options.quirks.has(Quirk::spi_latch_per_pe) ? pe : 0][word - 1] &= ~bit;
        return best.intid;
    }

    constexpr void raise_sgi(unsigned target, unsigned intid, std::uint8_t sources) {
        sgi_sources[target][intid] =
            static_cast<std::uint8_t>(sgi_sources[target][intid] | sources);
        private_latch[target] |= 1U << intid;
    }

    // --- what the PE's CPU interface is offered: enabled, pending, not active, routed here.
    // `groups` is the mask of groups taken into account. Ties go to the lowest INTID. On v3 the
    // priority 0xff is never signalled.
    [[nodiscard]] constexpr Candidate best(const Options& options, unsigned pe,
                                           std::uint32_t groups) const {
        Candidate found;
        unsigned limit = options.generation == Generation::v3 ? 0xff : idle_priority;
        for (unsigned word = 0; word <= (Spis == 0 ? 0 : spi_words); ++word) {
            std::uint32_t bits = eligible(options, pe, word);
            const Bank& b = bank(pe, word);
            for (; bits != 0; bits &= bits - 1) {
                const auto index = static_cast<unsigned>(std::countr_zero(bits));
                const std::uint8_t group = b.group >> index & 1;
                if ((groups >> group & 1) != 0 && b.priority[index] < limit) {
                    limit = b.priority[index];
                    found.intid = static_cast<std::uint16_t>(word * 32 + index);
                    found.priority = b.priority[index];
                    found.group = group;
                }
            }
        }
        if (options.generation == Generation::v2 && found.intid < sgi_count) {
            found.source =
                static_cast<std::uint8_t>(std::countr_zero(sgi_sources[pe][found.intid]) & 7);
        }
        return found;
    }

    [[nodiscard]] constexpr std::uint32_t eligible(const Options& options, unsigned pe,
                                                   unsigned word) const {
        const Bank& b = bank(pe, word);
        const std::uint32_t level = ~b.edge & b.line;
        if (word == 0) {
            return b.enabled & (private_latch[pe] | level) & ~private_active[pe];
        }
        const unsigned latch_row = options.quirks.has(Quirk::spi_latch_per_pe) ? pe : 0;
        const unsigned active_row = options.quirks.has(Quirk::spi_active_per_pe) ? pe : 0;
        const std::uint32_t bits = b.enabled & (spi_latch[latch_row][word - 1] | level) &
                                   ~spi_active[active_row][word - 1];
        return bits == 0 ? 0 : bits & targeted(options, pe, word);
    }

    // SPIs of a word that go to this PE. v2 with one PE: all. v3: affinity 0.0.0.pe; IRM: PE 0.
    [[nodiscard]] constexpr std::uint32_t targeted(const Options& options, unsigned pe,
                                                   unsigned word) const {
        std::uint32_t bits = 0;
        for (unsigned i = 0; i < 32; ++i) {
            const unsigned spi = (word - 1) * 32 + i;
            const bool here = options.generation == Generation::v2
                                  ? Pes == 1 || (targets[spi] >> pe & 1) != 0
                                  : routed_to(route[spi]) == pe;
            bits |= here ? 1U << i : 0;
        }
        return bits;
    }

    [[nodiscard]] static constexpr std::uint64_t routed_to(std::uint64_t router) {
        constexpr std::uint64_t irm = std::uint64_t{1} << 31;
        return (router & irm) != 0 ? 0 : router;
    }

    // Feeds every member to a hash.
    constexpr void visit(auto&& mix) const {
        for (unsigned pe = 0; pe < Pes; ++pe) {
            private_bank[pe].visit(mix);
            mix(static_cast<std::uint64_t>(private_latch[pe]) << 32 | private_active[pe]);
            for (unsigned word = 0; word < spi_words; ++word) {
                mix(static_cast<std::uint64_t>(spi_latch[pe][word]) << 32 | spi_active[pe][word]);
            }
            for (const std::uint8_t sources : sgi_sources[pe]) {
                mix(sources);
            }
            mix(waker[pe]);
        }
        for (const Bank& shared : spi_bank) {
            shared.visit(mix);
        }
        for (unsigned spi = 0; spi < Spis; ++spi) {
            mix(route[spi] << 8 | targets[spi]);
        }
        for (const std::uint32_t word : spi_active_elsewhere) {
            mix(word);
        }
        mix(group_enable);
    }

private:
    template <class Rows>
    [[nodiscard]] static constexpr std::uint32_t any_row(const Rows& rows, unsigned index) {
        std::uint32_t bits = 0;
        for (const auto& row : rows) {
            bits |= row[index];
        }
        return bits;
    }
};

} // namespace hyp::model
