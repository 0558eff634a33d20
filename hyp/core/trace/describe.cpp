// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/trace/describe.hpp"

#include "hyp/core/regs/lr.hpp"
#include "hyp/core/trace/text.hpp"
#include "hyp/core/vm/esr_decode.hpp"

namespace hyp {

namespace {

// What each kind says, in the order of EventKind: one block of text, each sentence ended by a zero.
// "%x" stands for a part of the payload; put_part() tells which.
constexpr char sentences[] = "exit: %c, pc %h, esr %l\0"
                             "exit: IRQ, pc %x\0"
                             "exit: FIQ, pc %x\0"
                             "acknowledge INTID %i and drop its priority\0"
                             "deactivate INTID %i\0"
                             "list register %n := %r\0"
                             "list register %n found %r\0"
                             "%p physical INTID %s\0"
                             "maintenance: %m\0"
                             "%f + 0x%o, %b bytes %w %l\0"
                             "register S%g %w %l\0"
                             "sleep\0"
                             "wake, isr %x\0"
                             "enter, pc %x\0"
                             "watchdog: INTID %s active for %d ticks\0";

constexpr char lr_states[] = "pending\0active\0pending and active\0"; // from LrState 1 on
constexpr char changes[] = "disable\0trigger level\0trigger edge\0clear pending\0clear active\0"
                           "set active\0set pending\0enable\0"; // PhysChange
static_assert(static_cast<u8>(PhysChange::clear_active) == 4 &&
              static_cast<u8>(PhysChange::enable) == 7);
constexpr char frames[] = "GICD\0GICR\0GICR SGI\0address\0"; // TraceFrame
static_assert(static_cast<u8>(TraceFrame::elsewhere) == 3);
constexpr char causes[] = "end\0underflow\0not present\0no pending\0"; // MISR, the lowest bit set

// The `n`-th of words that follow each other, the last one by an empty one. Beyond them: "?".
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
    text.put(nth_word(lr_states, static_cast<unsigned>(lr.state()) - 1));
    text.decimal(" INTID ", lr.vintid().value());
    if (lr.is_hardware()) {
        text.decimal(", hardware ", lr.pintid().value());
    } else if (lr.source() != 0) {
        text.decimal(" from CPU ", lr.source());
    }
    text.hex(", priority ", lr.priority().value);
}

void put_lr_word(Text& text, u64 payload) {
    constexpr u64 own_bits = u64{0xf} << LrWord::index_shift | LrWord::is_gich;
    const u64 word = payload & ~own_bits;
    put_lr(text, (payload & LrWord::is_gich) != 0 ? decode(GichLr{static_cast<u32>(word)})
                                                  : decode(IchLr{word}));
}

// GICC_IAR keeps the sender of an SGI above the ten bits of the INTID; LPIs begin at 8192.
void put_intid(Text& text, u32 iar) {
    const bool has_sender = iar < 8192 && iar >> 10 != 0;
    text.decimal(has_sender ? iar & 0x3ff : iar);
    if (has_sender) {
        text.decimal(" from CPU ", iar >> 10);
    }
}

// As sysreg_encoding() takes them: op0, op1, CRn, CRm, op2.
void put_register(Text& text, u32 encoding) {
    constexpr u8 parts[][2] = {{14, 3}, {11, 7}, {7, 15}, {3, 15}, {0, 7}};
    for (const auto& [shift, mask] : parts) {
        text.decimal("_", encoding >> shift & mask);
    }
}

void put_part(Text& text, char part, u64 payload) {
    const u32 low = static_cast<u32>(payload);
    const u32 high = static_cast<u32>(payload >> 32);
    switch (part) {
    case 'x': text.hex(payload); return;
    case 'l': text.hex(low); return;
    case 'h': text.hex(high); return;
    case 'd': text.decimal(payload >> 16); return;
    case 's': text.decimal(low & 0xffff); return;
    case 'o': text.hex(high & 0xffff); return;
    case 'b': text.decimal(high >> 20 & 0xf); return;
    case 'n': text.decimal(high >> 24 & 0xf); return;
    case 'w': text.put((payload & AccessWord::is_write) != 0 ? ":=" : "is"); return;
    case 'f': text.put(nth_word(frames, high >> 16 & 0xf)); return;
    case 'p': text.put(nth_word(changes, low >> 16)); return;
    case 'm': text.put(nth_word(causes, static_cast<unsigned>(__builtin_ctz(low | 16)))); return;
    case 'c': text.put(exception_class_name(low >> 26)); return;
    case 'i': put_intid(text, low); return;
    case 'r': put_lr_word(text, payload); return;
    case 'g': put_register(text, high & 0xffff); return;
    default: return;
    }
}

} // namespace

void describe(const ListReg& lr, std::span<char> buffer) {
    Text text{buffer};
    put_lr(text, lr);
}

void describe(const TraceRecord& record, std::span<char> buffer) {
    Text text{buffer};
    const u8 kind = static_cast<u8>(record.kind());
    if (kind >= event_kinds) {
        text.decimal("unknown event ", kind).hex(": ", record.payload);
        return;
    }
    for (const char* c = nth_word(sentences, kind); *c != '\0'; ++c) {
        if (*c == '%') {
            put_part(text, *++c, record.payload);
        } else {
            text.put_one(*c);
        }
    }
}

} // namespace hyp
