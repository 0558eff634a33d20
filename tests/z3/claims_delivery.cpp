// SPDX-License-Identifier: Apache-2.0
// Claims on delivery words: for every word, event and argument. Several pCPUs change a shared word
// by compare-and-swap of next(), so whatever holds for next() holds for every order in which they
// come.
#include "hyp/core/vgic/delivery.hpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

namespace {

using D = Delivery;

constexpr bool is_vcpu(u8 v) {
    return v < max_vcpus;
}
constexpr bool is_vcpu_or_nobody(u8 v) {
    return is_vcpu(v) || v == nobody.value;
}

// What every word fulfils from its birth on; the first claim shows it.
constexpr bool is_sound(Delivery d) {
    const bool hardware = d.get<D::Hardware>();
    const bool of_hardware = d.get<D::Owed>() || d.get<D::BySoftware>();
    const bool of_software = d.get<D::Latch>() || d.get<D::Line>();
    return is_vcpu_or_nobody(d.get<D::Target>()) && is_vcpu_or_nobody(d.get<D::Holder>()) &&
           (hardware || !of_hardware) && (!hardware || !of_software) &&
           !(d.is_held() && d.get<D::Owed>()) && d.raw() >> 22U == 0;
}

constexpr bool names_a_vcpu(Event event) {
    return event == Event::claim || event == Event::hold || event == Event::put_back ||
           event == Event::release;
}
constexpr bool is_legal(Event event, u8 arg) {
    return event < Event::count && (!names_a_vcpu(event) || is_vcpu(arg)) &&
           (event != Event::route || is_vcpu_or_nobody(arg));
}

// The guest's registers that say what shall be, not what is.
constexpr bool is_configuration(Event event) {
    switch (event) {
    case Event::enable:
    case Event::disable:
    case Event::prioritize:
    case Event::to_group0:
    case Event::to_group1:
    case Event::route: return true;
    default: return false;
    }
}

constexpr u32 field_of(Event event) {
    switch (event) {
    case Event::enable:
    case Event::disable: return 1U << 13U;
    case Event::prioritize: return 0x1f;
    case Event::to_group0:
    case Event::to_group1: return 1U << 14U;
    default: return 0xfU << 5U;
    }
}

} // namespace

CLAIM(a_word_stays_sound)(u32 word, u8 event, u8 arg) {
    const Event what{event};
    return !is_sound(D{word}) || !is_legal(what, arg) || is_sound(next(D{word}, what, arg));
}

CLAIM(a_fresh_word_is_sound_and_nothing_is_pending)(u8 target, bool group1, bool edge) {
    const Delivery d = fresh_delivery(VcpuIndex{target}, group1 ? Group::group1 : Group::group0,
                                      edge ? Trigger::edge : Trigger::level);
    return !is_vcpu_or_nobody(target) ||
           (is_sound(d) && !d.is_pending() && !d.is_held() && !d.get<D::Enabled>());
}

CLAIM(configuration_changes_its_own_field_alone)(u32 word, u8 event, u8 arg) {
    const Event what{event};
    return !is_configuration(what) ||
           ((next(D{word}, what, arg).raw() ^ word) & ~field_of(what)) == 0;
}

CLAIM(configuration_says_what_was_asked)(u32 word, u8 arg) {
    const Delivery d{word};
    return next(d, Event::enable).get<D::Enabled>() && !next(d, Event::disable).get<D::Enabled>() &&
           next(d, Event::prioritize, arg).priority() == (arg & 0xf8U) &&
           next(d, Event::to_group1).get<D::Grp>() == Group::group1 &&
           next(d, Event::to_group0).get<D::Grp>() == Group::group0 &&
           next(d, Event::to_level).is_level() && !next(d, Event::to_edge).is_level() &&
           next(d, Event::route, arg).get<D::Target>() == (arg & 0xfU);
}

// Whichever of two pCPUs comes first.
CLAIM(configuration_and_causes_come_in_any_order)(u32 word, u8 event, u8 arg) {
    const Event what{event};
    const Delivery d{word};
    return !is_configuration(what) ||
           (next(next(d, what, arg), Event::raise) == next(next(d, Event::raise), what, arg) &&
            next(next(d, what, arg), Event::line_up) == next(next(d, Event::line_up), what, arg) &&
            next(next(d, what, arg), Event::acknowledge) ==
                next(next(d, Event::acknowledge), what, arg));
}

