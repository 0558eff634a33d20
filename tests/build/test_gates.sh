#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gates of the build can fail: each is shown a file that it must refuse and one it must not.
set -u
# shellcheck source=tests/build/cases.sh
. "$(dirname "$0")/cases.sh"
cd "$top" || exit 2
if command -v aarch64-none-elf-gcc >/dev/null; then cross=aarch64-none-elf-; fi
cross=${cross:-aarch64-linux-gnu-}

# ---- no FP/SIMD register at EL2 ----
assemble() { # INSTRUCTION
    printf '.arch armv8.5-a+sve+crypto\n.globl victim\n.type victim, %%function\nvictim: %b\n ret\n' \
        "$1" | "${cross}gcc" -x assembler -c -o "$work/o.o" -
}
touches() {
    assemble "$1" && ends 1 scripts/fp_gate.py "$work/o.o" && one_line && says victim
}
clean() {
    assemble "$1" && ends 0 scripts/fp_gate.py "$work/o.o" && silent
}
for instruction in "fmov x0, d1" "ldr q0, [x0]" "stp d8, d9, [sp, #-16]!" "ldr s0, 1f\n1:" \
    "movi v0.2d, #0" "cnt v0.8b, v0.8b" "add v0.4s, v1.4s, v2.4s" "st1 {v0.16b}, [x0]" \
    "fadd s0, s1, s2" "scvtf d0, x0" "aese v0.16b, v1.16b" "mrs x0, fpcr" "msr fpsr, x1" \
    "ptrue p0.b" "rdvl x0, #1" "ldr z0, [x0]" "ldxr w0, [x0]\n dup v0.4s, w0"; do
    check "FP: $instruction" touches "$instruction"
done
for instruction in "ldp x0, x1, [x2]" "ldxr x0, [x1]" "msr daifset, #2" "mrs x0, cptr_el2" \
    "mrs x0, tpidr_el0" "madd x0, x1, x2, x3" "crc32x w0, w1, x2" "casal x0, x1, [x2]" \
    "dc civac, x0" "b 1f\n.quad 0x4e001c004e001c00\n1: nop" "ccmp x0, x1, #0, eq"; do
    check "no FP: $instruction" clean "$instruction"
done
assemble "fmov x0, d1"
check "FP: allowed by name" ends 0 scripts/fp_gate.py "$work/o.o" --allow victim
check "FP: not an ELF" ends 2 scripts/fp_gate.py Makefile
check "FP: no such file" ends 2 scripts/fp_gate.py "$work/none"
"${cross}strip" "$work/o.o"
check "FP: a stripped file is not called clean" ends 2 scripts/fp_gate.py "$work/o.o"

# One FP instruction in the real thing: the last RET of hyp.elf becomes FMOV X0, D1.
python3 - build/hyp.elf "$work/hyp.elf" <<'EOF'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
at = data.rindex(bytes.fromhex("c0035fd6"))
data[at:at + 4] = (0x9E660020).to_bytes(4, "little")
open(sys.argv[2], "wb").write(data)
EOF
check "FP: hyp.elf is clean" ends 0 scripts/fp_gate.py build/hyp.elf
check "FP: hyp.elf with one FP instruction is not" ends 1 scripts/fp_gate.py "$work/hyp.elf"
check "FP: its function is named" one_line

