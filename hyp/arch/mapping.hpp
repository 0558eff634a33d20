// SPDX-License-Identifier: Apache-2.0
// EL2's map after boot/early.cpp: device frames at their constant addresses, and a window through
// which physical memory (a tree, a payload, guest RAM) is seen for as long as it is worked on.
// Used by the boot pCPU at its start. Windows are each pCPU's own, at any time; so is
// drop_own_identity().
#pragma once

#include "hyp/arch/layout.h"
#include "hyp/core/base/addr.hpp"
#include "hyp/core/regs/stage1.hpp"

namespace hyp::mapping {

// Choose the descriptor format: EL2's, or EL1's when Baton was entered there by mistake.
void set_regime(Regime chosen);

// One page of device registers. `va` lies in the devices' 4 MiB (layout.h).
void map_device_page(u64 va, Pa pa);
void map_device(u64 va, Pa pa, u64 bytes);
void unmap_device_page(u64 va);

// The per-pCPU page onto the memory that holds it.
void map_percpu(const void* page);

// The map of pCPU `pcpu`, not 0, before it starts: the boot pCPU's as it is now, with a window, a page
// and a redistributor (or none: 0) of its own; of what is mapped later it sees forwarded devices alone.
// boot_blocks stays to be cleaned to the point of coherency.
void make_map(u32 pcpu, const void* percpu_page, Pa redistributor);

// Physical address of something inside the image.
[[nodiscard]] Pa pa_in_image(const void* object);
void set_image_pa(Pa pa);

// The identity map has done its work: from here low addresses fault.
void drop_identity();
void drop_own_identity(u32 pcpu);

// The 2 MiB block of an image at its own address, to jump to: read and execute. After
// drop_identity().
void map_identity(Pa block);

// A view of [pa, pa + size) in the window, normal memory, until unmap. Two slots of 512 MiB:
// 0 is read from, 1 is written to. Returns null when the range does not fit.
enum class WindowSlot : u8 { source, destination };
[[nodiscard]] u8* map_window(WindowSlot slot, Pa pa, u64 size);
void unmap_window(WindowSlot slot);

} // namespace hyp::mapping
