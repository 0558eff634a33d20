// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/vgic/vm_irqs.hpp"

namespace hyp {

VmIrqs::VmIrqs(u8 vcpus, Group group) : vcpus_{vcpus} {
    reset(group);
}

void VmIrqs::reset(Group group) {
    for (unsigned word = 1; word < guest_words; ++word) {
        reset(group, word);
    }
}

void VmIrqs::reset(Group group, unsigned word) {
    for (u32 n = 0; n < 32; ++n) {
        const VIntid spi{word * 32 + n};
        words_[spi.value() - 32].store(fresh_delivery(VcpuIndex{0}, group, wired_trigger(spi))
                                           .with<Delivery::Hardware>(hardware_.has(spi))
                                           .raw());
    }
    const u64 bell = mailboxes_[word - 1].bell(); // its home is the same
    mailboxes_[word - 1] = {};
    mailboxes_[word - 1].set_bell(bell);
    group_enables_.store(0);
}

void VmIrqs::map_hardware(VIntid spi, PIntid pintid, Trigger trigger) {
    SharedWord& word = words_[spi.value() - 32];
    word.store(
        Delivery{word.load()}.with<Delivery::Hardware>(true).with<Delivery::Trig>(trigger).raw());
    pintid_[spi.value() - 32] = static_cast<u16>(pintid.value());
    hardware_.add(spi);
    edge_.put(spi, trigger == Trigger::edge);
}

VmIrqs::Step VmIrqs::step(VIntid spi, Event event, u8 arg) {
    SharedWord& word = words_[spi.value() - 32];
    u32 before = word.load();
    Delivery after = next(Delivery{before}, event, arg);
    while (after.raw() != before && !word.replace(before, after.raw())) {
        after = next(Delivery{before}, event, arg);
    }
    return {Delivery{before}, after};
}

// It could be acknowledged, so it was not active: who still has it listed is out of date.
u32 VmIrqs::on_physical(PIntid pintid) {
    VIntid spi{0};
    if (!find(pintid, spi)) {
        return 0;
    }
    const Step done = step(spi, Event::acknowledge);
    u32 kicks = 0;
    for (const u8 vcpu : {done.before.get<Delivery::Holder>(), done.after.keeper()}) {
        if (vcpu < vcpus_ && mailboxes_[vcpu].post(Request::look, spi)) {
            kicks |= 1U << vcpu;
        }
    }
    return kicks;
}

bool VmIrqs::find(PIntid pintid, VIntid& spi) const {
    const VIntid same{pintid.value()};
    if (same.is_spi() && is_guest_intid(same) && hardware_.has(same) && pintid_of(same) == pintid) {
        spi = same;
        return true;
    }
    bool found = false;
    for (unsigned word = 1; word < guest_words && !found; ++word) {
        for_each_intid(word, hardware_.word(word), [&](VIntid other) {
            if (pintid_of(other) == pintid) {
                spi = other;
                found = true;
            }
        });
    }
    return found;
}

} // namespace hyp
