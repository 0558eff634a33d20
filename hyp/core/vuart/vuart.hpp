// SPDX-License-Identifier: Apache-2.0
// The PL011 (DDI 0183) that a guest finds, as QEMU has it: the drivers of Linux and U-Boot work with
// it as they are. What the guest sends goes into an output ring, which the pCPU that owns the
// machine's UART empties; what is typed comes from there.
//
// Anyone may call anything at any time, but for what names its caller: every register is an atomic
// word, the interrupts are one word, and nobody waits. Two vCPUs that write DR at once both send.
//
// | as the guest sees it | |
// |---|---|
// | FR.TXFF, BUSY | the ring is full; what is written then is lost, as it is on hardware |
// | FR.TXFE | it is not: what the ring has taken will be seen, so a driver need not wait for it |
// | RIS.TX | set by a write of DR while there is room for a burst; cleared when there is not, set again once the ring has been emptied so far (a level crossed, as on hardware) |
// | RIS.RX | something is there to be read: trigger level 1, no timeout of its own, as QEMU |
//
// The level of the interrupt is line(). It is passed on by settle_line(), after every call here that
// says that it may have changed; what two pCPUs pass on in the wrong order is put right there.
#pragma once

#include "hyp/core/console/output_ring.hpp"

namespace hyp {

class Vuart {
public:
    // Drivers believe in a FIFO of 16 (PeriphID 0x00141011) and answer a transmit interrupt by
    // writing as much as half of that without a look at FR.
    static constexpr u32 burst = 16;
    static constexpr u32 input_size = 256;

    // As at power-on; what was typed is forgotten, what was sent is not. Before the first access,
    // and when the VM starts again: none of its vCPUs runs.
    void reset();

    // --- a guest's load or store in the frame of 4 KiB; size in bytes. What is not there (or is of
    // eight bytes, or not aligned to four) reads as zero and ignores writes.
    [[nodiscard]] u32 read(u32 offset, u8 size);
    // True: the pCPU of the UART has to be told that there is something to send.
    [[nodiscard]] bool write(u32 offset, u8 size, u64 value);

    // The interrupt's level.
    [[nodiscard]] bool line() const { return masked(irq_.load()) != 0; }

    // --- the pCPU that owns the UART
    [[nodiscard]] OutputRing& output() { return output_; }
    // Something was taken from output(). True: the line may have risen.
    [[nodiscard]] bool drained();
    // Something was typed, and the line may have risen. False: the guest does not read, it is lost.
    [[nodiscard]] bool receive(u8 byte);

private:
    // DDI 0183, UARTRIS and UARTIMSC; both in one word, so that the level is one word's.
    static constexpr u32 ris_mask = 0x7ff;
    static constexpr u32 rx = 1U << 4;
    static constexpr u32 tx = 1U << 5;
    static constexpr u32 imsc_shift = 16;
    static constexpr u32 starved = 1U << 31; // tx is clear for want of room

    [[nodiscard]] static constexpr u32 masked(u32 irq) {
        return irq >> imsc_shift & irq & ris_mask;
    }
    void change(u32 clear, u32 set);
    void settle_input();
    void settle_output();
    [[nodiscard]] u32 flags() const;
    [[nodiscard]] u32 take_input();
    [[nodiscard]] bool send(u8 byte);
    [[nodiscard]] SharedWord& kept(u32 offset) { return kept_[(offset - 0x20) / 4]; }
    [[nodiscard]] u32 pending_input() const { return typed_.load() - read_.load(); }

    // litmus: settle-again, content-before-mark
    SharedWord irq_{};                  // 10:0 RIS, 26:16 IMSC, 31 starved
    std::array<SharedWord, 11> kept_{}; // ILPR to DMACR; those in between are unused
    SharedWord typed_{};                // bytes ever received; changed by the UART's pCPU alone
    SharedWord read_{};                 // bytes ever read
    std::array<u8, input_size> input_{};
    OutputRing output_{};
};

// Passes the level on by set(bool): whoever does it last has seen the last change of it, since it
// looks again afterwards. `set` is an atomic change of the interrupt's delivery word.
template <class Set>
void settle_line(const Vuart& uart, Set set) {
    bool level = false;
    do {
        level = uart.line();
        set(level);
    } while (uart.line() != level);
}

} // namespace hyp
