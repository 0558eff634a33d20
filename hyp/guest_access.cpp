// SPDX-License-Identifier: Apache-2.0
#include "hyp/guest_access.hpp"

#include "hyp/core/vgic/sgi.hpp"
#include "hyp/passthrough.hpp"
#include "hyp/terminal.hpp"

namespace hyp {

namespace {

// Cache maintenance by set/way: done here as clean and invalidate, whatever the guest asked, for an
// invalidate alone could drop EL2's own dirty lines.
void clean_invalidate_set_way(u64 set_way) {
    asm volatile("dc cisw, %0" ::"r"(set_way) : "memory");
}

constexpr SysReg dc_isw = static_cast<SysReg>(sysreg_encoding(1, 0, 7, 6, 2));
constexpr SysReg dc_csw = static_cast<SysReg>(sysreg_encoding(1, 0, 7, 10, 2));
constexpr SysReg dc_cisw = static_cast<SysReg>(sysreg_encoding(1, 0, 7, 14, 2));
constexpr SysReg actlr_el1 = static_cast<SysReg>(sysreg_encoding(3, 0, 1, 0, 1));
constexpr SysReg icc_sgi0r = static_cast<SysReg>(sysreg_encoding(3, 0, 12, 11, 7));
constexpr SysReg icc_asgi1r = static_cast<SysReg>(sysreg_encoding(3, 0, 12, 11, 6));

// op0=3, op1=0, CRn=0, CRm=1..7: the group that HCR_EL2.TID3 traps.
[[nodiscard]] bool is_id_register(SysReg reg) {
    const u32 encoding = static_cast<u32>(reg);
    const u32 crm = encoding >> 3 & 15;
    return encoding >> 7 == sysreg_encoding(3, 0, 0, 0, 0) >> 7 && crm >= id_register_crm_first &&
           crm <= id_register_crm_last;
}

// op0=2, op1=0 and 3: debug registers and the DCC, which MDCR_EL2 traps. No debugger is attached, and
// breakpoints and watchpoints, which an ID register cannot deny, never match.
[[nodiscard]] bool is_debug_register(SysReg reg) {
    const u32 op0_op1 = static_cast<u32>(reg) >> 11;
    return op0_op1 == sysreg_encoding(2, 0, 0, 0, 0) >> 11 ||
           op0_op1 == sysreg_encoding(2, 3, 0, 0, 0) >> 11;
}

// ICC_SRE_EL1, where a core lets it be changed: the system registers of a GICv3 are on for good.
[[nodiscard]] bool is_gic_switch(const Vcpu& vcpu, SysReg reg) {
    return reg == SysReg::icc_sre_el1 && vcpu.irqs.caps().generation == GicGeneration::v3;
}

// CNTPCT and CNTP, which trap for a VM whose time can stop: they are as far behind as CNTVCT.
constexpr SysReg cntp_tval = static_cast<SysReg>(sysreg_encoding(3, 3, 14, 2, 0));

[[nodiscard]] Answer read_counter(u64 offset, SysReg reg) {
    if (reg == SysReg::cntpct) {
        return {Outcome::done, sysreg::read<SysReg::cntpct>() - offset};
    }
    if (reg == SysReg::cntp_ctl) {
        return {Outcome::done, sysreg::read<SysReg::cntp_ctl>()};
    }
    if (reg == SysReg::cntp_cval) {
        return {Outcome::done, guest_cval(sysreg::read<SysReg::cntp_cval>(), offset)};
    }
    return reg == cntp_tval ? Answer{Outcome::done, sysreg::read<cntp_tval>()}
                            : Answer{Outcome::absent};
}

[[nodiscard]] bool write_counter(u64 offset, SysReg reg, u64 value) {
    if (reg == SysReg::cntp_ctl) {
        sysreg::write<SysReg::cntp_ctl>(value);
    } else if (reg == SysReg::cntp_cval) {
        sysreg::write<SysReg::cntp_cval>(physical_cval(value, offset));
    } else if (reg == cntp_tval) {
        sysreg::write<cntp_tval>(value);
    } else {
        return false;
    }
    return true;
}

[[nodiscard]] Answer read_system_register(const Vcpu& vcpu, SysReg reg) {
    if (is_id_register(reg)) {
        const u32 encoding = static_cast<u32>(reg);
        return {Outcome::done,
                vcpu.vm->id_registers[id_register_index(encoding >> 3 & 15, encoding & 7)]};
    }
    if (is_gic_switch(vcpu, reg)) {
        return {Outcome::done, 7}; // SRE, DFB, DIB
    }
    if (reg == actlr_el1 || is_debug_register(reg)) {
        return {};
    }
    return read_counter(vcpu.confinement.cntvoff_el2, reg);
}

[[nodiscard]] Answer write_system_register(Vcpu& vcpu, SysReg reg, u64 value) {
    if (reg == SysReg::icc_dir) {
        return {Outcome::deactivation, value};
    }
    if (reg == SysReg::icc_sgi1r) {
        vcpu.vm->distributor.write_sgi(vcpu.irqs.self(), SgiRegister::sgi1r, value);
    } else if (reg == icc_asgi1r) {
        vcpu.vm->distributor.write_sgi(vcpu.irqs.self(), SgiRegister::asgi1r, value);
    } else if (reg == icc_sgi0r) {
        vcpu.vm->distributor.write_sgi(vcpu.irqs.self(), SgiRegister::sgi0r, value);
    } else if (reg == dc_isw || reg == dc_csw || reg == dc_cisw) {
        clean_invalidate_set_way(value);
    } else if (reg != actlr_el1 && !is_debug_register(reg) && !is_gic_switch(vcpu, reg) &&
               !write_counter(vcpu.confinement.cntvoff_el2, reg, value)) {
        return {Outcome::absent};
    }
    return {};
}

} // namespace

// GICv2: the page of GICC that holds DIR alone is not mapped, so that a deactivation is seen here
// even when its list register is gone.
Device device_at(const Vcpu& vcpu, const GuestAccess& access) {
    const bool v2 = vcpu.irqs.caps().generation == GicGeneration::v2;
    const IpaRange gicd = v2 ? guest_map::gicd_v2 : guest_map::gicd_v3;
    if (guest_map::flash.contains(access.ipa)) {
        return {.kind = Device::Kind::ignored};
    }
    if (gicd.contains(access.ipa)) {
        return {Device::Kind::distributor, VdistFrame::gicd,
                static_cast<u32>(access.ipa - gicd.base), vcpu.irqs.self()};
    }
    if (v2 && guest_map::gicc_dir.contains(access.ipa)) {
        const bool is_dir = access.ipa == guest_map::gicc_dir.base;
        return {.kind = is_dir && access.direction == Direction::write ? Device::Kind::deactivation
                                                                       : Device::Kind::ignored};
    }
    const u64 past_gicr = access.ipa - guest_map::gicr;
    if (!v2 && past_gicr < u64{vcpu.vm->irqs.vcpus()} * 2 * guest_map::gicr_frame) {
        const u32 frame = static_cast<u32>(past_gicr / guest_map::gicr_frame);
        return {Device::Kind::distributor,
                frame % 2 == 0 ? VdistFrame::gicr_rd : VdistFrame::gicr_sgi,
                static_cast<u32>(past_gicr % guest_map::gicr_frame),
                VcpuIndex{static_cast<u8>(frame / 2)}};
    }
    const IpaRange console = guest_device(DeviceId::pl011).frame;
    if (vcpu.vm->description->console && console.contains(access.ipa)) {
        return {.kind = Device::Kind::console,
                .offset = static_cast<u32>(access.ipa - console.base)};
    }
    return {.kind = Device::Kind::forwarded};
}

u32 physical_words(const Vcpu& vcpu, const Device& device, const GuestAccess& access) {
    const bool is_read = access.direction == Direction::read;
    return device.kind == Device::Kind::distributor && is_read
               ? vcpu.vm->distributor.physical_words(device.owner, device.frame, device.offset)
               : 0;
}

namespace {

[[nodiscard]] Answer access_distributor(Vcpu& vcpu, const Device& device, const GuestAccess& access,
                                        const PhysWords& phys) {
    const auto size = static_cast<AccessSize>(access.size);
    const bool is_write = access.direction == Direction::write;
    Vdist& distributor = vcpu.vm->distributor;
    if (!is_write) {
        return {Outcome::done,
                distributor.read(device.owner, device.frame, device.offset, size, phys)};
    }
    distributor.write(device.owner, device.frame, device.offset, size, access.value);
    return {};
}

// Asks the sibling's home; the repeated access finds the answer.
[[nodiscard]] Answer access_sibling(Vcpu& vcpu, const Device& device, const GuestAccess& access) {
    RemoteAccess& remote = vcpu.remote;
    if (remote.state.load() == RemoteAccess::answered) {
        remote.state.store(RemoteAccess::none);
        // An interrupt's handler may have come between, with an access of its own.
        if (remote.access.ipa == access.ipa && remote.access.direction == access.direction &&
            remote.access.value == access.value && remote.access.size == access.size) {
            return {Outcome::done, remote.result};
        }
    }
    if (remote.state.load() == RemoteAccess::none) {
        remote.device = device;
        remote.access = access;
        remote.state.store(RemoteAccess::asked);
        Vcpu& owner = *vcpu.vm->vcpus[device.owner.value];
        owner.askers.fetch_or(1U << vcpu.irqs.self().value);
        notify(owner);
    }
    return {Outcome::again};
}

} // namespace

void serve_access(Vcpu& owner, Vcpu& asker, const PhysWords& phys) {
    RemoteAccess& remote = asker.remote;
    if (remote.state.load() == RemoteAccess::asked) {
        remote.result = access_distributor(owner, remote.device, remote.access, phys).value;
        remote.state.store(RemoteAccess::answered);
    }
}

Answer access_device(Vcpu& vcpu, const Device& device, const GuestAccess& access,
                     const PhysWords& phys) {
    switch (device.kind) {
    case Device::Kind::none: return {Outcome::absent};
    case Device::Kind::ignored: break;
    case Device::Kind::forwarded: return forward_access(*vcpu.vm, access);
    case Device::Kind::console:
        return {Outcome::done, access_terminal(vcpu, device.offset, access)};
    case Device::Kind::deactivation: return {Outcome::deactivation, access.value};
    case Device::Kind::distributor:
        return device.frame == VdistFrame::gicr_sgi && device.owner != vcpu.irqs.self()
                   ? access_sibling(vcpu, device, access)
                   : access_distributor(vcpu, device, access, phys);
    }
    return {};
}

Answer access_system_register(Vcpu& vcpu, const SysRegExit& exit, u64 value) {
    return exit.direction == Direction::read ? read_system_register(vcpu, exit.reg)
                                             : write_system_register(vcpu, exit.reg, value);
}

void await_answer(Vcpu& vcpu) {
    vcpu.awaits = true;
    this_pcpu().scheduler.sleep(vcpu.slot, never);
}

bool must_wait(Vcpu& vcpu, const Device& device, const GuestAccess& access) {
    if (device.kind != Device::Kind::distributor ||
        !vcpu.vm->distributor.must_wait(device.owner, device.frame, device.offset,
                                        static_cast<AccessSize>(access.size),
                                        access.direction == Direction::write, access.value)) {
        return false;
    }
    await_answer(vcpu);
    return true;
}

void deactivate(Vcpu& vcpu, u32 vmcr, u64 value) {
    constexpr u32 veoim = 1U << 9;
    constexpr u64 intid_mask = 0xff'ffff;
    const u64 mask = vcpu.irqs.caps().generation == GicGeneration::v2 ? 0x3ff : intid_mask;
    if ((vmcr & veoim) != 0) {
        vcpu.irqs.on_deactivate(VIntid{static_cast<u32>(value & mask)});
    }
}

} // namespace hyp
