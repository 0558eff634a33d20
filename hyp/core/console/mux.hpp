// SPDX-License-Identifier: Apache-2.0
// Many voices on one UART: takes the bytes that VMs and Baton have put into their rings, and gives
// them out line by line, each under its speaker's name, in turn.
//
//     [web] Booting Linux ...
//     [baton] input goes to db
//
// A whole line comes out in one piece. What is no whole line waits for its end, at most for the
// time of `patience`, or until its ring is full; then it is cut: shown as a line. Only the speaker
// that has the input, and so prompts and echoes, is shown at once; the others wait for the end of
// its line, again with `patience`, then break in and its line goes on as a new one. A VM that is
// alone comes out as it is, byte for byte, until Baton says something.
//
// One pCPU owns this, and calls step() for as long as it says so. A step's work is bounded, so that
// interrupts need not wait: a byte costs one unit, to choose the next speaker costs choice_work.
#pragma once

#include "hyp/core/console/output_ring.hpp"

#include <concepts>

namespace hyp {

// Where bytes go: the UART's driver, or a test.
template <class S>
concept ByteSink = requires(S sink, u8 byte) {
    { sink.can_write() } -> std::same_as<bool>;
    sink.write(byte);
};

// A voice: VM 0..7, or Baton's own.
struct Speaker {
    u8 value;
    friend constexpr bool operator==(Speaker, Speaker) = default;
};
inline constexpr Speaker baton_speaker{8};
inline constexpr u32 max_speakers = 9;

enum class Colour : u8 { no, ansi }; // of the names

class ConsoleMux {
public:
    static constexpr u32 choice_work = 8;

    enum class Step : u8 {
        idle, // nothing to be said before deadline(), or before a ring asks to tell of more
        full, // the sink is: go on when it has room
        more, // the work is used up: go on soon
    };

    // Before the first step. The ring outlives the mux; of the name 31 characters are shown.
    void attach(Speaker speaker, OutputRing& ring, const char* name, Colour colour);
    // In CNTPCT ticks.
    void set_patience(u64 ticks) { patience_ = ticks; }
    // Who has the input.
    void set_input(Speaker speaker) { input_ = speaker; }
    [[nodiscard]] Speaker input() const { return input_; }

    // Moves bytes until `work` is used up.
    template <ByteSink S>
    [[nodiscard]] Step step(S& sink, u64 now, u32 work) {
        for (work_ = work; work_ != 0; --work_) {
            if (!sink.can_write()) {
                return Step::full;
            }
            u8 byte = 0;
            const Step step = next(now, byte);
            if (step != Step::full) {
                return step;
            }
            sink.write(byte);
        }
        return Step::more;
    }

    // The speakers from whose rings something was taken, bit each; forgotten then.
    [[nodiscard]] u32 take_drained() {
        const u32 drained = drained_;
        drained_ = 0;
        return drained;
    }
    // After Step::idle: when a line that waits is to be cut or may break in; ~0: never.
    [[nodiscard]] u64 deadline() const { return deadline_; }

private:
    static constexpr u8 nobody = 0;

    // All zero at first, to cost no place in the image.
    struct Voice {
        OutputRing* ring = nullptr;
        u64 cut_at = 0; // when what is no whole line is shown all the same; 0: not known yet
        std::array<char, 48> name{}; // "\r\n[name] ": how it breaks in
    };

    // `full`: there is a byte for the sink.
    [[nodiscard]] Step next(u64 now, u8& byte);
    [[nodiscard]] bool choose(u64 now);
    [[nodiscard]] bool may_speak(u8 speaker, u64 now);
    void begin(u8 speaker, u64 now);
    void end_of_line(u8& byte);
    // The only VM: no name, nothing added, nothing held back.
    [[nodiscard]] bool is_alone(u8 speaker) const {
        return vms_ == 1 && speaker != baton_speaker.value;
    }
    [[nodiscard]] bool is_live(u8 speaker) const {
        return speaker == input_.value || is_alone(speaker);
    }

    std::array<Voice, max_speakers> voices_{};
    const char* first_ = nullptr; // to be sent before anything else, if any
    u64 patience_ = 0;
    u64 open_until_ = 0; // others wait for the end of the open line
    u64 deadline_ = 0;
    u32 work_ = 0;
    u32 left_ = 0; // bytes of the open line that are known to be there
    u32 drained_ = 0;
    u8 vms_ = 0;
    u8 open_ = nobody; // whose line the terminal's cursor is in, plus one
    u8 next_ = 0;      // who is asked first
    u8 previous_ = 0;  // byte of the open line
    Speaker input_{0};
};

} // namespace hyp
