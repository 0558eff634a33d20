// SPDX-License-Identifier: Apache-2.0
// The life cycle of a forwarded interrupt on the real (QEMU's) GIC, step by step, and then the same
// checks with one fault at a time in the forwarder: each must be seen by the check named for it.
// Ends with status 0 when all is as the architecture says, 1 when not, 5 on an exception.
#include "drivers/gic/gicv2.hpp"
#include "drivers/gic/gicv3.hpp"
#include "drivers/gic/reeval_test.hpp"
#include "tests/target/lifecycle/checks_line.hpp"

#include <span>

namespace hyp::lifecycle {

namespace {

using target::Hex;
using target::print;
using V2 = GicV2<VirtMmio, TargetSysReg>;
using V3 = GicV3<VirtMmio, TargetSysReg>;

// On a machine with the fault a check is run without the work-around and with it. Not so one of the
// fast path, which the work-around withdraws, and one that needs the line looked at again.
enum class Ways : u8 { both, only_plain, only_sound };

template <class G>
struct Check {
    std::string_view name;
    void (*run)(Bench<G>&);
    Ways ways;
};

template <class G>
constexpr std::array<Check<G>, 19> checks{{
    {"T1", t1_line_high<G>, Ways::both},
    {"T2", t2_acknowledged<G>, Ways::both},
    {"T3", t3_priority_dropped<G>, Ways::both},
    {"T4", t4_listed<G>, Ways::both},
    {"T4-fast", t4_listed_fast<G>, Ways::only_plain},
    {"T5", t5_silent<G>, Ways::both},
    {"T6", t6_guest_acknowledged<G>, Ways::both},
    {"T7", t7_ended_line_low<G>, Ways::both},
    {"T8", t8_ended_line_high<G>, Ways::both},
    {"T9", t9_split_end<G>, Ways::both},
    {"T10", t10_joint_end_ignores_dir<G>, Ways::both},
    {"T11", t11_marked_by_software<G>, Ways::both},
    {"T12", t12_cleared_line_high<G>, Ways::both},
    {"T13", t13_masked_while_pending<G>, Ways::both},
    {"T14", t14_deadline_moved<G>, Ways::both},
    {"T15", t15_late_tick<G>, Ways::only_sound},
    {"T16", t16_many_ticks<G>, Ways::both},
    {"T16-fast", t16_many_ticks_fast<G>, Ways::only_plain},
    {"STALE", stale_interrupt<G>, Ways::both},
}};

// A fault of the forwarder and the check that must see it, by the item that gives it away.
struct Negative {
    std::string_view name;
    Mutation mutation;
    std::string_view check;
    std::string_view item;
    u64 got; // and by this value, not by just any other than the right one
};

constexpr std::array<Negative, 8> negatives{{
    {"N1", Mutation::no_software_active, "T11", "exits", storm},
    {"N2", Mutation::joint_end, "T5", "exits", storm},
    {"N2-dir", Mutation::early_deactivate, "T5", "exits", storm},
    {"N3", Mutation::no_hw_bit, "T7", "A", 1},
    {"N4", Mutation::wrong_pintid, "T7", "A", 1},
    {"N5", Mutation::pending_active, "T9", "phantom IAR", timer},
    {"N9", Mutation::keep_active, "T14", "tick", spurious},
    {"N16", Mutation::adopt, "STALE", "IAR without owner", timer},
}};
// The work-around removed where it is needed.
constexpr Negative n15{"N15", Mutation::none, "T15", "second tick", spurious};

struct Tally {
    u32 passed = 0;
    u32 failed = 0;
};

void print_finding(const Finding& finding) {
    print(finding.item, ": expected ", Hex{finding.expected}, ", got ", Hex{finding.got});
}

void print_findings(const Findings& found) {
    for (std::size_t n = 0; n < found.count(); ++n) {
        print(n == 0 ? " " : "; ");
        print_finding(found[n]);
    }
}

template <class G>
class Suite {
public:
    Suite(Bench<G>& bench, const Setting& machine) : bench_{bench}, machine_{machine} {}

