#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts Debian's installer kernel for arm64 at DIR/linux (and its initrd at DIR/initrd.gz), from the
# package debian-installer-12-netboot-arm64. Downloads by apt alone; does nothing when it is there.
# usage: fetch_linux.sh DIR
set -eu

dir=${1:?usage: fetch_linux.sh DIR}
package=debian-installer-12-netboot-arm64
inside=./usr/lib/debian-installer/images/12/arm64/text/debian-installer/arm64

if [ -s "$dir/linux" ] && [ -s "$dir/initrd.gz" ]; then
    exit 0
fi
mkdir -p "$dir"
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
# apt's sandbox user cannot write to a directory of root's; it warns and goes on as root.
if ! (cd "$work" && apt-get -q download "$package") >"$work/log" 2>&1; then
    cat "$work/log" >&2
    echo "fetch_linux: apt could not download $package: run apt-get update, or check the network" >&2
    exit 1
fi
dpkg-deb --fsys-tarfile "$work/$package"_*.deb |
    tar -x -C "$work" "$inside/linux" "$inside/initrd.gz"
mv "$work/$inside/initrd.gz" "$dir/initrd.gz"
mv "$work/$inside/linux" "$dir/linux"
