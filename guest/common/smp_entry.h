// SPDX-License-Identifier: Apache-2.0
#pragma once
/* The size of a secondary CPU's stack, for the assembler too. */
#define SECONDARY_STACK_SHIFT 13
