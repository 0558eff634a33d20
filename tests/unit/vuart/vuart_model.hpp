// SPDX-License-Identifier: Apache-2.0
// A PL011 as the manual (DDI 0183) and QEMU have it, with the depths of the FIFOs as the only
// difference: what the virtual one is compared with.
#pragma once

#include "hyp/core/vuart/vuart.hpp"

#include <deque>
#include <map>
#include <vector>

namespace hyp::test {

inline constexpr u32 dr = 0x00;
inline constexpr u32 fr = 0x18;
inline constexpr u32 lcr_h = 0x2c;
inline constexpr u32 imsc = 0x38;
inline constexpr u32 ris = 0x3c;
inline constexpr u32 mis = 0x40;
inline constexpr u32 icr = 0x44;
inline constexpr u32 rx = 0x10;
inline constexpr u32 tx = 0x20;
inline constexpr u32 busy = 0x08;
inline constexpr u32 rxfe = 0x10;
inline constexpr u32 txff = 0x20;
inline constexpr u32 rxff = 0x40;
inline constexpr u32 txfe = 0x80;

class Pl011Model {
public:
    std::deque<u8> sent;
    std::deque<u8> typed;

    void write(u32 offset, unsigned size, u64 wide) {
        if (offset % 4 != 0 || size == 8) {
            return;
        }
        const u32 value = static_cast<u32>(wide & ((u64{1} << size * 8) - 1));
        switch (offset) {
        case dr:
            if (room() != 0) {
                sent.push_back(static_cast<u8>(value));
            }
            starved_ = room() < Vuart::burst;
            raw_ = starved_ ? raw_ & ~tx : raw_ | tx;
            break;
        case imsc: mask_ = value & 0x7ff; break;
        case icr: raw_ &= ~value; break;
        case lcr_h:
            if (((kept_[lcr_h] ^ value) & 0x10) != 0) {
                typed.clear();
                raw_ &= ~rx;
            }
            [[fallthrough]];
        default:
            for (const u32 kept : only_kept_) {
                if (kept == offset) {
                    kept_[offset] = value;
                }
            }
        }
    }
    u32 read(u32 offset, unsigned size) {
        static const std::vector<u32> ids{0x11, 0x10, 0x14, 0, 0x0d, 0xf0, 5, 0xb1};
        if (offset % 4 != 0 || size == 8) {
            return 0;
        }
        if (offset >= 0xfe0 && offset < 0x1000) {
            return ids[(offset - 0xfe0) / 4];
        }
        switch (offset) {
        case dr: return take();
        case fr:
            return (room() == 0 ? txff | busy : txfe) | (typed.empty() ? rxfe : 0) |
                   (typed.size() == Vuart::input_size ? rxff : 0);
        case imsc: return mask_;
        case ris: return raw_;
        case mis: return raw_ & mask_;
        default: return kept_.contains(offset) ? kept_[offset] : 0;
        }
    }
    bool type(u8 byte) {
        if (typed.size() == Vuart::input_size) {
            return false;
        }
        typed.push_back(byte);
        raw_ |= rx;
        return true;
    }
    bool drained() {
        const bool was = starved_;
        if (starved_ && room() >= Vuart::burst) {
            starved_ = false;
            raw_ |= tx;
        }
        return was;
    }
    [[nodiscard]] bool line() const { return (raw_ & mask_) != 0; }

private:
    [[nodiscard]] usize room() const { return OutputRing::capacity - sent.size(); }
    u32 take() {
        u32 byte = 0;
        if (!typed.empty()) {
            byte = typed.front();
            typed.pop_front();
        }
        raw_ = typed.empty() ? raw_ & ~rx : raw_ | rx;
        return byte;
    }

    u32 raw_ = 0;
    u32 mask_ = 0;
    bool starved_ = false;
    static constexpr u32 only_kept_[] = {0x20, 0x24, 0x28, lcr_h, 0x30, 0x34, 0x48};
    std::map<u32, u32> kept_{{0x30, 0x300}, {0x34, 0x12}};
};

} // namespace hyp::test