// A pending interrupt goes to a holder, or ends for a reason; nothing else takes it away.
CLAIM(nothing_pending_is_lost)(u32 word, u8 event, u8 arg) {
    const Event what{event};
    const Delivery before{word};
    if (!is_sound(before) || !is_legal(what, arg) || !before.is_pending()) {
        return true;
    }
    const Delivery after = next(before, what, arg);
    switch (what) {
    case Event::clear:
    case Event::line_down:
    case Event::disown: return true;                                         // a reason
    case Event::to_edge: return after.is_pending() || before.get<D::Line>(); // a level no more
    case Event::merge: return after.is_pending() || before.get<D::Latch>();  // asked by the holder
    default: return after.is_pending() || after.is_held();
    }
}

CLAIM(a_cause_makes_pending_or_is_with_the_holder)(u32 word) {
    const Delivery d{word};
    if (!is_sound(d)) {
        return true;
    }
    return d.get<D::Hardware>() ? next(d, Event::acknowledge).is_pending()
                                : next(d, Event::raise).is_pending() &&
                                      (!d.is_level() || next(d, Event::line_up).is_pending());
}

CLAIM(only_what_is_deliverable_is_claimed)(u32 word, u8 vcpu) {
    const Delivery before{word};
    if (!is_vcpu(vcpu)) {
        return true;
    }
    const Delivery after = next(before, Event::claim, vcpu);
    const bool may = before.get<D::Enabled>() && before.get<D::Target>() == vcpu &&
                     !before.is_held() && before.is_pending();
    return may ? after.is_held_by(VcpuIndex{vcpu}) && !after.get<D::Owed>() &&
                     !after.get<D::Latch>()
               : after == before;
}

CLAIM(two_vcpus_never_have_it)(u32 word, u8 one, u8 other) {
    const Delivery d{word};
    if (!is_vcpu(one) || !is_vcpu(other) || one == other) {
        return true;
    }
    const Delivery claimed = next(d, Event::claim, one);
    return !(d.is_deliverable_to(VcpuIndex{one}) && d.is_deliverable_to(VcpuIndex{other})) &&
           (!d.is_deliverable_to(VcpuIndex{one}) || next(claimed, Event::claim, other) == claimed);
}

CLAIM(who_does_not_hold_changes_nothing)(u32 word, u8 vcpu) {
    const Delivery d{word};
    if (!is_vcpu(vcpu) || d.is_held_by(VcpuIndex{vcpu})) {
        return true;
    }
    return next(d, Event::put_back, vcpu) == d && next(d, Event::release, vcpu) == d &&
           (!d.is_held() || (next(d, Event::hold, vcpu) == d && next(d, Event::claim, vcpu) == d));
}

// Listed and taken out again: as if nothing had been.
CLAIM(claimed_and_put_back_is_as_before)(u32 word, u8 vcpu) {
    const Delivery d{word};
    const bool left_over = d.get<D::Forced>() && !d.get<D::Hardware>();
    if (!is_vcpu(vcpu) || !is_sound(d) || left_over || !d.is_deliverable_to(VcpuIndex{vcpu})) {
        return true;
    }
    return next(next(d, Event::claim, vcpu), Event::put_back, vcpu) == d;
}

CLAIM(what_is_put_back_is_pending)(u32 word, u8 vcpu) {
    const Delivery d{word};
    if (!is_vcpu(vcpu) || !is_sound(d) || !d.is_held_by(VcpuIndex{vcpu})) {
        return true;
    }
    const bool gone = !d.get<D::Hardware>() && d.is_level() && !d.get<D::Line>() &&
                      !d.get<D::Latch>() && !d.get<D::Forced>(); // a level that dropped meanwhile
    const Delivery after = next(d, Event::put_back, vcpu);
    return !after.is_held() && after.is_pending() == !gone;
}

CLAIM(what_is_released_is_free_and_the_rest_stays)(u32 word, u8 vcpu) {
    const Delivery d{word};
    if (!is_vcpu(vcpu) || !d.is_held_by(VcpuIndex{vcpu})) {
        return true;
    }
    const Delivery after = next(d, Event::release, vcpu);
    constexpr u32 changed = 0xfU << 9U | 1U << 21U;
    return !after.is_held() && ((after.raw() ^ word) & ~changed) == 0;
}
