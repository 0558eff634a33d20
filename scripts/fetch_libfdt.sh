#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches Debian's libfdt for arm64 by apt and unpacks it, installing nothing.
# Where apt already knows the arm64 architecture its lists are used; else arm64 lists are kept in a
# private apt state below OUTPUT_DIR: the machine's dpkg architectures and lists stay as they are.
# Usage: fetch_libfdt.sh OUTPUT_DIR.  Result: OUTPUT_DIR/libfdt.a, OUTPUT_DIR/include/*.h
set -eu
out=${1:?usage: fetch_libfdt.sh OUTPUT_DIR}
package=libfdt-dev

fail() {
    echo "fetch_libfdt.sh: $1" >&2
    exit 1
}
command -v apt-get >/dev/null || {
    echo "fetch_libfdt.sh: no apt here: put libfdt.a and include/ of $package (arm64) into $out" >&2
    exit 2
}

mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -rf "$out/work"
mkdir -p "$out/work/state/lists/partial" "$out/work/cache/archives/partial"
cd "$out/work"
: >status

# apt drops to its own user for downloads, which cannot write here.
set -- -q -o APT::Sandbox::User=root
known() { # does the machine's own apt know it? (the variable is for testing the other way)
    [ -z "${BATON_PRIVATE_APT:-}" ] && [ -n "$(apt-cache show "$package:arm64" 2>/dev/null)" ]
}
if ! known || ! apt-get "$@" download "$package:arm64" >log 2>&1; then
    set -- "$@" -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
        -o Dir::State="$PWD/state" -o Dir::State::status="$PWD/status" -o Dir::Cache="$PWD/cache"
    # An unrelated source that fails is not our concern: the download below decides.
    apt-get "$@" update >log 2>&1 || true
    apt-get "$@" download "$package" >>log 2>&1 || {
        tail -n 5 log >&2
        fail "apt could not download $package for arm64"
    }
fi

dpkg-deb -x "$package"_*_arm64.deb tree
mkdir -p "$out/include"
cp tree/usr/include/fdt.h tree/usr/include/libfdt.h tree/usr/include/libfdt_env.h "$out/include/"
cp tree/usr/lib/aarch64-linux-gnu/libfdt.a "$out/libfdt.a"
cd "$out"
rm -rf work
