// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs and its siblings' list registers, which their owners alone can read: questions and answers.
// No owner waits for another: the vCPU that asks does, and repeats its access. A question is answered
// by the sibling's owner at its next look into the mailbox, whether the sibling runs, waits or is off
// or was moved meanwhile; so no guest need run, and two that ask each other get their answers.
#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

// The SPIs of `word` that vCPU `sibling` has.
u32 VcpuIrqs::held_by(unsigned word, u8 sibling) const {
    u32 held = 0;
    for_each_intid(word, ~0U, [&](VIntid spi) {
        held |= at(spi).is_held_by(VcpuIndex{sibling}) ? IntidSet::bit(spi) : 0;
    });
    return held;
}

// One that its holder did not have when it answered, or that was not asked, has been claimed since. So
// there is a moment within the access at which it was pending there.
VcpuIrqs::Siblings VcpuIrqs::shown_by_siblings(unsigned word) const {
    Siblings all;
    for (u8 n = 0; word != 0 && n < vm_->vcpus(); ++n) {
        if (n == self_.value) {
            continue;
        }
        const u32 held = held_by(word, n);
        const VmIrqs::Shown& shown = vm_->shown(VcpuIndex{n});
        const u32 answered = (u32{answered_} >> n & 1U) != 0 ? held : 0;
        const u32 active = answered & shown.active[word].load();
        all.active |= active;
        all.pending |= (answered & shown.pending[word].load()) | (held & ~active);
    }
    return all;
}

// An answer that is still due may have been published before a new question: so it is waited for.
bool VcpuIrqs::ask(unsigned word, u32 mask) {
    if (asked_ != 0) {
        return true;
    }
    const bool is_answered = asked_word_ == word;
    asked_word_ = 0;
    if (is_answered) {
        return false;
    }
    u32 holders = 0;
    for (u8 n = 0; word != 0 && n < vm_->vcpus(); ++n) {
        if (n != self_.value && (held_by(word, n) & mask) != 0) {
            holders |= 1U << n;
            kick(n, vm_->mailbox(VcpuIndex{n}).post_question(self_.value));
        }
    }
    asked_ = answered_ = static_cast<u8>(holders);
    asked_word_ = static_cast<u8>(holders != 0 ? word : 0);
    return holders != 0;
}

void VcpuIrqs::answer(u32 askers) {
    if (askers == 0) {
        return;
    }
    VmIrqs::Shown& shown = vm_->shown(self_);
    for (unsigned word = 1; word < guest_words; ++word) {
        // What is pending by its word may be in its list register at the next entry.
        shown.active[word].store(own_active(word));
        shown.pending[word].store(pending_word(word, PhysWords{}));
    }
    for (; askers != 0; askers &= askers - 1) {
        const u32 asker = static_cast<u32>(__builtin_ctz(askers));
        kick(asker, vm_->mailbox(VcpuIndex{static_cast<u8>(asker)}).post_answer(self_.value));
    }
}

} // namespace hyp
