// SPDX-License-Identifier: Apache-2.0
// next() of delivery.hpp for every word there can be, with few values of each field, and every
// event: what must hold whatever came before, and which fields an event may touch.
#include "hyp/core/vgic/delivery.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

using namespace hyp;

namespace {

using D = Delivery;

constexpr std::array<const char*, static_cast<usize>(Event::count)> event_names{
    "enable",    "disable", "prioritize", "to_group0",   "to_group1",   "to_level",
    "to_edge",   "route",   "raise",      "clear",       "merge",       "line_up",
    "line_down", "force",   "unforce",    "by_software", "acknowledge", "disown",
    "claim",     "hold",    "put_back",   "release",
};

// What no sequence of events leads out of: see `owed` and `hardware` in delivery.hpp.
[[nodiscard]] bool is_lawful(D d) {
    const bool hardware = d.get<D::Hardware>();
    const bool only_hardware = d.get<D::Owed>() || d.get<D::BySoftware>();
    const bool only_software = d.get<D::Latch>() || d.get<D::Line>();
    return (hardware ? !only_software : !only_hardware) && !(d.get<D::Owed>() && d.is_held());
}

[[nodiscard]] std::vector<D> all_words() {
    constexpr std::array<u8, 3> vcpus{0, 1, nobody.value};
    constexpr unsigned first_flag = 13;
    constexpr u32 flags = 1U << 9U;
    std::vector<D> words;
    for (const u8 priority : {u8{0}, u8{31}}) {
        for (const u8 target : vcpus) {
            for (const u8 holder : vcpus) {
                for (u32 bits = 0; bits < flags; ++bits) {
                    words.push_back(D{bits << first_flag}
                                        .with<D::Priority5>(priority)
                                        .with<D::Target>(target)
                                        .with<D::Holder>(holder));
                }
            }
        }
    }
    return words;
}

// The fields that an event may change.
[[nodiscard]] u32 fields_of(Event event) {
    const auto mask = [](auto... fields) { return static_cast<u32>((fields | ...)); };
    constexpr auto holder = D::Holder::mask;
    constexpr auto owed = D::Owed::mask;
    constexpr auto latch = D::Latch::mask;
    constexpr auto forced = D::Forced::mask;
    constexpr auto by_software = D::BySoftware::mask;
    switch (event) {
    case Event::enable:
    case Event::disable: return mask(D::Enabled::mask);
    case Event::prioritize: return mask(D::Priority5::mask);
    case Event::to_group0:
    case Event::to_group1: return mask(D::Grp::mask);
    case Event::to_level:
    case Event::to_edge: return mask(D::Trig::mask);
    case Event::route: return mask(D::Target::mask);
    case Event::raise: return mask(latch);
    case Event::clear:
    case Event::merge: return mask(latch, forced);
    case Event::line_up:
    case Event::line_down: return mask(D::Line::mask);
    case Event::force:
    case Event::unforce: return mask(forced);
    case Event::by_software: return mask(by_software);
    case Event::acknowledge: return mask(owed, holder, by_software);
    case Event::disown: return mask(owed);
    case Event::claim: return mask(holder, owed, latch, forced);
    case Event::hold: return mask(holder, owed);
    case Event::put_back: return mask(holder, owed, latch, forced);
    case Event::release: return mask(holder, by_software);
    case Event::count: break;
    }
    return 0;
}

[[nodiscard]] bool is_one_of(Event event, std::initializer_list<Event> some) {
    for (const Event one : some) {
        if (event == one) {
            return true;
        }
    }
    return false;
}

// Null, or what is wrong with `after` = next(before, event, arg).
[[nodiscard]] const char* fault_of(D before, Event event, u8 arg, D after) {
    if (((before.raw() ^ after.raw()) & ~fields_of(event)) != 0) {
        return "touches a field that is not its own";
    }
    if (is_lawful(before) && !is_lawful(after)) {
        return "leads to a word that cannot be";
    }
    if (!before.is_held() && after.is_held() && !is_one_of(event, {Event::claim, Event::hold})) {
        return "makes a holder out of nothing";
    }
    if (before.is_held() && after.is_held() &&
        !after.is_held_by(VcpuIndex{before.get<D::Holder>()})) {
        return "takes it from its holder";
    }
    if (before.is_held() && !after.is_held() &&
        !is_one_of(event, {Event::acknowledge, Event::put_back, Event::release})) {
        return "frees what is held";
    }
    if (!before.is_pending() && after.is_pending() &&
        !is_one_of(event, {Event::raise, Event::line_up, Event::to_level, Event::acknowledge,
                           Event::put_back})) {
        return "makes it pending";
    }
    if (before.is_pending() && !after.is_pending() &&
        !is_one_of(event, {Event::clear, Event::merge, Event::line_down, Event::to_edge,
                           Event::disown, Event::claim, Event::hold})) {
        return "loses what was pending";
    }
    if (next(after, event, arg) != after) {
        return "does not come to rest";
    }
    return nullptr;
}

[[nodiscard]] std::vector<u8> arguments_of(Event event) {
    if (event == Event::prioritize) {
        return {0x00, 0x07, 0xa8, 0xff};
    }
    if (is_one_of(event, {Event::claim, Event::hold})) { // a vCPU does
        return {0, 1};
    }
    if (is_one_of(event, {Event::route, Event::put_back, Event::release})) {
        return {0, 1, nobody.value};
    }
    return {0};
}

// Calls check(word) for all, which returns null or what is wrong; reports the first.
template <class Check>
void for_all_words(Check check) {
    for (const D word : all_words()) {
        if (const char* wrong = check(word); wrong != nullptr) {
            INFO("word " << std::hex << word.raw());
            FAIL(wrong);
        }
    }
}

} // namespace

