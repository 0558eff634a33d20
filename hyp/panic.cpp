// SPDX-License-Identifier: Apache-2.0
// The last words: panic() from C++, panic_on_exception() from the vectors. Both run with whatever
// is left, so they touch nothing but the UART and the emergency or current stack.
#include "hyp/arch/frame.hpp"
#include "hyp/arch/layout.h"
#include "hyp/arch/percpu.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/baton.hpp"
#include "hyp/core/base/shared_word.hpp"
#include "hyp/core/vm/esr_decode.hpp"
#include "hyp/trace.hpp"

extern "C" {
extern const char _stack_slots[];
[[noreturn]] void stop_machine(hyp::u64 status_word, hyp::u64 function, hyp::u64 conduit);
}

namespace hyp {

namespace {

constexpr u64 status_magic = 0x4241'544f'4e00'0000; // "BATON" in the top five bytes
constexpr u64 psci_system_off = 0x8400'0008;
constexpr u64 events_of_a_panic = 64;

// Whose last words are being spoken: its number + 1, or 0.
constinit SharedWord speaker{}; // litmus: none (nothing is read because of it)

// Returns once, on one pCPU. Another one that has something to say stands still meanwhile; a report
// that faults itself ends the machine.
void claim_last_words() {
    const u32 self = this_cpu().index + 1;
    u32 expected = 0;
    if (speaker.replace(expected, self)) {
        baton.console.take_back();
        return;
    }
    if (expected == self) {
        end_machine(EndStatus::panic);
    }
    for (;;) {
        asm volatile("wfi" ::: "memory");
    }
}

// Bytes from the begin of a pCPU's slot of stacks (hyp/arch/layout.h); npos elsewhere.
constexpr u64 npos = ~u64{0};
[[nodiscard]] u64 place_in_slot(u64 address) {
    const u64 offset = address - reinterpret_cast<u64>(_stack_slots);
    return offset < u64{HYP_MAX_PCPUS} * HYP_STACK_SLOT ? offset % HYP_STACK_SLOT : npos;
}

[[nodiscard]] bool on_a_stack(u64 address) {
    constexpr u64 second_guard = HYP_GUARD_SIZE + HYP_STACK_SIZE;
    const u64 place = place_in_slot(address);
    return address % 16 == 0 && place >= HYP_GUARD_SIZE && place < HYP_STACK_SLOT &&
           (place < second_guard || place >= second_guard + HYP_GUARD_SIZE);
}

// Return addresses along the frame records (AAPCS64): [x29] = caller's x29, [x29 + 8] = x30.
// scripts/symbolise.py turns the line into functions and lines.
void print_backtrace(u64 pc, u64 record) {
    baton.console.print("  on pCPU %u\nbacktrace: %lx", this_cpu().index, pc);
    for (unsigned depth = 0; depth < 24 && on_a_stack(record); ++depth) {
        const u64* words = reinterpret_cast<const u64*>(record);
        if (words[1] == 0) {
            break;
        }
        baton.console.print(" %lx", words[1] - 4);
        if (words[0] <= record) {
            break; // records lie at rising addresses; anything else is damage
        }
        record = words[0];
    }
    baton.console.print("\n");
}

struct VectorName {
    const char* source;
    const char* what;
};

// Index: the vector's number in the table, 0 to 11 (DDI 0487, vector offsets from VBAR_EL2).
[[nodiscard]] VectorName vector_name(u64 kind) {
    static constexpr const char* sources[] = {"EL2 on SP_EL0", "EL2", "a guest"};
    static constexpr const char* kinds[] = {"synchronous exception", "IRQ", "FIQ", "SError"};
    return {sources[kind >> 2], kinds[kind & 3]};
}

void print_registers(const PanicFrame& frame) {
    for (unsigned n = 0; n < 30; n += 3) {
        baton.console.print("  x%-2u %016lx  x%-2u %016lx  x%-2u %016lx\n", n, frame.x[n], n + 1,
                            frame.x[n + 1], n + 2, frame.x[n + 2]);
    }
    baton.console.print("  x30 %016lx  sp  %016lx  pc  %016lx\n", frame.x[30], frame.sp, frame.elr);
    baton.console.print("  spsr_el2 %lx  esr_el2 %lx  far_el2 %lx  hpfar_el2 %lx\n", frame.spsr,
                        frame.esr, frame.far, frame.hpfar);
}

} // namespace

void end_machine(EndStatus status) {
    baton.console.flush();
    stop_machine(status_magic | static_cast<u64>(status), psci_system_off,
                 static_cast<u64>(baton.conduit));
}

void refuse(const char* format, ...) {
    baton.console.print("baton: ");
    std::va_list arguments;
    va_start(arguments, format);
    baton.console.print_list(format, arguments);
    va_end(arguments);
    baton.console.print("\n");
    end_machine(EndStatus::panic);
}

void panic(const char* format, ...) {
    claim_last_words();
    baton.console.print("\nbaton: panic: ");
    std::va_list arguments;
    va_start(arguments, format);
    baton.console.print_list(format, arguments);
    va_end(arguments);
    baton.console.print("\n");
    print_backtrace(reinterpret_cast<u64>(__builtin_return_address(0)) - 4,
                    reinterpret_cast<u64>(__builtin_frame_address(0)));
    print_events(events_of_a_panic);
    end_machine(EndStatus::panic);
}

extern "C" [[noreturn]] void panic_on_exception(const PanicFrame& frame, u64 kind);

// From vectors.S, on the emergency stack. `kind` is in the order of the vector table.
extern "C" [[noreturn]] void panic_on_exception(const PanicFrame& frame, u64 kind) {
    claim_last_words();
    const VectorName name = vector_name(kind);
    baton.console.print("\nbaton: panic: unexpected %s from %s\n", name.what, name.source);
    const u32 esr = static_cast<u32>(frame.esr);
    if ((kind & 3) == 0) {
        baton.console.print("  cause: %s", exception_class_name(esr >> 26));
        const u32 exception_class = esr >> 26;
        if (exception_class >= 0x20 && exception_class <= 0x25) {
            baton.console.print(", %s at level %u, %s address %lx", fault_status_name(esr & 0x3f),
                                decode_fault_status(esr & 0x3f).level,
                                (esr & 0x40) != 0 ? "writing" : "reading", frame.far);
        }
        baton.console.print("\n");
    }
    // The address, not SP: a store that moves SP has not moved it when it faults.
    if ((kind & 3) == 0 && esr >> 26 == 0x25 && place_in_slot(frame.far) < HYP_GUARD_SIZE) {
        baton.console.print("  the EL2 stack overflowed into its guard page\n");
    }
    print_registers(frame);
    print_backtrace(frame.elr, frame.x[29]);
    print_events(events_of_a_panic);
    end_machine(EndStatus::panic);
}

} // namespace hyp
