// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/mm/stage2.hpp"

namespace hyp {

namespace {

constexpr unsigned entries = 512;
constexpr u32 root_pages = 2;
constexpr u64 type_mask = 3;
constexpr u64 type_block = 1;
constexpr u64 type_table_or_page = 3;
constexpr u64 output_mask = 0x0000'ffff'ffff'f000;

// DDI 0487, stage-2 block and page descriptors.
constexpr u64 access_flag = u64{1} << 10;
constexpr u64 inner_shareable = u64{3} << 8;
constexpr u64 read_write = u64{3} << 6;
constexpr u64 write_back = u64{0xf} << 2;
constexpr u64 device_ngnre = u64{1} << 2;
constexpr u64 execute_never = u64{1} << 54;

[[nodiscard]] constexpr u64 attributes(Stage2Memory memory) {
    switch (memory) {
    case Stage2Memory::ram: return access_flag | inner_shareable | read_write | write_back;
    case Stage2Memory::device: return access_flag | read_write | device_ngnre | execute_never;
    }
    __builtin_unreachable();
}

static_assert((0x40000000 | attributes(Stage2Memory::ram) | type_block) == 0x400007fd);

[[nodiscard]] constexpr u64 span_of(unsigned level) {
    return u64{1} << (39 - 9 * level);
}

// Level 1 may hold two tables side by side: its index has one bit more.
[[nodiscard]] constexpr unsigned index_of(unsigned level, u64 ipa) {
    const unsigned limit = level == 1 ? root_pages * entries : entries;
    return static_cast<unsigned>(ipa >> (39 - 9 * level)) & (limit - 1);
}

} // namespace

Stage2::Stage2(Stage2Pool pool, u32 address_bits)
    : pool_{pool}, used_{root_pages}, address_bits_{address_bits} {
    for (unsigned i = 0; i < root_pages * entries; ++i) {
        pool_.words[i] = 0;
    }
}

u64* Stage2::table_words(u64 descriptor) const {
    return pool_.words + ((descriptor & output_mask) - pool_.base.value()) / sizeof(u64);
}

Result<u64> Stage2::new_table() {
    if (used_ == pool_.count) {
        return Error{"no page is left for the VM's stage-2 tables"};
    }
    u64* words = pool_.words + u64{used_} * entries;
    for (unsigned i = 0; i < entries; ++i) {
        words[i] = 0;
    }
    const u64 descriptor = (pool_.base + used_ * page).value() | type_table_or_page;
    ++used_;
    return descriptor;
}

Status Stage2::map_one(u64 ipa, u64 pa, unsigned level, Stage2Memory memory) {
    u64* table = pool_.words;
    for (unsigned at = 1; at < level; ++at) {
        u64& entry = table[index_of(at, ipa)];
        if (entry == 0) {
            const Result<u64> fresh = new_table();
            if (!fresh.ok()) {
                return fresh.error();
            }
            entry = fresh.value();
        } else if ((entry & type_mask) == type_block) {
            return Error{"two mappings of a VM overlap"};
        }
        table = table_words(entry);
    }
    u64& leaf = table[index_of(level, ipa)];
    if (leaf != 0) {
        return Error{"two mappings of a VM overlap"};
    }
    leaf = pa | attributes(memory) | (level == 3 ? type_table_or_page : type_block);
    return Done{};
}

Status Stage2::map(Ipa ipa, Pa pa, u64 size, Stage2Memory memory) {
    if (((ipa.value() | pa.value() | size) & (page - 1)) != 0) {
        return Error{"a mapping of a VM is not made of whole pages"};
    }
    const u64 limit = u64{1} << address_bits_;
    if (size > limit || ipa.value() > limit - size) {
        return Error{"a mapping of a VM lies outside its address space"};
    }
    u64 done = 0;
    while (done < size) {
        const u64 from = ipa.value() + done;
        const u64 to = pa.value() + done;
        unsigned level = 1;
        while (level < 3 &&
               (((from | to) & (span_of(level) - 1)) != 0 || size - done < span_of(level))) {
            ++level;
        }
        const Status one = map_one(from, to, level, memory);
        if (!one.ok()) {
            return one;
        }
        done += span_of(level);
    }
    return Done{};
}

Result<Pa> Stage2::translate(Ipa ipa) const {
    if (ipa.value() >> address_bits_ != 0) {
        return Error{"outside the address space"};
    }
    const u64* table = pool_.words;
    for (unsigned level = 1; level <= 3; ++level) {
        const u64 entry = table[index_of(level, ipa.value())];
        if (entry == 0) {
            return Error{"not mapped"};
        }
        if (level == 3 || (entry & type_mask) == type_block) {
            const u64 within = ipa.value() & (span_of(level) - 1);
            return Pa{(entry & output_mask & ~(span_of(level) - 1)) | within};
        }
        table = table_words(entry);
    }
    return Error{"not mapped"};
}

} // namespace hyp
