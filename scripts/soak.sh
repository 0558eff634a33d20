#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two long runs one after the other, each for MINUTES (10), HOURS or RUN_SECONDS: eight VMs on QEMU's
# machines (soak_machine.py), then random walks through the model on every CPU, each from a seed of
# its own. With SEED one walk alone, from there.
# Usage: soak.sh PROGRAM.  Status 1 when anything failed, 2 for a wrong variable.
set -eu
program=${1:?usage: soak.sh PROGRAM}
folder=$(dirname "$0")

number() { # NAME VALUE
    case $2 in
    '' | *[!0-9]* | 0* | ??????????*)
        echo "$1 must be a positive number, not '$2'" >&2
        exit 2
        ;;
    esac
}
seconds=600
if [ -n "${RUN_SECONDS:-}" ]; then
    number SECONDS "$RUN_SECONDS"
    seconds=$RUN_SECONDS
elif [ -n "${MINUTES:-}" ]; then
    number MINUTES "$MINUTES"
    seconds=$((MINUTES * 60))
elif [ -n "${HOURS:-}" ]; then
    number HOURS "$HOURS"
    seconds=$((HOURS * 3600))
fi
[ -z "${SEED:-}" ] || [ "$SEED" = 0 ] || number SEED "$SEED"
if [ -n "${SEED:-}" ]; then
    exec "$program" "$seconds" "$SEED"
fi

status=0
"$folder/soak_machine.py" "$seconds" || status=1
# Far apart, so that no two come to the same seed.
base=$(($(date +%s) % 4000000))
walks=
for cpu in $(seq "$(nproc)"); do
    "$program" "$seconds" $((cpu * 1000000000 % 4000000000 + base)) &
    walks="$walks $!"
done
for walk in $walks; do
    wait "$walk" || status=1
done
exit "$status"
