// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/trace/describe.hpp"

#include "hyp/core/regs/lr.hpp"
#include "hyp/core/trace/text.hpp"
#include "hyp/core/vm/esr_decode.hpp"

namespace hyp {

namespace {

[[nodiscard]] constexpr u32 low(u64 payload) {
    return static_cast<u32>(payload);
}
[[nodiscard]] constexpr u32 high(u64 payload) {
    return static_cast<u32>(payload >> 32);
}

// The `n`-th of words that follow each other in one block of text, which ends with an empty one: an
// array of pointers would cost eight bytes each. Beyond the end: "?".
[[nodiscard]] const char* nth_word(const char* words, unsigned n) {
    for (; n != 0 && *words != '\0'; --n) {
        while (*words++ != '\0') {
        }
    }
    return *words != '\0' ? words : "?";
}

void put_lr(Text& text, const ListReg& lr) {
    if (!lr.is_valid()) {
        text.put("empty");
        return;
    }
    text.put(
        nth_word("pending\0active\0pending and active\0", static_cast<unsigned>(lr.state()) - 1));
    text.decimal(" INTID ", lr.vintid().value());
    if (lr.is_hardware()) {
        text.decimal(", hardware ", lr.pintid().value());
    } else if (lr.source() != 0) {
        text.decimal(" from CPU ", lr.source());
    }
    text.hex(", priority ", lr.priority().value);
}

void put_list_register(Text& text, const char* verb, u64 payload) {
    constexpr u64 own_bits = u64{0xf} << LrWord::index_shift | LrWord::is_gich;
    const u64 word = payload & ~own_bits;
    text.decimal("list register ", payload >> LrWord::index_shift & 0xf).put(verb);
    put_lr(text,
           (payload & LrWord::is_gich) != 0 ? decode(GichLr{low(word)}) : decode(IchLr{word}));
}

// GICC_IAR keeps the sender of an SGI above the ten bits of the INTID.
void put_intid(Text& text, const char* words, u64 payload) {
    const u32 iar = low(payload);
    const bool is_long = iar >= 8192; // an LPI; GICv2 has none
    const u32 intid = is_long ? iar : iar & 0x3ff;
    text.decimal(words, intid);
    if (!is_long && iar >> 10 != 0) {
        text.decimal(" from CPU ", iar >> 10);
    }
    if (intid >= 1020 && intid < 1024) {
        text.put(" (none)");
    }
}

void put_physical(Text& text, u64 payload) {
    static_assert(static_cast<u8>(PhysChange::clear_active) == 4 &&
                  static_cast<u8>(PhysChange::enable) == 7); // the order of the words
    text.put(nth_word("disable\0trigger level\0trigger edge\0clear pending\0clear active\0"
                      "set active\0set pending\0enable\0",
                      static_cast<u8>(payload >> 16)));
    text.decimal(" physical INTID ", payload & 0xffff);
}

void put_value(Text& text, u64 payload) {
    text.hex((payload & AccessWord::is_write) != 0 ? " := " : " is ", low(payload));
}

void put_access(Text& text, u64 payload) {
    static_assert(static_cast<u8>(TraceFrame::elsewhere) == 3); // the order of the words
    text.put(nth_word("GICD\0GICR\0GICR SGI\0address\0", payload >> 48 & 0xf));
    text.hex(" + 0x", high(payload) & 0xffff);
    text.decimal(", ", payload >> 52 & 0xf).put(" bytes");
    put_value(text, payload);
}

void put_register(Text& text, u64 payload) {
    const u32 encoding = high(payload) & 0xffff;
    text.decimal("register S", encoding >> 14).decimal("_", encoding >> 11 & 7);
    text.decimal("_C", encoding >> 7 & 15).decimal("_C", encoding >> 3 & 15);
    text.decimal("_", encoding & 7);
    put_value(text, payload);
}

// The flags of GICH_HCR and ICH_HCR_EL2 that Baton uses, and what makes a maintenance interrupt.
void put_flags(Text& text, const char* names, u32 flags) {
    for (; *names != '\0'; flags >>= 1) {
        const char* word = names;
        while (*names++ != '\0') {
        }
        if ((flags & 1) != 0) {
            text.put(" ").put(word);
        }
    }
}

void put_exit(Text& text, const char* reason, u64 pc) {
    text.put("exit: ").put(reason).hex(", pc ", pc);
}

} // namespace

void describe(const ListReg& lr, std::span<char> buffer) {
    Text text{buffer};
    put_lr(text, lr);
}

void describe(const TraceRecord& record, std::span<char> buffer) {
    Text text{buffer};
    const u64 payload = record.payload;
    switch (record.kind()) {
    case EventKind::exit_sync:
        put_exit(text, exception_class_name(low(payload) >> 26), high(payload));
        text.hex(", esr ", low(payload));
        return;
    case EventKind::exit_irq: put_exit(text, "IRQ", payload); return;
    case EventKind::exit_fiq: put_exit(text, "FIQ", payload); return;
    case EventKind::acknowledge: put_intid(text, "acknowledge INTID ", payload); return;
    case EventKind::drop: put_intid(text, "drop priority of INTID ", payload); return;
    case EventKind::deactivate: put_intid(text, "deactivate INTID ", payload); return;
    case EventKind::lr_write: put_list_register(text, " := ", payload); return;
    case EventKind::lr_found: put_list_register(text, " found ", payload); return;
    case EventKind::physical: put_physical(text, payload); return;
    case EventKind::maintenance:
        text.put("maintenance:");
        put_flags(text, "end\0underflow\0not-present\0no-pending\0", low(payload));
        text.decimal(", EOIcount ", high(payload) & 0xffff);
        return;
    case EventKind::access: put_access(text, payload); return;
    case EventKind::register_use: put_register(text, payload); return;
    case EventKind::sleep: text.put("sleep"); return;
    case EventKind::wake: text.hex("wake, isr ", payload); return;
    case EventKind::control:
        text.put("interface:");
        put_flags(text, "on\0underflow\0not-present\0no-pending\0", low(payload));
        return;
    case EventKind::enter: text.hex("enter, pc ", payload); return;
    case EventKind::overdue:
        put_intid(text, "watchdog: INTID ", payload & 0xffff);
        text.decimal(" active for ", high(payload)).put(" ticks");
        return;
    }
    text.decimal("unknown event ", static_cast<u8>(record.kind())).hex(": ", payload);
}

} // namespace hyp
