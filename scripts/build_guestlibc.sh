#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds and installs the whole of newlib for Baton's own guests (EL1, floating point on; runs with
# the MMU off, hence -mstrict-align and the byte-wise C versions of mem* and str*).
# Usage: build_guestlibc.sh NEWLIB_DIR OUTPUT_DIR CROSS_PREFIX
# Result: OUTPUT_DIR/aarch64-none-elf/{include,lib}; a complete one is kept.
set -eu
src=$(cd "${1:?usage: build_guestlibc.sh NEWLIB_DIR OUTPUT_DIR CROSS_PREFIX}" && pwd)
out=${2:?}
cross=${3:?}
jobs=$(nproc)

mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -rf "$out/work" "$out/aarch64-none-elf"
mkdir "$out/work"
cd "$out/work"

# The make that started this script hands its own flags down; newlib's makefiles take none of them.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
log=$out/build.log
run() {
    if ! "$@" >>"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "build_guestlibc.sh: newlib did not build; the whole log is $log" >&2
        exit 1
    fi
}
: >"$log"
run "$src/configure" --target=aarch64-none-elf --prefix="$out" \
    --disable-newlib-supplied-syscalls --disable-multilib --disable-libgloss --disable-nls \
    --enable-newlib-io-c99-formats --enable-newlib-io-long-long \
    --enable-newlib-nano-malloc --enable-newlib-reent-small \
    --disable-newlib-fvwrite-in-streamio --disable-newlib-fseek-optimization \
    --disable-newlib-wide-orient --disable-newlib-unbuf-stream-opt \
    --enable-lite-exit --enable-newlib-global-atexit \
    CC_FOR_TARGET="${cross}gcc" AR_FOR_TARGET="${cross}ar" AS_FOR_TARGET="${cross}as" \
    LD_FOR_TARGET="${cross}ld" NM_FOR_TARGET="${cross}nm" RANLIB_FOR_TARGET="${cross}ranlib" \
    OBJCOPY_FOR_TARGET="${cross}objcopy" OBJDUMP_FOR_TARGET="${cross}objdump" \
    READELF_FOR_TARGET="${cross}readelf" STRIP_FOR_TARGET="${cross}strip" \
    CFLAGS_FOR_TARGET="-O2 -g -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
-mno-outline-atomics -ffunction-sections -fdata-sections -D__ELF__ -mstrict-align \
-DPREFER_SIZE_OVER_SPEED"
run make -j"$jobs" MAKEINFO=true all-target-newlib
run make MAKEINFO=true install-target-newlib
cd "$out"
rm -rf work