TEST_CASE("delivery words: every word, every event", "[vgic][delivery]") {
    u64 pairs = 0;
    for (u8 e = 0; e < static_cast<u8>(Event::count); ++e) {
        const Event event = static_cast<Event>(e);
        for (const u8 arg : arguments_of(event)) {
            INFO(event_names[e] << ", argument " << unsigned{arg});
            for_all_words([&](D word) {
                ++pairs;
                return fault_of(word, event, arg, next(word, event, arg));
            });
        }
    }
    std::printf("delivery words: %lu words, %lu (word, event) pairs\n",
                static_cast<unsigned long>(all_words().size()), static_cast<unsigned long>(pairs));
}

TEST_CASE("delivery words: acknowledged is owed, by hardware alone, and held by nobody",
          "[vgic][delivery]") {
    for_all_words([](D word) -> const char* {
        const D after = next(word, Event::acknowledge);
        const bool owed = after.get<D::Owed>() && !after.is_held() && !after.get<D::BySoftware>();
        if (word.get<D::Hardware>()) {
            return owed ? nullptr : "acknowledged and not owed";
        }
        return after == word ? nullptr : "software is not acknowledged";
    });
}

TEST_CASE("delivery words: claimed when deliverable, and never else", "[vgic][delivery]") {
    for_all_words([](D word) -> const char* {
        for (const u8 vcpu : {u8{0}, u8{1}}) {
            const D after = next(word, Event::claim, vcpu);
            const bool due = word.get<D::Enabled>() && word.get<D::Target>() == vcpu &&
                             !word.is_held() && word.is_pending();
            if (due ? !after.is_held_by(VcpuIndex{vcpu}) || after.get<D::Owed>() : after != word) {
                return due ? "due, and not claimed" : "claimed, and not due";
            }
            if (due && !word.get<D::Hardware>() && after.get<D::Latch>()) {
                return "the latch would deliver it twice";
            }
        }
        return nullptr;
    });
}

TEST_CASE("delivery words: put back is as pending as before the claim", "[vgic][delivery]") {
    for_all_words([](D word) -> const char* {
        const D claimed = next(word, Event::claim, 0);
        if (claimed == word || !is_lawful(word)) {
            return nullptr;
        }
        if (claimed.is_level() && !word.get<D::Hardware>() && !word.get<D::Latch>() &&
            !word.get<D::Forced>()) {
            // Pending by its line alone: it is so no longer than the line is high.
            const D low = next(next(claimed, Event::line_down), Event::put_back, 0);
            if (low.is_pending()) {
                return "a line that fell leaves an interrupt";
            }
        }
        const D back = next(claimed, Event::put_back, 0);
        if (!back.is_deliverable_to(VcpuIndex{0})) {
            return "lost on the way back";
        }
        const bool latched = word.get<D::Latch>() && !back.get<D::Latch>();
        const bool owed = word.get<D::Owed>() && !back.get<D::Owed>();
        return latched || owed ? "the latch is lost on the way back" : nullptr;
    });
}

TEST_CASE("delivery words: only the holder puts back and releases", "[vgic][delivery]") {
    for_all_words([](D word) -> const char* {
        for (const u8 vcpu : {u8{0}, u8{1}, nobody.value}) {
            const bool holds = word.get<D::Holder>() == vcpu && vcpu != nobody.value;
            const D back = next(word, Event::put_back, vcpu);
            const D released = next(word, Event::release, vcpu);
            if (!holds && (back != word || released != word)) {
                return "another than the holder changes it";
            }
            if (holds && (back.is_held() || released.is_held())) {
                return "held on";
            }
        }
        return nullptr;
    });
}
