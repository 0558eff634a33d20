// SPDX-License-Identifier: Apache-2.0
// guest/soak: a guest that does something else each moment, at random, and misses nothing. Each CPU
// arms both of its timers for moments to come and past, sleeps, spins, gives its turn away, rings its
// siblings, looks at the distributor, keeps a number in an FP register. Each deadline must be
// signalled once, none early, and each ring be heard; what does not come within seconds ends the run
// with a sentence.
// Command line: [ms=N] [seed=N]     (1000, 1); how long, and which numbers

#include "load.hpp"

#include "common/bootargs.hpp"
#include "common/irq.hpp"
#include "common/say.hpp"
#include "common/sgi.hpp"

namespace guest::soak {

constinit Worker workers[max_cpus] = {};

namespace {

constinit std::uint64_t end_of_run = 0;
constinit std::uint64_t first_random = 0;
constinit std::uint64_t last_heard[max_cpus] = {}; // the first CPU's knowledge of the others
constinit std::uint64_t heard_since[max_cpus] = {};

template <class Hardware>
void on_tick(Alarm& alarm, std::uint64_t entered) {
    Hardware::mask();
    if (!alarm.armed || entered < alarm.deadline) {
        alarm.wrong = alarm.wrong + 1;
        return;
    }
    const std::uint64_t late = entered - alarm.deadline;
    alarm.latest = late > alarm.latest ? late : alarm.latest;
    alarm.ticks = alarm.ticks + 1;
    alarm.armed = false;
}

void on_irq(std::uint64_t) {
    const Cpu& cpu = this_cpu();
    Worker& worker = workers[cpu.index];
    const Ack ack = cpu.gic.acknowledge();
    if (ack.intid() == machine().virtual_timer) {
        on_tick<VirtualTimer>(worker.virtual_alarm, VirtualTimer::now());
    } else if (ack.intid() == machine().physical_timer) {
        on_tick<PhysicalTimer>(worker.physical_alarm, PhysicalTimer::now());
    } else if (ack.intid() == bell) {
        worker.heard.store(worker.rung.load());
    } else {
        worker.foreign = worker.foreign + 1;
    }
    if (ack.intid() != spurious_intid) {
        cpu.gic.end(ack);
    }
}

/** Somebody's ring was not heard for long: this CPU is the first, which always goes on. */
bool is_deaf(const Worker& other, std::uint64_t& heard, std::uint64_t& since) {
    const std::uint64_t now = VirtualTimer::now();
    const std::uint64_t last = other.heard.load();
    if (last != heard || other.rung.load() == last) {
        heard = last;
        since = now;
    }
    return now > since + microseconds(soak_patience_us);
}

/** Nothing that was asked for is overdue. */
bool is_in_time(const Worker& worker, unsigned index) {
    const std::uint64_t patience = microseconds(soak_patience_us);
    const Alarm& v = worker.virtual_alarm;
    const Alarm& p = worker.physical_alarm;
    if (v.armed && VirtualTimer::now() > v.deadline + patience) {
        say("soak: CPU %u, a tick of the virtual timer did not come\n", index);
        return false;
    }
    if (p.armed && PhysicalTimer::now() > p.deadline + patience) {
        say("soak: CPU %u, a tick of the physical timer did not come\n", index);
        return false;
    }
    for (unsigned i = 1; index == 0 && i < cpu_count(); ++i) {
        if (is_deaf(workers[i], last_heard[i], heard_since[i])) {
            say("soak: CPU %u was rung and did not hear it\n", i);
            return false;
        }
    }
    return true;
}

/** Everybody rings nobody any more, and has heard every ring. */
bool are_all_idle() {
    for (unsigned i = 0; i < cpu_count(); ++i) {
        if (workers[i].idle.load() == 0 || workers[i].heard.load() != workers[i].rung.load()) {
            return false;
        }
    }
    return true;
}

void work(unsigned index) {
    Worker& worker = workers[index];
    const Gic& gic = this_cpu().gic;
    worker.random = (first_random + index) * 0x9e3779b97f4a7c15 | 1;
    gic.enable(bell);
    gic.enable(machine().virtual_timer);
    gic.enable(machine().physical_timer);
    unmask_interrupts();
    while (VirtualTimer::now() < end_of_run && worker.good) {
        act(worker, index);
        worker.good = is_in_time(worker, index);
    }
    const auto is_silent = [&worker] {
        return !worker.virtual_alarm.armed && !worker.physical_alarm.armed;
    };
    worker.good = wait_until(is_silent) && worker.good;
    worker.idle.store(1);
    // Rings may still come, and be needed, until everybody is here.
    const auto is_over = [&worker, index] {
        if (index == 0) {
            wake_sleepers(worker);
        }
        return are_all_idle();
    };
    worker.good = wait_until(is_over, 4 * soak_patience_us) && worker.good;
    mask_interrupts();
    worker.done.store(1);
}

[[nodiscard]] bool is_done(unsigned cpu) {
    return wait_until([cpu] { return workers[cpu].done.load() == 1; }, soak_patience_us);
}

Verdict report() {
    bool good = true;
    std::uint64_t ticks = 0;
    std::uint64_t planned = 0;
    std::uint64_t latest = 0;
    std::uint64_t rings = 0;
    std::uint64_t wrong = 0;
    for (unsigned i = 0; i < cpu_count(); ++i) {
        const Worker& worker = workers[i];
        for (const Alarm* alarm : {&worker.virtual_alarm, &worker.physical_alarm}) {
            ticks += alarm->ticks;
            planned += alarm->planned;
            wrong += alarm->wrong;
            latest = alarm->latest > latest ? alarm->latest : latest;
        }
        rings += worker.rung.load();
        wrong += worker.foreign + worker.mistakes;
        good = good && worker.good && worker.heard.load() == worker.rung.load();
    }
    say("soak: %lu ticks of %lu, %lu rings, %lu wrong; latest %lu us\n", ticks, planned, rings,
        wrong, nanoseconds(latest) / 1000);
    return good && wrong == 0 && ticks == planned ? Verdict::good : Verdict::bad;
}

} // namespace
} // namespace guest::soak

namespace guest {

Verdict guest_main() {
    const BootArgs args{machine().bootargs};
    if (!open_cpus()) {
        return Verdict::bad;
    }
    soak::first_random = args.number("seed", 1) * 1000;
    soak::end_of_run = VirtualTimer::now() + microseconds(1000 * args.number("ms", 1000));
    set_irq_handler(soak::on_irq);
    bool all = true;
    for (unsigned cpu = 1; cpu < cpu_count(); ++cpu) {
        all = bring_up(cpu, soak::work) && all;
    }
    if (!all) {
        say("soak: a CPU does not come up\n");
        return Verdict::bad;
    }
    soak::work(0);
    for (unsigned cpu = 1; cpu < cpu_count(); ++cpu) {
        all = soak::is_done(cpu) && all;
    }
    return soak::report() == Verdict::good && all ? Verdict::good : Verdict::bad;
}

} // namespace guest
