// SPDX-License-Identifier: Apache-2.0
// The payload hash against its definition in manifest.hpp, written out here word by word, and
// against values that were computed outside this program.
#include "hyp/core/manifest/manifest.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

using namespace hyp;

namespace {

u64 by_definition(const std::vector<u8>& bytes) {
    u64 state = 0;
    for (usize at = 0; at < bytes.size(); at += 8) {
        u64 word = 0;
        for (usize i = 0; i < 8 && at + i < bytes.size(); ++i) {
            word |= u64{bytes[at + i]} << (8 * i);
        }
        state = (word ^ (state >> 29 | state << 35)) * 0x9e37'79b9'7f4a'7c15;
    }
    const u64 hash = bytes.size() ^ (state >> 29 | state << 35);
    return hash ^ hash >> 32;
}

std::vector<u8> sample(usize size) {
    std::vector<u8> bytes(size);
    u64 state = size;
    for (u8& byte : bytes) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        byte = static_cast<u8>(state >> 56);
    }
    return bytes;
}

} // namespace

TEST_CASE("payload_hash is what manifest.hpp says, at every length", "[manifest]") {
    for (usize size = 0; size < 300; ++size) {
        const std::vector<u8> bytes = sample(size);
        INFO(size);
        REQUIRE(payload_hash(bytes.data(), size) == by_definition(bytes));
    }
}

TEST_CASE("payload_hash test vectors", "[manifest]") {
    alignas(8) const char text[] = "handed over, never dropped";
    CHECK(payload_hash(text, 0) == 0);
    CHECK(payload_hash(text, 1) == 0xb213'4442'8658'de9e);
    CHECK(payload_hash(text, 8) == 0xa262'ec47'4eef'9684);
    CHECK(payload_hash(text, 26) == 0xe86e'6fb6'ad54'428a);
}

TEST_CASE("each single bit and each swap of words changes the hash", "[manifest]") {
    std::vector<u8> bytes = sample(203);
    const u64 good = payload_hash(bytes.data(), bytes.size());
    for (usize bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<u8>(1U << bit % 8);
        REQUIRE(payload_hash(bytes.data(), bytes.size()) != good);
        bytes[bit / 8] ^= static_cast<u8>(1U << bit % 8);
    }
    for (usize at = 0; at + 16 <= bytes.size(); at += 8) {
        std::vector<u8> swapped = bytes;
        std::memcpy(&swapped[at], &bytes[at + 8], 8);
        std::memcpy(&swapped[at + 8], &bytes[at], 8);
        REQUIRE(payload_hash(swapped.data(), swapped.size()) != good);
    }
    // Trailing zeroes count, and so do damages that cancel out in a sum.
    std::vector<u8> longer = bytes;
    longer.push_back(0);
    CHECK(payload_hash(longer.data(), longer.size()) != good);
    bytes[7] ^= 0x80;
    bytes[15] ^= 0x80;
    CHECK(payload_hash(bytes.data(), bytes.size()) != good);
}

TEST_CASE("copy_piece copies, hashes, and fills the last word with zeroes", "[manifest]") {
    for (usize size = 0; size < 300; ++size) {
        const std::vector<u8> bytes = sample(size);
        std::vector<u8> copy((size + 7) / 8 * 8 + 8, 0xaa);
        INFO(size);
        const u64 state = copy_piece(0, copy.data(), bytes.data(), size);
        REQUIRE(finish_hash(state, size) == by_definition(bytes));
        REQUIRE((size == 0 || std::memcmp(copy.data(), bytes.data(), size) == 0));
        for (usize at = size; at < copy.size(); ++at) {
            REQUIRE(copy[at] == (at < (size + 7) / 8 * 8 ? 0 : 0xaa));
        }
    }
}

TEST_CASE("a payload copied in pieces is the same, with the same hash", "[manifest]") {
    for (const usize piece : {usize{8}, usize{24}, usize{64}, usize{104}}) {
        for (usize size = 0; size < 300; ++size) {
            const std::vector<u8> bytes = sample(size);
            std::vector<u8> copy((size + 7) / 8 * 8, 0xaa);
            u64 state = 0;
            for (usize at = 0; at < size; at += piece) {
                const usize length = size - at < piece ? size - at : piece;
                state = copy_piece(state, copy.data() + at, bytes.data() + at, length);
            }
            INFO(piece << " of " << size);
            REQUIRE(finish_hash(state, size) == by_definition(bytes));
            REQUIRE((size == 0 || std::memcmp(copy.data(), bytes.data(), size) == 0));
        }
    }
}
