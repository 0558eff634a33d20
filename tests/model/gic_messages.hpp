// SPDX-License-Identifier: Apache-2.0
// Messages in flight towards the distributor in asynchronous mode. Each has a source; two of one
// source arrive in order, two of different sources in any order.
#pragma once

#include "tests/model/gic_registers.hpp"

#include <array>
#include <cstddef>

namespace hyp::model {

enum class MessageKind : std::uint8_t {
    none,
    write,      // a distributor or redistributor write of `pe`; source: that PE's memory port
    deactivate, // DIR, EOIR or a list register's deactivation; source: that PE's CPU interface
    line,       // value = level; source: that line alone
};

struct Message {
    MessageKind kind = MessageKind::none;
    std::uint8_t pe = 0;
    Frame frame = Frame::gicd;
    std::uint8_t bytes = 0;
    std::uint32_t target = 0; // offset of a write, INTID otherwise
    std::uint64_t value = 0;

    constexpr bool operator==(const Message&) const = default;

    [[nodiscard]] constexpr bool same_source(const Message& other) const {
        if (kind != other.kind) {
            return false;
        }
        const bool same_line = target == other.target && (target >= 32 || pe == other.pe);
        return kind == MessageKind::line ? same_line : pe == other.pe;
    }
};

template <unsigned Capacity>
class MessageQueue {
public:
    [[nodiscard]] constexpr unsigned size() const { return size_; }
    [[nodiscard]] constexpr bool full() const { return size_ == Capacity; }
    [[nodiscard]] constexpr const Message& at(unsigned index) const { return slots_[index]; }

    constexpr void push(const Message& message) { slots_[size_++] = message; }

    // The oldest of its source: nothing before it comes from the same source.
    [[nodiscard]] constexpr bool is_head(unsigned index) const {
        for (unsigned i = 0; i < index; ++i) {
            if (slots_[i].same_source(slots_[index])) {
                return false;
            }
        }
        return true;
    }

    // Unused slots return to the default value, so that equal queues compare equal.
    constexpr Message take(unsigned index) {
        const Message message = slots_[index];
        for (unsigned i = index; i + 1 < size_; ++i) {
            slots_[i] = slots_[i + 1];
        }
        slots_[--size_] = Message{};
        return message;
    }

    // Index of the first (oldest) message of this kind and PE, or size().
    [[nodiscard]] constexpr unsigned find(MessageKind kind, unsigned pe) const {
        unsigned index = 0;
        while (index < size_ && (slots_[index].kind != kind || slots_[index].pe != pe)) {
            ++index;
        }
        return index;
    }

    constexpr bool operator==(const MessageQueue&) const = default;

private:
    std::array<Message, Capacity> slots_{};
    std::uint32_t size_ = 0;
};

} // namespace hyp::model
