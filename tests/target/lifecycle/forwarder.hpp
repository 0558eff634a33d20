// SPDX-License-Identifier: Apache-2.0
// What stands between the physical interrupt and the stub guest: the product's driver, vGIC and fast
// path, in the order of hyp/irq.cpp - and, for the negative half of the test, one deliberate fault
// at a time. A forwarder without mutation adds nothing of its own to the product's code.
#pragma once

#include "drivers/gic/self_test.hpp"
#include "drivers/timer/el2_timer.hpp"
#include "hyp/core/fast/tick.hpp"
#include "hyp/core/vgic/apply.hpp"
#include "tests/target/lifecycle/machine.hpp"
#include "tests/target/lifecycle/mutant_gic.hpp"

namespace hyp::lifecycle {

inline constexpr PIntid maintenance{25};
inline constexpr PIntid soft_timer{26};

// How often each physical interrupt was acknowledged.
struct Acks {
    u32 timer = 0;
    u32 maintenance = 0;
    u32 others = 0;
    u32 fast = 0; // of `timer`: by fast_tick()
};

template <class G>
class Forwarder {
public:
    // A machine as after boot, and a vCPU that owns the timer and has enabled it.
    void start(const VgicCaps& caps, Mutation mutation, FastPath fast) {
        caps_ = caps;
        fast_ = fast;
        acks = Acks{};
        gic.mutation = mutation;
        stop_timer();
        lower_hyp_timer(TargetSysReg{});
        is_up_ = gic.init_distributor().ok() && gic.init_cpu().ok();
        if (mutation == Mutation::joint_end) {
            join_end();
        }
        gic.set_enable(maintenance, Enable::on);
        gic.set_enable(soft_timer, Enable::on);
        own_timer();
    }
    [[nodiscard]] bool is_up() const { return is_up_; }

    // The vCPU that owns the timer is loaded.
    void own_timer() {
        constexpr u8 priority = 0xa0;
        constexpr u8 both_groups = 3;
        load();
        irqs.map_hardware(guest_vtimer, host_vtimer, Trigger::level);
        for (const u32 spi : spis) {
            irqs.map_hardware(VIntid{spi}, PIntid{spi}, Trigger::level);
        }
        irqs.guest_set_priority(guest_vtimer, priority);
        irqs.set_group_enables(both_groups);
        irqs.guest_enable(0, 1U << guest_vtimer.value());
        enter();
    }
    // A vCPU to which the timer means nothing is loaded.
    void disown_timer() {
        load();
        enter();
    }

    // The guest configures an interrupt and enables it; or changes the enable alone.
    void open(VIntid vintid, Trigger trigger, u8 priority = 0xa0) {
        const unsigned word = vintid.value() / 32;
        const u32 bit = 1U << (vintid.value() % 32);
        sync();
        if (!vintid.is_private()) {
            irqs.guest_set_edge(word, trigger == Trigger::edge ? bit : 0, bit);
        }
        irqs.guest_set_priority(vintid, priority);
        irqs.guest_enable(word, bit);
        enter();
    }
    void set_enabled(VIntid vintid, Enable enable) {
        const unsigned word = vintid.value() / 32;
        const u32 bit = 1U << (vintid.value() % 32);
        sync();
        if (enable == Enable::on) {
            irqs.guest_enable(word, bit);
        } else {
            irqs.guest_disable(word, bit);
        }
        enter();
    }

    // An exit in which software makes `count` interrupts from `first` on pending; a trapped SGI; a
    // trapped DIR.
    void raise(u32 first, u32 count) {
        sync();
        for (u32 n = 0; n < count; ++n) {
            irqs.raise(VIntid{first + n});
        }
        enter();
    }
    void raise_sgi(VIntid sgi) {
        sync();
        constexpr u8 from_itself = 1;
        constexpr u8 in_either_group = 3;
        irqs.receive_sgi(sgi,
                         caps_.generation == GicGeneration::v2 ? from_itself : in_either_group);
        enter();
    }
    void on_deactivate(VIntid vintid) {
        sync();
        irqs.on_deactivate(vintid);
        enter();
    }

