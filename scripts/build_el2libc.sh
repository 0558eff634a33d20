#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the part of newlib that EL2 uses (mem*, str*) with general registers only, straight from
# its sources: newlib's own configure cannot build without floating point. Usage: build_el2libc.sh NEWLIB_DIR OUTPUT_DIR CROSS_PREFIX
set -eu
src=${1:?usage: build_el2libc.sh NEWLIB_DIR OUTPUT_DIR CROSS_PREFIX}
out=${2:?}
cross=${3:?}
libc=$src/newlib/libc

rm -rf "$out"
mkdir -p "$out/obj" "$out/config"

# What configure would have decided.
cat >"$out/config/newlib.h" <<'EOF'
#pragma once
#define _NEWLIB_VERSION "newlib"
#define __NEWLIB__ 3
#define __NEWLIB_MINOR__ 3
#define _WANT_REENT_SMALL 1
#define _MB_LEN_MAX 1
#define HAVE_INITFINI_ARRAY 1
EOF
cp "$out/config/newlib.h" "$out/config/_newlib_version.h"

# -fno-tree-loop-distribute-patterns: or memset's loop becomes a call of memset.
# -mstrict-align: these run before the MMU is on, where all memory is Device memory.
flags="-Os -g -ffreestanding -fno-builtin -fno-tree-loop-distribute-patterns -fno-pic -fno-pie
    -mcmodel=tiny -fno-stack-protector -fno-asynchronous-unwind-tables -fno-omit-frame-pointer
    -march=armv8-a -mgeneral-regs-only -mno-outline-atomics -mstrict-align -mfix-cortex-a53-835769
    -ffunction-sections -fdata-sections -I$out/config
    -isystem $libc/machine/aarch64 -isystem $libc/include -I$libc/string"

compile() { # source object [define...]
    source=$1
    object=$2
    shift 2
    # shellcheck disable=SC2086 # the flags are words
    "${cross}gcc" $flags "$@" -c "$libc/$source.c" -o "$out/obj/$object.o"
}

# Word by word, not byte by byte as for -Os: a boot copies and clears a hundred kilobytes.
for name in memcpy memset; do
    compile "string/$name" "$name" -O2
done
for name in memmove memcmp memchr strlen strnlen strcmp strncmp strchr strrchr \
    strcpy strncpy strcat strncat strstr strcspn strspn strpbrk strlcpy strlcat; do
    compile "string/$name" "$name"
done
"${cross}ar" rcs "$out/libc-el2.a" "$out"/obj/*.o
