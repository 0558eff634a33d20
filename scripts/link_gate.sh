#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Refuses objects that hold static constructors: nothing at EL2 would ever call them, and the
# linker script throws their table away. Usage: link_gate.sh CROSS_PREFIX OBJECT...
set -eu
cross=${1:?usage: link_gate.sh CROSS_PREFIX OBJECT...}
shift

sections=$("${cross}readelf" -SW "$@")
# With one object readelf names no file.
bad=$(echo "$sections" | awk -v file="$1" '
    /^File: / { file = $2 }
    /\.(init_array|ctors)/ { print file }' | sort -u)
if [ -n "$bad" ]; then
    echo "static constructors (a global that is not constinit) in: $bad" >&2
    exit 1
fi
