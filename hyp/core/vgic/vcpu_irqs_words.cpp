// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs and the words of its interrupts: its own, those that the VM shares, and what other vCPUs
// posted about them.
#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

bool VcpuIrqs::find_owner(PIntid pintid, VIntid& owner) const {
    const VIntid same{pintid.value()};
    if (same.is_private() && is_hardware(same) && pintid_of(same) == pintid) {
        owner = same;
        return true;
    }
    for (u32 n = 16; pintid.is_private() && n < own_.size(); ++n) {
        if (is_hardware(VIntid{n}) && pintid_of(VIntid{n}) == pintid) {
            owner = VIntid{n};
            return true;
        }
    }
    return !pintid.is_private() && vm_->find(pintid, owner);
}

void VcpuIrqs::tell(u8 vcpu, Request request, VIntid spi) {
    if (vcpu == self_.value || vcpu >= vm_->vcpus()) {
        return;
    }
    kick(vcpu, vm_->mailbox(VcpuIndex{vcpu}).post(request, spi));
}

void VcpuIrqs::kick(u32 vcpu, bool was_empty) {
    kicks_ = static_cast<u16>(kicks_ | (was_empty ? 1U << vcpu : 0));
}

bool VcpuIrqs::step(VIntid vintid, Event event, u8 arg) {
    if (vintid.is_private()) {
        Delivery& word = own_[vintid.value()];
        const Delivery before = word;
        word = next(before, event, arg);
        if (word == before) {
            return false;
        }
    } else {
        const VmIrqs::Step done = vm_->step(vintid, event, arg);
        if (done.before == done.after) {
            return false;
        }
        tell(done.before.keeper(), Request::look, vintid);
        tell(done.after.keeper(), Request::look, vintid);
        tell(done.after.get<Delivery::Holder>(), Request::look, vintid);
    }
    look(vintid);
    return true;
}

// Keeps what is derived from the word. Others may change a shared word at any time: what is derived
// is then out of date until their post is taken, and whoever acts on it looks at what its step of
// the word did. One that is owed and sent to nobody is kept by vCPU 0, which looks at its line.
void VcpuIrqs::look(VIntid vintid) {
    const Delivery now = at(vintid);
    const unsigned word = vintid.value() / 32;
    const u32 bit = IntidSet::bit(vintid);
    const auto keep = [&](IntidSet & set, bool member) __attribute__((always_inline)) {
        u32& bits = set.word(word);
        bits = member ? bits | bit : bits & ~bit;
    };
    const bool ready =
        now.is_deliverable_to(self_) && vm_->is_group_enabled(now.get<Delivery::Grp>());
    const bool open = is_open(now.get<Delivery::Grp>());
    keep(deliverable_, ready && open);
    keep(hidden_, ready && !open);
    keep(owed_, now.get<Delivery::Owed>() && now.keeper() == self_.value);
    if (!now.is_held_by(self_)) {
        keep(spilled_, false); // another vCPU ended it
    }
    priority_[vintid.value()] = now.priority();
    const u32 here = 1U << word;
    const bool waits = (deliverable_.word(word) | spilled_.word(word) | owed_.word(word)) != 0;
    waiting_words_ = waits ? waiting_words_ | here : waiting_words_ & ~here;
}

void VcpuIrqs::look_at_all() {
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        if (is_real(i) && !is_eligible(wanted_[i].vintid())) {
            withdraw_pending(wanted_[i].vintid());
        }
    }
    for (u32 n = 0; n < guest_intids; ++n) {
        look(VIntid{n});
    }
}

void VcpuIrqs::take_posts() {
    vm_->mailbox(self_).take([&](VIntid sgi, u8 senders) { receive_sgi(sgi, senders); },
                             [&](Request request, VIntid spi) { answer(request, spi); },
                             [&] { look_at_all(); },
                             [&](u8 askers, u8 answerers) {
                                 asked_ = static_cast<u8>(asked_ & ~u32{answerers});
                                 answer(askers);
                             });
}

void VcpuIrqs::answer(Request request, VIntid spi) {
    switch (request) {
    case Request::look:
        look(spi);
        if (listed_.has(spi) && !is_eligible(spi)) {
            withdraw_pending(spi);
        }
        settle_disabled(spi);
        return;
    case Request::drop: drop_listed(spi); return;
    case Request::activate: make_guest_active(spi); return;
    case Request::end: end_active(spi); return;
    }
}

bool VcpuIrqs::is_eligible(VIntid vintid) const {
    const Delivery now = at(vintid);
    return now.get<Delivery::Enabled>() && now.get<Delivery::Target>() == self_.value &&
           vm_->is_group_enabled(now.get<Delivery::Grp>());
}

} // namespace hyp
