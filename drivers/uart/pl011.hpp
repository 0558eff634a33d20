// SPDX-License-Identifier: Apache-2.0
// Arm PL011 UART (DDI 0183), polled output. EL2 speaks through it until the first guest entry and
// in a panic. Baud rate and pins are firmware's and stay as found.
#pragma once

#include "hyp/core/base/bus.hpp"
#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

enum class Pl011Reg : u32 {
    dr = 0x000,    // rw  Data
    fr = 0x018,    // ro  Flag
    lcr_h = 0x02c, // rw  Line Control; a write takes over the baud rate registers too
    cr = 0x030,    // rw  Control
    imsc = 0x038,  // rw  Interrupt Mask Set/Clear
};

struct Pl011Fr : Register<Pl011Fr, u32> {
    using Register::Register;
    using Busy = Bit<3>; // still shifting out
    using Txff = Bit<5>; // transmit FIFO full
};

struct Pl011LcrH : Register<Pl011LcrH, u32> {
    using Register::Register;
    using Fen = Bit<4>;       // FIFOs on
    using WLen = Field<6, 5>; // bits - 5
};

struct Pl011Cr : Register<Pl011Cr, u32> {
    using Register::Register;
    using UartEn = Bit<0>;
    using Txe = Bit<8>;
    using Rxe = Bit<9>;
};

static_assert(Pl011LcrH{}.with<Pl011LcrH::WLen>(3).with<Pl011LcrH::Fen>(true).raw() == 0x70);
static_assert(
    Pl011Cr{}.with<Pl011Cr::UartEn>(true).with<Pl011Cr::Txe>(true).with<Pl011Cr::Rxe>(true).raw() ==
    0x301);

template <MmioBus M, SysRegBus S>
class Pl011 {
public:
    constexpr Pl011(M bus, S sys) : bus_{bus}, sys_{sys} {}

    // Switches the UART on where firmware did not: 8 bits, FIFOs, no parity.
    void init() {
        const Pl011Cr found{read(Pl011Reg::cr)};
        if (found.get<Pl011Cr::UartEn>() && found.get<Pl011Cr::Txe>()) {
            return;
        }
        if (!found.get<Pl011Cr::UartEn>()) { // LCR_H may change only while off
            write(Pl011Reg::lcr_h,
                  Pl011LcrH{}.with<Pl011LcrH::WLen>(3).with<Pl011LcrH::Fen>(true).raw());
        }
        write(Pl011Reg::cr, found.with<Pl011Cr::UartEn>(true)
                                .template with<Pl011Cr::Txe>(true)
                                .template with<Pl011Cr::Rxe>(true)
                                .raw());
    }

    // Waits for room. A UART that never drains loses the character rather than stop EL2.
    void put(char character) {
        wait_clear(Pl011Fr::Txff::mask);
        write(Pl011Reg::dr, static_cast<u8>(character));
    }

    // Waits until the last bit is on the wire (before power-off, before a guest takes over).
    void flush() { wait_clear(Pl011Fr::Busy::mask); }

private:
    // Two characters' time at 9600 baud is 2 ms; a read of the device takes 50 ns or more.
    static constexpr u32 max_reads = 1'000'000;

    void wait_clear(u64 flag) {
        for (u32 n = 0; n < max_reads && (read(Pl011Reg::fr) & flag) != 0; ++n) {
            sys_.relax();
        }
    }
    [[nodiscard]] u32 read(Pl011Reg reg) {
        return bus_.template read32<Frame::uart>(static_cast<u32>(reg));
    }
    void write(Pl011Reg reg, u32 value) {
        bus_.template write32<Frame::uart>(static_cast<u32>(reg), value);
    }

    [[no_unique_address]] M bus_;
    [[no_unique_address]] S sys_;
};

} // namespace hyp