# ---- no absolute address before the MMU is on ----
compile() { # SOURCE FLAG...
    local source=$1
    shift
    echo "$source" | "${cross}g++" -std=c++20 -O2 -g -ffreestanding -fno-pic "$@" -x c++ -c \
        -o "$work/o.o" -
}
table='int f0(); int f1(); using F = int (*)(); extern const F table[]; const F table[] = {f0, f1};
int call(int n) { return table[n](); }'
cases='extern "C" { extern int _a, _b, _c, _d, _e; }
int pick(int n) { switch (n) { case 0: return _a; case 1: return _b + 1; case 2: return _c * 3;
case 3: return _d - 7; case 4: return _e ^ 9; case 5: return _a * 5; default: return 0; } }'
compile "$table"
check "pre-MMU: a table of pointers" ends 1 scripts/pre_mmu_gate.sh "$cross" "$work/o.o"
check "pre-MMU: named" says "R_AARCH64_ABS64 of _Z2f0v"
compile "$cases" -fno-jump-tables
check "pre-MMU: a switch without table" ends 0 scripts/pre_mmu_gate.sh "$cross" "$work/o.o"
check "pre-MMU: silent" silent
compile 'extern int far; int* where() { return &far; }' -mcmodel=large
check "pre-MMU: a literal address" ends 1 scripts/pre_mmu_gate.sh "$cross" "$work/o.o"
compile 'int far(); int call() { return far() + 1; }'
check "pre-MMU: a call outside" ends 1 scripts/pre_mmu_gate.sh "$cross" "$work/o.o"
check "pre-MMU: the callee is named" says "^  _Z3farv$"
check "pre-MMU: no such object" ends 1 scripts/pre_mmu_gate.sh "$cross" "$work/none"

# ---- no static constructor at EL2 ----
compile 'int f(); int g; int h = 3; constexpr int k = 4; int* p = &g; int use() { return k + f(); }'
cp "$work/o.o" "$work/good.o"
check "constructors: none" ends 0 scripts/link_gate.sh "$cross" "$work/o.o" "$work/good.o"
check "constructors: silent" silent
compile 'int f(); int g = f();'
check "constructors: one" ends 1 scripts/link_gate.sh "$cross" "$work/o.o"
check "constructors: one of two" ends 1 scripts/link_gate.sh "$cross" "$work/o.o" "$work/good.o"
check "constructors: named" says "in: .*/o.o$"
check "constructors: no such object" ends 1 scripts/link_gate.sh "$cross" "$work/none"

# ---- the image lies where layout.h says ----
layout() { # NAME: the number of that macro
    sed -n "s/^#define $1 \(0x[0-9a-f]*\).*/\1/p" hyp/arch/layout.h
}
linked() { # the ELF's first segment: virtual and physical address
    "${cross}readelf" -lW build/hyp.elf | awk '$1 == "LOAD" { print $3, $4; exit }'
}
mkdir -p "$work/moved/hyp/arch"
cp linker.ld "$work/moved"
sed -e 's/^\(#define HYP_IMAGE_VA\) .*/\1 0x2ffc0000000/' \
    -e 's/^\(#define HYP_ELF_LOAD_PA\) .*/\1 0x80200000/' \
    -e 's/^\(#define HYP_IMAGE_SPAN\) .*/\1 0x123000/' hyp/arch/layout.h \
    >"$work/moved/hyp/arch/layout.h"
check "layout: the linker script takes its numbers from the header" ends 0 \
    "${cross}gcc" -E -P -undef -x c "$work/moved/linker.ld"
check "layout: virtual address" says "^IMAGE_VA = 0x2ffc0000000;"
check "layout: load address" says "^LOAD_PA = 0x80200000;"
check "layout: size" says "^ASSERT\(_image_size <= 0x123000,"
read -r virtual physical <<<"$(linked)"
check "layout: hyp.elf's virtual address" [ $((virtual)) -eq $(($(layout HYP_IMAGE_VA))) ]
check "layout: hyp.elf's load address" [ $((physical)) -eq $(($(layout HYP_ELF_LOAD_PA))) ]

