#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Unpacks Debian's newlib-source into a directory. Usage: unpack_newlib.sh OUTPUT_DIR
set -eu
out=${1:?usage: unpack_newlib.sh OUTPUT_DIR}

set -- /usr/src/newlib/newlib-*.tar.xz
if [ ! -r "$1" ]; then
    echo "unpack_newlib.sh: no /usr/src/newlib/newlib-*.tar.xz: install newlib-source" >&2
    exit 2
fi
rm -rf "$out" "$out.part"
mkdir -p "$out.part"
# The archive's top directory differs between packages, so it is dropped.
tar -xf "$1" -C "$out.part" --strip-components=1 --exclude='*/libgloss' --no-same-owner -m
mv "$out.part" "$out"
