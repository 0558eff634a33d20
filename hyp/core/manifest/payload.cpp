// SPDX-License-Identifier: Apache-2.0
// The payload hash, alone and while copying. Eight words a round: the loop's own instructions are
// then a small part, and g++ makes pairs of the loads and stores.
#include "hyp/core/manifest/manifest.hpp"

#include <bit>
#include <utility>

namespace hyp {

namespace {

constexpr usize round_words = 8;
constexpr u64 multiplier = 0x9e37'79b9'7f4a'7c15;

[[gnu::always_inline]] inline u64 step(u64 state, u64 word) {
    return (word ^ std::rotr(state, 29)) * multiplier;
}

// The last `count` (1 to 7) bytes as a word.
u64 tail_word(const u64* from, usize count) {
    const auto* bytes = static_cast<const u8*>(static_cast<const void*>(from));
    u64 word = 0;
    for (usize i = 0; i < count; ++i) {
        word |= u64{bytes[i]} << (8 * i);
    }
    return word;
}

enum class Mode : u8 { hash, copy };

// A round written out: at -O2 g++ does not unroll, and a loop would spill the words to the stack.
template <Mode mode, usize... n>
[[gnu::always_inline]] inline u64 hash_round(u64 state, u64* to, const u64* from,
                                             std::index_sequence<n...>) {
    const u64 word[] = {from[n]...};
    ((state = step(state, word[n])), ...);
    if constexpr (mode == Mode::copy) {
        ((to[n] = word[n]), ...);
    }
    return state;
}

template <Mode mode>
u64 run(u64 state, u64* to, const u64* from, usize length) {
    usize words = length / 8;
    for (; words >= round_words; words -= round_words) {
        state = hash_round<mode>(state, to, from, std::make_index_sequence<round_words>{});
        from += round_words;
        if constexpr (mode == Mode::copy) {
            to += round_words;
        }
    }
    const bool ragged = length % 8 != 0;
    for (usize i = 0; i < words + (ragged ? 1 : 0); ++i) {
        const u64 word = i < words ? from[i] : tail_word(from + i, length % 8);
        state = step(state, word);
        if constexpr (mode == Mode::copy) {
            to[i] = word;
        }
    }
    return state;
}

} // namespace

u64 finish_hash(u64 state, usize length) {
    const u64 hash = length ^ std::rotr(state, 29);
    return hash ^ hash >> 32;
}

u64 payload_hash(const void* data, usize length) {
    return finish_hash(run<Mode::hash>(0, nullptr, static_cast<const u64*>(data), length), length);
}

u64 copy_piece(u64 state, void* to, const void* from, usize length) {
    return run<Mode::copy>(state, static_cast<u64*>(to), static_cast<const u64*>(from), length);
}

} // namespace hyp
