// SPDX-License-Identifier: Apache-2.0
// H11: two vCPUs of two VMs share a pCPU and the one physical timer interrupt that it has; every
// order of what may happen to the loaded one, of switches, and of the other's timer expiring and
// being stopped meanwhile. Each has a ghost of its own, so that a tick that went to the wrong one is
// one too many there, and one lost here.
#pragma once

#include "tests/unit/vgic/explorations.hpp"

namespace hyp::test {

// A Step of the loaded vCPU's, or one of these.
enum class ShareStep : u8 {
    other_expires = static_cast<u8>(Step::count),
    other_stops,
    change, // of vCPUs
    count,
};

template <GicGeneration G, unsigned L>
class Shared {
public:
    explicit Shared(const Setup& setup) : one_{setup} {
        Machine<G, L> twin{setup};
        PrivateState unused;
        other_ = twin.park(unused);
    }

    [[nodiscard]] bool can(u8 step, Steps allowed) const {
        switch (static_cast<ShareStep>(step)) {
        case ShareStep::other_expires: return !other_.ghost.timer.wanted;
        case ShareStep::other_stops: return other_.ghost.timer.wanted;
        case ShareStep::change: // but for what its timer's line has under way
            return one_.gic.line(0, timer) == one_.ghost.timer.wanted;
        default: break;
        }
        const Step own = static_cast<Step>(step);
        return allowed.has(own) && test::can(one_, own);
    }

    void perform(u8 step) {
        switch (static_cast<ShareStep>(step)) {
        case ShareStep::other_expires:
            other_.ghost.timer.wanted = other_.ghost.timer.due = true;
            return;
        case ShareStep::other_stops: other_.ghost.timer.wanted = false; return;
        case ShareStep::change: {
            const Parked next = other_;
            other_ = one_.park(held_);
            one_.unpark(next, held_);
            return;
        }
        default: test::perform(one_, static_cast<Step>(step)); return;
        }
    }

    // Whichever runs on: nothing is lost or stuck.
    void check_drained() const {
        one_.check_drained();
        Shared copy = *this;
        for (unsigned n = 0; n < 2 && one_.gic.deliverable() == 0; ++n) {
            copy.perform(static_cast<u8>(ShareStep::change));
            copy.one_.check_drained();
        }
        one_.require(copy.one_.failure == nullptr, copy.one_.failure);
        one_.check_fast_equals_slow();
    }

