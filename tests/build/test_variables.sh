#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A wrong variable on the command line of make: one sentence that names it, status 2, at once.
set -u
# shellcheck source=tests/build/cases.sh
. "$(dirname "$0")/cases.sh"
cd "$top" || exit 2

refused() { # SENTENCE GOAL VARIABLE...
    local sentence=$1
    shift
    ends 2 timeout 20 make "$@" && one_line && says "$sentence"
}

for goal in run image debug; do
    check "$goal GIC" refused "GIC must be 2 or 3, not '4'" "$goal" GIC=4
done
check "GIC empty" refused "GIC must be 2 or 3" run GIC=
check "GIC word" refused "GIC must be 2 or 3, not 'v3'" run GIC=v3
for name in SMP MEM VCPUS GUEST_MEM TIMEOUT LRS WATCHDOG; do
    for value in 0 -1 x 1.5 12345678 "1 2"; do
        check "$name=$value" refused "$name must be a positive number of .*, not '$value'" \
            run "$name=$value"
    done
done
check "MEM empty" refused "MEM must be a positive number" run MEM=
check CPU refused "QEMU has no 64-bit CPU named 'z80'" run CPU=z80
check "GUEST missing" refused "GUEST: the file '/nonexistent' does not exist" \
    run GUEST=/nonexistent
check "GUEST quoted" refused "GUEST: the file './it's not' does not exist" \
    run "GUEST=./it's not"
check "GUEST directory" refused "GUEST: '$work' is not a file" run "GUEST=$work"
check "INITRD directory" refused "INITRD: '$work' is not a file" run "INITRD=$work"
check "VMS directory" refused "VMS: '$work' is not a file" run "VMS=$work"
check "INITRD missing" refused "INITRD: the file '/nonexistent' does not exist" \
    run INITRD=/nonexistent
check "VMS missing" refused "VMS: the file '/nonexistent' does not exist" run VMS=/nonexistent
check "VMS and GUEST" refused "VMS describes its guests itself" run VMS=linker.ld GUEST=linker.ld
check "VMS and CMDLINE" refused "VMS describes its guests itself" run VMS=linker.ld CMDLINE=a
check "VMS and VCPUS" refused "VMS describes its guests itself" run VMS=linker.ld VCPUS=1
check "VMS and GUEST_MEM" refused "VMS describes its guests itself" \
    run VMS=linker.ld GUEST_MEM=256
check CHECKED refused "CHECKED must be 0 or 1, not '2'" run CHECKED=2

check TRACE refused "TRACE must be 0 or 1, not 'yes'" run TRACE=yes
check DMA_TRUSTED refused "DMA_TRUSTED must be 0 or 1, not 'yes'" run DMA_TRUSTED=yes
check "VMS and DMA_TRUSTED" refused "VMS says itself which VM is dma-trusted" \
    run VMS=linker.ld DMA_TRUSTED=1
for value in gpu virtio-mmio@32 virtio-mmio@07 virtio-mmio@ 'pl011;' '*'; do
    check "DEVICES=$value" refused "DEVICES knows pl011, pl031, blk, rng, .*, not '" \
        run "DEVICES=pl031,$value" DMA_TRUSTED=1
done
for value in rng blk virtio-mmio virtio-mmio@31; do
    check "DEVICES=$value alone" refused \
        "DEVICES: $value reaches all memory by itself: say DMA_TRUSTED=1" run "DEVICES=pl031 $value"
done
check "WATCHDOG=600001" refused "WATCHDOG must be between 1 and 600000 \(ms\), not 600001" \
    run WATCHDOG=600001
for value in 17 99; do
    check "LRS=$value" refused "LRS must be between 1 and 16, not $value" run "LRS=$value"
done
for value in 33 1 261122; do
    check "GUEST_MEM=$value" refused \
        "GUEST_MEM must be a multiple of 2 from 2 to 261120 \(MiB\), not $value" \
        run "GUEST_MEM=$value"
done
for value in 9 64; do
    check "VCPUS=$value" refused "VCPUS must be between 1 and 8, not $value" run "VCPUS=$value"
done

# Right values pass the same check.
check "good values" ends 0 env GIC=2 SMP=8 CPU=max MEM=2048 VCPUS=1 GUEST_MEM=64 TIMEOUT=5 LRS=2 \
    TRACE=1 WATCHDOG=500 DMA_TRUSTED=1 DEVICES="pl011, pl031 rng,blk virtio-mmio@31" GUEST="$top/Makefile" scripts/check_vars.sh
check "good values are silent" silent
check "the largest values" ends 0 env VCPUS=8 GUEST_MEM=261120 LRS=16 WATCHDOG=600000 scripts/check_vars.sh

check "values with a manifest" ends 0 env GIC=2 SMP=2 CPU=max MEM=2048 LRS=1 TRACE=1 WATCHDOG=9 \
    TIMEOUT=5 DEVICES="rng blk" VMS="$top/linker.ld" scripts/check_vars.sh
check "make alone lists the commands" ends 0 make
for goal in run image test bench lint debug; do
    check "help names $goal" says "^  make $goal "
done
summary
