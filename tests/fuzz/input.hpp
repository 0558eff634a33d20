// SPDX-License-Identifier: Apache-2.0
// What the libFuzzer targets share: the input as a stream of numbers, the check whose failure is a
// find, and a place for bytes of which not one more may be read.
#pragma once

#include "hyp/core/base/types.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <vector>

// libFuzzer's entry: one call for each input; returns 0.
extern "C" int LLVMFuzzerTestOneInput(const hyp::u8* data, hyp::usize size);

namespace fuzz {

using Bytes = std::vector<hyp::u8>;

// Ends the run with the name of the check: libFuzzer keeps the input that came so far.
inline void require(bool condition, const char* check) {
    if (!condition) {
        std::fprintf(stderr, "the check failed: %s\n", check);
        std::abort();
    }
}

// Numbers from the front of the input; zeroes when it is used up.
class Input {
public:
    Input(const hyp::u8* data, hyp::usize size) : data_{data}, left_{size} {}

    [[nodiscard]] bool empty() const { return left_ == 0; }
    // Little-endian, `bytes` of 1 to 8.
    [[nodiscard]] hyp::u64 number(unsigned bytes) {
        hyp::u64 value = 0;
        for (unsigned i = 0; i < bytes && left_ != 0; ++i, --left_) {
            value |= hyp::u64{*data_++} << (8 * i);
        }
        return value;
    }
    [[nodiscard]] hyp::u8 byte() { return static_cast<hyp::u8>(number(1)); }
    [[nodiscard]] hyp::u32 word() { return static_cast<hyp::u32>(number(4)); }
    [[nodiscard]] hyp::u64 dword() { return number(8); }
    [[nodiscard]] hyp::u32 below(hyp::u32 limit) { return byte() % limit; }
    [[nodiscard]] Bytes take(hyp::usize count) {
        const hyp::usize have = count < left_ ? count : left_;
        Bytes bytes(data_, data_ + have);
        data_ += have;
        left_ -= have;
        return bytes;
    }
    [[nodiscard]] Bytes rest() { return take(left_); }

private:
    const hyp::u8* data_;
    hyp::usize left_;
};

// Two copies of the same bytes, both aligned to 8: a block of the heap with its exact size, whose
// ends the sanitizer guards for instrumented code, and one that ends (but for rounding) at a page
// that nobody can read, for libfdt, which is not instrumented.
class Places {
public:
    explicit Places(const Bytes& bytes) : size_{bytes.size()} {
        heap_ = std::malloc(size_);
        hyp::u8* end = wall() - (size_ + 7) / 8 * 8;
        guarded_ = end;
        if (size_ != 0) {
            std::memcpy(heap_, bytes.data(), size_);
            std::memcpy(end, bytes.data(), size_);
        }
    }
    Places(const Places&) = delete;
    Places& operator=(const Places&) = delete;
    ~Places() { std::free(heap_); }

    [[nodiscard]] const void* heap() const { return heap_; }
    [[nodiscard]] const void* guarded() const { return guarded_; }
    [[nodiscard]] hyp::usize size() const { return size_; }
    // Inputs longer than this are not taken.
    static constexpr hyp::usize limit = 1024 * 1024;

private:
    // The unreadable page behind the one mapping that all inputs use.
    [[nodiscard]] static hyp::u8* wall() {
        static hyp::u8* const end = [] {
            void* map = mmap(nullptr, limit + 4096, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            require(map != MAP_FAILED, "memory for the guarded place");
            hyp::u8* page = static_cast<hyp::u8*>(map) + limit;
            require(mprotect(page, 4096, PROT_NONE) == 0, "the guarded place is guarded");
            return page;
        }();
        return end;
    }

    hyp::usize size_;
    void* heap_ = nullptr;
    void* guarded_ = nullptr;
};

// Is `text` a C string that lies inside `bytes` at `begin`, or outside it altogether (a literal)?
[[nodiscard]] inline bool is_string_of(const char* text, const void* begin, hyp::usize size) {
    const char* first = static_cast<const char*>(begin);
    if (text < first || text >= first + size) {
        return text != nullptr;
    }
    return std::memchr(text, 0, static_cast<hyp::usize>(first + size - text)) != nullptr;
}

} // namespace fuzz
