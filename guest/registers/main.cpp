// SPDX-License-Identifier: Apache-2.0
// Fills every register that a guest can write with a pattern of its own, lets the CPU go, and looks
// whether all is as it was. Two of these on one CPU, with two patterns, show whether each keeps its
// own and none sees the other's. Command line: [pattern=N] [rounds=N] [sleep=MICROSECONDS]

#include "common/bootargs.hpp"
#include "common/fault.hpp"
#include "common/gic.hpp"
#include "common/psci.hpp"
#include "common/timer.hpp"
#include "rows.hpp"
#include "tables.hpp"

#include <cstdio>

extern "C" {
extern const char vectors[];
void stay_away(std::uint64_t* x, std::uint64_t function);
void fill_fp(const std::uint64_t* v);
void read_fp(std::uint64_t* v);
}

namespace guest::registers {
namespace {

constexpr std::uint32_t baton_yield = 0xc6000003; // lets another vCPU run; unknown: just returns
constexpr unsigned max_rows = 64;
constexpr unsigned fp_words = 66;
constexpr std::uint64_t fpsr_bits = 0xf800009f;
constexpr std::uint64_t fpcr_bits = 0x07c00000; // rounding and flushing, no trap

// All that is expected, and what went wrong. No printf while the registers are filled.
struct State {
    std::uint64_t pattern;
    std::uint64_t table;
    bool there[max_rows];
    std::uint64_t kept[max_rows];
    std::uint64_t fp[fp_words];
    unsigned wrong;
    const char* first;
    std::uint64_t expected;
    std::uint64_t seen;
};
constinit State state{};
constinit Gic gic{};

// A value for register `n` in this round: any two differ in about half of their bits.
std::uint64_t value_of(std::uint64_t round, unsigned n) {
    std::uint64_t v = state.pattern << 32 | round << 8 | n;
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9;
    v = (v ^ v >> 27) * 0x94d049bb133111eb;
    return v ^ v >> 31;
}

void expect(const char* name, std::uint64_t expected, std::uint64_t seen) {
    if (expected != seen && state.wrong++ == 0) {
        state.first = name;
        state.expected = expected;
        state.seen = seen;
    }
}

// Which registers there are: each read and written under the guest's own vectors.
unsigned find_registers() {
    unsigned found = 0;
    asm volatile("msr cpacr_el1, %0\n\tisb" : : "r"(cpacr_open) : "memory");
    std::printf("registers: not there:");
    for (unsigned n = 0; n < rows().size(); ++n) {
        const Row& row = rows()[n];
        const CaughtFault fault = probe([&] { row.write(row.read()); });
        state.there[n] = !fault.taken;
        found += state.there[n] ? 1 : 0;
        if (fault.taken) {
            std::printf(" %s", row.name);
        }
    }
    std::printf("\n");
    return found;
}

enum class Mmu : std::uint8_t { off, on };

void fill(std::uint64_t round, Mmu mmu, bool lazy) {
    rows().back().write(
        rows().back().flat.one); // SCTLR_EL1: no translation while its registers change
    isb();
    for (unsigned n = 0; n < rows().size(); ++n) {
        const Row& row = rows()[n];
        if (!state.there[n] || (row.kept == Kept::lazily && !lazy)) {
            continue;
        }
        const Bits bits = mmu == Mmu::on ? row.mapped : row.flat;
        const std::uint64_t one = bits.one == own_table ? state.table : bits.one;
        isb();
        row.write((value_of(round, n) & bits.pattern) | one);
        isb();
        state.kept[n] = row.read();
    }
    if (lazy) {
        for (unsigned n = 0; n < fp_words; ++n) {
            state.fp[n] = value_of(round, max_rows + n);
        }
        state.fp[64] &= fpsr_bits;
        state.fp[65] &= fpcr_bits;
        fill_fp(state.fp);
        read_fp(state.fp);
    }
}

void compare(bool lazy) {
    for (unsigned n = 0; n < rows().size(); ++n) {
        const Row& row = rows()[n];
        if (!state.there[n] || (row.kept == Kept::lazily && !lazy)) {
            continue;
        }
        const std::uint64_t seen = row.read() & row.compared;
        if (row.kept != Kept::or_zero || seen != 0) {
            expect(row.name, state.kept[n] & row.compared, seen);
        }
    }
    if (lazy) {
        static constinit std::uint64_t seen[fp_words]{};
        read_fp(seen);
        for (unsigned n = 0; n < fp_words; ++n) {
            expect(n < 64 ? "an FP register" : "FPSR or FPCR", state.fp[n], seen[n]);
        }
    }
}

// Away with general registers and SP full, too; `function` 0 sleeps.
void leave(std::uint64_t round, std::uint32_t function) {
    static constinit std::uint64_t x[32]{};
    for (unsigned n = 2; n < 32; ++n) {
        x[n] = value_of(round, 2 * max_rows + n);
    }
    stay_away(x, function);
    for (unsigned n = 2; n < 32; ++n) {
        expect(n == 31 ? "SP" : "a general register", value_of(round, 2 * max_rows + n), x[n]);
    }
}

// Until the timer has fired and been ended. A wake-up that is too early is allowed.
void sleep(std::uint64_t round, std::uint64_t ticks) {
    VirtualTimer::arm(VirtualTimer::now() + ticks);
    while (!VirtualTimer::expired()) {
        leave(round, 0);
    }
    VirtualTimer::stop();
    const Ack ack = gic.acknowledge();
    if (ack.intid() != spurious_intid) {
        gic.end(ack);
    }
}

// The guest is itself again: printf and faults work.
void empty() {
    for (unsigned n = static_cast<unsigned>(rows().size()); n-- != 0;) {
        const Row& row = rows()[n];
        if (state.there[n]) {
            isb();
            row.write(n + 2 == rows().size() ? reinterpret_cast<std::uintptr_t>(vectors)
                                             : row.flat.one);
        }
    }
    isb();
}

void run_round(std::uint64_t round, std::uint64_t ticks) {
    const Mmu mmu = round % 4 < 2 ? Mmu::off : Mmu::on;
    const bool lazy = round % 3 == 0;
    fill(round, mmu, lazy);
    switch (round % 8) {
    case 3: sleep(round, ticks); break;
    case 6: sleep(round, 1); break; // the timer has fired already
    default:
        if (machine().under_baton) {
            leave(round, round % 8 == 4 ? static_cast<std::uint32_t>(Function::baton_nothing)
                                        : baton_yield);
        } else {
            sleep(round, 1);
        }
    }
    compare(round % 3 == 2); // filled two rounds ago and not used since
    if (mmu == Mmu::on && !sees_own_page(state.pattern)) {
        expect("the page that TTBR0_EL1 maps", 1, 0);
    }
}

} // namespace
} // namespace guest::registers

