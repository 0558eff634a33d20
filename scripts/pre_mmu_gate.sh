#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Refuses an object that runs before the MMU is on and holds an absolute address: the image runs
# at any physical address then, so only PC-relative code is right. It may name the linker's symbols
# (they begin with one underscore) but call nothing that this gate has not seen.
# Usage: pre_mmu_gate.sh CROSS_PREFIX OBJECT
set -eu
cross=${1:?usage: pre_mmu_gate.sh CROSS_PREFIX OBJECT}
object=${2:?}

# Debug information and unwind tables are never loaded; every other section counts.
relocations=$("${cross}readelf" -rW "$object")
bad=$(echo "$relocations" | awk '
    /^Relocation section/ { skip = $3 ~ /\.rela?\.(debug|eh_frame|comment|note)/ }
    !skip && /R_AARCH64_(ABS|MOVW_[US]ABS|GLOB_DAT|RELATIVE|ADR_GOT|LD64_GOT)/ {
        print "  " $3 " of " $5
    }')
if [ -n "$bad" ]; then
    printf '%s: absolute addresses in code that runs before the MMU is on:\n%s\n' \
        "$object" "$bad" >&2
    exit 1
fi

outside=$("${cross}nm" -u "$object" | awk '$2 !~ /^_[a-z]/ { print "  " $2 }')
if [ -n "$outside" ]; then
    printf '%s: code that runs before the MMU is on calls code that is not checked for it:\n%s\n' \
        "$object" "$outside" >&2
    exit 1
fi
