#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The status of `make run` is that of the run: 0, 1, 3, 4, 5 and 124, also with -j, also beneath
# -s, and nothing of it is left behind. A program stands in for the runner.
set -u
# shellcheck source=tests/build/cases.sh
. "$(dirname "$0")/cases.sh"
cd "$top" || exit 2

# The run rule itself with its parts already built: only the runner is replaced.
cat >"$work/run.mk" <<EOF
include Makefile
SUBMAKE = :
.RECIPEPREFIX =
RUN_ARGS := --stand-in
EOF
mkdir -p "$work/bin"

run_with() { # STATUS MAKE_FLAG...
    local status=$1
    shift
    printf '#!/bin/sh\nexit %s\n' "$status" >"$work/bin/runner"
    chmod +x "$work/bin/runner"
    ends "$status" make -f "$work/run.mk" "$@" RUNNER="$work/bin/runner" run
}

make -s build/host/make_exit.so >/dev/null
for status in 0 1 2 3 4 5 124; do
    check "status $status" run_with "$status"
    check "status $status with -j" run_with "$status" -j2
    check "status $status with -s" run_with "$status" -s
done
check "no status file is left" never compgen -G 'build/status.*'
summary
