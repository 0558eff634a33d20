// SPDX-License-Identifier: Apache-2.0
// guest/bench: what costs Baton something between vCPUs, for `make bench`, which counts from outside
// between the markers. Command line: what=NAME and
//   yield   [reps=N] [mark]            yields so often; `mark`: this one's turns are counted
//   spin    [ticks=N]                  is awake until the counter has come so far
//   sgi     [reps=N] [sleep]           its first CPU sends the second SGIs, which spins or sleeps
//   crowd   [at=T period=N ticks=N first=I of=M] [mark]
//           each CPU sleeps between its timer's deadlines, which are T + N k + N / M (I + CPU)
// The counter is the physical one, that all VMs share.

#include "common/bootargs.hpp"
#include "common/irq.hpp"
#include "common/say.hpp"
#include "common/sgi.hpp"

namespace guest::bench {
namespace {

constexpr Intid sgi{3};
constexpr std::uint32_t baton_yield = 0xc6000003;
constexpr std::uint64_t warm_up = 8; // repetitions before those that are counted

/** HINT #0x60 and above are NOPs; QEMU's plugins count between these. */
void begin_counting() {
    asm volatile("hint #0x61" : : : "memory");
}
void end_counting() {
    asm volatile("hint #0x67" : : : "memory");
}

Verdict yield(const BootArgs& args) {
    const std::uint64_t reps = args.number("reps", 256);
    const bool mark = args.has("mark");
    for (std::uint64_t i = 0; i < reps + 2 * warm_up; ++i) {
        if (mark && i == warm_up) {
            begin_counting();
        }
        if (mark && i == warm_up + reps) {
            end_counting();
        }
        (void)hvc(baton_yield);
    }
    say("bench yield reps=%lu\n", reps);
    return Verdict::good;
}

Verdict spin(const BootArgs& args) {
    const std::uint64_t end = args.number("ticks", 1000000);
    while (PhysicalTimer::now() < end) {
        for (unsigned i = 0; i < 1000; ++i) {
            asm volatile("");
        }
    }
    return Verdict::good;
}

constinit Word handled{0};
constinit Word over{0};
constinit bool sleeps = false;

void on_sgi(std::uint64_t) {
    const Gic& gic = this_cpu().gic;
    const Ack ack = gic.acknowledge();
    if (ack.intid() != spurious_intid) {
        gic.end(ack);
        handled.store(handled.load() + 1);
    }
}

void receive(unsigned) {
    while (over.load() == 0) {
        if (sleeps) {
            wfi(); // masked: one that came before it ends it
        }
        unmask_interrupts();
        relax();
        mask_interrupts();
    }
}

/** Until the other one is surely asleep, or at least back in its loop. */
void settle() {
    for (unsigned i = 0; i < 300; ++i) {
        relax();
    }
}

Verdict send(const BootArgs& args) {
    const std::uint64_t reps = args.number("reps", 256);
    sleeps = args.has("sleep");
    set_irq_handler(on_sgi);
    this_cpu().gic.enable(sgi);
    if (cpu_count() < 2 || !bring_up(1, [](unsigned cpu) {
            this_cpu().gic.enable(sgi);
            receive(cpu);
        })) {
        say("bench: the second CPU does not come\n");
        return Verdict::bad;
    }
    for (std::uint32_t i = 0; i < reps + warm_up; ++i) {
        settle();
        if (i == warm_up) {
            begin_counting();
        }
        send_sgi(sgi, 1);
        if (!wait_until([i] { return handled.load() == i + 1; })) {
            say("bench sgi: number %u did not come\n", i);
            return Verdict::bad;
        }
    }
    settle();
    end_counting();
    over.store(1);
    send_sgi(sgi, 1);
    (void)wait_until_off(1);
    say("bench sgi reps=%lu\n", reps);
    return Verdict::good;
}

/** What a CPU of a crowd has to do; its own, but for `taken` at the end. */
struct alignas(64) Member {
    std::uint64_t deadline;
    std::uint64_t latest;
    std::uint64_t wrong;
    Shared<std::uint64_t> taken;
};

constinit Member members[max_cpus] = {};
constinit std::uint64_t period = 0;
constinit std::uint64_t wanted = 0;
constinit bool marks = false;

void on_crowd_tick(std::uint64_t entered) {
    const Cpu& cpu = this_cpu();
    Member& me = members[cpu.index];
    const Ack ack = cpu.gic.acknowledge();
    if (ack.intid() != machine().virtual_timer || entered < me.deadline) {
        ++me.wrong;
    } else {
        const std::uint64_t late = entered - me.deadline;
        me.latest = late > me.latest ? late : me.latest;
        me.deadline += period;
        VirtualTimer::set_deadline(me.deadline);
        const std::uint64_t taken = me.taken.load() + 1;
        me.taken.store(taken);
        if (marks && cpu.index == 0 && taken == warm_up) {
            begin_counting();
        }
        if (marks && cpu.index == 0 && taken == warm_up + wanted) {
            end_counting();
        }
    }
    if (ack.intid() != spurious_intid) {
        cpu.gic.end(ack);
    }
}

/** Has the CPU of this index nothing more to do? The first one stays asleep, too, not to disturb. */
bool is_done(unsigned index) {
    const unsigned last = index == 0 ? cpu_count() : index + 1;
    for (unsigned i = index; i < last; ++i) {
        if (members[i].taken.load() < wanted + 2 * warm_up) {
            return false;
        }
    }
    return true;
}

void be_one_of_them(unsigned index) {
    this_cpu().gic.enable(machine().virtual_timer);
    VirtualTimer::arm(members[index].deadline);
    while (!is_done(index)) {
        wfi();
        unmask_interrupts();
        mask_interrupts();
    }
    VirtualTimer::stop();
}

Verdict crowd(const BootArgs& args) {
    period = args.number("period", 400000);
    wanted = args.number("ticks", 16);
    marks = args.has("mark");
    const std::uint64_t all = args.number("of", 1);
    const std::uint64_t first = args.number("first", 0);
    const std::uint64_t behind = PhysicalTimer::now() - VirtualTimer::now(); // some ticks too few
    for (unsigned i = 0; i < cpu_count(); ++i) {
        members[i].deadline = args.number("at", 50000000) + period * (first + i) / all - behind;
    }
    set_irq_handler(on_crowd_tick);
    for (unsigned i = 1; i < cpu_count(); ++i) {
        if (!bring_up(i, be_one_of_them)) {
            say("bench crowd: CPU %u does not come\n", i);
            return Verdict::bad;
        }
    }
    be_one_of_them(0);
    bool good = true;
    for (unsigned i = 0; i < cpu_count(); ++i) {
        good = good && members[i].wrong == 0;
        say("bench crowd cpu=%lu ticks=%lu latest=%lu wrong=%lu\n", first + i,
            members[i].taken.load(), members[i].latest, members[i].wrong);
    }
    return good ? Verdict::good : Verdict::bad;
}

} // namespace
} // namespace guest::bench

namespace guest {

Verdict guest_main() {
    const BootArgs args{machine().bootargs};
    const std::string_view what = args.value("what", "");
    if (what == "spin") {
        return bench::spin(args);
    }
    if (what == "yield") {
        return bench::yield(args);
    }
    if (!open_cpus()) {
        return Verdict::bad;
    }
    if (what == "sgi") {
        return bench::send(args);
    }
    if (what == "crowd") {
        return bench::crowd(args);
    }
    say("bench: what= must be yield, spin, sgi or crowd\n");
    return Verdict::bad;
}

} // namespace guest
