// SPDX-License-Identifier: Apache-2.0
#include "hyp/platform/pcpus.hpp"

namespace hyp {

namespace {

bool can_start(const PlatformCpu& cpu, Conduit conduit) {
    switch (cpu.enable) {
    case CpuEnable::none: return false;
    case CpuEnable::psci: return conduit == Conduit::smc; // an HVC at EL2 comes back to EL2
    case CpuEnable::spin_table:
        return cpu.release.value() != 0 && cpu.release.is_aligned(sizeof(u64)) &&
               cpu.release.value() >> 48 == 0; // of a descriptor's address
    }
    return false;
}

} // namespace

void choose_pcpus(Platform& platform, u64 boot_affinity) {
    platform.pcpus[0].affinity = boot_affinity;
    platform.pcpu_count = 1;
    for (u32 n = 0; n < platform.cpu_count && platform.pcpu_count < max_pcpus; ++n) {
        const PlatformCpu& cpu = platform.cpus[n];
        if (cpu.affinity != boot_affinity && can_start(cpu, platform.conduit)) {
            platform.pcpus[platform.pcpu_count++] = cpu;
        }
    }
}

} // namespace hyp
