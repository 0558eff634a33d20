#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `make debug`: gdb is attached before the first instruction, knows the names before the MMU is on
# and after, and nothing is left running. Needs the hypervisor and the tiny guest built.
set -u
# shellcheck source=tests/build/cases.sh
. "$(dirname "$0")/cases.sh"
cd "$top" || exit 2

cat >"$work/commands" <<'EOF'
tbreak _start
continue
echo [first]
info symbol $pc
tbreak hyp_main
continue
echo [main]
info symbol $pc
echo [mmu]
print (unsigned long)$pc > 0x3ff00000000
bt 1
disconnect
EOF

for gic in 2 3; do
    check "GIC=$gic: gdb runs" ends 0 env GDB_COMMANDS="$work/commands" \
        timeout 120 make debug GIC="$gic"
    check "GIC=$gic: names before the MMU is on" says '\[first\]_start in section .text'
    check "GIC=$gic: names after" says '\[main\].*hyp_main'
    check "GIC=$gic: at the link address" says '\[mmu\].*= (1|true)'
done
summary