namespace guest {

Verdict guest_main() {
    using namespace registers;
    const BootArgs args{machine().bootargs};
    state.pattern = args.number("pattern", 1);
    const std::uint64_t rounds = args.number("rounds", 240);
    const std::uint64_t ticks = microseconds(args.number("sleep", 200));
    if (machine().gic == GicVersion::none || rows().size() > max_rows) {
        std::printf("registers: no GIC\n");
        return Verdict::bad;
    }
    std::printf("registers: pattern %lu, %s\n", state.pattern,
                machine().under_baton ? "under Baton" : "on the bare machine");
    gic.init(machine());
    gic.enable(machine().virtual_timer);
    const unsigned found = find_registers();
    state.table = make_tables(state.pattern);
    for (std::uint64_t round = 0; round < rounds && state.wrong == 0; ++round) {
        run_round(round, ticks);
    }
    empty();
    if (state.wrong != 0) {
        std::printf("FAIL registers: pattern %lu: %s was 0x%lx and is 0x%lx (%u such)\n",
                    state.pattern, state.first, state.expected, state.seen, state.wrong);
        return Verdict::bad;
    }
    std::printf("registers: pattern %lu, %u system registers, %lu rounds, all as they were\n",
                state.pattern, found, rounds);
    return Verdict::good;
}

} // namespace guest