    [[nodiscard]] const char* failure() const { return one_.failure; }
    [[nodiscard]] u64 hash() const {
        Hash hash{one_.hash()};
        const auto mix = [&hash](u64 word) { hash.mix(word); };
        other_.visit(mix, [&hash](const void* bytes, usize size) { hash.mix_bytes(bytes, size); });
        mix(held_.mask | u64{held_.active} << 32U);
        mix(held_.enabled);
        return hash.value();
    }
    // Tests that look inside.
    [[nodiscard]] Machine<G, L>& loaded() { return one_; }
    [[nodiscard]] const Parked& other() const { return other_; }

private:
    Machine<G, L> one_;
    Parked other_;
    PrivateState held_;
};

struct ShareReport {
    std::string failure = "good";
    std::string walk;
    u64 states = 0;
    u64 transitions = 0;
    bool fixed_point = false;
};

[[nodiscard]] inline std::string share_step_name(u8 step) {
    constexpr std::array<const char*, 3> more{"other-expires", "other-stops", "change"};
    constexpr u8 own = static_cast<u8>(Step::count);
    return step < own ? step_names[step] : more[step - own];
}

template <GicGeneration G, unsigned L>
[[nodiscard]] ShareReport explore_shared(const Setup& setup, Steps allowed, usize limit) {
    struct Origin {
        u32 from;
        u8 step;
    };
    ShareReport report;
    std::vector<Origin> origins{{0, 0}};
    std::deque<std::pair<Shared<G, L>, u32>> frontier;
    frontier.emplace_back(Shared<G, L>{setup}, 0);
    std::unordered_set<u64> visited{frontier.front().first.hash()};
    while (!frontier.empty()) {
        const auto [from, id] = frontier.front();
        frontier.pop_front();
        for (u8 step = 0; step < static_cast<u8>(ShareStep::count); ++step) {
            if (!from.can(step, allowed)) {
                continue;
            }
            Shared<G, L> next = from;
            next.perform(step);
            ++report.transitions;
            if (next.failure() == nullptr && !visited.insert(next.hash()).second) {
                continue;
            }
            origins.push_back({id, step});
            const u32 number = static_cast<u32>(origins.size() - 1);
            next.check_drained();
            if (next.failure() != nullptr) {
                report.failure = next.failure();
                for (u32 at = number; at != 0; at = origins[at].from) {
                    report.walk = share_step_name(origins[at].step) + " " + report.walk;
                }
                return report;
            }
            if (visited.size() < limit) {
                frontier.emplace_back(next, number);
            }
        }
    }
    report.states = visited.size();
    report.fixed_point = visited.size() < limit;
    return report;
}

struct SharedExploration {
    std::string name;
    ShareReport (*run)(const Setup& setup, Steps steps, usize limit);
    Setup setup;
    Steps steps;
};

// Without SGIs and SPIs; `hvc` is an exit for nothing.
inline constexpr Steps timer_alone{Step::interrupt, Step::acknowledge, Step::end_last,
                                   Step::line_up,   Step::line_down,   Step::hvc};

class SharedExplorations {
public:
    template <GicGeneration G, unsigned L>
    void add(const char* what, Setup setup, Steps steps) {
        setup.fast = !setup.workaround;
        const std::string name = std::string{"H11: two VMs on one pCPU, "} + what + ", GICv" +
                                 (G == GicGeneration::v2 ? "2, " : "3, ") + std::to_string(L) +
                                 " list registers" + (setup.eoi_mode ? ", EOImode 1" : "");
        all_.push_back({name, &explore_shared<G, L>, setup, steps});
    }
    template <GicGeneration G>
    void add_sizes(const char* what, const Setup& setup, Steps steps) {
        add<G, 1>(what, setup, steps);
        add<G, 2>(what, setup, steps);
        add<G, 3>(what, setup, steps);
        add<G, 4>(what, setup, steps);
    }
    [[nodiscard]] const std::vector<SharedExploration>& all() const { return all_; }

private:
    std::vector<SharedExploration> all_;
};

[[nodiscard]] inline std::vector<SharedExploration> all_shared_explorations() {
    constexpr GicGeneration v2 = GicGeneration::v2;
    constexpr GicGeneration v3 = GicGeneration::v3;
    SharedExplorations out;
    Setup fault;
    fault.stale = fault.workaround = true;
    Setup split;
    split.eoi_mode = true;
    Setup asynchronous;
    asynchronous.timing = model::Timing::asynchronous;
    out.add_sizes<v2>("timer", {}, timer_alone | enabling);
    out.add_sizes<v3>("timer", {}, timer_alone | enabling);
    out.add_sizes<v2>("timer, no second look", fault, timer_alone | enabling);
    out.add<v2, 4>("timer", split, timer_alone | masking);
    out.add<v3, 4>("timer", split, timer_alone | masking);
    out.add<v3, 1>("timer, asynchronous", asynchronous, timer_alone | basic);
    out.add<v2, 1>("ISPENDR, no second look", fault, timer_alone | timer_pending);
    out.add<v2, 4>("ISPENDR, no second look", fault, timer_alone | timer_pending);
    out.add<v3, 2>("ISPENDR", {}, timer_alone | timer_pending);
    out.add<v3, 2>("timer and SPI", {}, timer_alone | spis);
    out.add<v2, 2>("timer and SPI, no second look", fault, timer_alone | spis);
    return out.all();
}

} // namespace hyp::test