    // The pieces of an IRQ exit, for checks that look in between.
    void sync() { sync_from(gic, irqs); }
    [[nodiscard]] Ack acknowledge() {
        const Ack ack = gic.acknowledge();
        count(ack);
        return ack;
    }
    void take(Ack ack) {
        gic.drop_priority(ack);
        route(ack);
    }
    void route(Ack ack) {
        if (ack.intid() == maintenance) {
            gic.write_control(irqs.on_maintenance());
            gic.deactivate(ack);
        } else if (ack.intid() == soft_timer) {
            end_soft_timer(ack);
        } else if (gic.mutation == Mutation::no_software_active && irqs.is_listed(guest_vtimer)) {
            gic.deactivate(ack); // taken for a duplicate of what is in the list register
        } else if (!irqs.on_physical(ack.intid())) {
            swallow(ack);
        }
    }
    void enter() {
        apply(gic, irqs, irqs.flush());
        plan = plan_for(irqs, fast_);
    }

    // A whole IRQ exit and a whole synchronous one.
    void on_irq() {
        Ack ack{0};
        u64 kept = 0;
        if (fast_ == FastPath::allowed) {
            if (fast_tick(gic, plan, kept, host_vtimer)) {
                ++acks.timer;
                ++acks.fast;
                return;
            }
            ack = Ack{static_cast<u32>(kept)};
            count(ack);
        } else {
            ack = acknowledge();
        }
        sync();
        // Not more in one exit: a mutant's interrupt may never end, and its exits are counted.
        constexpr unsigned at_most = 4;
        for (unsigned taken = 0; !ack.is_spurious(); ack = acknowledge()) {
            take(ack);
            if (++taken == at_most) {
                break;
            }
        }
        enter();
    }
    void on_call() {
        sync();
        enter();
        if (gic.mutation == Mutation::pending_active) {
            repend_raw();
        }
    }

    MutantGic<G> gic{VirtMmio{}, TargetSysReg{}};
    VmIrqs vm{};
    VcpuIrqs irqs{};
    FastPlan plan{};
    Acks acks{};

private:
    void load() {
        vm = VmIrqs{1, caps_.guest_group};
        irqs = VcpuIrqs{vm, VcpuIndex{0}, caps_};
    }

    static constexpr std::array<u32, 2> spis{33, 60}; // forwarded, too

    void count(Ack ack) {
        if (ack.is_spurious()) {
            return;
        }
        ++(ack.intid() == host_vtimer   ? acks.timer
           : ack.intid() == maintenance ? acks.maintenance
                                        : acks.others);
    }

    void swallow(Ack ack) {
        if (gic.mutation != Mutation::adopt) {
            gic.deactivate(ack); // nobody's: a line that went down late
            return;
        }
        constexpr Priority priority{0xa0};
        gic.write_lr(timer_home,
                     ListReg::hardware(guest_vtimer, host_vtimer, priority, caps_.guest_group));
    }

    void end_soft_timer(Ack ack) {
        if (gic.mutation == Mutation::keep_soft_timer) {
            gic.deactivate(ack);
        } else {
            El2Timer{TargetSysReg{}}.end_interrupt(gic, ack);
        }
    }

    // EOImode 0: GICC_CTLR.EOImode or ICC_CTLR_EL1.EOImode cleared behind the driver's back.
    void join_end() {
        if (probe_.v3()) {
            asm volatile("msr S3_0_C12_C12_4, xzr\n isb" ::: "memory");
        } else {
            store32(0x08010000, 1);
        }
    }

    // The line is still high while the guest has its interrupt active: pending once more, is it not?
    void repend_raw() {
        constexpr u64 v3_pending = u64{1} << 62;
        constexpr u64 v2_pending = u64{1} << 28;
        const u64 word = probe_.lr0();
        const u64 active = probe_.v3() ? u64{1} << 63 : u64{1} << 29;
        if ((word & active) != 0 && probe_.pending() != 0) {
            gic.write_lr_word(timer_home, word | (probe_.v3() ? v3_pending : v2_pending));
        }
    }

    VgicCaps caps_{};
    FastPath fast_ = FastPath::withdrawn;
    bool is_up_ = false;
    Probe probe_{};
};

} // namespace hyp::lifecycle
