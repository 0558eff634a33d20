// SPDX-License-Identifier: Apache-2.0
// Fuzz target: what a guest's trapped access goes through. Any ESR_EL2 is decoded and each field
// compared with its bits cut out by hand; what the syndrome asks for is then done to the emulated
// distributor at any offset with any value, many times over. Accesses that no GIC has must read as
// zero and change nothing; pairs of registers must tell the same; the vCPU's list registers stay
// legal.
//
// The first byte: bit 0 GICv3, bits 2:1 list registers less one. Then 17 bytes an access: a control
// byte (bits 1:0 the frame, bit 2 write, bit 3 near: the offset is one of the registers of the first
// words, bits 5:4 log2 of the size), offset (4), value (8), ESR (4).
#include "hyp/core/regs/lr.hpp"
#include "hyp/core/vgic/vdist.hpp"
#include "hyp/core/vm/esr_decode.hpp"
#include "tests/fuzz/input.hpp"

using namespace hyp;
using fuzz::require;

namespace {

[[nodiscard]] constexpr u32 bits(u64 word, unsigned msb, unsigned lsb) {
    return static_cast<u32>(word >> lsb & ((u64{1} << (msb - lsb + 1)) - 1));
}

void check_load(const MmioAccess& access, u64 value) {
    const u64 loaded = loaded_value(access, value);
    const unsigned width = access.size * 8U;
    u64 expected = width == 64 ? value : value & ((u64{1} << width) - 1);
    if (width < 64 && access.sign_extend == SignExtend::yes && (value >> (width - 1) & 1U) != 0) {
        expected |= ~u64{0} << width;
    }
    if (width < 64 && access.width == RegisterWidth::bits32) {
        expected = static_cast<u32>(expected);
    }
    require(loaded == expected, "what a load leaves in its register");
}

void check_syndrome(u64 raw, u64 value) {
    const EsrEl2 esr{raw};
    const SysRegExit reg = decode_system_register(esr);
    const u32 encoding = bits(raw, 21, 20) << 14 | bits(raw, 16, 14) << 11 |
                         bits(raw, 13, 10) << 7 | bits(raw, 4, 1) << 3 | bits(raw, 19, 17);
    require(static_cast<u32>(reg.reg) == encoding && reg.rt.number == bits(raw, 9, 5) &&
                (reg.direction == Direction::read) == (bits(raw, 0, 0) != 0),
            "a system register's syndrome");

    const DataAbortExit abort = decode_data_abort(esr);
    require(abort.access.size == 1U << bits(raw, 23, 22) && abort.access.rt.number <= 31 &&
                abort.access.rt.number == bits(raw, 20, 16) &&
                abort.syndrome_valid == (bits(raw, 24, 24) != 0) &&
                (abort.access.direction == Direction::write) == (bits(raw, 6, 6) != 0) &&
                (abort.access.width == RegisterWidth::bits64) == (bits(raw, 15, 15) != 0) &&
                (abort.access.sign_extend == SignExtend::yes) == (bits(raw, 21, 21) != 0) &&
                abort.cache_maintenance == (bits(raw, 8, 8) != 0) &&
                abort.abort.on_stage1_walk == (bits(raw, 7, 7) != 0) &&
                abort.abort.far_valid == (bits(raw, 10, 10) == 0),
            "a data abort's syndrome");
    require(abort.abort.status.level <= 3, "the level of a fault");
    check_load(abort.access, value);

    require(exit_class(esr) <= ExitClass::other, "the class of an exit");
    require(exception_class_name(bits(raw, 31, 26))[0] != '\0', "a class without a name");
    require(fault_status_name(bits(raw, 5, 0))[0] != '\0', "a fault without a name");
    const Ipa ipa = fault_ipa(raw << 4U | value >> 60U, value);
    require(ipa.value() < u64{1} << 52U && (ipa.value() & 0xfffU) == (value & 0xfffU),
            "the address of a fault");
}

struct Access {
    VdistFrame frame;
    AccessSize size;
    bool write;
    u32 offset;
    u64 value;
};

// A vCPU with its distributor, on hardware that does what it is told and nothing by itself.
class Guest {
public:
    Guest(GicGeneration generation, u8 list_registers)
        : vm_{1, caps(generation, list_registers).guest_group},
          irqs_{vm_, VcpuIndex{0}, caps(generation, list_registers)},
          dist_{vm_, generation},
          v2_{generation == GicGeneration::v2},
          list_registers_{list_registers} {
        dist_.attach(irqs_, Affinity{});
        irqs_.map_hardware(guest_vtimer, host_vtimer, Trigger::level);
        enter();
    }

