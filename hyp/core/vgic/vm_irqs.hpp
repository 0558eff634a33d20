// SPDX-License-Identifier: Apache-2.0
// The interrupts that the vCPUs of a VM share: one delivery word for each SPI, and a mailbox for each
// vCPU. Every pCPU may change a word; the holder's list registers belong to the holder's pCPU alone.
#pragma once

#include "hyp/core/vgic/delivery.hpp"
#include "hyp/core/vgic/mailbox.hpp"

#include <array>
#include <type_traits>

namespace hyp {

inline constexpr unsigned guest_spis = guest_intids - 32;

class VmIrqs {
public:
    constexpr VmIrqs() = default;
    // SPIs are disabled, level, of `group`, and sent to vCPU 0.
    VmIrqs(u8 vcpus, Group group);

    // Before the first entry. The physical INTID is then this VM's, disabled.
    void map_hardware(VIntid spi, PIntid pintid, Trigger trigger);

    [[nodiscard]] Delivery word(VIntid spi) const {
        return Delivery{words_[spi.value() - 32].load()};
    }
    struct Step {
        Delivery before;
        Delivery after;
    };
    // Changes the word by next(), at once for all.
    Step step(VIntid spi, Event event, u8 arg = 0);

    [[nodiscard]] PIntid pintid_of(VIntid spi) const { return PIntid{pintid_[spi.value() - 32]}; }
    [[nodiscard]] u32 hardware_word(unsigned word) const { return hardware_.word(word); }
    // The SPI that a physical one is forwarded as. False: none of this VM's.
    [[nodiscard]] bool find(PIntid pintid, VIntid& spi) const;

    // EL2 acknowledged the physical SPI and dropped its priority, on a pCPU that has none of this
    // VM's vCPUs loaded, or any. Returns the vCPUs, bit each, that are to look into their mailboxes.
    [[nodiscard]] u32 on_physical(PIntid pintid);

    // What a vCPU has published of the SPIs that it has, when it was last asked (VcpuIrqs::ask()): those
    // that are active in a list register or spilled, those that are pending in one.
    struct Shown {
        std::array<SharedWord, guest_words> active{};  // litmus: content-before-mark
        std::array<SharedWord, guest_words> pending{}; // litmus: content-before-mark
        friend bool operator==(const Shown&, const Shown&) = default;
    };
    [[nodiscard]] Shown& shown(VcpuIndex vcpu) { return shown_[vcpu.value]; }

    // As after start-up and map_hardware(), for a VM that starts over: its vCPUs are off their pCPUs,
    // its physical SPIs disabled, neither pending nor active, their trigger that of wired_trigger().
    void reset(Group group);
    // The same in as many steps as there are words of SPIs.
    void reset(Group group, unsigned word);
    [[nodiscard]] Trigger wired_trigger(VIntid spi) const {
        return edge_.has(spi) ? Trigger::edge : Trigger::level;
    }

    // For the fast path, which changes one at a time by compare-and-swap, too.
    [[nodiscard]] SharedWord* words() { return words_.data(); }

    [[nodiscard]] u8 vcpus() const { return static_cast<u8>(vcpus_); }
    [[nodiscard]] Mailbox& mailbox(VcpuIndex vcpu) { return mailboxes_[vcpu.value]; }
    [[nodiscard]] const Mailbox& mailbox(VcpuIndex vcpu) const { return mailboxes_[vcpu.value]; }

    // GICD_CTLR: bit 0 Group 0, bit 1 Group 1.
    [[nodiscard]] u8 group_enables() const { return static_cast<u8>(group_enables_.load()); }
    void set_group_enables(u8 groups) { group_enables_.store(groups & 3U); }
    [[nodiscard]] bool is_group_enabled(Group group) const {
        return (group_enables_.load() >> static_cast<u8>(group) & 1U) != 0;
    }

    friend bool operator==(const VmIrqs&, const VmIrqs&) = default;

private:
    // A change is posted after it is made. litmus: content-before-mark
    std::array<Mailbox, max_vcpus> mailboxes_{};
    std::array<SharedWord, guest_spis> words_{};
    std::array<u16, guest_spis> pintid_{}; // of members of hardware_
    IntidSet hardware_{};                  // never changes after start-up
    IntidSet edge_{};                      // of them, wired as edges
    u32 vcpus_ = 1;
    SharedWord group_enables_{};
    std::array<Shown, max_vcpus> shown_{};
    std::array<u32, 28> unused_{}; // no padding, so that a test may hash the bytes
};

static_assert(std::has_unique_object_representations_v<VmIrqs>);
static_assert(max_vcpus == guest_words - 1); // a mailbox is emptied with each word of SPIs

} // namespace hyp
