// SPDX-License-Identifier: Apache-2.0
#include "tables.hpp"

namespace guest::registers {
namespace {

// Descriptors for the 4 KiB granule (DDI 0487): attribute 0 is Device, 1 is uncached.
constexpr std::uint64_t table = 3;
constexpr std::uint64_t block = 1;
constexpr std::uint64_t page = 3;
constexpr std::uint64_t accessed = 1 << 10;
constexpr std::uint64_t normal = 1 << 2;
constexpr std::uint64_t gib = 1 << 30;

constexpr std::uint64_t alias = 8 * gib;

struct alignas(4096) Page {
    std::uint64_t words[512];
};
constinit Page level1{};
constinit Page level2{};
constinit Page level3{};
constinit Page pages[2]{};

std::uint64_t address_of(const Page& what) {
    return reinterpret_cast<std::uintptr_t>(&what);
}

} // namespace

std::uint64_t make_tables(std::uint64_t pattern) {
    level1.words[0] = block | accessed;
    level1.words[1] = gib | block | accessed | normal;
    level1.words[alias / gib] = address_of(level2) | table;
    level2.words[0] = address_of(level3) | table;
    level3.words[0] = address_of(pages[pattern & 1]) | page | accessed | normal;
    pages[pattern & 1].words[0] = pattern;
    pages[1 - (pattern & 1)].words[0] = ~pattern;
    asm volatile("dsb sy\n\ttlbi vmalle1\n\tdsb sy\n\tisb" : : : "memory");
    return address_of(level1);
}

bool sees_own_page(std::uint64_t pattern) {
    std::uint64_t value;
    asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(alias) : "memory");
    return value == pattern;
}

} // namespace guest::registers
