#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Nobody starves (starvation.pml): every state is looked at, and each rule of the protocol is needed.
# spin writes the checker, a C program; the rules that it breaks are chosen when it runs.
set -u
# shellcheck source=tests/build/cases.sh
. "$(dirname "$0")/../build/cases.sh"
model=$top/tests/spin/starvation.pml
cd "$work" || exit 2

# search FAULT: every fair run, with this rule broken (0: none).
search() {
    FAULT=$1 timeout 300 ./pan -a -f -m1000000 -w22 >output 2>&1
}
# Nothing is lost, and it was not the depth that ended the search.
is_delivered() {
    search 0 && says 'errors: 0$' && never says 'max search depth too small|out of memory' &&
        says '^ +[0-9]{6,}.* states, stored'
}
is_lost() {
    search "$1" && says 'acceptance cycle' && says 'errors: 1$'
}

check "spin takes the model" ends 0 spin -a "$model"
check "its checker is compiled" ends 0 gcc -O1 -w -o pan pan.c
check "what is pending, enabled and unmasked is delivered" is_delivered
grep 'states, stored' output
while read -r number rule; do
    check "without this rule an interrupt is lost: $rule" is_lost "$number"
done < <(sed -n 's|^#define [A-Z_]* \([0-9]*\) */\* \(.*\) \*/|\1 \2|p' "$model")
[ "$passed" -ge 9 ] || check "six rules were broken" false
summary
