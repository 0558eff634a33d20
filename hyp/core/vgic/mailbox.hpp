// SPDX-License-Identifier: Apache-2.0
// What other pCPUs have for a vCPU. They never touch its list registers: they post here and, if the
// vCPU runs, kick its pCPU. Posts of one kind merge.
//
// Order (DDI 0487, B2.3): post, then DMB ISH, then look whether the vCPU runs; a vCPU that goes to
// sleep says so, then DMB ISH, then looks here once more. With less, a wake-up can be lost.
#pragma once

#include "hyp/core/base/intid.hpp"
#include "hyp/core/base/shared_word.hpp"
#include "hyp/core/vgic/intid_set.hpp"

#include <array>

namespace hyp {

// What is asked of a vCPU for one SPI, in the order in which it is done.
enum class Request : u8 {
    look,     // its word has changed
    drop,     // another vCPU cleared its pending state, which its list register still has
    activate, // another vCPU made it active, which has it pending
    end,      // another vCPU deactivated it
};
inline constexpr unsigned requests = 4;

class alignas(256) Mailbox {
public:
    // ICC_SGI1R_EL1 for the SGI that tells the vCPU's home of a direct post, 0: there is none. At
    // start-up, and when the vCPU moves.
    void set_bell(u64 bell) { bell_ = bell; }
    [[nodiscard]] u64 bell() const { return bell_; }
    // An SGI of Group 1 on GICv3, by the fast path. True: as for the others, but by the bell.
    [[nodiscard, gnu::always_inline]] bool post_direct(u32 sgi) {
        return direct_.fetch_or(1U << sgi) == 0;
    }
    // What was posted directly; `has_more`: there is more than that.
    [[nodiscard, gnu::always_inline]] bool has_more() const { return marks_.load() != 0; }
    [[nodiscard, gnu::always_inline]] u32 take_direct() { return direct_.exchange(0); }
    [[gnu::always_inline]] void put_back(u32 direct) { direct_.fetch_or(direct); }

    // Each returns true if nothing was posted before: then the poster has to kick.
    bool post(Request request, VIntid spi) {
        const unsigned word = spi.value() / 32 - 1;
        asked_[static_cast<u8>(request)][word].fetch_or(IntidSet::bit(spi));
        return mark(request_mark + static_cast<u8>(request));
    }
    // `senders` as VcpuIrqs::receive_sgi() takes them.
    bool post_sgi(VIntid sgi, u8 senders) {
        sgis_[sgi.value() / 4].fetch_or(u32{senders} << (sgi.value() % 4 * 8));
        return mark(sgi_mark);
    }
    // The group enables of the VM have changed.
    bool post_all() { return mark(all_mark); }
    // vCPU `from` (its number in the VM) wants to know what this one's list registers hold; vCPU
    // `from` has published that.
    bool post_question(u8 from) { return post_talk(1U << from); }
    bool post_answer(u8 from) { return post_talk(0x100U << from); }

    [[nodiscard]] bool is_empty() const { return marks_.load() == 0 && direct_.load() == 0; }

    // Empties the box. on_sgi(VIntid, u8 senders), on_spi(Request, VIntid), on_all(); and last, when
    // all else is done, on_talk(u8 askers, u8 answerers), a bit for each vCPU.
    template <class OnSgi, class OnSpi, class OnAll, class OnTalk>
    void take(OnSgi on_sgi, OnSpi on_spi, OnAll on_all, OnTalk on_talk) {
        if (is_empty()) {
            return;
        }
        constexpr u8 group1 = 2;
        for (u32 rest = direct_.exchange(0); rest != 0; rest &= rest - 1) {
            on_sgi(VIntid{static_cast<u32>(__builtin_ctz(rest))}, group1);
        }
        const u32 marks = marks_.exchange(0);
        if ((marks >> all_mark & 1U) != 0) {
            on_all();
        }
        for (u32 quad = 0; (marks >> sgi_mark & 1U) != 0 && quad < sgis_.size(); ++quad) {
            u32 senders = sgis_[quad].exchange(0);
            for (u32 sgi = quad * 4; senders != 0; ++sgi, senders >>= 8U) {
                if ((senders & 0xffU) != 0) {
                    on_sgi(VIntid{sgi}, static_cast<u8>(senders));
                }
            }
        }
        for (u32 rest = marks >> request_mark; rest != 0; rest &= rest - 1) {
            const unsigned n = static_cast<unsigned>(__builtin_ctz(rest));
            for (unsigned word = 0; word < spi_words; ++word) {
                const u32 spis = asked_[n][word].load() != 0 ? asked_[n][word].exchange(0) : 0;
                for_each_intid(word + 1, spis,
                               [&](VIntid spi) { on_spi(static_cast<Request>(n), spi); });
            }
        }
        if ((marks >> talk_mark & 1U) != 0) {
            const u32 talk = talk_.exchange(0);
            on_talk(static_cast<u8>(talk), static_cast<u8>(talk >> 8U));
        }
    }

    friend bool operator==(const Mailbox&, const Mailbox&) = default;

private:
    static constexpr unsigned spi_words = guest_words - 1;
    static constexpr unsigned sgi_mark = 0;
    static constexpr unsigned all_mark = 1;
    static constexpr unsigned talk_mark = 2;
    static constexpr unsigned request_mark = 3; // of the first kind

    // The content is written before its mark.
    [[nodiscard]] bool mark(unsigned bit) { return marks_.fetch_or(1U << bit) == 0; }
    [[nodiscard]] bool post_talk(u32 bits) {
        talk_.fetch_or(bits);
        return mark(talk_mark);
    }

    SharedWord marks_{};  // litmus: content-before-mark
    SharedWord direct_{}; // SGIs, a bit each. litmus: kick
    u64 bell_ = 0;
    std::array<SharedWord, 4> sgis_{}; // a byte of senders for each SGI
    std::array<std::array<SharedWord, spi_words>, requests> asked_{};
    SharedWord talk_{}; // litmus: content-before-mark; bits 7:0 who asks, 15:8 who has answered
    std::array<u32, 23> unused_{};
};

} // namespace hyp
