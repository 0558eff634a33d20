// SPDX-License-Identifier: Apache-2.0
// Arm PL011 UART (DDI 0183). EL2 speaks through it polled until the first guest entry and in a panic,
// else by its interrupt. Baud rate and pins are firmware's and stay as found.
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
    ifls = 0x034,  // rw  Interrupt FIFO Level Select
    imsc = 0x038,  // rw  Interrupt Mask Set/Clear
    icr = 0x044,   // wo  Interrupt Clear
};

struct Pl011Fr : Register<Pl011Fr, u32> {
    using Register::Register;
    using Busy = Bit<3>; // still shifting out
    using Rxfe = Bit<4>; // receive FIFO empty
    using Txff = Bit<5>; // transmit FIFO full
};

// UARTIMSC, UARTRIS, UARTMIS and UARTICR.
struct Pl011Int : Register<Pl011Int, u32> {
    using Register::Register;
    using Rx = Bit<4>;
    using Tx = Bit<5>;
    using Rt = Bit<6>; // receive timeout: less than the level, and nothing more comes
    static constexpr u32 all = 0x7ff;
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

    // FIFOs on, both levels at half, interrupts of the receiver on, of the transmitter off.
    void start_interrupts() {
        const Pl011LcrH line{read(Pl011Reg::lcr_h)};
        if (!line.get<Pl011LcrH::Fen>()) { // LCR_H may change only while off
            flush();
            const Pl011Cr cr{read(Pl011Reg::cr)};
            write(Pl011Reg::cr, cr.with<Pl011Cr::UartEn>(false).raw());
            write(Pl011Reg::lcr_h, line.with<Pl011LcrH::Fen>(true).raw());
            write(Pl011Reg::cr, cr.raw());
        }
        write(Pl011Reg::ifls, both_half);
        write(Pl011Reg::icr, Pl011Int::all);
        set_interrupts(Enable::on, Enable::off);
    }

    // The transmitter's comes when its FIFO gets half empty after it was fuller, so it is of use when
    // can_write() has said no; of UARTs that take each byte at once (QEMU's) after each write.
    void set_interrupts(Enable receive, Enable transmit) {
        constexpr u32 receiver = Pl011Int::Rx::mask | Pl011Int::Rt::mask;
        constexpr u32 transmitter = Pl011Int::Tx::mask;
        write(Pl011Reg::imsc,
              (receive == Enable::on ? receiver : 0) | (transmit == Enable::on ? transmitter : 0));
    }
    // The transmitter's interrupt is gone until the next byte is written.
    void clear_transmit() { write(Pl011Reg::icr, Pl011Int::Tx::mask); }

    [[nodiscard]] bool can_write() { return (read(Pl011Reg::fr) & Pl011Fr::Txff::mask) == 0; }
    // Only after can_write().
    void write(u8 byte) { write(Pl011Reg::dr, byte); }
    // The receiver's interrupts go when there is nothing left to read. False: there was nothing, or
    // only a byte that came broken.
    [[nodiscard]] bool try_read(u8& byte) {
        constexpr u32 broken = 0x700; // UARTDR.BE, PE, FE
        if ((read(Pl011Reg::fr) & Pl011Fr::Rxfe::mask) != 0) {
            return false;
        }
        const u32 word = read(Pl011Reg::dr);
        byte = static_cast<u8>(word);
        return (word & broken) == 0;
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
    static constexpr u32 both_half = 0x12; // IFLS: receiver and transmitter

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