# ---- layers ----
tree=$work/tree
spdx='// SPDX-License-Identifier: Apache-2.0'
layers() { # PATH TEXT: a tree of a few good files, and this one
    rm -rf "$tree"
    mkdir -p "$tree"/{hyp/core,hyp/arch,drivers,boot,guest,tests/model,"$(dirname "$1")"}
    printf '%s\n#pragma once\n#include <cstdint>\n' "$spdx" |
        tee "$tree/hyp/core/good.hpp" "$tree/hyp/arch/barrier.hpp" "$tree/drivers/uart.hpp" \
            >"$tree/boot/early.hpp"
    printf '%b\n' "$spdx\n$2" >"$tree/$1"
}
wrong() { # REASON PATH TEXT
    layers "$2" "$3"
    ends 1 scripts/check_layers.py "$tree" && one_line && says "^$2:[0-9]+: .*$1"
}
right() { # PATH TEXT
    layers "$1" "$2"
    ends 0 scripts/check_layers.py "$tree" && silent
}
arch='#include "hyp/arch/barrier.hpp"'
driver='#include "drivers/uart.hpp"'
core='#include "hyp/core/good.hpp"'
check "core -> arch" wrong "may not include" hyp/core/x.cpp "$arch"
check "core -> drivers" wrong "may not include" hyp/core/x.cpp "$driver"
check "core -> boot" wrong "may not include" hyp/core/a/x.cpp '#include "boot/early.hpp"'
check "core -> arch, by dots" wrong "may not include" hyp/core/x.cpp '#include "../arch/barrier.hpp"'
check "core -> core" right hyp/core/x.cpp "$core"
check "platform -> arch" wrong "may not include" hyp/platform/x.cpp "$arch"
check "drivers -> arch" wrong "may not include" drivers/x.hpp "#pragma once\n$arch"
check "drivers -> core" right drivers/x.hpp "#pragma once\n$core"
check "arch -> drivers" right hyp/arch/x.hpp "#pragma once\n$driver"
check "main -> all" right hyp/main.cpp "$core\n$arch\n$driver"
check "guest -> arch" wrong "may not include" guest/x.cpp "$arch"
check "guest -> hyp" wrong "may not include" guest/x.cpp "$core"
check "model -> product" wrong "may not include" tests/model/x.cpp "$core"
check "missing include" wrong "does not exist" hyp/core/x.cpp '#include "hyp/core/none.hpp"'
check "hosted header" wrong "no header for EL2" hyp/core/x.cpp '#include <vector>'
check "asm in core" wrong "asm in pure code" hyp/core/x.cpp 'void f() { asm("nop"); }'
check "asm that is empty" right hyp/core/x.cpp 'void f(int x) { asm("" : "+r"(x)); }'
check "asm in two parts" wrong "asm in pure code" hyp/core/x.cpp 'void f() { asm("" "nop" : ); }'
check "volatile in core" wrong "volatile in pure code" hyp/core/x.cpp 'volatile int x;'
check "asm in a comment" right hyp/core/x.cpp '/* asm\nvolatile */ int x; // volatile'
check "asm in arch" right hyp/arch/x.cpp 'void f() { asm("nop"); }'
check "no pragma once" wrong "pragma once" hyp/arch/x.hpp 'int f();'
check "unfinished" wrong "unfinished" hyp/arch/x.cpp "// TO""DO: more"
check "switched off" wrong "unfinished" hyp/arch/x.cpp '#if 0\n#endif'
check "301 lines" wrong "more than 300" hyp/arch/x.cpp "$(printf '\\n%.0s' {1..300})"
layers hyp/core/x.cpp "$core"
echo 'int x;' >"$tree/hyp/core/y.cpp"
check "no licence line" ends 1 scripts/check_layers.py "$tree"
layers hyp/core/x.cpp "$core"
mkdir "$tree/src"
check "a stranger at the top" ends 1 scripts/check_layers.py "$tree"
check "named" says "^src: does not belong"
document() { # STATUS TEXT: a tree whose hyp/README.md says so
    layers hyp/core/x.cpp "$core"
    printf 'first line\n%s\n' "$2" >"$tree/hyp/README.md"
    ends "$1" scripts/check_layers.py "$tree"
}
gone() { # NAME TEXT
    document 1 "$2" && one_line && says "^hyp/README.md:2: $1 does not exist"
}
# shellcheck disable=SC2016 # the quotes are Markdown's
check "a README that names what is there" document 0 \
    '[x](core/x.cpp), `core/`, hyp/core/good.hpp, x.cpp, `build/host/gone.sh`, https://a/b.cpp'
check "a link to nothing" gone gone.txt '[x](gone.txt)'
check "a file that is gone" gone core/gone.hpp 'see core/gone.hpp.'
# shellcheck disable=SC2016
check "a name that no file has" gone x.hpp '`x.hpp`'
# shellcheck disable=SC2016
check "a folder that is gone" gone ../guest/gone '`../guest/gone`'
summary
