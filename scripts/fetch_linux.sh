#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts a Linux guest into DIR: `linux`, Debian's installer kernel for arm64, and its `initrd.gz`, from
# the package debian-installer-12-netboot-arm64; `initramfs.cpio`, Debian's busybox with the scripts
# of guest/linux (/init runs alone and powers off, /shell is a shell on the console).
# Downloads by apt alone, and nothing that is there already.
# usage: fetch_linux.sh DIR
set -eu

dir=${1:?usage: fetch_linux.sh DIR}
package=debian-installer-12-netboot-arm64
inside=./usr/lib/debian-installer/images/12/arm64/text/debian-installer/arm64
top=$(cd "$(dirname "$0")/.." && pwd)

mkdir -p "$dir"
work=$(mktemp -d -p "$dir")
trap 'rm -rf "$work"' EXIT

if [ ! -s "$dir/linux" ] || [ ! -s "$dir/initrd.gz" ]; then
    # apt's sandbox user cannot write to a directory of root's; it warns and goes on as root.
    if ! (cd "$work" && apt-get -q download "$package") >"$work/log" 2>&1; then
        cat "$work/log" >&2
        echo "fetch_linux: apt could not download $package: run apt-get update, or check the" \
            "network" >&2
        exit 1
    fi
    dpkg-deb --fsys-tarfile "$work/$package"_*.deb |
        tar -x -C "$work" "$inside/linux" "$inside/initrd.gz"
    mv "$work/$inside/initrd.gz" "$dir/initrd.gz"
    mv "$work/$inside/linux" "$dir/linux"
fi
if [ ! -s "$dir/busybox" ]; then
    "$top/scripts/fetch_deb.sh" busybox-static "$work/busybox"
    mv "$work/busybox/tree/bin/busybox" "$dir/busybox"
fi
"$top/scripts/make_initramfs.py" "$dir/initramfs.cpio" "$dir/busybox" "$top/guest/linux/init" \
    "$top/guest/linux/shell"
