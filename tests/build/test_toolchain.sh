#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The choice of the toolchain: CROSS_COMPILE if given, else aarch64-none-elf- if there, else
# aarch64-linux-gnu-. The bare-metal one is a directory of links of its name to the Linux one: the
# real one was not run.
set -u
# shellcheck source=tests/build/cases.sh
. "$(dirname "$0")/cases.sh"
cd "$top" || exit 2

links() { # DIRECTORY PREFIX: links of that name to the tools of aarch64-linux-gnu-
    local tool path
    mkdir -p "$1"
    for tool in gcc g++ ar ld objcopy nm readelf as ranlib objdump strip; do
        path=$(command -v "aarch64-linux-gnu-$tool") || return 1
        ln -s "$path" "$1/$2$tool"
    done
}
links "$work/bare" aarch64-none-elf- || exit 2
links "$work/own" mine-
object=obj/hyp/arch/libc_support.c.o

# compiled_by PREFIX ENVIRONMENT... -- MAKE_ARGUMENT...: a dry run would use that compiler.
compiled_by() {
    local prefix=$1
    shift
    ends 0 env "$@" make -n B="$work/b" "$work/b/$object" && says "^${prefix}gcc .*-c hyp/arch/"
}
check "default" compiled_by aarch64-linux-gnu-
check "bare metal where present" compiled_by aarch64-none-elf- PATH="$work/bare:$PATH"
check "CROSS_COMPILE wins" compiled_by mine- PATH="$work/own:$work/bare:$PATH" \
    CROSS_COMPILE=mine-

# And it builds: the EL2 C library and an object, by links only.
check "EL2 library by links" ends 0 env PATH="$work/bare:$PATH" \
    scripts/build_el2libc.sh build/newlib "$work/el2libc" aarch64-none-elf-
check "EL2 library is there" test -s "$work/el2libc/libc-el2.a"
mkdir -p "$work/b"
for library in newlib el2libc guestlibc libfdt; do
    ln -s "$top/build/$library" "$work/b/$library"
done
check "the hypervisor and the guests by links" ends 0 env PATH="$work/bare:$PATH" \
    make -j"$(nproc)" B="$work/b" hyp guests
check "the hypervisor is there" test -s "$work/b/hyp.img"
check "the tiny guest is there" test -s "$work/b/guest/tiny.img"
check "a missing toolchain is named" ends 2 env CROSS_COMPILE=nowhere- scripts/deps.sh build
check "in one sentence" one_line
check "by name" says "nowhere-g\+\+"
summary
