// SPDX-License-Identifier: Apache-2.0
// The hash by which the explorations know a state.
#pragma once

#include "hyp/core/base/types.hpp"

#include <cstring>

namespace hyp::test {

class Hash {
public:
    explicit Hash(u64 seed) : value_{seed} {}
    void mix(u64 word) {
        value_ = (value_ ^ word) * 0x9e37'79b9'7f4a'7c15;
        value_ ^= value_ >> 29U;
    }
    // `size` is a multiple of 8.
    void mix_bytes(const void* bytes, usize size) {
        const auto* from = static_cast<const unsigned char*>(bytes);
        for (usize i = 0; i + 8 <= size; i += 8) {
            u64 word = 0;
            std::memcpy(&word, from + i, 8);
            mix(word);
        }
    }
    [[nodiscard]] u64 value() const { return value_; }

private:
    u64 value_;
};

} // namespace hyp::test
