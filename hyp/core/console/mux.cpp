// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/console/mux.hpp"

#include "hyp/core/trace/text.hpp"

namespace hyp {

namespace {

constexpr char line_end[] = "\r\n";

} // namespace

void ConsoleMux::attach(Speaker speaker, OutputRing& ring, const char* name, Colour colour) {
    Voice& voice = voices_[speaker.value];
    voice.ring = &ring;
    Text text{voice.name};
    text.put(line_end);
    const bool coloured = colour == Colour::ansi;
    if (coloured) { // the six besides black and white
        text.decimal("\x1b[3", 1U + speaker.value % 6U).put("m");
    }
    text.put("[").put(name).put(coloured ? "]\x1b[0m " : "] ");
    vms_ = static_cast<u8>(vms_ + (speaker == baton_speaker ? 0 : 1));
}

ConsoleMux::Step ConsoleMux::next(u64 now, u8& byte) {
    while (first_ == nullptr || *first_ == '\0') {
        if (left_ == 0) {
            if (work_ < choice_work) {
                return Step::more;
            }
            work_ -= choice_work;
            if (!choose(now)) {
                return Step::idle;
            }
            continue; // its name comes first
        }
        const u8 speaker = static_cast<u8>(open_ - 1);
        if (!voices_[speaker].ring->take(byte)) {
            return Step::more; // who put it has not finished
        }
        --left_;
        drained_ |= 1U << speaker;
        end_of_line(byte);
        return Step::full;
    }
    byte = static_cast<u8>(*first_++);
    return Step::full;
}

// What follows the byte if a line, or what is known of it, ends here.
void ConsoleMux::end_of_line(u8& byte) {
    const u8 speaker = static_cast<u8>(open_ - 1);
    const u8 before = previous_;
    previous_ = byte;
    if (byte == '\n') {
        left_ = 0;
        open_ = nobody;
        if (before != '\r' && !is_alone(speaker)) {
            byte = '\r';
            first_ = line_end + 1;
        }
    } else if (left_ == 0 && !is_live(speaker)) {
        open_ = nobody;
        first_ = line_end;
    }
}

bool ConsoleMux::choose(u64 now) {
    deadline_ = ~u64{0};
    for (u32 n = 0; n < max_speakers; ++n) {
        const u8 speaker = static_cast<u8>((next_ + n) % max_speakers);
        if (voices_[speaker].ring != nullptr && may_speak(speaker, now)) {
            begin(speaker, now);
            return true;
        }
    }
    return false;
}

bool ConsoleMux::may_speak(u8 speaker, u64 now) {
    Voice& voice = voices_[speaker];
    if (voice.ring->looks_empty()) {
        return false;
    }
    u64 when = now;
    if (!is_live(speaker) && !voice.ring->has_line() && voice.ring->room() != 0) {
        if (voice.cut_at == 0) {
            voice.cut_at = now + patience_;
        }
        when = voice.cut_at;
    }
    if (open_ != nobody && open_ - 1 != speaker && when < open_until_) {
        when = open_until_;
    }
    if (when > now && when < deadline_) {
        deadline_ = when;
    }
    return when <= now;
}

void ConsoleMux::begin(u8 speaker, u64 now) {
    Voice& voice = voices_[speaker];
    voice.cut_at = 0;
    left_ = voice.ring->used();
    next_ = static_cast<u8>((speaker + 1U) % max_speakers);
    if (open_ - 1 == speaker) {
        return; // its line goes on
    }
    first_ = (is_alone(speaker) ? line_end : voice.name.data()) + (open_ != nobody ? 0 : 2);
    open_ = static_cast<u8>(speaker + 1);
    open_until_ = now + patience_;
    previous_ = 0;
}

} // namespace hyp
