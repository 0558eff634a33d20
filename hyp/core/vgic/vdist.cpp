// SPDX-License-Identifier: Apache-2.0
// The emulated distributor: what each register of vdist_table.hpp does.
#include "hyp/core/vgic/vdist.hpp"

#include "hyp/core/regs/gicd.hpp"
#include "hyp/core/regs/gicr.hpp"
#include "hyp/core/vgic/vdist_identity.hpp"
#include "hyp/core/vgic/vdist_table.hpp"

namespace hyp {

using namespace vdist;

namespace {

constexpr u32 pidr2_v2 = 0x2b;
constexpr u32 pidr2_v3 = 0x3b;
constexpr u64 router_fields = 0xff'80ff'ffff; // Aff3, IRM, Aff2, Aff1, Aff0
constexpr u32 sgi_bits = 0xffff;

} // namespace

struct alignas(8) Vdist::Access {
    Reg reg;
    VdistFrame frame;
    AccessSize size;
    VcpuIndex who;
    u32 offset; // within the frame
    u32 word;   // of 32 bits, within the array
    u32 byte;   // within the array
};

void Vdist::attach(VcpuIrqs& irqs, Affinity affinity) {
    affinity_[vcpus_] = affinity;
    irqs_[vcpus_] = &irqs;
    ++vcpus_;
    reset();
    for (u32 spi = 32; spi < guest_intids; ++spi) {
        irqs.set_route(VIntid{spi}, routed_to(route_[spi - 32]));
    }
}

void Vdist::reset() {
    route_.fill(generation_ == GicGeneration::v2 ? 1 : 0);
    awake_.store(0);
}

bool Vdist::must_wait(VcpuIndex who, VdistFrame frame, u32 offset, AccessSize size, bool is_write,
                      u64 value) {
    const Access at = decode(who, frame, offset, size);
    const bool tells = !is_write && (at.reg == Reg::ispendr || at.reg == Reg::icpendr ||
                                     at.reg == Reg::isactiver || at.reg == Reg::icactiver);
    const bool activates = is_write && at.reg == Reg::isactiver;
    return at.word != 0 && (tells || activates) &&
           irqs(who).ask(at.word, is_write ? static_cast<u32>(value) : ~0U);
}

// Everything that does not exist comes out as `reserved`.
Vdist::Access Vdist::decode(VcpuIndex who, VdistFrame frame, u32 offset, AccessSize size) const {
    std::span<const Row> table;
    switch (frame) {
    case VdistFrame::gicd:
        table = generation_ == GicGeneration::v2 ? std::span<const Row>{gicd_v2} : gicd_v3;
        break;
    case VdistFrame::gicr_rd: table = gicr_rd; break;
    case VdistFrame::gicr_sgi: table = gicr_sgi; break;
    }
    const Row row = look_up(table, offset);
    const u32 bytes = static_cast<u32>(size);
    const u32 within = offset - row.first;
    Access at{row.reg, frame, size, who, offset, within / 4, within};
    const bool exists = row.bits == 0 || within * 8 / row.bits < guest_intids;
    const bool redistributor = frame != VdistFrame::gicd;
    const bool fits = (row.widths & bytes) != 0 && offset % bytes == 0;
    if (!exists || !fits || (redistributor && generation_ == GicGeneration::v2)) {
        at.reg = Reg::reserved;
    }
    return at;
}

// INTIDs of a word of 32 that this frame shows. With affinity routing GICD has no private ones.
u32 Vdist::implemented(VdistFrame frame, unsigned word) const {
    const bool private_frame = frame == VdistFrame::gicr_sgi || generation_ == GicGeneration::v2;
    return word != 0 || private_frame ? ~0U : 0;
}

u32 Vdist::physical_words(VcpuIndex who, VdistFrame frame, u32 offset) const {
    const Access at = decode(who, frame, offset, AccessSize::word);
    const bool pending = at.reg == Reg::ispendr || at.reg == Reg::icpendr;
    return pending && implemented(frame, at.word) != 0 ? irqs(who).hardware_words(at.word) : 0;
}

u64 Vdist::redistributor_type(VcpuIndex who) const {
    return GicrTyper{}
        .with<GicrTyper::ProcessorNumber>(who.value)
        .with<GicrTyper::Last>(who.value + 1U == vcpus_)
        .with<GicrTyper::Affinity>(affinity_[who.value].packed())
        .raw();
}

u64 Vdist::read(VcpuIndex who, VdistFrame frame, u32 offset, AccessSize size,
                const PhysWords& phys) const {
    const Access at = decode(who, frame, offset, size);
    const VcpuIrqs& its = irqs(who);
    const bool v2 = generation_ == GicGeneration::v2;
    const u32 here = implemented(frame, at.word);
    switch (at.reg) {
    case Reg::reserved:
    case Reg::sgir:
    case Reg::gicr_ctlr: return 0;
    case Reg::ctlr: return vdist::ctlr(generation_, vm_->group_enables());
    case Reg::typer: return vdist::typer(generation_, vcpus_);
    case Reg::iidr: return vdist::iidr();
    case Reg::pidr2: return v2 ? pidr2_v2 : pidr2_v3;
    case Reg::igroupr: return here & its.group_word(at.word);
    case Reg::isenabler:
    case Reg::icenabler: return here & its.enabled_word(at.word);
    case Reg::ispendr:
    case Reg::icpendr: return here & its.pending_word(at.word, phys);
    case Reg::isactiver:
    case Reg::icactiver: return here & its.active_word(at.word);
    case Reg::ipriorityr:
    case Reg::itargetsr:
    case Reg::cpendsgir:
    case Reg::spendsgir: return read_bytes(at);
    case Reg::icfgr: return read_config(at);
    case Reg::waker:
        return GicrWaker{}
            .with<GicrWaker::ProcessorSleep>((awake_.load() >> who.value & 1U) == 0)
            .with<GicrWaker::ChildrenAsleep>((awake_.load() >> who.value & 1U) == 0)
            .raw();
    case Reg::irouter: return part_of(at.byte / 8 < 32 ? 0 : route_[at.byte / 8 - 32], at);
    case Reg::gicr_typer: return part_of(redistributor_type(who), at);
    }
    return 0;
}

// On GICv2 SGIs are always enabled, and made pending and not by SPENDSGIR and CPENDSGIR.
void Vdist::write(VcpuIndex who, VdistFrame frame, u32 offset, AccessSize size, u64 value) {
    const Access at = decode(who, frame, offset, size);
    VcpuIrqs& its = irqs(who);
    const u32 word = static_cast<u32>(value);
    const bool v2 = generation_ == GicGeneration::v2;
    const u32 mask = word & implemented(frame, at.word);
    const u32 but_sgis = v2 && at.word == 0 ? mask & ~sgi_bits : mask;
    switch (at.reg) {
    case Reg::reserved:
    case Reg::typer:
    case Reg::iidr:
    case Reg::pidr2:
    case Reg::gicr_ctlr:
    case Reg::gicr_typer: return;
    case Reg::ctlr: its.set_group_enables(static_cast<u8>(word & 3)); return;
    case Reg::igroupr: write_group(at, word); return;
    case Reg::isenabler: its.guest_enable(at.word, but_sgis); return;
    case Reg::icenabler: its.guest_disable(at.word, but_sgis); return;
    case Reg::ispendr: its.guest_set_pending(at.word, but_sgis); return;
    case Reg::icpendr: its.guest_clear_pending(at.word, but_sgis); return;
    case Reg::isactiver: its.guest_set_active(at.word, mask); return;
    case Reg::icactiver: its.guest_clear_active(at.word, mask); return;
    case Reg::ipriorityr:
    case Reg::itargetsr:
    case Reg::cpendsgir:
    case Reg::spendsgir: write_bytes(at, value); return;
    case Reg::icfgr: write_config(at, word); return;
    case Reg::sgir: write_sgir(who, word); return;
    case Reg::irouter: write_router(at, value); return;
    case Reg::waker: {
        const u32 bit = 1U << who.value;
        const u32 wakes = GicrWaker{word}.get<GicrWaker::ProcessorSleep>() ? 0 : bit;
        for (u32 was = awake_.load(); !awake_.replace(was, (was & ~bit) | wakes);) {
        }
        return;
    }
    }
}

// The upper or lower half of a 64-bit register, or all of it.
u64 Vdist::part_of(u64 whole, const Access& at) {
    if (at.size == AccessSize::dword) {
        return whole;
    }
    return (at.offset & 4U) != 0 ? whole >> 32U : whole & ~u32{0};
}

void Vdist::write_group(const Access& at, u32 groups) {
    if (implemented(at.frame, at.word) != 0) {
        irqs(at.who).guest_set_group(at.word, groups);
    }
}

u64 Vdist::read_bytes(const Access& at) const {
    u64 value = 0;
    for (u32 i = 0; i < static_cast<u32>(at.size); ++i) {
        value |= u64{read_byte(at, VIntid{at.byte + i})} << (8 * i);
    }
    return value;
}

void Vdist::write_bytes(const Access& at, u64 value) {
    for (u32 i = 0; i < static_cast<u32>(at.size); ++i) {
        write_byte(at, VIntid{at.byte + i}, static_cast<u8>(value >> (8 * i)));
    }
}

u8 Vdist::read_byte(const Access& at, VIntid vintid) const {
    if ((implemented(at.frame, vintid.value() / 32) & IntidSet::bit(vintid)) == 0) {
        return 0;
    }
    if (at.reg == Reg::ipriorityr) {
        return irqs(at.who).priority(vintid);
    }
    if (at.reg != Reg::itargetsr) {
        return irqs(at.who).pending_sources(vintid);
    }
    return static_cast<u8>(vintid.is_private() ? u64{1} << at.who.value
                                               : route_[vintid.value() - 32]);
}

void Vdist::write_byte(const Access& at, VIntid vintid, u8 value) {
    if ((implemented(at.frame, vintid.value() / 32) & IntidSet::bit(vintid)) == 0) {
        return;
    }
    const u8 cpus = value & existing();
    if (at.reg == Reg::ipriorityr) {
        irqs(at.who).guest_set_priority(vintid, value);
    } else if (at.reg == Reg::cpendsgir) {
        irqs(at.who).guest_clear_sources(vintid, cpus);
    } else if (at.reg == Reg::spendsgir) {
        irqs(at.who).guest_set_sources(vintid, cpus);
    } else if (!vintid.is_private()) {
        set_route(irqs(at.who), vintid, cpus);
    }
}

// Two bits an INTID, of which the upper says edge; 16 INTIDs a word. SGIs are edge for good.
u32 Vdist::read_config(const Access& at) const {
    const unsigned word = at.word / 2;
    const u32 half = irqs(at.who).edge_word(word) & implemented(at.frame, word);
    const u32 edges = half >> (at.word % 2 * 16);
    u32 config = 0;
    for (u32 i = 0; i < 16; ++i) {
        config |= (edges >> i & 1U) << (2 * i + 1);
    }
    return config;
}

void Vdist::write_config(const Access& at, u32 value) {
    const unsigned word = at.word / 2;
    u32 edges = 0;
    for (u32 i = 0; i < 16; ++i) {
        edges |= (value >> (2 * i + 1) & 1U) << i;
    }
    const u32 shift = at.word % 2 * 16;
    const u32 mask = 0xffffU << shift & implemented(at.frame, word);
    if (at.word != 0) {
        irqs(at.who).guest_set_edge(word, edges << shift, mask);
    }
}

void Vdist::write_router(const Access& at, u64 value) {
    const u32 spi = at.byte / 8;
    if (spi < 32) {
        return;
    }
    const u64 before = route_[spi - 32];
    constexpr u64 upper_half = ~u64{0} << 32U;
    u64 router = value;
    if (at.size != AccessSize::dword) {
        router = (at.offset & 4U) != 0 ? (before & ~upper_half) | value << 32U
                                       : (before & upper_half) | (value & ~upper_half);
    }
    set_route(irqs(at.who), VIntid{spi}, router & router_fields);
}

} // namespace hyp
