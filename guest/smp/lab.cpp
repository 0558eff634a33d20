// SPDX-License-Identifier: Apache-2.0
// The one handler, and how CPU 0 gives work to the others.

#include "lab.hpp"

#include "common/irq.hpp"
#include "common/say.hpp"

namespace guest::smp {
namespace {

/** What a waiting CPU is told; `task` is written before `state`. */
struct alignas(64) Post {
    enum : std::uint32_t { idle, busy, leave };
    Body task;
    Word state;
};

constinit Taken all_taken[max_cpus] = {};
constinit Post posts[max_cpus] = {};
constinit Ticking ticking[max_cpus] = {};
constinit EoiMode modes[max_cpus] = {};
constinit Shared<Script> the_script{nullptr};

void bump(Word& word) {
    word.fetch_add(1);
}

/** The next deadline is on the grid, however late this one came. */
void on_tick(unsigned cpu) {
    Ticking& t = ticking[cpu];
    if (!VirtualTimer::expired() || VirtualTimer::now() < t.deadline) {
        bump(all_taken[cpu].early);
    }
    bump(all_taken[cpu].ticks);
    const std::uint32_t left = t.left.load() - 1;
    if (left == 0) {
        VirtualTimer::mask();
    } else {
        t.deadline += t.period;
        VirtualTimer::set_deadline(t.deadline);
    }
    t.left.store(left);
}

void count(Taken& mine, Ack ack) {
    const Intid intid = ack.intid();
    if (intid.value < 16) {
        bump(mine.from[intid.value][sgi_sender(ack)]);
        bump(mine.sgi[intid.value]);
    } else if (intid == spi_a) {
        bump(mine.spi_a);
    } else if (intid == spi_b) {
        bump(mine.spi_b);
    } else {
        bump(mine.foreign);
    }
}

void on_irq(std::uint64_t) {
    const Cpu& cpu = this_cpu();
    Taken& mine = all_taken[cpu.index];
    const Ack ack = cpu.gic.acknowledge();
    if (ack.intid() == spurious_intid) {
        bump(mine.spurious);
        if (mine.spurious.load() > storm_limit) {
            end_storm();
        }
        return;
    }
    const Script script = the_script.load();
    const bool is_tick = ack.intid() == machine().virtual_timer;
    if (is_tick) {
        on_tick(cpu.index);
    } else if (script != nullptr && script(cpu.index, ack)) {
        count(mine, ack);
        return;
    }
    cpu.gic.end(ack);
    if (modes[cpu.index] == EoiMode::split) {
        cpu.gic.deactivate(ack);
    }
    if (!is_tick) { // counted when it is over: whoever waits for it may send the next
        count(mine, ack);
    }
}

void clear(Taken& t) {
    for (unsigned i = 0; i < 16; ++i) {
        t.sgi[i].store(0);
        for (Word& word : t.from[i]) {
            word.store(0);
        }
    }
    for (Word* const word : {&t.spi_a, &t.spi_b, &t.ticks, &t.early, &t.spurious, &t.foreign}) {
        word->store(0);
    }
}

void reset_spi(Intid spi) {
    gic().disable(spi);
    gic().clear_pending(spi);
    gic().clear_active(spi);
}

} // namespace

Taken& taken(unsigned cpu) {
    return all_taken[cpu];
}

void set_script(Script script) {
    the_script.store(script);
}

void open_private_interrupts() {
    for (std::uint32_t sgi = 0; sgi < 16; ++sgi) {
        gic().enable(Intid{sgi});
    }
    gic().enable(machine().virtual_timer);
}

void wait_for_work(unsigned cpu) {
    Post& post = posts[cpu];
    open_private_interrupts();
    post.state.store(Post::idle);
    for (;;) {
        mask_interrupts(); // work that comes between test and WFI ends the WFI
        const std::uint32_t state = post.state.load();
        if (state == Post::leave) {
            return;
        }
        if (state == Post::idle) {
            wfi();
        }
        unmask_interrupts();
        if (state == Post::busy) {
            post.task(cpu);
            post.state.store(Post::idle);
        }
    }
}

void give(unsigned cpu, Body task) {
    posts[cpu].task = task;
    posts[cpu].state.store(Post::busy);
    send_sgi(work_sgi, cpu);
}

bool done(unsigned cpu) {
    return wait_until([cpu] { return posts[cpu].state.load() == Post::idle; });
}

bool run_on(unsigned cpu, Body task) {
    if (cpu == 0) {
        task(0);
        unmask_interrupts();
        return true;
    }
    give(cpu, task);
    return done(cpu);
}

bool run_on_all(Body task) {
    for (unsigned i = 1; i < cpu_count(); ++i) {
        give(i, task);
    }
    bool all = run_on(0, task);
    for (unsigned i = 1; i < cpu_count(); ++i) {
        all = done(i) && all;
    }
    return all;
}

bool turn_off(unsigned cpu) {
    posts[cpu].state.store(Post::leave);
    send_sgi(work_sgi, cpu);
    return wait_until_off(cpu);
}

bool turn_on(unsigned cpu) {
    return bring_up(cpu, wait_for_work) && done(cpu);
}

bool open_lab() {
    set_irq_handler(on_irq);
    open_private_interrupts();
    for (unsigned i = 1; i < cpu_count(); ++i) {
        if (!turn_on(i)) {
            say("CPU %u does not come up\n", i);
            return false;
        }
    }
    return true;
}

void choose_eoi_mode(EoiMode mode) {
    mask_interrupts();
    gic().set_eoi_mode(mode);
    modes[this_cpu().index] = mode;
    unmask_interrupts();
}

bool forget() {
    set_script(nullptr);
    for (const Intid spi : {spi_a, spi_b}) {
        reset_spi(spi);
    }
    const bool all = run_on_all([](unsigned cpu) {
        mask_interrupts();
        VirtualTimer::stop();
        PhysicalTimer::stop();
        choose_eoi_mode(EoiMode::joint);
        ticking[cpu].left.store(0);
    });
    for (unsigned i = 0; i < cpu_count(); ++i) {
        clear(all_taken[i]);
    }
    return all;
}

void start_ticking(std::uint64_t period, std::uint32_t count) {
    Ticking& t = ticking[this_cpu().index];
    t.period = period;
    t.deadline = VirtualTimer::now() + period;
    t.left.store(count);
    VirtualTimer::arm(t.deadline);
}

bool ticked(unsigned cpu) {
    return wait_until([cpu] { return ticking[cpu].left.load() == 0; });
}

Outcome nothing_odd() {
    for (unsigned i = 0; i < cpu_count(); ++i) {
        GUEST_REQUIRE(all_taken[i].spurious == 0, "acknowledges of nothing, by CPU", i);
    }
    return nothing_foreign();
}

Outcome nothing_foreign() {
    for (unsigned i = 0; i < cpu_count(); ++i) {
        const Taken& t = all_taken[i];
        GUEST_REQUIRE(t.foreign == 0, "interrupts that nobody sent, to CPU", i);
        GUEST_REQUIRE(t.early == 0, "ticks before their time, of CPU", i);
    }
    return passed;
}

void open_spi(Intid spi, unsigned cpu) {
    gic().set_up_spi(spi, Trigger::edge);
    route_spi(spi, cpu);
    gic().enable(spi);
}

Word& spi_count(Intid spi, unsigned cpu) {
    return spi == spi_a ? all_taken[cpu].spi_a : all_taken[cpu].spi_b;
}

std::uint32_t spi_total(Intid spi) {
    std::uint32_t total = 0;
    for (unsigned i = 0; i < cpu_count(); ++i) {
        total += spi_count(spi, i).load();
    }
    return total;
}

} // namespace guest::smp
