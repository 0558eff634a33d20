// SPDX-License-Identifier: Apache-2.0
// Every call of PSCI, SMCCC and Baton (DEN 0022, DEN 0028): each function with each class of argument
// in each state of its target, and long random sequences by up to eight vCPUs, against the model.
#include "tests/unit/vm/psci_model.hpp"

#include "hyp/core/manifest/guest_tree.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace hyp;
using namespace hyp::test;

namespace {

const std::vector<u32> functions = [] {
    std::vector<u32> all{0,           0x8000'0000, 0x8000'0001, 0x8000'0002, 0xc000'0000,
                         0xc000'0001, 0x8000'8000, 0x8000'7fff, 0x8000'3fff, 0x8600'ff01,
                         0x8600'0001, 0x8600'0002, 0x8600'0003, 0xc600'0000, 0xc600'0001,
                         0xc600'0002, 0xc600'0003, 0xc600'0004, 0xffff'ffff, 0x0400'0003};
    for (u32 number = 0; number < 0x40; ++number) {
        all.push_back(0x8400'0000 + number);
        all.push_back(0xc400'0000 + number);
    }
    return all;
}();
// Of the first argument: affinities with every field and every reserved part, and power states.
const std::vector<u64> firsts = [] {
    std::vector<u64> all{0,
                         1,
                         2,
                         3,
                         7,
                         8,
                         9,
                         0xff,
                         0x100,
                         0x101,
                         0x1'0000,
                         0x1'0001,
                         0x2'0000,
                         0x1'ffff,
                         0x3'0000,
                         0x81'0000,
                         0x100'0000,
                         0x200'0000,
                         0x101'0000,
                         0x4000'0000,
                         0x8000'0000,
                         0x8000'0001,
                         u64{1} << 32,
                         u64{1} << 32 | 1,
                         u64{1} << 40,
                         u64{1} << 40 | 1,
                         u64{1} << 63,
                         0x8000'0000'8000'0001,
                         ~u64{0}};
    for (const u64 plain : {u64{0}, u64{1}, u64{2}, u64{0x1'0000}}) {
        all.push_back(upper | plain);
    }
    return all;
}();
// Of the second: levels, and entry points at every edge of RAM.
const std::vector<u64> seconds{0,
                               1,
                               2,
                               3,
                               4,
                               u64{1} << 32 | 2,
                               0x3fff'fffc,
                               0x4000'0000,
                               0x4000'0001,
                               0x4000'0002,
                               0x4000'0003,
                               0x4000'0004,
                               0xffff'fffc,
                               0x1'3fff'fffc,
                               0x1'3fff'fffe,
                               0x1'4000'0000,
                               upper | 0x4000'0000,
                               upper | 1,
                               ~u64{0}};

} // namespace

TEST_CASE("PSCI: every function, argument class and state of the target") {
    for (const u8 vcpus : {u8{1}, u8{2}, u8{3}, u8{8}}) {
        for (const PsciModel::State state : {PsciModel::State::off, PsciModel::State::pending,
                                             PsciModel::State::on, PsciModel::State::suspended}) {
            if (vcpus == 1 && state != PsciModel::State::off) {
                continue;
            }
            const PsciPair fresh = psci_pair(vcpus, 1, state);
            for (const u32 function : functions) {
                for (const u64 first : firsts) {
                    for (const u64 second : seconds) {
                        PsciPair pair = fresh;
                        pair.call(0, function, first, second, 0x1234'5678'9abc'def0);
                        if (pair.model.state[0] == PsciModel::State::suspended) {
                            pair.arrive(0);
                        }
                        if (vcpus > 1) {
                            pair.arrive(1);
                        }
                    }
                }
            }
        }
    }
}

TEST_CASE("PSCI: FEATURES of every function") {
    PsciPair pair{1};
    for (const u32 function : functions) {
        pair.call(0, 0x8400'000a, function, 0, 0);
        pair.call(0, 0x8400'000a, upper | function, 0, 0);
        pair.call(0, 0x8400'000a, function + 0x80, 0, 0);
    }
}

TEST_CASE("PSCI: random sequences by up to eight vCPUs") {
    std::minstd_rand engine{11};
    const auto random = [&] { return static_cast<u32>(engine() >> 4U); };
    const auto pick = [&](const auto& from) { return from[random() % from.size()]; };
    unsigned ended = 0;
    for (unsigned walk = 0; walk < 300; ++walk) {
        PsciPair pair{static_cast<u8>(1 + walk % 8)};
        const unsigned vcpus = pair.power.vcpus();
        for (unsigned step = 0; step < 300; ++step) {
            const unsigned n = random() % vcpus;
            if (pair.model.state[n] != PsciModel::State::on) {
                pair.arrive(n);
                continue;
            }
            const bool wide = random() % 2 != 0;
            const u32 form = wide ? 0xc400'0000 : 0x8400'0000;
            switch (random() % 8) {
            case 0: pair.call(n, 0x8400'0002, 0, 0, 0); break;
            case 1: pair.call(n, form + 1, 0x1'0000, pick(seconds), random()); break;
            case 2:
            case 3:
            case 4: pair.call(n, form + 3, random() % 9, good_entry, random()); break;
            case 5: pair.call(n, form + 4, random() % 9, random() % 5, 0); break;
            default: pair.call(n, pick(functions), pick(firsts), pick(seconds), random()); break;
            }
            if (pair.power.word() == PowerWord{}) {
                ++ended;
                pair.power.restart();
                pair.model = PsciModel{vcpus};
                REQUIRE(pair.same());
            }
        }
    }
    CHECK(ended > 300); // the last one off was seen, and often
}

TEST_CASE("SMCCC: workarounds by what the CPU says of itself") {
    VmPower power{1};
    const auto ask = [&](u32 function, CpuIds ids) {
        const Caller caller{power, VcpuIndex{0}, ram, ids};
        const CallOutcome told = guest_call(caller, 0x8000'0001, upper | function, 0, 0);
        const CallOutcome done = guest_call(caller, function, 0, 0, 0);
        CHECK(told.action == CallAction::answer);
        CHECK(done.action == CallAction::answer);
        CHECK(done.value == (told.value == 1 ? 0 : no)); // what is offered does nothing
        return told.value;
    };
    constexpr u32 predictor = 0x8000'8000;
    constexpr u32 bypass = 0x8000'7fff;
    constexpr u32 history = 0x8000'3fff;
    for (u64 field = 0; field < 16; ++field) {
        const CpuIds csv2{.pfr0 = field << 56 | 0x00ff'ffff'ffff'ffff & ~(u64{0xf} << 56)};
        CHECK(ask(predictor, csv2) == (field >= 1 ? 1 : no));
        CHECK(ask(bypass, csv2) == no);
        CHECK(ask(history, csv2) == (field >= 3 ? 1 : no));
        const CpuIds ssbs{.pfr1 = field << 4 | ~u64{0xf0}};
        CHECK(ask(predictor, ssbs) == no);
        CHECK(ask(bypass, ssbs) == (field != 0 ? 1 : no));
        CHECK(ask(history, ssbs) == no);
        const CpuIds ecbhb{.mmfr1 = field << 60 | ~u64{0} >> 4};
        CHECK(ask(predictor, ecbhb) == no);
        CHECK(ask(bypass, ecbhb) == no);
        CHECK(ask(history, ecbhb) == (field != 0 ? 1 : no));
    }
}

TEST_CASE("PSCI: a vCPU's affinity is its number, on both generations of the GIC") {
    for (u8 n = 0; n < max_vcpus; ++n) {
        CHECK(guest_affinity(GicGeneration::v2, n) == n);
        CHECK(guest_affinity(GicGeneration::v3, n) == n);
    }
    CHECK(CallOutcome{}.action == CallAction::answer);
    CHECK(CallOutcome{}.value == no);
}
