#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches Debian's libfdt for arm64 by apt and unpacks what is needed of it, installing nothing.
# Usage: fetch_libfdt.sh OUTPUT_DIR.  Result: OUTPUT_DIR/libfdt.a, OUTPUT_DIR/include/*.h
set -eu
out=${1:?usage: fetch_libfdt.sh OUTPUT_DIR}
scripts=$(cd "$(dirname "$0")" && pwd)

mkdir -p "$out/include"
"$scripts/fetch_deb.sh" libfdt-dev "$out/work"
tree=$out/work/tree/usr
cp "$tree/include/fdt.h" "$tree/include/libfdt.h" "$tree/include/libfdt_env.h" "$out/include/"
cp "$tree/lib/aarch64-linux-gnu/libfdt.a" "$out/libfdt.a"
rm -rf "$out/work"
