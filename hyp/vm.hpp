// SPDX-License-Identifier: Apache-2.0
// A virtual machine and its vCPUs, as EL2 keeps them. A vCPU belongs to one pCPU at a time, its
// home: only that one touches it. Others leave a wish in `asks` or in its interrupt mailbox and call
// notify() (hyp/pcpu.hpp).
#pragma once

#include "drivers/gic/gic.hpp"
#include "hyp/arch/el1_context.hpp"
#include "hyp/arch/fp.hpp"
#include "hyp/arch/frame.hpp"
#include "hyp/arch/pauth.hpp"
#include "hyp/core/base/addr.hpp"
#include "hyp/core/fast/parked.hpp"
#include "hyp/core/fast/plan.hpp"
#include "hyp/core/manifest/guest_tree.hpp"
#include "hyp/core/manifest/manifest.hpp"
#include "hyp/core/mm/stage2.hpp"
#include "hyp/core/sched/slot.hpp"
#include "hyp/core/vgic/vcpu_irqs.hpp"
#include "hyp/core/vgic/vdist.hpp"
#include "hyp/core/vgic/vm_irqs.hpp"
#include "hyp/core/vm/esr_decode.hpp"
#include "hyp/core/vm/id_registers.hpp"
#include "hyp/core/vm/power.hpp"
#include "hyp/core/vtimer/vtimer.hpp"
#include "hyp/core/watch/stuck_watch.hpp"
#include "hyp/platform/pass_device.hpp"

#include <span>

namespace hyp {

struct Vcpu;

struct GuestAccess {
    Ipa ipa{};
    u8 size = 0; // bytes: 1, 2, 4 or 8
    Direction direction = Direction::read;
    u64 value = 0; // written
};

// What the guest finds at an address.
struct alignas(8) Device {
    enum class Kind : u8 { none, ignored, deactivation, distributor, console, forwarded };
    Kind kind = Kind::none;
    VdistFrame frame = VdistFrame::gicd;
    u32 offset = 0;    // within the frame
    VcpuIndex owner{}; // whose redistributor, or who looks at the distributor
};
// An access to a sibling's redistributor, which only the sibling's home can make. The asker's; the
// home writes it between `asked` and `answered`. litmus: content-before-mark
struct RemoteAccess {
    enum State : u32 { none, asked, answered };
    SharedWord state{};
    Device device{};
    GuestAccess access{};
    u64 result = 0;
};

inline constexpr u32 max_vms = Manifest::max_vms;

// What anyone may ask of a vCPU's home.
enum class Ask : u32 {
    start = 1,   // PSCI CPU_ON has written where (VmPower)
    halt = 2,    // the VM ends: the vCPU leaves its pCPU and is not entered again
    build = 4,   // of vCPU 0: the VM is to be as at its first start, and then to start
    move_in = 8, // its new home has it from now on
};

// How a VM ended, or is to end.
// unloadable: what it starts from is damaged.
enum class VmEnd : u8 { powered_off, faulted, reset, stopped, restarted, unloadable };

// Where a VM is between its starts. Changed by compare-and-swap: the first to end it says how.
enum class VmState : u32 { building, running, ending, off };

// How far a VM's memory has been filled (hyp/loader.hpp).
struct Loading {
    enum class Stage : u8 { clear, kernel, initrd, tree, done };
    Stage stage = Stage::done;
    IpaRange zeroes{}; // of `clear`
    u64 at = 0;        // bytes of the stage that are done
    u64 hash = 0;      // of them
};

struct Vm {
    Vm(u8 place, const VmDescription& from, GicGeneration generation, const VgicCaps& caps)
        : irqs{static_cast<u8>(from.vcpus), caps.guest_group},
          distributor{irqs, generation},
          power{static_cast<u8>(from.vcpus)},
          description{&from},
          label{from.label},
          number{place} {}

