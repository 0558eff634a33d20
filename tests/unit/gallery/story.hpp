// SPDX-License-Identifier: Apache-2.0
// The stage of the gallery: a guest that is told what to do, call by call, on the machine of the
// vGIC tests. Everything the stories need of EL2 goes through these few functions. The machine's
// own invariants are checked at each entry; verdict() must be "good" in the end.
#pragma once

#include "hyp/core/vgic/vdist.hpp"
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace hyp::test {

inline constexpr GicGeneration v2 = GicGeneration::v2;
inline constexpr GicGeneration v3 = GicGeneration::v3;
inline constexpr u32 nothing = 1023; // what IAR says when there is nothing
// A software SPI; the line of `disk` and that of `timer` are the machine's forwarded ones.
inline constexpr u32 soft = 64;

[[nodiscard]] inline Setup eoi_mode_1() {
    Setup setup;
    setup.eoi_mode = true;
    return setup;
}
// QEMU 7.2's GICv2, and EL2 knows.
[[nodiscard]] inline Setup stale_gicv2() {
    Setup setup;
    setup.stale = true;
    setup.workaround = true;
    return setup;
}

template <GicGeneration G, unsigned L>
class Story {
public:
    explicit Story(Setup setup = {}) : m_{lawless(setup)} {}

    // --- the guest's distributor; each is one exit
    void configure(u32 intid, u8 priority) {
        on_exit([=](auto& v) {
            v.guest_set_priority(VIntid{intid}, priority);
            v.guest_enable(intid / 32, bit(intid));
        });
    }
    void enable(u32 intid) {
        on_exit([=](auto& v) { v.guest_enable(intid / 32, bit(intid)); });
    }
    void disable(u32 intid) {
        on_exit([=](auto& v) { v.guest_disable(intid / 32, bit(intid)); });
    }
    void set_active(u32 intid) {
        on_exit([=](auto& v) { v.guest_set_active(intid / 32, bit(intid)); });
    }
    void set_group(u32 intid, Group group) {
        on_exit([=](auto& v) {
            const u32 others = v.group_word(intid / 32) & ~bit(intid);
            v.guest_set_group(intid / 32, group == Group::group1 ? others | bit(intid) : others);
        });
    }
    [[nodiscard]] bool reads_active(u32 intid) {
        u32 word = 0;
        on_exit([&](auto& v) { word = v.active_word(intid / 32); });
        return (word & bit(intid)) != 0;
    }
    [[nodiscard]] bool reads_pending(u32 intid) {
        u32 word = 0;
        on_exit([&](auto& v) {
            auto driver = m_.driver();
            const unsigned n = intid / 32;
            word = v.pending_word(n, read_physical(driver, v.hardware_words(n)));
        });
        return (word & bit(intid)) != 0;
    }

    // --- interrupts
    void raise(u32 intid) {
        on_exit([=](auto& v) { v.raise(VIntid{intid}); });
    }
    void raise_sgi(u32 sgi, u8 sender) { raise_sgi_from(sgi, static_cast<u8>(1U << sender)); }
    // From several at once, bit each. GICv3 knows no senders, but the groups that are asked for.
    void raise_sgi_from(u32 sgi, u8 senders) {
        constexpr u8 both_groups = 3;
        on_exit([=](auto& v) { v.receive_sgi(VIntid{sgi}, G == v2 ? senders : both_groups); });
    }
    // The level of an emulated device.
    void software_line(u32 intid, bool high) {
        on_exit([=](auto& v) { v.set_line(VIntid{intid}, high); });
    }
    // Software makes it pending while the vCPU is not running: no entry follows.
    void post(u32 intid) { m_.irqs.raise(VIntid{intid}); }
    // The timer expired while its vCPU slept: nobody acknowledged.
    void wake_for_timer() { m_.mark_timer(); }
    void line(u32 intid, bool level) { m_.line(intid, level); }
    void pulse(u32 intid) {
        m_.line(intid, true);
        m_.line(intid, false);
    }

    // --- the guest's CPU interface
    u32 ack(unsigned group = 1) { return m_.gic.guest_acknowledge(0, group); }
    void eoi(u32 iar, unsigned group = 1) { m_.gic.guest_end_of_interrupt(0, iar, group); }
    void dir(u32 iar) {
        if (G == v2 || m_.irqs.control().trap_deactivate) {
            on_exit([=](auto& v) { v.on_deactivate(VIntid{iar & 0x3ffU}); });
        } else {
            m_.gic.guest_deactivate(0, iar);
        }
    }
    void enable_group0() { m_.gic.guest_write(0, model::Sysreg::icc_igrpen0, 1); }

    // --- EL2
    // Takes the exits that are due before the guest's next step; how many. A storm fails.
    unsigned settle() {
        unsigned exits = 0;
        while (m_.pending_exit() && exits < 8) {
            m_.interrupt();
            ++exits;
        }
        m_.require(exits < 8, "storm: the guest does not get to run");
        return exits;
    }
    template <class Operation>
    void on_exit(Operation operation) {
        m_.trap(operation);
    }
    void hypercall() {
        on_exit([](auto&) {});
    }
    // Takes and ends whatever comes; how many came.
    unsigned drain() {
        unsigned taken = 0;
        for (unsigned step = 0; step < 200; ++step) {
            settle();
            const u32 iar = ack();
            if ((iar & 0x3ffU) >= model::first_special) {
                break;
            }
            ++taken;
            eoi(iar);
            if (m_.setup.eoi_mode) {
                dir(iar);
            }
        }
        return taken;
    }

    // --- what the hardware holds
    [[nodiscard]] model::LrFields listed(u32 intid) const {
        for (unsigned i = 0; i < L; ++i) {
            const model::LrFields lr =
                model::decode_lr(m_.gic.options().generation, m_.gic.lr(0, i));
            if (lr.vintid == intid && lr.state != model::LrState::invalid) {
                return lr;
            }
        }
        return model::LrFields{};
    }
    [[nodiscard]] bool is_listed(u32 intid) const {
        return listed(intid).state != model::LrState::invalid;
    }
    [[nodiscard]] bool physically_active(u32 intid) const { return m_.gic.active(0, intid); }
    [[nodiscard]] bool signalled() const { return m_.guest_signalled(); }
    [[nodiscard]] Priority best_pending() const { return m_.irqs.best_pending(); }
    [[nodiscard]] u64 exits() const { return m_.exits; }
    [[nodiscard]] u64 maintenance_exits() const { return m_.maintenance_exits; }
    [[nodiscard]] std::string verdict() const { return m_.verdict(); }
    [[nodiscard]] Machine<G, L>& machine() { return m_; }

private:
    [[nodiscard]] static constexpr u32 bit(u32 intid) { return 1U << (intid % 32); }
    [[nodiscard]] static Setup lawless(Setup setup) {
        setup.lawless = true; // the machine's ghost knows a few INTIDs only
        return setup;
    }

    Machine<G, L> m_;
};

// The guest's distributor registers alone.
class Registers {
public:
    explicit Registers(GicGeneration generation, Affinity affinity = {})
        : vm_{1, caps(generation).guest_group},
          irqs{vm_, VcpuIndex{0}, caps(generation)},
          vdist_{vm_, generation} {
        vdist_.attach(irqs, affinity);
    }

    [[nodiscard]] u64 get(VdistFrame frame, u32 offset, AccessSize size = AccessSize::word) const {
        return vdist_.read(VcpuIndex{0}, frame, offset, size, PhysWords{});
    }
    void put(VdistFrame frame, u32 offset, u64 value, AccessSize size = AccessSize::word) {
        vdist_.write(VcpuIndex{0}, frame, offset, size, value);
    }

private:
    VmIrqs vm_;

public:
    VcpuIrqs irqs;

private:
    [[nodiscard]] static VgicCaps caps(GicGeneration generation) {
        VgicCaps result;
        result.generation = generation;
        result.guest_group = generation == v2 ? Group::group0 : Group::group1;
        return result;
    }

    Vdist vdist_;
};

} // namespace hyp::test