    // Without work-around; where the fault was found, then once more with it.
    void run_checks() {
        for (const Check<G>& check : checks<G>) {
            if (!machine_.no_reevaluation || check.ways != Ways::only_sound) {
                run_check(check, machine_, "");
            }
        }
        if (!machine_.no_reevaluation) {
            return;
        }
        Setting worked_around = machine_;
        worked_around.caps.quirk_no_reevaluation = true;
        for (const Check<G>& check : checks<G>) {
            if (check.ways != Ways::only_plain) {
                run_check(check, worked_around, "-w2");
            }
        }
    }

    void run_negatives() {
        for (const Negative& negative : negatives) {
            run_negative(negative);
        }
        if (machine_.no_reevaluation) {
            run_negative(n15);
        }
    }

    [[nodiscard]] const Tally& tally() const { return tally_; }

private:
    void run_check(const Check<G>& check, const Setting& setting, std::string_view suffix) {
        bench_.found = Findings{};
        bench_.set(setting);
        check.run(bench_);
        const bool good = bench_.found.count() == 0;
        print(check.name, suffix, good ? " pass" : " FAIL");
        print_findings(bench_.found);
        print("\n");
        count(good);
    }

    void run_negative(const Negative& negative) {
        bench_.found = Findings{};
        Setting mutated = machine_;
        mutated.mutation = negative.mutation;
        bench_.set(mutated);
        for (const Check<G>& check : checks<G>) {
            if (check.name == negative.check) {
                check.run(bench_);
            }
        }
        const Finding* finding = bench_.found.find(negative.item);
        const bool seen = finding != nullptr && finding->got == negative.got;
        if (seen) {
            print(negative.name, " pass: ", negative.check, " saw it (");
            print_finding(*finding);
            print(")\n");
        } else {
            print(negative.name, " FAIL: ", negative.check, " did not see ", negative.item, " ",
                  Hex{negative.got}, " but");
            print_findings(bench_.found);
            print("\n");
        }
        count(seen);
    }

    void count(bool good) { ++(good ? tally_.passed : tally_.failed); }

    Bench<G>& bench_;
    Setting machine_;
    Tally tally_{};
};

[[nodiscard]] bool lacks_reevaluation(V2 gic) {
    constexpr PIntid hyp_timer{26};
    return ReevaluationTest<VirtMmio, TargetSysReg>{{}, {}, gic, hyp_timer}.run() !=
           Reevaluation::works;
}
[[nodiscard]] bool lacks_reevaluation(V3 /*gic*/) {
    return false;
}

template <class G>
[[nodiscard]] Setting examine(G gic, GicGeneration generation) {
    const bool is_v2 = generation == GicGeneration::v2;
    Setting setting;
    if (gic.init_distributor().ok() && gic.init_cpu().ok()) {
        setting.no_reevaluation = lacks_reevaluation(gic);
    }
    setting.caps.generation = generation;
    setting.caps.list_registers = gic.facts().list_registers;
    setting.caps.deactivate_trap = gic.facts().deactivate_trap;
    setting.caps.guest_group = is_v2 ? Group::group0 : Group::group1;
    return setting;
}

template <class G>
[[nodiscard]] int lifecycle(GicGeneration generation) {
    static constinit Bench<G> bench{};
    const Setting machine = examine(G{{}, {}}, generation);
    print("lifecycle: GICv", generation == GicGeneration::v2 ? 2U : 3U, ", re-evaluation after a ",
          "guest's deactivation ", machine.no_reevaluation ? "missing" : "works", "\n");
    Suite<G> suite{bench, machine};
    suite.run_checks();
    suite.run_negatives();
    const Tally& tally = suite.tally();
    print("lifecycle: ", tally.passed, " passed, ", tally.failed, " failed\n");
    return tally.failed == 0 ? 0 : 1;
}

} // namespace

extern "C" int lifecycle_main();
extern "C" int lifecycle_exception(u64 esr, u64 elr, u64 far);

int lifecycle_main() {
    return has_gicv3() ? lifecycle<V3>(GicGeneration::v3) : lifecycle<V2>(GicGeneration::v2);
}

int lifecycle_exception(u64 esr, u64 elr, u64 far) {
    print("lifecycle: FAIL, exception ESR ", Hex{esr}, " ELR ", Hex{elr}, " FAR ", Hex{far}, "\n");
    return 5;
}

} // namespace hyp::lifecycle
