// SPDX-License-Identifier: Apache-2.0
#pragma once
/* Offsets in guest::Registers, for pattern.S; pattern.hpp checks them. */
#define PATTERN_FP 256
#define PATTERN_SYSTEM 768
