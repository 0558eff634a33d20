// SPDX-License-Identifier: Apache-2.0
// Part of machine.hpp: the guest's accesses, what the ghost makes of them, and the environment.
#pragma once

#include "tests/unit/vgic/machine.hpp"

namespace hyp::test {

template <GicGeneration G, unsigned L>
u32 Machine<G, L>::acknowledge() {
    // A guest of GICv3 takes an FIQ by the registers of Group 0.
    const u8 group = !is_v2 && !gic.virq(0) && gic.vfiq(0) ? 0 : 1;
    const u32 iar = gic.guest_acknowledge(0, group);
    if ((iar & 0x3ffU) < model::first_special) {
        take_ghost(iar, group);
    }
    return iar;
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::take_ghost(u32 iar, u8 group) {
    const u32 intid = iar & 0x3ffU;
    const auto wanted = [this](bool condition, const char* check) {
        require(condition || setup.lawless, check);
    };
    wanted(!ghost.is_taken(intid), "an active interrupt was delivered again");
    if (intid == timer || intid == uart) {
        LevelGhost& level = level_ghost(intid);
        wanted(level.due || level.forced, "H6: level interrupt delivered once too often");
        level.due = false;
        level.forced = false;
    } else if (intid == soft_level) {
        wanted(ghost.soft.wanted || ghost.soft.forced, "SPI delivered though its line is low");
        ghost.soft.forced = false;
    } else if (intid == disk) {
        wanted(ghost.disk_due != 0, "H7: edge delivered once too often");
        ghost.disk_due = static_cast<u8>(ghost.disk_due - (ghost.disk_due != 0 ? 1 : 0));
    } else if (intid < 16) {
        const u8 sender = static_cast<u8>(1U << (iar >> 10U & 7U));
        wanted((ghost.sgi_due[intid] & sender) != 0, "SGI delivered that nobody sent");
        ghost.sgi_due[intid] = static_cast<u8>(ghost.sgi_due[intid] & ~sender);
    } else {
        wanted(intid == soft_spi && ghost.spi_due, "SPI delivered that nobody raised");
        ghost.spi_due = false;
    }
    const bool room = ghost.taken_count < Ghost::max_taken;
    wanted(room, "more nesting than the test has room for");
    if (!room) {
        return;
    }
    ghost.taken[ghost.taken_count++] = Taken{static_cast<u16>(iar), group, false};
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::end(unsigned index) {
    Taken& one = ghost.taken[index];
    if (!setup.eoi_mode || !one.dropped) {
        observed([&] { gic.guest_end_of_interrupt(0, one.iar, one.group); });
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

// By the fast path, of SGI `sgi` to itself. True: done, without the slow path.
template <GicGeneration G, unsigned L>
bool Machine<G, L>::try_fast(u32 sgi) {
    if (!setup.fast) {
        return false;
    }
    rebind_plan();
    const u64 request = is_v2 ? u64{1} << 16U | sgi : sgi_to(Affinity{}) | u64{sgi} << 24U;
    bool done = false;
    observed([&] { done = fast_sgi(driver(), plan, request); });
    fast_traps += done ? 1U : 0U;
    exits += done ? 1U : 0U;
    return done;
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::raise_sgi(u32 sgi, u8 source) {
    const u8 sender = is_v2 ? source : u8{0};
    const auto sent = [&] {
        ghost.sgi_due[sgi] = static_cast<u8>(ghost.sgi_due[sgi] | 1U << sender);
    };
    if (sender == 0 && try_fast(sgi)) {
        sent();
        check_entry();
        return;
    }
    trap([&](VcpuIrqs& v) {
        sent();
        constexpr u8 group1 = 2; // as ICC_SGI1R_EL1 asks
        v.receive_sgi(VIntid{sgi}, is_v2 ? static_cast<u8>(1U << sender) : group1);
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

template <GicGeneration G, unsigned L>
void Machine<G, L>::enable_spi(u32 intid, bool on) {
    const u32 bit = 1U << (intid % 32);
    const u32 offset = (on ? 0x100U : 0x180U) + intid / 32 * 4;
    rebind_plan();
    if (setup.fast && plan.spis != nullptr && fast_enable(plan, offset, bit)) {
        ++fast_traps;
        ++exits;
        check_entry();
        return;
    }
    trap([&](VcpuIrqs& v) {
        on ? v.guest_enable(intid / 32, bit) : v.guest_disable(intid / 32, bit);
    });
}

template <GicGeneration G, unsigned L>
LevelGhost& Machine<G, L>::level_ghost(u32 intid) {
    return intid == timer ? ghost.timer : intid == uart ? ghost.uart : ghost.soft;
}

// ISPENDR. That of the disk is seen where the distributor latches it.
template <GicGeneration G, unsigned L>
void Machine<G, L>::set_pending(u32 intid) {
    trap([&](VcpuIrqs& v) {
        if (intid == soft_spi) {
            ghost.spi_due = true;
        } else if (intid != disk) {
            level_ghost(intid).forced = true;
        }
        v.guest_set_pending(intid / 32, 1U << (intid % 32));
    });
}

// ICPENDR. A level whose line is high stays pending.
template <GicGeneration G, unsigned L>
void Machine<G, L>::clear_pending(u32 intid) {
    trap([&](VcpuIrqs& v) {
        if (intid == soft_spi) {
            ghost.spi_due = false;
        } else if (intid == disk) {
            ghost.disk_due = 0;
        } else {
            LevelGhost& level = level_ghost(intid);
            level.forced = false;
            level.due = level.due && (level.wanted || gic.line(0, intid));
        }
        v.guest_clear_pending(intid / 32, 1U << (intid % 32));
    });
}

// ISACTIVER. What is pending stays so, once.
template <GicGeneration G, unsigned L>
void Machine<G, L>::set_active(u32 intid) {
    const u8 due = ghost.disk_due > 1 ? u8{1} : ghost.disk_due;
    trap([&](VcpuIrqs& v) {
        ghost.made_active |= u64{1} << intid;
        v.guest_set_active(intid / 32, 1U << (intid % 32));
    });
    if (intid == disk) {
        ghost.disk_due = due;
    }
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::clear_active(u32 intid) {
    trap([&](VcpuIrqs& v) {
        ghost.made_active &= ~(u64{1} << intid);
        v.guest_clear_active(intid / 32, 1U << (intid % 32));
    });
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::route_spis(VcpuIndex target) {
    trap([&](VcpuIrqs& v) {
        for (const u32 intid : {disk, uart, soft_spi, soft_level}) {
            v.set_route(VIntid{intid}, target);
        }
    });
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::soft_line(bool high) {
    trap([&](VcpuIrqs& v) {
        ghost.soft.wanted = high;
        v.set_line(VIntid{soft_level}, high);
    });
}

// --- the environment

template <GicGeneration G, unsigned L>
void Machine<G, L>::line(u32 intid, bool level) {
    if (intid == timer || intid == uart) {
        level_ghost(intid).wanted = level;
    }
    observed([&] { gic.set_line(0, intid, level); });
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::deliver(unsigned index) {
    observed([&] { gic.deliver(index); });
}

} // namespace hyp::test
