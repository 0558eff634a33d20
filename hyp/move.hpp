// SPDX-License-Identifier: Apache-2.0
// Baton moves itself: a dma-trusted VM's memory lies where the machine has it, and firmware put
// Baton, or the tree, into the midst of that. The whole packed image is copied, pristine, to the top
// of RAM, and entered there from its beginning.
#pragma once

#include "hyp/core/base/addr.hpp"
#include "hyp/loader.hpp"

namespace hyp {

// What start.S hands on as the entry's exception level: from a copy also where the image was before.
class EntryWord {
public:
    explicit constexpr EntryWord(u64 word) : word_{word} {}
    [[nodiscard]] static constexpr EntryWord moved(u64 level, Pa from) {
        return EntryWord{from.value() | is_moved | level};
    }
    [[nodiscard]] constexpr u64 word() const { return word_; }
    [[nodiscard]] constexpr u64 level() const { return word_ & 0xff; }
    [[nodiscard]] constexpr bool has_moved() const { return (word_ & is_moved) != 0; }
    [[nodiscard]] constexpr Pa from() const { return Pa{word_}.align_down(2 * mib); }

private:
    static constexpr u64 is_moved = 0x100;
    u64 word_;
};

// Goes to where nothing is in the way of a dma-trusted VM, and does not return; or returns because
// nothing needs to move, the manifest is broken, or no memory is free: whoever takes RAM for the VM
// finds out then. To be called while .data still is what the image's file holds.
void move_out_of_the_way(const Platform& platform, PackedImage image, PaRange tree,
                         EntryWord entry);

// In the copy: no line of the old image's memory stays in a cache, for a guest will own it.
void forget_old_image(EntryWord entry);

} // namespace hyp
