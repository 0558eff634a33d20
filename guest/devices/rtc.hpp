// SPDX-License-Identifier: Apache-2.0
#pragma once
// The registers of a PL031 (DDI 0224).

#include "find.hpp"
#include "switchboard.hpp"

#include "common/mmio.hpp"

namespace guest {

class Rtc {
public:
    /** Finds it, starts its counter, with the line low and the interrupt let out to the line. */
    [[nodiscard]] const char* open() {
        const DeviceNode node = find_device("arm,pl031");
        if (!node.found()) {
            return "no PL031 in the device tree";
        }
        base_ = node.base;
        wire_ = node.wire;
        write32(base_ + RTCCR, 1);
        set_match(seconds() - 1); // so long past that it is far ahead
        clear();
        write32(base_ + RTCIMSC, 1);
        return nullptr;
    }

    [[nodiscard]] std::uint32_t seconds() const { return read32(base_ + RTCDR); }
    void set_match(std::uint32_t seconds) const { write32(base_ + RTCMR, seconds); }

    /** RTCMIS: the line. */
    [[nodiscard]] bool is_high() const { return (read32(base_ + RTCMIS) & 1) != 0; }

    /** The counter has reached the match register, modulo 2^32. */
    [[nodiscard]] bool is_reached() const {
        return static_cast<std::int32_t>(seconds() - read32(base_ + RTCMR)) >= 0;
    }

    /** RTCICR: the line is low on return. */
    void clear() const {
        write32(base_ + RTCICR, 1);
        dsb();
    }

    /** Sets the alarm for the current second: the line is high on return, or false. */
    [[nodiscard]] bool raise() const {
        return poll([this] {
            set_match(seconds()); // again, should the second end between the two
            dsb();
            return is_high();
        });
    }

    [[nodiscard]] Wire wire() const { return wire_; }

private:
    enum : std::uintptr_t {
        RTCDR = 0x00,
        RTCMR = 0x04,
        RTCCR = 0x0c,
        RTCIMSC = 0x10,
        RTCMIS = 0x18,
        RTCICR = 0x1c,
    };

    std::uintptr_t base_ = 0;
    Wire wire_{};
};

} // namespace guest
