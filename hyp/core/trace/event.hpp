// SPDX-License-Identifier: Apache-2.0
// What the trace records: one small event for each thing that EL2 does with an interrupt or for a
// guest. A kind and 64 bits that the kind explains, so that recording one is a store of two words;
// describe.hpp turns it into words. A dump holds these numbers: they do not change their meaning.
#pragma once

#include "hyp/core/base/gic_generation.hpp"
#include "hyp/core/base/intid.hpp"
#include "hyp/core/base/sysreg_id.hpp"
#include "hyp/core/base/types.hpp"
#include "hyp/core/vgic/entry.hpp"
#include "hyp/core/vgic/list_reg.hpp"

namespace hyp {

enum class EventKind : u32 {
    exit_sync,    // 31:0 ESR_EL2, 63:32 the guest's PC, lower half
    exit_irq,     // the guest's PC
    exit_fiq,     // the guest's PC
    acknowledge,  // IAR as it was read; EOIR, which drops the priority, follows at once
    deactivate,   // DIR as it was written
    lr_write,     // list register: see LrWord
    lr_found,     // the same, as it was read after an exit
    physical,     // 15:0 physical INTID, 23:16 PhysChange
    maintenance,  // MISR
    access,       // of an emulated frame: see AccessWord
    register_use, // trapped MSR or MRS: 31:0 value, 47:32 encoding, 60 write
    sleep,        // EL2 waits for an interrupt on the guest's behalf
    wake,         // ISR_EL1
    enter,        // the guest's PC
    overdue,      // 15:0 virtual INTID, 63:16 ticks that it has been active
};
inline constexpr unsigned event_kinds = 15;

// The architecture's own list register word. Bits that ICH_LR<n>_EL2 leaves free say which one it
// is (59:56) and that the word is a GICH_LR (47).
struct LrWord {
    static constexpr unsigned index_shift = 56;
    static constexpr u64 is_gich = u64{1} << 47;
};

// 31:0 value (the lower half of eight bytes), 47:32 offset, 51:48 frame, 55:52 bytes, 60 write.
// `elsewhere`: the offset is the address's lower half.
enum class TraceFrame : u8 { gicd, gicr_rd, gicr_sgi, elsewhere };
struct AccessWord {
    static constexpr u64 is_write = u64{1} << 60;
};

// An event, about to be recorded. The functions name what is traced; each costs a few shifts.
struct TraceEvent {
    EventKind kind;
    u64 payload;

    [[nodiscard]] static constexpr TraceEvent exit_sync(u32 esr, u64 pc) {
        return {EventKind::exit_sync, esr | pc << 32};
    }
    [[nodiscard]] static constexpr TraceEvent exit_irq(u64 pc) { return {EventKind::exit_irq, pc}; }
    [[nodiscard]] static constexpr TraceEvent exit_fiq(u64 pc) { return {EventKind::exit_fiq, pc}; }
    [[nodiscard]] static constexpr TraceEvent acknowledge(u32 iar) {
        return {EventKind::acknowledge, iar};
    }
    [[nodiscard]] static constexpr TraceEvent deactivate(u32 iar) {
        return {EventKind::deactivate, iar};
    }
    // `word` as the machine's GIC has it.
    [[nodiscard]] static constexpr TraceEvent lr_write(GicGeneration generation, LrIndex n,
                                                       u64 word) {
        return {EventKind::lr_write, lr_word(generation, n, word)};
    }
    [[nodiscard]] static constexpr TraceEvent lr_found(GicGeneration generation, LrIndex n,
                                                       u64 word) {
        return {EventKind::lr_found, lr_word(generation, n, word)};
    }
    [[nodiscard]] static constexpr TraceEvent physical(PhysChange change, PIntid pintid) {
        return {EventKind::physical, pintid.value() | u64{static_cast<u8>(change)} << 16};
    }
    [[nodiscard]] static constexpr TraceEvent maintenance(u32 misr) {
        return {EventKind::maintenance, misr};
    }
    // Of `value` only what the access is wide enough for.
    [[nodiscard]] static constexpr TraceEvent access(TraceFrame frame, u32 offset, u8 bytes,
                                                     bool is_write, u64 value) {
        const u32 unused = bytes < 4 ? 32 - 8U * bytes : 0;
        return {EventKind::access, static_cast<u32>(value) << unused >> unused |
                                       u64{offset & 0xffffU} << 32 |
                                       u64{static_cast<u8>(frame)} << 48 | u64{bytes} << 52 |
                                       (is_write ? AccessWord::is_write : 0)};
    }
    [[nodiscard]] static constexpr TraceEvent register_use(SysReg reg, bool is_write, u64 value) {
        return {EventKind::register_use, static_cast<u32>(value) |
                                             u64{static_cast<u32>(reg)} << 32 |
                                             (is_write ? AccessWord::is_write : 0)};
    }
    [[nodiscard]] static constexpr TraceEvent sleep() { return {EventKind::sleep, 0}; }
    [[nodiscard]] static constexpr TraceEvent wake(u64 isr) { return {EventKind::wake, isr}; }
    [[nodiscard]] static constexpr TraceEvent enter(u64 pc) { return {EventKind::enter, pc}; }
    [[nodiscard]] static constexpr TraceEvent overdue(VIntid vintid, u64 ticks) {
        return {EventKind::overdue, vintid.value() | ticks << 16};
    }

private:
    [[nodiscard]] static constexpr u64 lr_word(GicGeneration generation, LrIndex n, u64 word) {
        return word | u64{n.value} << LrWord::index_shift |
               (generation == GicGeneration::v2 ? LrWord::is_gich : 0);
    }
};

} // namespace hyp
