# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # top is used by those who source this
# Sourced by the tests of the build: counts cases, and prints the summary that make test adds up.

passed=0
failed=0
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The make that runs this test has its own flags, variables and status file: none are for us.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CROSS_COMPILE
unset GIC SMP CPU MEM VCPUS GUEST_MEM TIMEOUT GUEST INITRD CMDLINE LRS VMS CHECKED TRACE WATCHDOG

# check NAME COMMAND...: the case passes when the command succeeds.
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        [ ! -s "$work/output" ] || sed 's/^/    /' "$work/output"
    fi
}

# ends STATUS COMMAND...: the command ends with that status; its output is kept in $work/output.
ends() {
    local wanted=$1 status=0
    shift
    "$@" >"$work/output" 2>&1 </dev/null || status=$?
    [ "$status" -eq "$wanted" ]
}

# says PATTERN: the kept output holds a line that fits the extended regular expression.
says() {
    grep -Eq -- "$1" "$work/output"
}

# silent: the kept output is empty. one_line: it is one line.
silent() {
    [ ! -s "$work/output" ]
}
one_line() {
    [ "$(wc -l <"$work/output")" -eq 1 ]
}

never() {
    ! "$@"
}

summary() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
