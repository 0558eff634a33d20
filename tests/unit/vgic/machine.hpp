// SPDX-License-Identifier: Apache-2.0
// One pCPU with EL2's interrupt path, one vCPU and its guest: the real drivers and VcpuIrqs on the
// reference model. Copyable and hashable, so that it can be walked at random and explored. After
// every step the invariants are checked (machine_checks.hpp); the first that fails is kept by name.
#pragma once

#include "hyp/core/fast/tick.hpp"
#include "hyp/core/vgic/apply.hpp"
#include "tests/unit/vgic/ghost.hpp"
#include "tests/unit/vgic/seams.hpp"

#include <cstring>
#include <string>

namespace hyp::test {

struct Setup {
    model::Timing timing = model::Timing::synchronous;
    bool stale = false;      // the model has the GICv2 fault
    bool workaround = false; // EL2 knows of it
    bool spi_fault = false;  // EL2 takes it that ISACTIVER of an SPI sets a bit for each CPU
    bool ppi_fault = false;  // ... that ISPENDR of a PPI has no effect
    bool survives = false;   // list registers stay active after deactivation (the older document)
    bool fast = false;       // the fast path is used when armed
    bool eoi_mode = false;   // of the guest
    bool lawless = false;    // the guest does what it likes; the ghost cannot follow
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

    // --- the environment
    void line(u32 intid, bool level);
    void deliver(unsigned index);
    [[nodiscard]] bool timer_line() const { return line_wanted; }

    // From here with no further cause, a guest that takes what it gets and ends it: is everything
    // delivered, everything ended, every physical active bit clear? Works on a copy.
    void check_drained() const;
    // Runs fast_tick() on one copy and the slow path on another; both must end alike.
    void check_fast_equals_slow() const;

    [[nodiscard]] FaultyDriver<Generation, Lrs> driver() {
        return FaultyDriver<Generation, Lrs>{gic, setup.fault};
    }
    [[nodiscard]] bool pending_exit() const { return gic.irq(0) || gic.fiq(0); }
    [[nodiscard]] bool guest_signalled() const { return gic.virq(0) || gic.vfiq(0); }
    [[nodiscard]] u64 hash() const;

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
    Ghost ghost;
    bool line_wanted = false; // the timer's line as its source drives it
    bool masked = false;      // the guest's PMR lets nothing through
    // Not part of the state.
    u64 exits = 0;
    u64 fast_ticks = 0;
    u64 maintenance_exits = 0;

private:
    // What must be compared before and after each change of the physical side.
    struct Seen {
        bool timer_line;
        bool timer_active;
        bool disk_pending;
    };
    [[nodiscard]] Seen see() const {
        return Seen{gic.line(0, timer), gic.active(0, timer), gic.pending(0, disk)};
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
    void slow_interrupt();
    void take(Ack ack);
    void enter();
    void take_ghost(u32 iar);

    // machine_checks.hpp
    void check_entry() const;
    void check_listed() const;
    void check_control() const;
    void check_leak() const;
    void check_synced() const;
    void check_acknowledged(u32 pintid) const;
    [[nodiscard]] unsigned places_of(VIntid vintid) const;
};

} // namespace hyp::test

#include "tests/unit/vgic/machine_checks.hpp"
#include "tests/unit/vgic/machine_paths.hpp"
