// SPDX-License-Identifier: Apache-2.0
#include "hyp/guest_access.hpp"

#include "hyp/core/vgic/sgi.hpp"

namespace hyp {

namespace {

template <class G>
[[nodiscard]] u64 access_distributor(G gic, Vcpu& vcpu, VdistFrame frame, u32 offset,
                                     const GuestAccess& access) {
    const auto size = static_cast<AccessSize>(access.size);
    Vdist& distributor = *vcpu.distributor;
    if (access.direction == Direction::write) {
        distributor.write(frame, offset, size, access.value);
        return 0;
    }
    const PhysWords phys = read_physical(gic, distributor.physical_words(frame, offset));
    return distributor.read(frame, offset, size, phys);
}

// The guest's DIR, where it traps: it counts only in EOImode 1 (VMCR.VEOIM, the same bit in both).
template <class G>
void deactivate_for_guest(G gic, Vcpu& vcpu, u64 value) {
    constexpr u32 veoim = 1U << 9;
    constexpr u64 intid_mask = 0xff'ffff;
    const u64 mask = vcpu.irqs.caps().generation == GicGeneration::v2 ? 0x3ff : intid_mask;
    if ((gic.save_interface().vmcr & veoim) != 0) {
        vcpu.irqs.on_deactivate(VIntid{static_cast<u32>(value & mask)});
    }
}

// What the guest finds at an address.
struct alignas(8) Device {
    enum class Kind : u8 { none, ignored, deactivation, distributor };
    Kind kind = Kind::none;
    VdistFrame frame = VdistFrame::gicd;
    u32 offset = 0; // within the frame
};

// GICv2: the page of GICC that holds DIR alone is not mapped, so that a deactivation is seen here
// even when its list register is gone.
[[nodiscard]] Device device_at(GicGeneration generation, const GuestAccess& access) {
    const bool v2 = generation == GicGeneration::v2;
    const IpaRange gicd = v2 ? guest_map::gicd_v2 : guest_map::gicd_v3;
    if (guest_map::flash.contains(access.ipa)) {
        return {.kind = Device::Kind::ignored};
    }
    if (gicd.contains(access.ipa)) {
        return {Device::Kind::distributor, VdistFrame::gicd,
                static_cast<u32>(access.ipa - gicd.base)};
    }
    if (v2 && guest_map::gicc_dir.contains(access.ipa)) {
        const bool is_dir = access.ipa == guest_map::gicc_dir.base;
        return {.kind = is_dir && access.direction == Direction::write ? Device::Kind::deactivation
                                                                       : Device::Kind::ignored};
    }
    if (!v2 && guest_map::gicr.contains(access.ipa)) {
        constexpr u32 frame_size = 64 * kib;
        const u32 offset = static_cast<u32>(access.ipa - guest_map::gicr.base);
        return {Device::Kind::distributor,
                offset < frame_size ? VdistFrame::gicr_rd : VdistFrame::gicr_sgi,
                offset % frame_size};
    }
    return {};
}

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

[[nodiscard]] std::optional<u64> read_system_register(const Vcpu& vcpu, SysReg reg) {
    if (is_id_register(reg)) {
        const u32 encoding = static_cast<u32>(reg);
        return vcpu.vm->id_registers[id_register_index(encoding >> 3 & 15, encoding & 7)];
    }
    if (reg == actlr_el1) {
        return 0;
    }
    return std::nullopt;
}

template <class G>
[[nodiscard]] std::optional<u64> write_system_register(G gic, Vcpu& vcpu, SysReg reg, u64 value) {
    if (reg == SysReg::icc_dir) {
        deactivate_for_guest(gic, vcpu, value);
    } else if (reg == SysReg::icc_sgi1r) {
        vcpu.distributor->write_sgi(SgiRegister::sgi1r, value);
    } else if (reg == icc_asgi1r) {
        vcpu.distributor->write_sgi(SgiRegister::asgi1r, value);
    } else if (reg == icc_sgi0r) {
        vcpu.distributor->write_sgi(SgiRegister::sgi0r, value);
    } else if (reg == dc_isw || reg == dc_csw || reg == dc_cisw) {
        clean_invalidate_set_way(value);
    } else if (reg != actlr_el1) {
        return std::nullopt;
    }
    return 0;
}

} // namespace

template <class G>
std::optional<u64> access_device(G gic, Vcpu& vcpu, const GuestAccess& access) {
    const Device device = device_at(vcpu.irqs.caps().generation, access);
    switch (device.kind) {
    case Device::Kind::none: return std::nullopt;
    case Device::Kind::ignored: break;
    case Device::Kind::deactivation: deactivate_for_guest(gic, vcpu, access.value); break;
    case Device::Kind::distributor:
        return access_distributor(gic, vcpu, device.frame, device.offset, access);
    }
    return 0;
}

template std::optional<u64> access_device(HostGicV2, Vcpu&, const GuestAccess&);
template std::optional<u64> access_device(HostGicV3, Vcpu&, const GuestAccess&);

template <class G>
std::optional<u64> access_system_register(G gic, Vcpu& vcpu, const SysRegExit& exit, u64 value) {
    if (exit.direction == Direction::read) {
        return read_system_register(vcpu, exit.reg);
    }
    return write_system_register(gic, vcpu, exit.reg, value);
}

template std::optional<u64> access_system_register(HostGicV2, Vcpu&, const SysRegExit&, u64);
template std::optional<u64> access_system_register(HostGicV3, Vcpu&, const SysRegExit&, u64);

} // namespace hyp
