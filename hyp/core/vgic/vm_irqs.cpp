// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/vgic/vm_irqs.hpp"

namespace hyp {

VmIrqs::VmIrqs(u8 vcpus, Group group) : vcpus_{vcpus} {
    for (SharedWord& word : words_) {
        word.store(fresh_delivery(VcpuIndex{0}, group, Trigger::level).raw());
    }
}

void VmIrqs::map_hardware(VIntid spi, PIntid pintid, Trigger trigger) {
    SharedWord& word = words_[spi.value() - 32];
    word.store(
        Delivery{word.load()}.with<Delivery::Hardware>(true).with<Delivery::Trig>(trigger).raw());
    pintid_[spi.value() - 32] = static_cast<u16>(pintid.value());
    hardware_.add(spi);
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
