// SPDX-License-Identifier: Apache-2.0
// The doctor: one short report at boot of what was found and tested on this machine, and what was
// done about it. The same on QEMU and on boards.
#pragma once

#include "drivers/gic/gic.hpp"
#include "hyp/core/base/addr.hpp"
#include "hyp/platform/platform.hpp"

namespace hyp {

// How Baton came to run.
struct BootFacts {
    u64 entry_el = 0; // 1, 2 or 3
    Pa image{};
    PaRange tree{};
    const char* tree_source = ""; // where the tree was found
};

void report_boot(const BootFacts& boot, const Platform& platform);
void report_cpu(const Platform& platform);
void report_machine(const Platform& platform);
void report_gic(const Platform& platform, const GicFacts& gic);

// One quirk: what the self-test said, and what Baton does about it.
void report_quirk(const char* name, bool found, const char* action);

} // namespace hyp
