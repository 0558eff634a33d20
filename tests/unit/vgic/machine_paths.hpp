// SPDX-License-Identifier: Apache-2.0
// Part of machine.hpp: EL2's paths, the guest's accesses and the environment.
#pragma once

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
    caps.quirk_no_ppi_set_pending = setup.ppi_fault;
    caps.deactivate_trap = hardware.facts().deactivate_trap;
    caps.guest_group = is_v2 ? Group::group0 : Group::group1;
    start(caps);
    irqs.map_hardware(VIntid{timer}, PIntid{timer}, Trigger::level);
    irqs.map_hardware(VIntid{disk}, PIntid{disk}, Trigger::edge);
    hardware.set_trigger(PIntid{disk}, Trigger::edge);
    for (const u32 intid : {timer, disk, self_sgi, soft_spi}) {
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
    const bool rose = now.timer_line && !before.timer_line;
    const bool ended_high = before.timer_active && !now.timer_active && now.timer_line;
    ghost.timer_due = ghost.timer_due || rose || ended_high;
    if (now.disk_pending && !before.disk_pending) {
        ++ghost.disk_due;
    }
}

// --- EL2

template <GicGeneration G, unsigned L>
void Machine<G, L>::interrupt() {
    ++exits;
    check_acknowledged(gic.highest_pending(0));
    bool quick = false;
    const bool timer_active = gic.active(0, timer);
    const bool disk_active = gic.active(0, disk);
    observed([&] {
        if (setup.fast) {
            quick = fast_tick(driver(), plan, PIntid{timer});
        } else {
            plan.ack = driver().acknowledge().raw();
        }
        if (!quick) {
            slow_interrupt();
        }
    });
    fast_ticks += quick ? 1U : 0U;
    check_entry();
    // One that EL2 itself ended while it is pending again signals by right.
    const bool ended =
        (timer_active && !gic.active(0, timer)) || (disk_active && !gic.active(0, disk));
    require(quick || ended || setup.timing == model::Timing::asynchronous || !pending_exit(),
            "storm: signalled again at the entry");
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::slow_interrupt() {
    auto hardware = driver();
    sync_from(hardware, irqs);
    unsigned taken = 0;
    for (Ack ack{static_cast<u32>(plan.ack)}; !ack.is_spurious(); ack = hardware.acknowledge()) {
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

// --- the guest

template <GicGeneration G, unsigned L>
u32 Machine<G, L>::acknowledge() {
    const u32 iar = gic.guest_acknowledge(0);
    if ((iar & 0x3ffU) < model::first_special) {
        take_ghost(iar);
    }
    return iar;
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::take_ghost(u32 iar) {
    const u32 intid = iar & 0x3ffU;
    require(!ghost.is_taken(intid), "an active interrupt was delivered again");
    if (intid == timer) {
        require(ghost.timer_due, "H6: level interrupt delivered once too often");
        ghost.timer_due = false;
    } else if (intid == disk) {
        require(ghost.disk_due != 0, "H7: edge delivered once too often");
        ghost.disk_due = static_cast<u8>(ghost.disk_due - (ghost.disk_due != 0 ? 1 : 0));
    } else if (intid < 16) {
        const u8 sender = static_cast<u8>(1U << (iar >> 10U & 7U));
        require((ghost.sgi_due[intid] & sender) != 0, "SGI delivered that nobody sent");
        ghost.sgi_due[intid] = static_cast<u8>(ghost.sgi_due[intid] & ~sender);
    } else {
        require(intid == soft_spi && ghost.spi_due, "SPI delivered that nobody raised");
        ghost.spi_due = false;
    }
    require(ghost.taken_count < Ghost::max_taken, "more nesting than the test has room for");
    ghost.taken[ghost.taken_count++] = Taken{static_cast<u16>(iar), false};
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::end(unsigned index) {
    Taken& one = ghost.taken[index];
    if (!setup.eoi_mode || !one.dropped) {
        observed([&] { gic.guest_end_of_interrupt(0, one.iar); });
        one.dropped = true;
        if (!setup.eoi_mode) {
            ghost.forget(index);
        }
        check_leak();
        return;
    }
    const u32 iar = one.iar;
    // GICv2's GICV_DIR is never mapped; GICv3 traps it while anything active is spilled.
    if (is_v2 || irqs.control().trap_deactivate) {
        trap([&](VcpuIrqs& v) {
            ghost.forget(index);
            v.on_deactivate(VIntid{iar & 0x3ffU});
        });
    } else {
        ghost.forget(index);
        observed([&] { gic.guest_deactivate(0, iar); });
        check_leak();
    }
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::raise_sgi(u32 sgi, u8 source) {
    const u8 sender = is_v2 ? source : u8{0};
    trap([&](VcpuIrqs& v) {
        ghost.sgi_due[sgi] = static_cast<u8>(ghost.sgi_due[sgi] | 1U << sender);
        constexpr u8 both_groups = 3;
        v.receive_sgi(VIntid{sgi}, is_v2 ? static_cast<u8>(1U << sender) : both_groups);
    });
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::raise_spi() {
    trap([&](VcpuIrqs& v) {
        ghost.spi_due = true;
        v.raise(VIntid{soft_spi});
    });
}

// As a wake-up from sleep does: the line is high, nothing was acknowledged.
template <GicGeneration G, unsigned L>
void Machine<G, L>::mark_timer() {
    trap([&](VcpuIrqs& v) {
        if (gic.line(0, timer) && !gic.active(0, timer)) {
            v.mark_expired(VIntid{timer});
        }
    });
}

// --- the environment

template <GicGeneration G, unsigned L>
void Machine<G, L>::line(u32 intid, bool level) {
    line_wanted = intid == timer ? level : line_wanted;
    observed([&] { gic.set_line(0, intid, level); });
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::deliver(unsigned index) {
    observed([&] { gic.deliver(index); });
}

template <GicGeneration G, unsigned L>
u64 Machine<G, L>::hash() const {
    u64 h = gic.hash();
    const auto mix = [&h](u64 word) {
        h = (h ^ word) * 0x9e37'79b9'7f4a'7c15;
        h ^= h >> 29U;
    };
    const auto mix_bytes = [&mix](const unsigned char* bytes, usize size) {
        for (usize i = 0; i + 8 <= size; i += 8) {
            u64 word = 0;
            std::memcpy(&word, bytes + i, 8);
            mix(word);
        }
    };
    irqs.visit_bytes(mix_bytes);
    mix_bytes(reinterpret_cast<const unsigned char*>(&vm), sizeof(vm));
    static_assert(sizeof(VmIrqs) % 8 == 0);
    ghost.visit(mix);
    mix((line_wanted ? 1U : 0U) | (masked ? 2U : 0U));
    return h;
}

} // namespace hyp::test
