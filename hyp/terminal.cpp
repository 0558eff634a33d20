// SPDX-License-Identifier: Apache-2.0
#include "hyp/terminal.hpp"

#include "drivers/uart/pl011.hpp"
#include "hyp/arch/mmio.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/command.hpp"
#include "hyp/core/console/session.hpp"
#include "hyp/core/vuart/vuart.hpp"
#include "hyp/pcpu.hpp"

namespace hyp {

namespace {

using Uart = Pl011<TargetMmio, TargetSysReg>;

// A step costs less than 2,000 instructions.
constexpr u32 bytes_read = 8;
constexpr u32 work = 32;
constexpr VIntid guest_spi = VIntid::spi(1); // as QEMU's virt has it

struct Terminal {
    ConsoleMux mux{};
    Session session{};
    OutputRing voice{};
    Vuart uarts[max_vms]{};
    const char* names[max_vms]{};
    const Vcpu* host = nullptr; // its home serves; null: there is no terminal
    PIntid intid{0};
    u64 next_step = 0;   // the host's pCPU shall serve then; changed by who is busy
    SharedWord wanted{}; // litmus: ring-stop
    SharedWord busy{};   // litmus: content-before-mark
};
constinit Terminal terminal{};

// The host's pCPU is to go on: by an SGI, which waits until nobody more urgent runs there.
void ask_host() {
    static_cast<void>(terminal.wanted.exchange(1));
    this_cpu().kicks |=
        u64{1} << (kick_sgi(terminal.host->rank) * max_pcpus + terminal.host->home.load());
}

// From any pCPU: whoever has the SPI, or is to get it, looks at its line, or has it no more.
void pass_level(Vm& vm, bool high) {
    const VmIrqs::Step done = vm.irqs.step(guest_spi, high ? Event::line_up : Event::line_down);
    if (done.before == done.after) {
        return;
    }
    for (const u8 who : {done.after.keeper(), done.after.get<Delivery::Holder>()}) {
        if (who < vm.irqs.vcpus()) {
            Mailbox& box = vm.irqs.mailbox(VcpuIndex{who});
            static_cast<void>(box.post(Request::look, guest_spi));
            if (!high) {
                static_cast<void>(box.post(Request::drop, guest_spi));
            }
            notify(*vm.vcpus[who]);
        }
    }
}

void settle(u32 vm) {
    settle_line(terminal.uarts[vm], [&](bool high) { pass_level(*machine.vms[vm], high); });
}

void take_input(Uart uart) {
    u8 byte = 0;
    for (u32 n = 0; n < bytes_read && terminal.session.wants_more() && uart.try_read(byte); ++n) {
        switch (terminal.session.type(byte)) {
        case Session::Typed::nothing: break;
        case Session::Typed::to_vm: {
            const u32 vm = terminal.mux.input().value;
            static_cast<void>(terminal.uarts[vm].receive(byte));
            settle(vm);
            break;
        }
        case Session::Typed::command:
            carry_out(terminal.session);
            terminal.session.prompt();
            break;
        }
    }
}

// One pCPU at a time.
void step(u64 now) {
    Uart uart{{}, {}};
    take_input(uart);
    // To put a line together is a step's work.
    const ConsoleMux::Step done = terminal.session.answer(fill_view)
                                      ? ConsoleMux::Step::more
                                      : terminal.mux.step(uart, now, work);
    const bool more = terminal.session.wants_more();
    uart.set_interrupts(more ? Enable::on : Enable::off,
                        done == ConsoleMux::Step::full ? Enable::on : Enable::off);
    for (u32 rest = terminal.mux.take_drained() & ((1U << max_vms) - 1); rest != 0;
         rest &= rest - 1) {
        const u32 vm = static_cast<u32>(__builtin_ctz(rest));
        if (terminal.uarts[vm].drained()) {
            settle(vm);
        }
    }
    terminal.next_step = done == ConsoleMux::Step::idle ? terminal.mux.deadline() : never;
    if (!more || done == ConsoleMux::Step::more) {
        terminal.next_step = now;
    }
}

[[nodiscard]] u64 now_ticks() {
    return sysreg::read<SysReg::cntpct>();
}

} // namespace

const Vcpu* open_terminal(const PlatformUart& uart, u8 hot_key) {
    u32 consoles = 0;
    for (u32 n = 0; n < machine.vm_count; ++n) {
        const Vm& vm = *machine.vms[n];
        terminal.names[n] = vm.label;
        if (vm.description->console) {
            consoles |= 1U << n;
            terminal.mux.attach(Speaker{static_cast<u8>(n)}, terminal.uarts[n].output(), vm.label,
                                Colour::no);
        }
    }
    if (consoles == 0 || !uart.interrupt.present) {
        return nullptr;
    }
    const Vcpu* host = machine.vcpus[0];
    for (u32 n = 1; n < machine.vcpu_count; ++n) {
        host = host->rank < machine.vcpus[n]->rank ? machine.vcpus[n] : host;
    }
    terminal.host = host;
    terminal.intid = uart.interrupt.intid;
    terminal.next_step = never;
    terminal.mux.attach(baton_speaker, terminal.voice, "baton", Colour::no);
    terminal.mux.set_patience(sysreg::read<SysReg::cntfrq>());
    terminal.session.start(terminal.mux, terminal.voice, {terminal.names, machine.vm_count},
                           static_cast<u8>(consoles), hot_key);
    Uart{{}, {}}.start_interrupts();
    return terminal.host;
}

bool may_serve_terminal(Rank rank) {
    return terminal.host->rank <= rank;
}

bool is_terminal(PIntid intid) {
    return intid == terminal.intid;
}

void reset_terminal(const Vm& vm) {
    terminal.uarts[vm.number].reset();
}

u64 access_terminal(Vcpu& vcpu, u32 offset, const GuestAccess& access) {
    Vuart& uart = terminal.uarts[vcpu.vm->number];
    u64 value = 0;
    bool news = false;
    if (access.direction == Direction::read) {
        value = uart.read(offset, access.size);
    } else {
        news = uart.write(offset, access.size, access.value);
    }
    settle(vcpu.vm->number);
    if (news) {
        serve_terminal();
    }
    return value;
}

void say_on_terminal(const char* text, usize length) {
    if (terminal.voice.put({reinterpret_cast<const u8*>(text), length}) == OutputRing::Put::tell) {
        serve_terminal();
    }
}

// Both words are changed by read-modify-writes: who finds the step taken has been seen to wish for
// another one by whoever has it.
void serve_terminal() {
    static_cast<void>(terminal.wanted.exchange(1));
    if (terminal.busy.exchange(1) != 0) {
        return;
    }
    static_cast<void>(terminal.wanted.exchange(0));
    const u64 now = now_ticks();
    step(now);
    // Of a time to come the host's pCPU hears by the SGI, or goes there itself now.
    const u64 next = terminal.next_step;
    const bool here = terminal.host->home.load() == this_cpu().index;
    static_cast<void>(terminal.busy.exchange(0));
    if (terminal.wanted.load() != 0 || next <= now || (next != never && !here)) {
        ask_host();
    }
}

u64 serve_terminal_here(u64 now) {
    if (terminal.host == nullptr || terminal.host->home.load() != this_cpu().index) {
        return never;
    }
    if (terminal.wanted.load() != 0 || now >= terminal.next_step) {
        serve_terminal();
    }
    return terminal.next_step;
}

void drain_terminal() {
    if (terminal.host == nullptr) {
        return;
    }
    constexpr u32 most_looks = 100'000; // whoever is busy may be the one who has to end the machine
    for (u32 n = 0; n != most_looks && terminal.busy.exchange(1) != 0; ++n) {
        TargetSysReg{}.relax();
    }
    terminal.mux.set_patience(0);
    Uart uart{{}, {}};
    ConsoleMux::Step done{};
    do {
        done = terminal.mux.step(uart, never, work); // no line is waited for any more
    } while (done != ConsoleMux::Step::idle);
}

} // namespace hyp
