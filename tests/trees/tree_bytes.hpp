// SPDX-License-Identifier: Apache-2.0
// Device trees for tests: from a file, or from source through dtc; and a place for them that ends
// at an unreadable page, so that reading past the end is seen even inside libfdt, which is built
// without sanitizers.
#pragma once

#include "hyp/core/base/types.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <iterator>
#include <libfdt.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace trees {

using Bytes = std::vector<hyp::u8>;

inline Bytes file(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

// A tree of build/trees, without the free space that QEMU leaves in it.
inline Bytes machine(const std::string& name) {
    Bytes bytes = file("build/trees/" + name + ".dtb");
    INFO("build/trees/" << name << ".dtb comes from scripts/fetch_trees.sh; run from the top");
    REQUIRE(bytes.size() > sizeof(fdt_header));
    REQUIRE(fdt_pack(bytes.data()) == 0);
    bytes.resize(fdt_totalsize(bytes.data()));
    return bytes;
}

// What dtc makes of `source`, "/dts-v1/;" included here.
inline Bytes compiled(const std::string& source) {
    const std::string base = "build/trees/compiled-" + std::to_string(getpid());
    std::ofstream{base + ".dts"} << "/dts-v1/;\n" << source;
    const std::string command = "dtc -q -f -I dts -O dtb -o " + base + ".dtb " + base + ".dts";
    const int status = std::system(command.c_str());
    Bytes bytes = file(base + ".dtb");
    unlink((base + ".dts").c_str());
    unlink((base + ".dtb").c_str());
    INFO(source);
    REQUIRE(status == 0);
    return bytes;
}

// Holds `bytes` so that they end at most 7 bytes before an unreadable page, aligned to 8.
class Guarded {
public:
    explicit Guarded(hyp::usize most) {
        const hyp::usize pages = (most + page - 1) / page + 1;
        length_ = (pages + 1) * page;
        map_ = mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(map_ != MAP_FAILED);
        end_ = static_cast<hyp::u8*>(map_) + pages * page;
        REQUIRE(mprotect(end_, page, PROT_NONE) == 0);
    }
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;
    ~Guarded() { munmap(map_, length_); }

    [[nodiscard]] const hyp::u8* hold(const hyp::u8* bytes, hyp::usize size) {
        hyp::u8* place = end_ - (size + 7) / 8 * 8;
        if (size != 0) {
            std::memcpy(place, bytes, size);
        }
        return place;
    }

private:
    static constexpr hyp::usize page = 4096;
    void* map_ = nullptr;
    hyp::usize length_ = 0;
    hyp::u8* end_ = nullptr;
};

// Damages `bytes` in one of the ways that matter to a reader of trees; the same for the same seed.
class Damage {
public:
    explicit Damage(hyp::u64 seed) : state_{seed * 2 + 1} {}

    [[nodiscard]] hyp::u64 below(hyp::u64 limit) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return (state_ >> 33) % limit;
    }
    void apply(Bytes& bytes) {
        // Lengths that wrap, tags, and what a cleared or unprogrammed memory reads as.
        constexpr hyp::u32 words[] = {0,           1,           2,           3,
                                      4,           9,           0x7fff'ffff, 0xffff'ffff,
                                      0xffff'fff8, 0xffff'fff0, 0x8000'0000, 0x40};
        const hyp::u64 count = 1 + below(4);
        for (hyp::u64 i = 0; i < count; ++i) {
            if (below(2) == 0) {
                bytes[below(bytes.size())] ^= static_cast<hyp::u8>(1U << below(8));
            } else {
                const hyp::u32 word = __builtin_bswap32(words[below(std::size(words))]);
                std::memcpy(bytes.data() + below(bytes.size() / 4) * 4, &word, sizeof word);
            }
        }
    }

private:
    hyp::u64 state_;
};

} // namespace trees
