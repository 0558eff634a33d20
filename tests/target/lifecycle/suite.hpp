// SPDX-License-Identifier: Apache-2.0
// What is run and how it is reported: the checks of one interrupt's life, those of the list registers
// with one clamp after the other, and the negative half, in which a named check must see a fault.
#pragma once

#include "tests/target/lifecycle/checks_line.hpp"
#include "tests/target/lifecycle/checks_world.hpp"

#include <span>

namespace hyp::lifecycle {

using target::Hex;
using target::print;

// On a machine with the fault a check is run without the work-around and with it. Not so one of the
// fast path, which the work-around withdraws, and one that needs the line looked at again.
enum class Ways : u8 { both, only_plain, only_sound };
enum class On : u8 { both, only_v2, only_v3 };

template <class G>
struct Check {
    std::string_view name;
    void (*run)(Bench<G>&);
    Ways ways;
    On on = On::both;
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

// Those that are run with 1, 2, 3 and all list registers. What uses no vGIC knows no work-around.
template <class G>
constexpr std::array<Check<G>, 30> list_checks{{
    {"T17", t17_idle<G>, Ways::both},
    {"T18", t18_masked<G>, Ways::both},
    {"T21", t21_turns<G>, Ways::both},
    {"T22", t22_inside<G>, Ways::both},
    {"T24", t24_killed<G>, Ways::both},
    {"T26", t26_level_spi<G>, Ways::both},
    {"T27", t27_one_edge<G>, Ways::both},
    {"T28", t28_three_edges<G>, Ways::both},
    {"T29", t29_no_edge<G>, Ways::both},
    {"T31", t31_marked_spi<G>, Ways::only_plain},
    {"T32", t32_disabled_while_active<G>, Ways::both},
    {"T33", t33_requests<G>, Ways::only_sound},
    {"T43", t43_type_register<G>, Ways::only_plain},
    {"T44", t44_eoi_request<G>, Ways::only_plain},
    {"T45", t45_no_request<G>, Ways::only_plain},
    {"T46", t46_underflow<G>, Ways::only_plain},
    {"T47", t47_no_pending<G>, Ways::only_plain},
    {"T48", t48_entry_not_present<G>, Ways::only_plain},
    {"T49", t49_twenty_at_once<G>, Ways::both},
    {"T50", t50_spilled_active<G>, Ways::both},
    {"T51", t51_nesting<G>, Ways::both},
    {"T52", t52_equal_priorities<G>, Ways::both},
    {"T53", t53_sgi_source<G>, Ways::only_plain, On::only_v2},
    {"T54", t54_group1<G>, Ways::only_plain, On::only_v2},
    {"T55", t55_disabled<G>, Ways::only_plain},
    {"T56", t56_switches<G>, Ways::only_plain},
    {"T57", t57_traps<G>, Ways::only_plain, On::only_v3},
    {"T58", t58_trapped_sgi<G>, Ways::both, On::only_v3},
    {"T58", t58_decoded_sgi<G>, Ways::both, On::only_v2},
    {"SOFT", soft_timer_once<G>, Ways::only_plain},
}};

// A fault of the forwarder and the check that must see it, by the item that gives it away.
struct Negative {
    std::string_view name;
    Mutation mutation;
    std::string_view check;
    std::string_view item;
    u64 got;                    // and by this value, not by just any other than the right one
    bool worked_around = false; // seen only where an end with the line high is followed up
};

inline constexpr std::array<Negative, 15> negatives{{
    {"N1", Mutation::no_software_active, "T11", "exits", storm},
    {"N1-idle", Mutation::no_software_active, "T17", "exits", storm},
    {"N2", Mutation::joint_end, "T5", "exits", storm},
    {"N2-dir", Mutation::early_deactivate, "T5", "exits", storm},
    {"N3", Mutation::no_hw_bit, "T7", "A", 1},
    {"N4", Mutation::wrong_pintid, "T7", "A", 1},
    {"N5", Mutation::pending_active, "T9", "phantom IAR", timer},
    {"N6", Mutation::keep_timer, "T17", "IAR asleep", timer},
    {"N7", Mutation::lost_priorities, "T22", "vAPR", 0},
    {"N9", Mutation::keep_active, "T14", "tick", spurious},
    {"N10", Mutation::keep_soft_timer, "SOFT", "exits", storm},
    {"N11", Mutation::keep_underflow, "T49", "left: exits", storm},
    {"N12", Mutation::keep_trigger, "T33", "others", request_count / 8, true},
    {"N14", Mutation::no_entry_request, "T50", "A after the end", 1},
    {"N16", Mutation::adopt, "STALE", "IAR without owner", timer},
}};
// The work-around removed where it is needed.
inline constexpr Negative n15{"N15", Mutation::none, "T15", "second tick", spurious};

struct Tally {
    u32 passed = 0;
    u32 failed = 0;
};

inline void print_finding(const Finding& finding) {
    print(finding.item, ": expected ", Hex{finding.expected}, ", got ", Hex{finding.got});
}

inline void print_findings(const Findings& found) {
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
        for (const bool worked_around : {false, true}) {
            run_all(checks<G>, machine_, worked_around, "");
        }
    }

    // The same with fewer list registers than there are.
    void run_list_checks() {
        constexpr std::array<std::string_view, Registers::max_list_registers> names{
            "-lrs1", "-lrs2", "-lrs3", "-all"};
        for (u8 count = 1; count <= names.size(); ++count) {
            Setting setting = machine_;
            setting.caps.list_registers = count;
            for (const bool worked_around : {false, true}) {
                run_all(list_checks<G>, setting, worked_around, names[count - 1U]);
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
    void run_all(std::span<const Check<G>> table, Setting setting, bool worked_around,
                 std::string_view suffix) {
        if (worked_around && !setting.no_reevaluation) {
            return;
        }
        const bool plain_fault = setting.no_reevaluation && !worked_around;
        setting.caps.quirk_no_reevaluation = worked_around;
        for (const Check<G>& check : table) {
            const bool other_way = (plain_fault && check.ways == Ways::only_sound) ||
                                   (worked_around && check.ways == Ways::only_plain);
            const bool is_v2 = setting.caps.generation == GicGeneration::v2;
            if (!other_way && check.on != (is_v2 ? On::only_v3 : On::only_v2)) {
                run_check(check, setting, worked_around ? "-w2" : "", suffix);
            }
        }
    }

    void run_check(const Check<G>& check, const Setting& setting, std::string_view way,
                   std::string_view suffix) {
        bench_.found = Findings{};
        bench_.set(setting);
        check.run(bench_);
        const bool good = bench_.found.count() == 0;
        print(check.name, way, suffix, good ? " pass" : " FAIL");
        print_findings(bench_.found);
        for (const Finding& note : bench_.found.notes()) {
            print("; ", note.item, " ", note.got);
        }
        print("\n");
        count(good);
    }

    void run_negative(const Negative& negative) {
        bench_.found = Findings{};
        Setting mutated = machine_;
        mutated.mutation = negative.mutation;
        mutated.caps.quirk_no_reevaluation = negative.worked_around && machine_.no_reevaluation;
        bench_.set(mutated);
        for (const std::span<const Check<G>> table :
             {std::span<const Check<G>>{checks<G>}, std::span<const Check<G>>{list_checks<G>}}) {
            for (const Check<G>& check : table) {
                if (check.name == negative.check) {
                    check.run(bench_);
                }
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

} // namespace hyp::lifecycle
