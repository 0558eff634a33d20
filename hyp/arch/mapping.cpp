// SPDX-License-Identifier: Apache-2.0
#include "hyp/arch/mapping.hpp"

#include "hyp/arch/percpu.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/arch/tables.hpp"

#include <cstring>

namespace hyp {

[[gnu::section(".noinit")]] BootBlock boot_blocks[max_pcpus];

} // namespace hyp

namespace hyp::mapping {

namespace {

constexpr u64 slot_size = 512 * mib;
constexpr unsigned slot_entries = slot_size / stage1::block_size;

constinit Regime regime = Regime::el2;
constinit Pa image_base{};

void flush_translations() {
    hyp::barrier::dsb_ish(); // the cleared entries are visible to the walker before the TLBI
    if (regime == Regime::el2) {
        asm volatile("tlbi alle2" ::: "memory");
    } else {
        asm volatile("tlbi vmalle1" ::: "memory");
    }
    hyp::barrier::dsb_ish(); // no stale translation is left
    hyp::barrier::isb();     // nor prefetched by one
}

void publish_entries() {
    hyp::barrier::dsb_ish(); // new entries (invalid before: no TLBI) are visible to the walker
    hyp::barrier::isb();     // before any access through them
}

[[gnu::section(".noinit")]] PcpuTables other_tables[max_pcpus - 1];

// Whose are changed: the boot pCPU's own but within make_map().
constinit PcpuTables* edited = &boot_storage.own;

// Behind one entry of every pCPU's level 2: what is mapped here later, all see.
alignas(stage1::page_size) constinit u64 forwarded3[stage1::entries]{};

void set_device_page(u64 va, u64 descriptor) {
    u64* const table = va < HYP_DEVICES_VA ? forwarded3 : edited->devices3;
    table[stage1::index(3, va)] = descriptor;
}

[[nodiscard]] u64* own_window() {
    const u32 pcpu = this_cpu().index;
    return pcpu == 0 ? boot_storage.own.window2 : other_tables[pcpu - 1].window2;
}

} // namespace

void set_regime(Regime chosen) {
    regime = chosen;
}

void map_device_page(u64 va, Pa pa) {
    set_device_page(va, stage1::page(pa, regime, Rights::read_write, Memory::device));
    publish_entries();
}

void map_device(u64 va, Pa pa, u64 bytes) {
    for (u64 offset = 0; offset < bytes; offset += stage1::page_size) {
        map_device_page(va + offset, pa + offset);
    }
}

void unmap_device_page(u64 va) {
    set_device_page(va, 0);
    flush_translations();
}

Pa pa_in_image(const void* object) {
    return Pa{reinterpret_cast<u64>(object) - HYP_IMAGE_VA + image_base.value()};
}

void map_percpu(const void* page) {
    set_device_page(HYP_PERCPU_VA,
                    stage1::page(pa_in_image(page), regime, Rights::read_write, Memory::normal));
    publish_entries();
}

void make_map(u32 pcpu, const void* percpu_page, Pa redistributor) {
    PcpuTables& tables = other_tables[pcpu - 1];
    u64* const level0 = boot_blocks[pcpu].level0;
    std::memcpy(level0, boot_storage.level0, sizeof boot_blocks[pcpu].level0);
    std::memcpy(&tables, &boot_storage.own, sizeof tables);
    const u64 base = image_base.value();
    const auto table_of = [offset = base - HYP_IMAGE_VA](const u64* entries) {
        return stage1::table(Pa{reinterpret_cast<u64>(entries) + offset});
    };
    level0[stage1::index(0, base)] = table_of(boot_storage.identity1); // as early.cpp left it
    level0[stage1::index(0, HYP_IMAGE_VA)] = table_of(tables.level1);
    tables.level1[stage1::index(1, HYP_IMAGE_VA)] = table_of(tables.level2);
    tables.level1[stage1::index(1, HYP_WINDOW_VA)] = table_of(tables.window2);
    tables.level2[stage1::index(2, HYP_DEVICES_VA)] = table_of(tables.devices3);
    edited = &tables;
    map_percpu(percpu_page);
    map_device(HYP_GICR_VA, redistributor, redistributor.value() == 0 ? 0 : HYP_GICR_SIZE);
    edited = &boot_storage.own;
}

void set_image_pa(Pa pa) {
    image_base = pa;
    boot_storage.own.level2[stage1::index(2, HYP_FORWARDED_VA)] =
        stage1::table(pa_in_image(forwarded3));
}

void drop_identity() {
    boot_storage.level0[stage1::index(0, image_base.value())] = 0;
    flush_translations();
}

void drop_own_identity(u32 pcpu) {
    boot_blocks[pcpu].level0[stage1::index(0, image_base.value())] = 0;
    flush_translations();
}

void map_identity(Pa block) {
    const u64 base = block.value();
    boot_storage.level0[stage1::index(0, base)] =
        stage1::table(pa_in_image(boot_storage.identity1));
    boot_storage.identity1[stage1::index(1, base)] =
        stage1::table(pa_in_image(boot_storage.identity2));
    boot_storage.identity2[stage1::index(2, base)] =
        stage1::block(block, regime, Rights::read_execute, Memory::normal);
    publish_entries();
}

u8* map_window(WindowSlot slot, Pa pa, u64 size) {
    const Pa from = pa.align_down(stage1::block_size);
    const u64 span = (pa + size).align_up(stage1::block_size) - from;
    if (span > slot_size) {
        return nullptr;
    }
    const unsigned first = slot == WindowSlot::source ? 0 : slot_entries;
    const Rights rights = slot == WindowSlot::source ? Rights::read : Rights::read_write;
    u64* const window = own_window();
    for (u64 offset = 0; offset < span; offset += stage1::block_size) {
        window[first + offset / stage1::block_size] =
            stage1::block(from + offset, regime, rights, Memory::normal);
    }
    publish_entries();
    return reinterpret_cast<u8*>(HYP_WINDOW_VA + first * stage1::block_size + (pa - from));
}

void unmap_window(WindowSlot slot) {
    const unsigned first = slot == WindowSlot::source ? 0 : slot_entries;
    u64* const window = own_window();
    for (unsigned i = 0; i < slot_entries && window[first + i] != 0; ++i) {
        window[first + i] = 0;
    }
    flush_translations();
}

} // namespace hyp::mapping
