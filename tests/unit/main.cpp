// SPDX-License-Identifier: Apache-2.0
// Catch2's own main(), compiled once and without sanitizers: it is slow to build and no test of
// ours.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
