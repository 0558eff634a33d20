#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The proof on the vectors' fast paths (scripts/vector_gate.py) holds for hyp.elf and can fail: for
# each of its rules a vector that breaks it, made of a good one by one change.
set -u
# shellcheck source=tests/build/cases.sh
. "$(dirname "$0")/cases.sh"
cd "$top" || exit 2
if command -v aarch64-none-elf-gcc >/dev/null; then cross=aarch64-none-elf-; fi
cross=${cross:-aarch64-linux-gnu-}

# fixture SYNC IRQ [END]: a table of two vectors and what they go to. The good IRQ vector is what
# g++ makes of a tick; the good synchronous one answers a call and hands the rest on.
fixture() {
    {
        printf '.balign 2048\nvectors_v2:\nvectors_v3:\n'
        printf '.org 0x400\n.type vec_sync, %%function\nvec_sync:\n%b\n' "$1"
        printf '.org 0x480\n.type vec_irq, %%function\nvec_irq:\n%b\n' "$2"
        printf '.org 0x800\nslow_irq: nop\nslow_sync: nop\nslow_rest: nop\nfar: ret\n'
        printf '.type exit_to_guest, %%function\nexit_to_guest: eret\n%b\n' \
            "${3- dsb nsh\\n isb}"
        printf '.type long_way, %%function\nlong_way: .rept 110\n nop\n .endr\n b exit_to_guest\n'
    } >"$work/f.S"
    "${cross}as" -o "$work/f.o" "$work/f.S" &&
        "${cross}ld" -Ttext=0x40000000 -e 0 -o "$work/f.elf" "$work/f.o"
}
sync=' str x30, [sp, #-16]!
 mrs x30, esr_el2
 cmp x30, #22
 b.ne 1f
 ldr x30, [sp], #16
 mov w0, #0x10001
 b exit_to_guest
1: ldr x30, [sp], #16
 b slow_sync'
