// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/mm/stage2.hpp"

namespace hyp {

namespace {

constexpr unsigned entries = 512;
constexpr u32 root_pages = 2;

[[nodiscard]] constexpr Stage2Descriptor leaf_at(Pa pa, LeafKind kind, Stage2Memory memory) {
    switch (memory) {
    case Stage2Memory::ram: return stage2_ram(pa, kind);
    case Stage2Memory::device: return stage2_device(pa, kind);
    }
    __builtin_unreachable();
}

// Where a valid descriptor leads: the next table, or what a leaf maps.
[[nodiscard]] constexpr u64 output_of(u64 entry) {
    return Stage2Descriptor{entry}.get<Stage2Descriptor::Address>() << 12;
}

// At levels 1 and 2.
[[nodiscard]] constexpr bool is_block(u64 entry) {
    return !Stage2Descriptor{entry}.get<Stage2Descriptor::TableOrPage>();
}

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
    return pool_.words + (output_of(descriptor) - pool_.base.value()) / sizeof(u64);
}

Result<u64> Stage2::new_table() {
    if (used_ == pool_.count) {
        return Error{"no page is left for the VM's stage-2 tables"};
    }
    u64* words = pool_.words + u64{used_} * entries;
    for (unsigned i = 0; i < entries; ++i) {
        words[i] = 0;
    }
    const u64 descriptor = stage2_table(pool_.base + used_ * page).raw();
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
        } else if (is_block(entry)) {
            return Error{"two mappings of a VM overlap"};
        }
        table = table_words(entry);
    }
    u64& leaf = table[index_of(level, ipa)];
    if (leaf != 0) {
        return Error{"two mappings of a VM overlap"};
    }
    leaf = leaf_at(Pa{pa}, level == 3 ? LeafKind::page : LeafKind::block, memory).raw();
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
        if (level == 3 || is_block(entry)) {
            const u64 within = ipa.value() & (span_of(level) - 1);
            return Pa{(output_of(entry) & ~(span_of(level) - 1)) | within};
        }
        table = table_words(entry);
    }
    return Error{"not mapped"};
}

} // namespace hyp
