#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs random walks on every CPU, each from a seed of its own, for HOURS (1) or WALK_SECONDS; with
# SEED one alone, from there. Usage: soak.sh PROGRAM.  Status 1 when a walk failed, 2 for a wrong
# variable.
set -eu
program=${1:?usage: soak.sh PROGRAM}

number() { # NAME VALUE
    case $2 in
    '' | *[!0-9]* | 0* | ??????????*)
        echo "$1 must be a positive number, not '$2'" >&2
        exit 2
        ;;
    esac
}
number HOURS "${HOURS:-1}"
[ -z "${WALK_SECONDS:-}" ] || number SECONDS "$WALK_SECONDS"
[ -z "${SEED:-}" ] || [ "$SEED" = 0 ] || number SEED "$SEED"
seconds=${WALK_SECONDS:-$((${HOURS:-1} * 3600))}
if [ -n "${SEED:-}" ]; then
    exec "$program" "$seconds" "$SEED"
fi

# Far apart, so that no two come to the same seed.
base=$(($(date +%s) % 4000000))
walks=
for cpu in $(seq "$(nproc)"); do
    "$program" "$seconds" $((cpu * 1000000000 % 4000000000 + base)) &
    walks="$walks $!"
done
status=0
for walk in $walks; do
    wait "$walk" || status=1
done
exit "$status"