    void perform(const Access& access) {
        irqs_.sync(file_, phys());
        const u64 now = read(access);
        if (nothing_there(access)) {
            require(now == 0, "a reserved place reads as zero");
        }
        if (access.write) {
            const VcpuIrqs before = irqs_;
            const VmIrqs shared = vm_;
            dist_.write(VcpuIndex{0}, access.frame, access.offset, access.size, access.value);
            require(!nothing_there(access) || (irqs_ == before && vm_ == shared),
                    "a reserved place ignores writes");
            check_written(access);
        }
        check_pairs(access.offset & 0x7cU);
        enter();
    }
    void write_sgi(u32 which, u64 value) {
        irqs_.sync(file_, phys());
        dist_.write_sgi(VcpuIndex{0}, static_cast<SgiRegister>(which % 3), value);
        enter();
    }

private:
    [[nodiscard]] static VgicCaps caps(GicGeneration generation, u8 list_registers) {
        VgicCaps caps;
        caps.generation = generation;
        caps.list_registers = list_registers;
        caps.guest_group = generation == GicGeneration::v2 ? Group::group0 : Group::group1;
        return caps;
    }
    [[nodiscard]] static PhysWords phys() { return PhysWords::only_private(0, 0); }
    [[nodiscard]] u64 word(VdistFrame frame, u32 offset) const {
        return dist_.read(VcpuIndex{0}, frame, offset, AccessSize::word, phys());
    }
    [[nodiscard]] u64 read(const Access& access) const {
        require(access.frame == VdistFrame::gicd || !v2_ ||
                    dist_.physical_words(VcpuIndex{0}, access.frame, access.offset) == 0,
                "GICv2 has no redistributor");
        const u64 value =
            dist_.read(VcpuIndex{0}, access.frame, access.offset, access.size, phys());
        const unsigned width = static_cast<unsigned>(access.size) * 8U;
        require(width == 64 || value >> width == 0, "a read wider than its access");
        return value;
    }

    // By the architecture alone: misaligned, of a size no register has, or in a frame that is not.
    [[nodiscard]] bool nothing_there(const Access& access) const {
        const u32 size = static_cast<u32>(access.size);
        const bool bytes = access.frame != VdistFrame::gicr_rd &&
                           ((access.offset >= 0x400 && access.offset < 0xc00) ||
                            (access.offset >= 0xf10 && access.offset < 0xf30));
        return access.offset % size != 0 || size == 2 || (size == 1 && !bytes) ||
               (v2_ && (size == 8 || access.frame != VdistFrame::gicd)) ||
               access.offset >= 0x1'0000;
    }

