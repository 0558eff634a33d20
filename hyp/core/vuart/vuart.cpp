// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/vuart/vuart.hpp"

namespace hyp {

namespace {

// DDI 0183, summary of registers.
enum Offset : u32 {
    dr = 0x000,
    fr = 0x018,
    ilpr = 0x020, // and from here to IFLS, and DMACR: what is only kept
    lcr_h = 0x02c,
    cr = 0x030,
    ifls = 0x034,
    imsc = 0x038,
    ris = 0x03c,
    mis = 0x040,
    icr = 0x044,
    dmacr = 0x048,
    periph_id0 = 0xfe0,
    frame_end = 0x1000,
};

constexpr u32 cr_at_reset = 0x300; // RXE, TXE
constexpr u32 ifls_at_reset = 0x12;
constexpr u32 fen = 1U << 4; // LCR_H: FIFOs on
// PeriphID 0x00141011, PCellID 0xb105f00d.
constexpr u8 ids[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

constexpr u32 fr_busy = 1U << 3;
constexpr u32 fr_rxfe = 1U << 4;
constexpr u32 fr_txff = 1U << 5;
constexpr u32 fr_rxff = 1U << 6;
constexpr u32 fr_txfe = 1U << 7;

[[nodiscard]] constexpr bool is_kept(u32 offset) {
    return (offset >= ilpr && offset <= ifls) || offset == dmacr;
}

} // namespace

void Vuart::reset() {
    for (SharedWord& word : kept_) {
        word.store(0);
    }
    kept(cr).store(cr_at_reset);
    kept(ifls).store(ifls_at_reset);
    irq_.store(0);
    read_.store(typed_.load());
    settle_input();
}

void Vuart::change(u32 clear, u32 set) {
    u32 irq = irq_.load();
    while (!irq_.replace(irq, (irq & ~clear) | set)) {
    }
}

// Both settle as settle_line() does: the last one to change the word has looked again afterwards.
void Vuart::settle_input() {
    bool waits = false;
    do {
        waits = pending_input() != 0;
        change(waits ? 0 : rx, waits ? rx : 0);
    } while ((pending_input() != 0) != waits);
}

void Vuart::settle_output() {
    bool has_room = false;
    do {
        has_room = output_.room() >= burst;
        change(has_room ? starved : tx, has_room ? tx : starved);
    } while ((output_.room() >= burst) != has_room);
}

u32 Vuart::flags() const {
    const u32 waiting = pending_input();
    return (output_.room() == 0 ? fr_txff | fr_busy : fr_txfe) | (waiting == 0 ? fr_rxfe : 0) |
           (waiting == input_size ? fr_rxff : 0);
}

u32 Vuart::take_input() {
    u8 byte = 0;
    u32 at = read_.load();
    do {
        if (at == typed_.load()) {
            return 0;
        }
        byte = __atomic_load_n(&input_[at % input_size], __ATOMIC_RELAXED);
    } while (!read_.replace(at, at + 1));
    settle_input();
    return byte;
}

bool Vuart::send(u8 byte) {
    const OutputRing::Put put = output_.put({&byte, 1});
    settle_output();
    return put == OutputRing::Put::tell;
}

bool Vuart::drained() {
    // A read-modify-write: send() has seen what was taken, or this sees that it starves.
    if ((irq_.fetch_or(0) & starved) == 0) {
        return false;
    }
    settle_output();
    return true;
}

bool Vuart::receive(u8 byte) {
    const u32 at = typed_.load();
    if (at - read_.load() == input_size) {
        return false;
    }
    __atomic_store_n(&input_[at % input_size], byte, __ATOMIC_RELAXED);
    typed_.store(at + 1);
    settle_input();
    return true;
}

u32 Vuart::read(u32 offset, u8 size) {
    if (size > 4 || offset % 4 != 0 || offset >= frame_end) {
        return 0;
    }
    if (offset >= periph_id0) {
        return ids[(offset - periph_id0) / 4];
    }
    if (is_kept(offset)) {
        return kept(offset).load();
    }
    const u32 irq = irq_.load();
    switch (offset) {
    case dr: return take_input();
    case fr: return flags();
    case imsc: return irq >> imsc_shift & ris_mask;
    case ris: return irq & ris_mask;
    case mis: return masked(irq);
    default: return 0; // RSR, too: no byte comes with an error
    }
}

bool Vuart::write(u32 offset, u8 size, u64 value) {
    if (size > 4 || offset % 4 != 0) {
        return false;
    }
    const u32 word = static_cast<u32>(value & ~(~u64{0} << size * 8U));
    if (is_kept(offset)) {
        const u32 before = kept(offset).exchange(word);
        if (offset == lcr_h && ((before ^ word) & fen) != 0) {
            read_.store(typed_.load()); // turning FIFOs on or off empties them
            settle_input();
        }
        return false;
    }
    switch (offset) {
    case dr: return send(static_cast<u8>(word));
    case imsc: change(ris_mask << imsc_shift, (word & ris_mask) << imsc_shift); break;
    case icr: change(word & ris_mask, 0); break;
    default: break;
    }
    return false;
}

} // namespace hyp
