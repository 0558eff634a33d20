// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs and its siblings' list registers, which their owners alone can read: questions and answers.
// No owner waits for another: the vCPU that asks does, and repeats its access. A question is answered
// by the sibling's owner at its next look into the mailbox, whether the sibling runs, waits or is off
// or was moved meanwhile; so no guest need run, and two that ask each other get their answers.
#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

// The SPIs of `mask` that one of `siblings` (bit each) has.
u32 VcpuIrqs::held_by_siblings(unsigned word, u32 mask, u32 siblings) const {
    u32 held = 0;
    siblings &= ((1U << vm_->vcpus()) - 1) & ~(1U << self_.value);
    for_each_intid(word, word != 0 && siblings != 0 ? mask : 0, [&](VIntid spi) {
        const u8 holder = at(spi).get<Delivery::Holder>();
        held |= (siblings >> holder & 1U) != 0 ? IntidSet::bit(spi) : 0;
    });
    return held;
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
    for_each_intid(word, held_by_siblings(word, mask, ~0U), [&](VIntid spi) {
        holders |= 1U << at(spi).get<Delivery::Holder>() & ((1U << vm_->vcpus()) - 1);
    });
    holders &= ~(1U << self_.value); // it may have come here meanwhile
    asked_ = answered_ = static_cast<u8>(holders);
    for (u32 rest = holders; rest != 0; rest &= rest - 1) {
        const u32 sibling = static_cast<u32>(__builtin_ctz(rest));
        kick(sibling, vm_->mailbox(VcpuIndex{static_cast<u8>(sibling)}).post_question(self_.value));
    }
    asked_word_ = static_cast<u8>(holders != 0 ? word : 0);
    return holders != 0;
}

void VcpuIrqs::answer(u32 askers) {
    if (askers == 0) {
        return;
    }
    for (unsigned word = 1; word < guest_words; ++word) {
        const u32 held = listed_.word(word) | spilled_.word(word);
        if (held != 0) {
            vm_->publish(word, held, own_active(word), own_listed_pending(word));
        }
    }
    for (; askers != 0; askers &= askers - 1) {
        const u32 asker = static_cast<u32>(__builtin_ctz(askers));
        kick(asker, vm_->mailbox(VcpuIndex{static_cast<u8>(asker)}).post_answer(self_.value));
    }
}

} // namespace hyp
