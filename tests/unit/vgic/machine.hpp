// SPDX-License-Identifier: Apache-2.0
// One pCPU with EL2's interrupt path, one vCPU and its guest: the real drivers and VcpuIrqs on the
// reference model. Copyable and hashable, so that it can be walked at random and explored. After
// every step the invariants are checked (machine_checks.hpp); the first that fails is kept by name.
#pragma once

#include "hyp/core/fast/tick.hpp"
#include "hyp/core/fast/trap.hpp"
#include "hyp/core/vgic/apply.hpp"
#include "tests/unit/vgic/ghost.hpp"
#include "tests/unit/vgic/seams.hpp"

#include <string>

namespace hyp::test {

struct Setup {
    model::Timing timing = model::Timing::synchronous;
    bool stale = false;      // the model has the GICv2 fault
    bool workaround = false; // EL2 knows of it
    bool spi_fault = false;  // ISACTIVER of an SPI sets a bit for each CPU, and EL2 knows
    bool ppi_fault = false;  // ISPENDR of a PPI has no effect, and EL2 knows
    bool survives = false;   // list registers stay active after deactivation (the older document)
    bool fast = false;       // the fast path is used when armed
    bool eoi_mode = false;   // of the guest
    // The guest uses ISACTIVER. With EOImode 0 and too few list registers an EOIR that finds none
    // says only that something ended, and EL2 takes it to be the most urgent; what never was
    // acknowledged is not told apart.
    bool activates = false;
    bool lawless = false; // the guest does what it likes; the ghost cannot follow
    Fault fault = Fault::none;
};

// A VM's shared state and its vCPU's, which points to it.
struct Vgic {
    Vgic() = default;
    Vgic(const Vgic& other) : vm{other.vm}, irqs{other.irqs} { irqs.rebind(vm); }
    Vgic& operator=(const Vgic& other) {
        vm = other.vm;
        irqs = other.irqs;
        irqs.rebind(vm);
        return *this;
    }
    void start(const VgicCaps& caps) {
        vm = VmIrqs{1, caps.guest_group};
        irqs = VcpuIrqs{vm, VcpuIndex{0}, caps};
    }

    VmIrqs vm;
    VcpuIrqs irqs;
};

struct Parked;

template <GicGeneration Generation, unsigned Lrs>
class Machine : public Vgic {
    static constexpr bool is_v2 = Generation == GicGeneration::v2;

public:
    explicit Machine(const Setup& with);

    // --- EL2
    // The vector: acknowledge, then the fast path or the slow one.
    void interrupt();
    // An exit that the guest causes; operation(VcpuIrqs&) is what EL2 does for it.
    template <class Operation>
    void trap(Operation operation);

    // Another vCPU in place of this one (machine_switch.hpp). `held` is the pCPU's.
    [[nodiscard]] Parked park(PrivateState& held);
    void unpark(const Parked& other, PrivateState& held);

    // --- the guest
    // Acknowledges; returns the whole IAR value.
    u32 acknowledge();
    // Ends taken[index]: EOIR, in EOImode 1 EOIR and later DIR.
    void end(unsigned index);
    void set_pmr(u8 pmr);

    // --- the guest's accesses that exit, with what the ghost expects of them
    void raise_sgi(u32 sgi, u8 source);
    void raise_spi();
    void mark_timer();
    // ISENABLER or ICENABLER of an SPI, by the fast path where it may.
    void enable_spi(u32 intid, bool on);
    void set_pending(u32 intid);
    void clear_pending(u32 intid);
    void set_active(u32 intid);
    void clear_active(u32 intid);
    void route_spis(VcpuIndex target);
    // The line of the software source, which EL2 drives.
    void soft_line(bool high);

    // --- the environment
    void line(u32 intid, bool level);
    void deliver(unsigned index);

    // From here with no further cause, a guest that takes what it gets and ends it: is everything
    // delivered, everything ended, every physical active bit clear? Works on a copy.
    void check_drained() const;
    // Runs the fast path on one copy and the slow path on another; both must end alike. Of what is
    // pending now, and of the traps that have a fast path.
    void check_fast_equals_slow() const;
    void check_fast_traps() const;

    [[nodiscard]] FaultyDriver<Generation, Lrs> driver() {
        return FaultyDriver<Generation, Lrs>{gic, setup.fault, failure};
    }
    // SGIs to oneself are armed.
    [[nodiscard]] bool has_sgis() const { return plan.sgis != nullptr && plan.sgis != no_sgis; }
    [[nodiscard]] bool pending_exit() const { return gic.irq(0) || gic.fiq(0); }
    [[nodiscard]] bool guest_signalled() const { return gic.virq(0) || gic.vfiq(0); }
    [[nodiscard]] u64 hash() const;
    // What the list registers of the hardware say of a vINTID, and which the guest would take.
    [[nodiscard]] LrState listed_state(u32 intid) const;
    [[nodiscard]] u32 next_taken() const {
        return gic.guest_highest_pending(0, !is_v2 && !gic.virq(0) && gic.vfiq(0) ? 0 : 1) & 0x3ffU;
    }

    // The name of the first check that failed, or null.
    mutable const char* failure = nullptr;
    [[nodiscard]] std::string verdict() const { return failure == nullptr ? "good" : failure; }
    void require(bool condition, const char* check) const {
        if (!condition && failure == nullptr) {
            failure = check;
        }
    }

    Setup setup;
    ModelGic<Lrs> gic;
    FastPlan plan;
    u64 kept_ack = 0; // what the vector acknowledged and left to the slow path
    Ghost ghost;
    bool masked = false; // the guest's PMR lets nothing through
    // Not part of the state.
    u64 exits = 0;
    u64 fast_ticks = 0;
    u64 fast_devices = 0;
    u64 fast_traps = 0;
    u64 maintenance_exits = 0;

private:
    // What must be compared before and after each change of the physical side.
    struct Seen {
        bool timer_line;
        bool timer_active;
        bool uart_line;
        bool uart_active;
        bool disk_pending;
    };
    [[nodiscard]] Seen see() const {
        return Seen{gic.line(0, timer), gic.active(0, timer), gic.line(0, uart),
                    gic.active(0, uart), gic.pending(0, disk)};
    }
    void account(const Seen& before);
    // Runs change() and updates the ghost from what it did physically.
    template <class Change>
    void observed(Change change) {
        const Seen before = see();
        change();
        account(before);
    }

    void boot();
    void guest_interface();
    [[nodiscard]] bool quick_interrupt();
    void slow_interrupt();
    [[nodiscard]] bool try_fast(u32 sgi);
    void rebind_plan();
    [[nodiscard]] LevelGhost& level_ghost(u32 intid);
    void take(Ack ack);
    void enter();
    void set_line_at_once(bool level);
    void take_ghost(u32 iar, u8 group);

    // machine_checks.hpp
    void check_entry() const;
    void check_listed() const;
    void check_control() const;
    void check_leak() const;
    void check_leak_in(const ModelGic<Lrs>& settled) const;
    void check_synced() const;
    void check_acknowledged(u32 pintid) const;
    [[nodiscard]] unsigned places_of(VIntid vintid) const;
    void check_nothing_owed(u32 seen_levels) const;
    void check_alike(const char* what, Machine quick, Machine slow) const;
};

} // namespace hyp::test

#include "tests/unit/vgic/machine_checks.hpp"
#include "tests/unit/vgic/machine_drain.hpp"
#include "tests/unit/vgic/machine_guest.hpp"
#include "tests/unit/vgic/machine_paths.hpp"
#include "tests/unit/vgic/machine_switch.hpp"
