// SPDX-License-Identifier: Apache-2.0
// The one call that the resident EL3 code answers (boot/el3.S); private to Baton's boot.
#pragma once

#define EL3_OPEN_GIC 0xc6004733
