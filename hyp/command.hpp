// SPDX-License-Identifier: Apache-2.0
// Baton's console and the running system: what its reports show, and what its commands do.
#pragma once

#include "hyp/core/console/session.hpp"

namespace hyp {

// Values of one VM and one vCPU for a report's next line. Of a vCPU on another pCPU they are what
// that one wrote last, each by itself.
[[nodiscard]] bool fill_view(SystemView& view, const Report& report);

// Does session.command() and says so, or why not.
void carry_out(Session& session);

} // namespace hyp