    VmIrqs irqs;
    Vdist distributor;
    VmPower power;
    const VmDescription* description;
    const char* label;
    Stage2 stage2{};
    PaRange ram{};                            // behind guest_ram_base, contiguous
    u64 id_registers[id_register_count]{};    // what TID3 traps answer
    ForwardedFrame forwarded[device_count]{}; // by DeviceId
    Vcpu* vcpus[max_vcpus]{};
    std::span<const u8> tree{}; // the guest's, in EL2's memory
    Loading loading{};          // the pCPU's that builds it
    u64 cntvoff = 0;            // of all its vCPUs, once they start or go on
    u64 went_on_at = 0;         // when cntvoff was last set, in CNTPCT ticks
    u32 restarts = 0;           // that its manifest asked for
    u64 verdict = 0;            // the guest's last verdict: 0, or something is wrong
    u8 number;                  // 0 to max_vms - 1, in the manifest's order
    // litmus: content-before-mark
    SharedWord state{};
    SharedWord paused{}; // 1: none of its vCPUs is to run; 2: and it is about to go on
    SharedWord away{};   // how many vCPUs are where `paused` wants them
    SharedWord halted{}; // while it ends: vCPUs, bit each, that have left their pCPUs
    VmEnd end{};         // valid once `state` is ending
};

struct Vcpu {
    Vcpu(Vm& owner, VcpuIndex number, VcpuSlot place, const VgicCaps& caps)
        : slot{place},
          rank{owner.description->rank},
          vm{&owner},
          irqs{owner.irqs, number, caps},
          affinity{Affinity::of_mpidr(guest_affinity(caps.generation, number.value))} {}

    u64 vector_scratch[16]{}; // the C++ vectors push below `frame`
    ExitFrame frame{};        // SP_EL2 while the guest runs
    // Together, so that one register reaches them. While it is not loaded, but for `confinement`.
    Confinement confinement{};
    El1Context el1{};
    ParkedInterface parked{};
    TimerRegs vtimer{};
    TimerRegs ptimer{};

    // As of its last entry by the slow path:
    FastPlan plan{};
    u32 shape = 0;         // PPIs enabled in the distributor, and bit 0: DIR traps
    bool is_quiet = false; // may be put as words

    VcpuSlot slot; // its number in the machine
    Rank rank;
    Vm* vm;
    VcpuIrqs irqs;
    StuckWatch watch{};    // of `irqs`, while there is a watchdog
    Affinity affinity;     // what the guest reads in MPIDR_EL1
    bool is_alone = false; // its home is nobody else's, ever: so is a bell there
    // litmus: hand-over, content-before-mark
    SharedWord home{};         // the pCPU that it belongs to
    u64 slice = never;         // in ticks
    u32 may_run_on = 0;        // pCPUs, bit each; one: pinned
    u32 moves = 0;             // from one pCPU to another
    SharedWord asks{};         // Ask, a bit each
    bool awaits = false;       // waits for a sibling's answer, to repeat its access
    bool paused = false;       // it has left its pCPU, for its VM is paused
    bool resumes = false;      // it would run or wait, were its VM not paused
    bool builds = false;       // it is vCPU 0: when its turn comes, its VM is built instead
    u64 left_at = 0;           // when it left its pCPU to be paused or halted, in CNTPCT ticks
    u64 exits = 0;             // those that came to the slow path
    u64 acknowledged = 0;      // interrupts handed over by it
    bool powered_down = false; // by CPU_SUSPEND: when it wakes, it starts at its entry point

    RemoteAccess remote{};
    SharedWord
        askers{}; // siblings, bit each, whose `remote` is for this one. litmus: content-before-mark

    // While it is not loaded:
    VirtInterface interface {};
    PauthKeys keys{};
    FpState fp{};
};

// The guest's physical address map: QEMU's virt, so that what is built for it runs unmodified.
namespace guest_map {

inline constexpr IpaRange flash{Ipa{0}, 128 * mib}; // reads as zero, writes are ignored
inline constexpr IpaRange gicd_v2{Ipa{0x0800'0000}, 4 * kib};
inline constexpr IpaRange gicd_v3{Ipa{0x0800'0000}, 64 * kib};
inline constexpr IpaRange gicc{Ipa{0x0801'0000}, 4 * kib};     // GICV's first page
inline constexpr IpaRange gicc_dir{Ipa{0x0801'1000}, 4 * kib}; // its second: trapped
inline constexpr Ipa gicr{0x080a'0000};
inline constexpr u64 gicr_frame = 64 * kib; // two for each vCPU

} // namespace guest_map
} // namespace hyp
