#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the differential test: tests/target/differential/build.sh OUTPUT.elf [OPERATIONS [SEED]]
# CROSS_COMPILE selects the toolchain. Run from the top of the tree.
set -eu
out=$1
operations=${2:-1000000}
seed=${3:-0x5eed}
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}
dir=tests/target/differential
mkdir -p "$(dirname "$out")"
"${cross}g++" -std=c++20 -O2 -g -ffreestanding -fno-exceptions -fno-rtti \
    -fno-threadsafe-statics -fno-use-cxa-atexit -fno-stack-protector -fno-pic \
    -fno-asynchronous-unwind-tables -march=armv8-a -mgeneral-regs-only -mstrict-align \
    -mno-outline-atomics -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow \
    -Wold-style-cast -Wcast-align -Wmissing-declarations -Werror \
    -DDIFFERENTIAL_OPERATIONS="$operations" -DDIFFERENTIAL_SEED="$seed" -I. \
    -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--no-warn-rwx-segments -T $dir/link.ld \
    $dir/start.S $dir/main.cpp $dir/generator.cpp $dir/generator_plan.cpp $dir/generator_virtual.cpp $dir/hardware.cpp $dir/support.cpp -o "$out"
