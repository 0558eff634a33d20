// SPDX-License-Identifier: Apache-2.0
// Fuzz target: sequences of events on the whole interrupt path, the alphabet of the random walks
// (tests/unit/vgic/steps.hpp): the real vGIC and drivers on the reference GIC, whose invariants are
// checked after every step. Coverage leads where chance would take long to come.
//
// Two bytes choose the machine: bit 0 GICv3, bits 2:1 list registers (1, 2, 3, 4), bit 3
// asynchronous, bit 4 EOImode 1, bit 5 fast path, bit 6 the GICv2 that does not look again with its
// work-around; then bit 0 list registers that stay active. Each further byte is a step; one that is
// not possible now is passed over.
#include "tests/fuzz/input.hpp"
#include "tests/unit/vgic/steps.hpp"

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr u32 most_steps = 200;
constexpr u32 between_drains = 16;

template <class M>
void check(const M& machine, const std::vector<Step>& walk) {
    if (machine.failure != nullptr) {
        std::fprintf(stderr, "the walk: %s\n", to_text(walk).c_str());
        fuzz::require(false, machine.failure);
    }
}

template <GicGeneration G, unsigned L>
void walk(const Setup& setup, fuzz::Input& input) {
    Machine<G, L> machine{setup};
    std::vector<Step> taken;
    while (!input.empty() && taken.size() < most_steps) {
        const auto step = static_cast<Step>(input.below(static_cast<u32>(Step::count)));
        if (!can(machine, step)) {
            continue;
        }
        taken.push_back(step);
        perform(machine, step);
        if (taken.size() % between_drains == 0) {
            machine.check_drained();
        }
        machine.check_fast_equals_slow();
        check(machine, taken);
    }
    machine.check_drained();
    check(machine, taken);
}

template <GicGeneration G>
void walk_with(unsigned list_registers, const Setup& setup, fuzz::Input& input) {
    switch (list_registers) {
    case 1: walk<G, 1>(setup, input); break;
    case 2: walk<G, 2>(setup, input); break;
    case 3: walk<G, 3>(setup, input); break;
    default: walk<G, 4>(setup, input); break;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    fuzz::Input input{data, size};
    const u8 kind = input.byte();
    const u8 more = input.byte();
    const bool is_v3 = (kind & 1U) != 0;
    Setup setup;
    if ((kind & 8U) != 0) {
        setup.timing = model::Timing::asynchronous;
    }
    setup.eoi_mode = (kind & 0x10U) != 0;
    setup.fast = (kind & 0x20U) != 0;
    setup.stale = !is_v3 && (kind & 0x40U) != 0;
    setup.workaround = setup.stale;
    setup.survives = (more & 1U) != 0 && setup.timing == model::Timing::synchronous;
    const unsigned list_registers = (kind >> 1U & 3U) + 1;
    if (is_v3) {
        walk_with<GicGeneration::v3>(list_registers, setup, input);
    } else {
        walk_with<GicGeneration::v2>(list_registers, setup, input);
    }
    return 0;
}
