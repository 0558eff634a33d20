// SPDX-License-Identifier: Apache-2.0
// Fills the first translation tables, with the MMU still off: an identity map of the image for the
// moment of the switch, and the image at its virtual address by pages, each with the least rights.
//
// Runs at the physical address, so it must be PC-relative throughout: no switch, no table of
// pointers, no virtual call. The build refuses an absolute relocation in this object.
#include "hyp/arch/layout.h"
#include "hyp/arch/tables.hpp"
#include "hyp/core/regs/stage1.hpp"

extern "C" {
extern const char _image_start[];
extern const char _text_end[];
extern const char _rodata_end[];
extern const char _stack_slots[];
extern const char _emergency_top[];
extern const char _early_tables[];
extern const char _near_end[];
}

namespace hyp {

[[gnu::section(".noinit.early")]] BootTables boot_storage;

namespace {

[[nodiscard]] u64 address_of(const void* object) {
    return reinterpret_cast<u64>(object);
}

[[nodiscard]] u64 table_at(const void* table) {
    return stage1::table(Pa{address_of(table)});
}

void clear(u64* words, usize count) {
    for (usize i = 0; i < count; ++i) {
        *static_cast<volatile u64*>(words + i) = 0;
    }
}

// Pages of [from, to) of the image at its virtual address, with these rights.
void map_pages(u64* level3, const char* from, const char* to, Regime regime, Rights rights) {
    const u64 base = address_of(_image_start);
    for (u64 pa = address_of(from); pa < address_of(to); pa += stage1::page_size) {
        level3[(pa - base) / stage1::page_size] =
            stage1::page(Pa{pa}, regime, rights, Memory::normal);
    }
}

} // namespace

extern "C" void early_tables(u64 exception_level);

// Called from start.S with the exception level whose regime will use the tables.
extern "C" void early_tables(u64 exception_level) {
    const Regime regime = exception_level == 1 ? Regime::el1 : Regime::el2;
    BootTables& t = boot_storage;
    clear(reinterpret_cast<u64*>(&t), sizeof t / sizeof(u64));

    const u64 base = address_of(_image_start);
    t.level0[stage1::index(0, base)] = table_at(t.identity1);
    t.identity1[stage1::index(1, base)] = table_at(t.identity2);
    t.identity2[stage1::index(2, base)] = stage1::block(
        Pa{base & ~(stage1::block_size - 1)}, regime, Rights::read_execute, Memory::normal);

    t.level0[stage1::index(0, HYP_IMAGE_VA)] = table_at(t.own.level1);
    t.own.level1[stage1::index(1, HYP_IMAGE_VA)] = table_at(t.own.level2);
    t.own.level1[stage1::index(1, HYP_WINDOW_VA)] = table_at(t.own.window2);
    t.own.level2[stage1::index(2, HYP_IMAGE_VA)] = table_at(t.image3);
    t.own.level2[stage1::index(2, HYP_DEVICES_VA)] = table_at(t.own.devices3);

    map_pages(t.image3, _image_start, _text_end, regime, Rights::read_execute);
    map_pages(t.image3, _text_end, _rodata_end, regime, Rights::read);
    map_pages(t.image3, _rodata_end, _stack_slots, regime, Rights::read_write);
    for (const char* slot = _stack_slots; slot != _emergency_top; slot += HYP_STACK_SLOT) {
        const char* const stack = slot + HYP_GUARD_SIZE;
        const char* const emergency = stack + HYP_STACK_SIZE + HYP_GUARD_SIZE;
        map_pages(t.image3, stack, stack + HYP_STACK_SIZE, regime, Rights::read_write);
        map_pages(t.image3, emergency, slot + HYP_STACK_SLOT, regime, Rights::read_write);
    }
    map_pages(t.image3, _early_tables, _near_end, regime, Rights::read_write);
    const char* far = _image_start;
    asm("" : "+r"(far)); // or its sum with the offset would be an absolute address
    far += HYP_FAR_VA - HYP_IMAGE_VA;
    map_pages(t.image3, far, far + HYP_FAR_SPAN, regime, Rights::read_write);
}

} // namespace hyp