    // Whole words of the registers of bits: what was written is there, as far as it may be.
    void check_written(const Access& access) const {
        if (access.size != AccessSize::word || access.frame == VdistFrame::gicr_rd ||
            nothing_there(access)) {
            return;
        }
        const u64 after = word(access.frame, access.offset);
        const u64 value = access.value & 0xffff'ffffU;
        const bool sgis = v2_ && (access.offset & 0x7fU) == 0;
        switch (access.offset & 0xff80U) {
        case 0x100: // ISENABLER: of INTIDs that exist every bit stays
            require((after & value) == value || !exists(access), "ISENABLER is lost");
            break;
        case 0x180: // ICENABLER
            require((after & value & (sgis ? 0xffff'0000U : ~0U)) == 0, "ICENABLER is lost");
            break;
        case 0x300:
            require((after & value) == value || !exists(access), "ISACTIVER is lost");
            break;
        case 0x380: require((after & value) == 0, "ICACTIVER is lost"); break;
        default: break;
        }
    }
    [[nodiscard]] bool exists(const Access& access) const {
        const u32 first = access.offset & 0x7cU;
        return access.frame == VdistFrame::gicr_sgi
                   ? first == 0
                   : first < guest_words * 4 && (v2_ || first != 0);
    }

    // Set and clear registers show the same bits; those beyond the last INTID show none.
    void check_pairs(u32 first) const {
        for (const VdistFrame frame : {VdistFrame::gicd, VdistFrame::gicr_sgi}) {
            for (const u32 set : {0x100U, 0x200U, 0x300U}) {
                const u64 bits = word(frame, set + first);
                require(bits == word(frame, set + 0x80 + first), "set and clear registers differ");
                require(bits == 0 || first < guest_words * 4, "INTIDs that do not exist");
            }
        }
    }

    // What EL2 does before an entry, with the list registers' legality seen on the way.
    void enter() {
        const Entry entry = irqs_.flush();
        PhysChange change{};
        PIntid pintid{0};
        while (irqs_.take_change(change, pintid)) {
            require(pintid == host_vtimer, "a change of what is not the guest's");
        }
        for (u8 n = 0; n < max_list_registers; ++n) {
            if ((entry.clear >> n & 1U) != 0) {
                file_.regs[n] = ListReg{};
            }
            if ((entry.write >> n & 1U) != 0) {
                require(n < list_registers_, "a list register that does not exist");
                file_.regs[n] = irqs_.list_register(LrIndex{n});
            }
        }
        check_listed();
        file_.live = irqs_.live_list_registers();
    }
    void check_listed() const {
        for (u8 n = 0; n < list_registers_; ++n) {
            const ListReg& lr = file_.regs[n];
            require(!lr.is_valid() || !v2_ || decode(encode_gich(lr)) == lr, "a GICH_LR");
            require(!lr.is_valid() || v2_ || decode(encode_ich(lr)).vintid() == lr.vintid(),
                    "an ICH_LR");
            for (u8 i = 0; i < n; ++i) {
                require(!lr.is_valid() || !file_.regs[i].is_valid() ||
                            lr.vintid() != file_.regs[i].vintid(),
                        "one vINTID in two list registers");
            }
        }
    }

    VmIrqs vm_;
    VcpuIrqs irqs_;
    Vdist dist_;
    LrFile file_{};
    bool v2_;
    u8 list_registers_;
};

[[nodiscard]] Access access_from(fuzz::Input& input, u8 control) {
    Access access{};
    access.frame = static_cast<VdistFrame>((control & 3U) % 3);
    access.write = (control & 4U) != 0;
    access.size = static_cast<AccessSize>(1U << (control >> 4U & 3U));
    access.offset = input.word();
    if ((control & 8U) != 0) {
        access.offset = (access.offset & 0xfU) * 0x80 + (access.offset >> 4U & 0xfU) * 4;
    }
    access.value = input.dword();
    return access;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    fuzz::Input input{data, size};
    const u8 kind = input.byte();
    Guest guest{(kind & 1U) != 0 ? GicGeneration::v3 : GicGeneration::v2,
                static_cast<u8>((kind >> 1U & 3U) + 1)};
    while (!input.empty()) {
        const u8 control = input.byte();
        const Access access = access_from(input, control);
        check_syndrome(input.word(), access.value);
        if ((control & 3U) == 3) {
            guest.write_sgi(control >> 4U, access.value);
        } else {
            guest.perform(access);
        }
    }
    return 0;
}
