// SPDX-License-Identifier: Apache-2.0
// Part of machine.hpp: start-up and EL2's paths.
#pragma once

#include "tests/unit/vgic/hash.hpp"
#include "tests/unit/vgic/machine.hpp"

namespace hyp::test {

template <GicGeneration G, unsigned L>
Machine<G, L>::Machine(const Setup& with)
    : setup{with}, gic{[&] {
          model::Options options = model::architecture(
              is_v2 ? model::Generation::v2 : model::Generation::v3, with.timing);
          if (with.stale) {
              options.quirks.add(model::Quirk::stale_after_guest_deactivation);
          }
          if (with.spi_fault) {
              options.quirks.add(model::Quirk::spi_active_per_pe);
          }
          if (with.ppi_fault) {
              options.quirks.add(model::Quirk::ppi_set_pending_ignored);
          }
          if (with.survives) {
              options.quirks.add(model::Quirk::lr_active_survives);
          }
          return options;
      }()} {
    boot();
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::boot() {
    auto hardware = driver();
    require(hardware.init_distributor().ok() && hardware.init_cpu().ok(), "boot");
    hardware.set_enable(PIntid{model::maintenance_intid}, Enable::on);
    VgicCaps caps;
    caps.generation = G;
    caps.list_registers = L;
    caps.quirk_no_reevaluation = setup.workaround;
    caps.quirk_spi_active_per_cpu = setup.spi_fault;
    caps.guest_group = is_v2 ? Group::group0 : Group::group1;
    start(caps);
    irqs.map_hardware(VIntid{timer}, PIntid{timer}, Trigger::level);
    irqs.map_hardware(VIntid{disk}, PIntid{disk}, Trigger::edge);
    irqs.map_hardware(VIntid{uart}, PIntid{uart}, Trigger::level);
    hardware.set_trigger(PIntid{disk}, Trigger::edge);
    constexpr u32 soft_edge = 1U << (soft_spi - 32);
    irqs.guest_set_edge(1, soft_edge, soft_edge);
    for (const u32 intid : {timer, disk, uart, self_sgi, other_sgi, soft_spi, soft_level}) {
        irqs.guest_set_priority(VIntid{intid}, 0xa0);
        irqs.guest_enable(intid / 32, 1U << (intid % 32));
    }
    irqs.set_group_enables(3);
    guest_interface();
    enter();
    gic.deliver_all();
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::guest_interface() {
    const u32 mode = setup.eoi_mode ? 1 : 0;
    if constexpr (is_v2) {
        gic.write(0, model::Frame::gicv, model::gicc::ctlr, 1U | mode << 9U);
    } else {
        gic.guest_write(0, model::Sysreg::icc_igrpen0, 1);
        gic.guest_write(0, model::Sysreg::icc_igrpen1, 1);
        gic.guest_write(0, model::Sysreg::icc_ctlr, mode << 1U);
    }
    set_pmr(0xf0);
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::set_pmr(u8 pmr) {
    masked = pmr == 0;
    if constexpr (is_v2) {
        gic.write(0, model::Frame::gicv, model::gicc::pmr, pmr);
    } else {
        gic.guest_write(0, model::Sysreg::icc_pmr, pmr);
    }
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::account(const Seen& before) {
    const Seen now = see();
    const auto level = [](LevelGhost& of, bool was, bool is, bool was_active, bool is_active) {
        const bool rose = is && !was;
        const bool ended_high = was_active && !is_active && is;
        of.due = of.due || rose || ended_high;
    };
    level(ghost.timer, before.timer_line, now.timer_line, before.timer_active, now.timer_active);
    level(ghost.uart, before.uart_line, now.uart_line, before.uart_active, now.uart_active);
    if (now.disk_pending && !before.disk_pending) {
        ++ghost.disk_due;
    }
}

// --- EL2

// A plan points into the vCPU and the VM that it was made for; a copied machine has its own.
template <GicGeneration G, unsigned L>
void Machine<G, L>::rebind_plan() {
    plan.sgis = has_sgis() ? irqs.sgi_words() : plan.sgis;
    plan.spis = plan.spis == nullptr ? nullptr : vm.words();
}

template <GicGeneration G, unsigned L>
bool Machine<G, L>::quick_interrupt() {
    if (!setup.fast) {
        kept_ack = driver().acknowledge().raw();
        return false;
    }
    if (fast_tick(driver(), plan, kept_ack, PIntid{timer})) {
        ++fast_ticks;
        return true;
    }
    const bool device = fast_device<Ack>(driver(), plan, kept_ack);
    fast_devices += device ? 1U : 0U;
    return device;
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::interrupt() {
    ++exits;
    check_acknowledged(gic.highest_pending(0));
    bool quick = false;
    const bool timer_active = gic.active(0, timer);
    const bool disk_active = gic.active(0, disk);
    const bool uart_active = gic.active(0, uart);
    observed([&] {
        quick = quick_interrupt();
        if (!quick) {
            slow_interrupt();
        }
    });
    check_entry();
    // One that EL2 itself ended while it is pending again signals by right.
    const bool ended = (timer_active && !gic.active(0, timer)) ||
                       (disk_active && !gic.active(0, disk)) ||
                       (uart_active && !gic.active(0, uart));
    require(quick || ended || setup.timing == model::Timing::asynchronous || !pending_exit(),
            "storm: signalled again at the entry");
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::slow_interrupt() {
    auto hardware = driver();
    sync_from(hardware, irqs);
    unsigned taken = 0;
    for (Ack ack{static_cast<u32>(kept_ack)}; !ack.is_spurious(); ack = hardware.acknowledge()) {
        take(ack);
        if (++taken == 16) {
            require(false, "storm: acknowledging does not come to an end");
            break;
        }
    }
    check_synced();
    enter();
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::take(Ack ack) {
    auto hardware = driver();
    hardware.drop_priority(ack);
    if (ack.intid().value() == model::maintenance_intid) {
        ++maintenance_exits;
        hardware.write_control(irqs.on_maintenance());
        hardware.deactivate(ack);
    } else if (!irqs.on_physical(ack.intid())) {
        hardware.deactivate(ack);
    }
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::enter() {
    auto hardware = driver();
    apply(hardware, irqs, irqs.flush());
    plan = plan_for(irqs, setup.fast ? FastPath::allowed : FastPath::withdrawn);
}

template <GicGeneration G, unsigned L>
template <class Operation>
void Machine<G, L>::trap(Operation operation) {
    ++exits;
    observed([&] {
        auto hardware = driver();
        sync_from(hardware, irqs);
        check_synced();
        operation(irqs);
        enter();
    });
    check_entry();
}

template <GicGeneration G, unsigned L>
u64 Machine<G, L>::hash() const {
    Hash hash{gic.hash()};
    const auto mix = [&hash](u64 word) { hash.mix(word); };
    const auto mix_bytes = [&hash](const void* bytes, usize size) { hash.mix_bytes(bytes, size); };
    irqs.visit_bytes(mix_bytes);
    mix_bytes(&vm, sizeof(vm));
    static_assert(sizeof(VmIrqs) % 8 == 0);
    ghost.visit(mix);
    mix(masked ? 2U : 0U);
    return hash.value();
}

} // namespace hyp::test
