// SPDX-License-Identifier: Apache-2.0
// SGIs between CPUs: each sender to each target, groups of targets, and as many as can be in flight
// without two of one kind becoming one. SGI n is sent by CPU n, so that GICv3 knows senders, too.

#include "lab.hpp"

namespace guest::smp {
namespace {

constexpr Intid token{15};
constexpr Intid same{14};
constexpr std::uint32_t stream = 300;
constexpr std::uint32_t hops = 10000;

/** `sgi` was taken `count` times by `cpu`, and nothing more soon after. */
bool came(unsigned cpu, unsigned sgi, std::uint32_t count) {
    return wait_until([=] { return taken(cpu).sgi[sgi].load() >= count; }) &&
           taken(cpu).sgi[sgi].load() == count;
}

/** What GICv2's IAR said of who sent it. */
Outcome sender_is(unsigned cpu, unsigned sgi, unsigned sender, std::uint32_t count) {
    if (gic().is_v3()) {
        return passed;
    }
    return expect(taken(cpu).from[sgi][sender] == count, "from another CPU than its sender",
                  sgi << 4 | cpu);
}

constinit Word chosen{0};

Outcome each_to_each() {
    for (unsigned from = 0; from < cpu_count(); ++from) {
        for (unsigned to = 0; to < cpu_count(); ++to) {
            chosen.store(to);
            GUEST_REQUIRE(run_on(from, [](unsigned cpu) { send_sgi(Intid{cpu}, chosen.load()); }),
                          "does not answer", from);
            GUEST_REQUIRE(came(to, from, 1), "lost or doubled: sender, target", from << 4 | to);
            GUEST_TRY(sender_is(to, from, from, 1));
        }
    }
    pass_time(100);
    for (unsigned to = 0; to < cpu_count(); ++to) {
        for (unsigned from = 0; from < cpu_count(); ++from) {
            GUEST_REQUIRE(taken(to).sgi[from] == 1, "one too many", from << 4 | to);
        }
    }
    return nothing_odd();
}

Outcome to_others() {
    for (unsigned from = 0; from < cpu_count(); ++from) {
        GUEST_REQUIRE(run_on(from, [](unsigned cpu) { send_sgi_to_others(Intid{cpu}); }),
                      "does not answer", from);
        for (unsigned to = 0; to < cpu_count(); ++to) {
            GUEST_REQUIRE(to == from || came(to, from, 1), "lost", from << 4 | to);
            GUEST_TRY(to == from ? passed : sender_is(to, from, from, 1));
        }
        pass_time(20);
        GUEST_REQUIRE(taken(from).sgi[from] == 0, "to all but self, and self took it", from);
    }
    return nothing_odd();
}

Outcome to_self() {
    GUEST_REQUIRE(run_on_all([](unsigned cpu) {
                      for (std::uint32_t i = 1; i <= stream; ++i) {
                          send_sgi_to_self(Intid{cpu});
                          if (!wait_until([=] { return taken(cpu).sgi[cpu].load() >= i; })) {
                              return;
                          }
                      }
                  }),
                  "does not answer", 0);
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        GUEST_REQUIRE(taken(cpu).sgi[cpu] == stream, "lost or doubled, of CPU", cpu);
        GUEST_TRY(sender_is(cpu, cpu, cpu, stream));
    }
    return nothing_odd();
}

/** Everyone to everyone at once, each next one when the last was taken. */
void crossfire(unsigned cpu) {
    for (std::uint32_t i = 1; i <= stream; ++i) {
        for (unsigned to = 0; to < cpu_count(); ++to) {
            send_sgi(Intid{cpu}, to);
        }
        for (unsigned to = 0; to < cpu_count(); ++to) {
            if (!wait_until([=] { return taken(to).sgi[cpu].load() >= i; })) {
                return;
            }
        }
    }
}

Outcome all_at_once() {
    GUEST_REQUIRE(run_on_all(crossfire), "does not answer", 0);
    for (unsigned to = 0; to < cpu_count(); ++to) {
        for (unsigned from = 0; from < cpu_count(); ++from) {
            GUEST_REQUIRE(taken(to).sgi[from] == stream, "lost or doubled", from << 4 | to);
            GUEST_TRY(sender_is(to, from, from, stream));
        }
    }
    return nothing_odd();
}

constinit Word hops_left{0};

/** Whoever has the token hands it on from inside its handler. */
bool hand_on(unsigned cpu, Ack ack) {
    if (ack.intid() != token) {
        return false;
    }
    gic().end(ack);
    if (hops_left.fetch_sub(1) != 1) {
        send_sgi(token, (cpu + 1) % cpu_count());
    }
    return true;
}

Outcome ring() {
    hops_left.store(hops);
    set_script(hand_on);
    send_sgi(token, 0);
    GUEST_REQUIRE(wait_until([] { return hops_left.load() == 0; }, 12 * patience_us),
                  "the token was lost; hops left", hops_left);
    pass_time(50);
    std::uint32_t total = 0;
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        total += taken(cpu).sgi[token.value];
    }
    GUEST_REQUIRE(total == hops, "hops", total);
    return nothing_odd();
}

/** The same SGI from everyone to a CPU that is masked: each sender's counts on v2, one in all on
 * v3, where an SGI has no sender. */
Outcome collected() {
    const unsigned to = cpu_count() - 1;
    chosen.store(0);
    give(to, [](unsigned) {
        mask_interrupts();
        chosen.store(1);
        (void)wait_until([] { return chosen.load() == 2; });
    });
    GUEST_REQUIRE(to == 0 || wait_until([] { return chosen.load() == 1; }), "does not answer", to);
    if (to == 0) {
        mask_interrupts();
    }
    for (unsigned from = 0; from < cpu_count(); ++from) {
        if (from == to && to != 0) {
            continue; // it waits
        }
        const bool sent = from == 0
                              ? (send_sgi(same, to), true)
                              : run_on(from, [](unsigned) { send_sgi(same, cpu_count() - 1); });
        GUEST_REQUIRE(sent, "does not answer", from);
    }
    GUEST_REQUIRE(taken(to).sgi[same.value] == 0, "taken while masked", to);
    chosen.store(2);
    unmask_interrupts();
    const std::uint32_t senders = cpu_count() == 1 ? 1 : cpu_count() - 1;
    GUEST_REQUIRE(to == 0 || done(to), "does not answer", to);
    pass_time(50);
    const std::uint32_t seen = taken(to).sgi[same.value];
    GUEST_REQUIRE(seen == (gic().is_v3() ? 1 : senders), "taken", seen);
    for (unsigned from = 0; from < senders; ++from) {
        GUEST_TRY(sender_is(to, same.value, from, 1));
    }
    return nothing_odd();
}

constexpr Check all[] = {
    {"sgi.each-to-each", each_to_each}, {"sgi.to-others", to_others}, {"sgi.to-self", to_self},
    {"sgi.all-at-once", all_at_once},   {"sgi.ring", ring},           {"sgi.collected", collected},
};

} // namespace

std::span<const Check> sgi_checks() {
    return all;
}

} // namespace guest::smp