irq=' stp x1, x2, [sp, #-48]!
 mov x1, x0
 stp x3, x30, [sp, #16]
 mov x2, #0x3fffffff000
 mrs x30, S3_0_C12_C12_0
 ldr x3, [x2]
 cbz x3, 2f
 msr S3_0_C12_C12_1, x30
 msr S3_4_C12_C12_0, x3
 ldp x3, x30, [sp, #16]
 ldp x1, x2, [sp], #48
 b exit_to_guest
2: str x30, [x2, #8]
 mov x0, x1
 ldp x3, x30, [sp, #16]
 ldp x1, x2, [sp], #48
 b slow_irq'

gate() { # STATUS: of the fixture; its places are given by number
    ends "$1" scripts/vector_gate.py -v "$work/f.elf"
}
good() { # SYNC IRQ
    fixture "$1" "$2" && gate 0
}
# changed VECTOR SED-SCRIPT: the vector after a change, which must be one.
changed() {
    local after
    after=$(sed "$2" <<<"$1")
    [ "$after" != "$1" ] || echo "the change '$2' changes nothing" >&2
    echo "$after"
}
refused() { # REASON SYNC IRQ [END]: refused, for this reason, and no other path for another one
    local reason=$1
    shift
    fixture "$@" && gate 1 && says "$work/f.elf: .*: $reason" &&
        ! grep "^$work/f.elf" "$work/output" | grep -Evq ": $reason"
}
bad_irq() { # REASON SED-SCRIPT
    refused "$1" "$sync" "$(changed "$irq" "$2")"
}
bad_sync() {
    refused "$1" "$(changed "$sync" "$2")" "$irq"
}

check "the good fixture passes" good "$sync" "$irq"
check "its paths are counted" says "^ *13 instructions, vectors_v2 irq: vec_irq exit_to_guest -> eret"
check "its slow paths, too" says "^ *12 instructions, vectors_v3 irq: vec_irq -> slow_irq"

# ---- every register the guest's own again ----
check "a register not restored" bad_irq "at eret not the guest's: x3$" \
    '10s/ldp x3, x30/ldp xzr, x30/'
check "two registers exchanged" bad_irq "at eret not the guest's: x3 x30$" \
    '10s/ldp x3, x30/ldp x30, x3/'
check "not restored on the slow path" bad_irq "at slow_irq not the guest's: x3 x30$" '15d'
check "half a register restored" bad_irq "at eret not the guest's: x3$" \
    '10s/.*/ ldr w3, [sp, #16]\n ldr x30, [sp, #24]/'
check "restored from another place" bad_irq "at eret not the guest's: x3 x30$" '10s/#16/#24/'
check "its place overwritten" bad_irq "at .* not the guest's: x3$" '4s/^/ str w2, [sp, #20]\n/'
check "used before it is saved" bad_irq "at .* not the guest's: x1$" '1s/^/ mov x1, #0\n/'
check "x0 spoilt by an interrupt" bad_irq "at eret not the guest's: x0$" '10s/^/ mov x0, #1\n/'
check "x0 no constant after a call" bad_sync "at eret not the guest's: x0$" '6s/.*/ mov x0, x30/'
check "x0 not handed to the slow path" bad_sync "at slow_sync not the guest's: x0$" \
    '8s/$/\n mov x0, #5/'
check "the link register" bad_sync "at slow_sync not the guest's: x30$" \
    '8s/ldr x30/ldr xzr/'
check "another call-saved one" bad_irq "at .* not the guest's: x19$" '1s/^/ add x19, x19, #1\n/'
check "lost in a store's status" bad_irq "at eret not the guest's: x9$" \
    '9s/^/ stxr w9, x3, [x2]\n/'
check "a pre-indexed base" bad_irq "at .* not the guest's: x5$" '4s/^/ ldr x2, [x5, #8]!\n/'
check "SP a pair too high" bad_irq "at eret not the guest's: sp$" '11s/#48/#64/'
check "SP not given back" bad_irq "at slow_irq not the guest's: sp$" '16s/\[sp\], #48/[sp]/'
check "SP from a register" bad_irq "SP is not known any more" '4s/$/\n mov sp, x3/'

# ---- nothing but straight code ----
check "BL" bad_irq "BL: a fast path calls nothing" '8s/^/ bl far\n/'
check "BLR" bad_irq "BLR: a fast path" '8s/^/ blr x3\n/'
check "BR" bad_irq "BR: a fast path" '8s/^/ br x3\n/'
check "RET" bad_irq "RET: a fast path" '12s/.*/ ret/'
check "a jump to something that returns" bad_irq "RET: a fast path" '12s/.*/ b far/'
check "FP: a register" bad_irq "an FP/SIMD instruction" '8s/^/ fmov d0, x3\n/'
check "FP: a load" bad_irq "an FP/SIMD instruction" '8s/^/ ldr q0, [x2]\n/'
check "a loop" bad_irq "a loop" '7s/^/3: ldxr x3, [x2]\n cbnz x3, 3b\n/'
check "SVC" bad_irq "an unknown instruction" '8s/^/ svc #0\n/'
check "no instruction at all" bad_irq "an unknown instruction" '8s/^/ .inst 0\n/'
check "interrupts unmasked" bad_irq "system instruction" '8s/^/ msr daifclr, #2\n/'
check "cache maintenance" bad_irq "system instruction" '8s/^/ dc cvac, x2\n/'
check "another system register" bad_irq "writes the system register S3_4_C1_C1_0$" \
    '8s/^/ msr hcr_el2, x3\n/'
check "into the void" bad_irq "leaves the code, to 0x4" '12s/.*/ b .+0x8000/'
check "too many instructions" bad_irq "more than 110 instructions" \
    '12s/.*/ b long_way/'

# ---- stores ----
check "a store to the guest's address" bad_irq "a store to an address that is not known" \
    '4s/$/\n str x2, [x5]/'
check "through a loaded pointer" bad_irq "a store to an address that is not known" \
    '8s/^/ str x30, [x3]\n/'
check "with an index" bad_irq "an index without a bound" '8s/^/ str x30, [x2, x3, lsl #3]\n/'
check "a load with an index" bad_irq "an index without a bound" '8s/^/ ldr x30, [x2, x3]\n/'
check "with a bounded index, but where" bad_irq "a store to an address that is not known" \
    '8s/^/ and x3, x3, #15\n str x30, [x2, x3, lsl #3]\n/'
check "below EL2's constant addresses" bad_irq "a store to an address that is not known" \
    '4s/.*/ mov x2, #0x3ff00000000/'
check "too deep a stack" bad_irq "a store at -1[0-9]+ from the frame" 's/48/160/'
check "beyond the frame" bad_irq "a store at 256 from the frame" '4s/$/\n str x2, [sp, #304]/'
check "in the frame is good" good "$sync" "$(changed "$irq" '4s/$/\n str x2, [sp, #296]/')"

# A trapped load's result goes to the frame by its register's number, and from there to the register.
reading=' stp x0, x1, [sp]
 stp x2, x3, [sp, #16]
 mrs x0, esr_el2
 ubfx x1, x0, #16, #2
 mov x2, #0x3fffffff000
 ldr x3, [x2]
 and x0, x0, #0xfc
 ldr w3, [x3, x0]
 mov x2, sp
 str x3, [x2, x1, lsl #3]
 ldp x2, x3, [sp, #16]
 ldp x0, x1, [sp]
 b exit_to_guest'
bad_reading() { # REASON SED-SCRIPT
    refused "$1" "$(changed "$reading" "$2")" "$irq"
}
check "a result by its register's number" good "$reading" "$irq"
check "the number without a bound" bad_reading "an index without a bound" '4s/ubfx.*/mov x1, x0/'
check "an image read without a bound" bad_reading "an index without a bound" '7d'
check "a number of 64" bad_reading "a store to an address that is not known" '4s/#2/#6/'
check "not at the frame" bad_reading "a store to an address that is not known" '9s/$/\n sub x2, x2, #8/'
check "a register that was not saved" bad_reading "at eret not the guest's: x2 x3" '2d'
check "a result in the wrong register" bad_reading "at eret not the guest's: x2 x3" \
    '11s/x2, x3/x3, x2/'
check "not by an interrupt" refused "at eret not the guest's: x0 x1 x2 x3" "$sync" "$reading"

# A trap tried on the first sixteen registers: saved for slow_rest, which saves the others; a word
# elsewhere changed by a store exclusive through a pointer of the plan.
trying=$(for n in 0 2 4 6 8 10 12 14; do echo " stp x$n, x$((n + 1)), [sp, #$((8 * n))]"; done)"
 mrs x1, far_el2
 mov x2, #0x3fffffff000
 ldr x3, [x2, #80]
 cbz x3, 3f
 ubfx x4, x1, #2, #8
 add x5, x3, x4, lsl #2
 ldxr w6, [x5]
 orr w6, w6, #1
 stxr w7, w6, [x5]
 cbnz w7, 3f
$(for n in 0 2 4 6 8 10 12 14; do echo " ldp x$n, x$((n + 1)), [sp, #$((8 * n))]"; done)
 b exit_to_guest
3: b slow_rest"
bad_trying() { # REASON SED-SCRIPT
    refused "$1" "$(changed "$trying" "$2")" "$irq"
}
check "the first sixteen saved, a word by store exclusive" good "$trying" "$irq"
check "slow_rest without one of them" bad_trying "at .* not the guest's: x8$" '5s/stp x8/stp xzr/'
check "slow_rest where it is in its register only" bad_trying "at slow_rest not the guest's: x8$" \
    '5s/stp x8, x9, .*/str x9, [sp, #72]/;23s/ldp x8, x9, .*/ldr x9, [sp, #72]/'
check "slow_rest with another changed" bad_trying "at .* not the guest's: x16$" \
    '12s/^/ mov x16, x3\n/'
check "a plain store through a pointer" bad_trying "a store to an address that is not known" \
    '17s/stxr w7, /str /'
check "a store exclusive with an index without a bound" bad_trying \
    "a store to an address that is not known" '13s/ubfx.*/mov x4, x1/'
check "a store exclusive to the guest's address" bad_trying \
    "a store to an address that is not known" '14s/.*/ mov x5, x1/'

# ---- the places ----
check "no barrier behind ERET" refused "no DSB NSH; ISB behind ERET" "$sync" "$irq" ""
check "another barrier behind ERET" refused "no DSB NSH; ISB behind ERET" "$sync" "$irq" \
    ' dsb ish\n isb'
check "only one of them" refused "no DSB NSH; ISB behind ERET" "$sync" "$irq" ' dsb nsh'
check "more than its place holds" refused "more than 128 bytes" "$sync" \
    "$(changed "$irq" '2s/$/\n b 3f\n .skip 128\n3:/')"
check "good: what branches away may be long" good "$sync" \
    "$(changed "$irq" '2s/$/\n b 3f\n .skip 128\n .type away, %function\naway:\n3:/')"
check "an empty place" refused "an unknown instruction" ".inst 0" "$irq"
fixture "$sync" "$irq"
"${cross}strip" "$work/f.elf"
check "a stripped file is not called good" ends 2 scripts/vector_gate.py "$work/f.elf"
check "nor one without tables" ends 2 scripts/vector_gate.py build/target/lifecycle.elf
check "nor no file" ends 2 scripts/vector_gate.py "$work/none"

# ---- the real thing ----
check "hyp.elf" ends 0 scripts/vector_gate.py build/hyp.elf
check "says nothing" silent
ends 0 scripts/vector_gate.py -v build/hyp.elf
check "the longest paths are printed" says "instructions, vectors_v3 irq: vec_irq_v3 exit_to_guest -> eret"
cat "$work/output"
# The room that the gate lets a vector push to, and the addresses that it may write.
check "the gate's stack is the vCPU's" grep -q "u64 vector_scratch\[16\]" hyp/vm.hpp
check "the gate's frame is the vCPU's" grep -q "^#define FRAME_SIZE 256" hyp/arch/frame.h
check "the gate's addresses are EL2's" grep -q "^#define HYP_DEVICES_VA 0x3ffffe00000$" \
    hyp/arch/layout.h

# In hyp.elf itself: the first instruction of GICv3's IRQ vector becomes a NOP.
python3 - build/hyp.elf "$work/hyp.elf" <<'PY'
import sys
sys.path.insert(0, "scripts")
import fp_gate
data = bytearray(open(sys.argv[1], "rb").read())
sections = fp_gate.read_sections(data)
symbols = fp_gate.read_symbols(data, sections)
at = next(value for _, value, _, name in symbols if name == "vec_irq_v3")
section = next(s for s in sections if s[2] <= at < s[2] + s[4])
place = section[3] + at - section[2]
data[place:place + 4] = (0xD503201F).to_bytes(4, "little")
open(sys.argv[2], "wb").write(data)
PY
check "hyp.elf without its first save" ends 1 scripts/vector_gate.py "$work/hyp.elf"
check "is told by the path's end" says "vectors_v3, irq: .* not the guest's: x1 x2 sp"
summary
