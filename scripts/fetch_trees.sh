#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Collects the device trees that the unit tests read: QEMU writes those of its own machines, and two
# real boards' trees come out of Debian's arm64 kernel package (60 MB, the smallest that has them),
# which is fetched by apt and unpacked, installing nothing. apt's state stays as it is: where it
# does not know arm64, lists are kept below OUTPUT_DIR.
# Usage: fetch_trees.sh OUTPUT_DIR.  Result: OUTPUT_DIR/*.dtb
set -eu
out=${1:?usage: fetch_trees.sh OUTPUT_DIR}
boards="xilinx/zynqmp-zcu102-rev1.0.dtb broadcom/bcm2711-rpi-4-b.dtb"

fail() {
    echo "fetch_trees.sh: $1" >&2
    exit 2
}
command -v qemu-system-aarch64 >/dev/null || fail "qemu-system-aarch64 is missing"
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -rf "$out/work"
mkdir -p "$out/work/state/lists/partial" "$out/work/cache/archives/partial"
cd "$out/work"
: >status

# dump FILE CPUS MACHINE: no network card, for its ROM file is a package of its own.
dump() {
    timeout 60 qemu-system-aarch64 -display none -nic none -smp "$2" -m 1024 -cpu cortex-a57 \
        -M "$3,dumpdtb=$1" >log 2>&1 || { tail -n 2 log >&2; fail "QEMU wrote no tree of $3"; }
}
for cpus in 1 4; do
    for gic in 2 3; do
        dump "virt-v$gic-smp$cpus.dtb" "$cpus" "virt,virtualization=on,gic-version=$gic"
    done
done
dump virt-secure.dtb 2 "virt,virtualization=on,secure=on,gic-version=3"
timeout 60 qemu-system-aarch64 -display none -nic none -M xlnx-versal-virt,dumpdtb=versal-virt.dtb \
    >log 2>&1 || fail "QEMU wrote no tree of xlnx-versal-virt"

# The meta-package names the kernel package of the day.
kernel_package() {
    apt-cache "$@" depends "linux-image-arm64$arch" 2>/dev/null |
        sed -n "s/.*Depends: \(linux-image-[0-9][^ :]*-arm64\).*/\1/p" | sort -V | tail -n 1
}
command -v apt-get >/dev/null ||
    fail "no apt here: put $boards of Debian's arm64 kernel package into $out"
set -- -o APT::Sandbox::User=root # apt drops to its own user for downloads, which cannot write here
arch=:arm64
package=$(kernel_package "$@")
# (the variable is for testing the other way)
if [ -n "${BATON_PRIVATE_APT:-}" ] || [ -z "$package" ] ||
    ! apt-get -q "$@" download "$package:arm64" >log 2>&1; then
    set -- "$@" -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
        -o Dir::State="$PWD/state" -o Dir::State::status="$PWD/status" -o Dir::Cache="$PWD/cache"
    arch=
    # An unrelated source that fails is not our concern: the download below decides.
    apt-get -q "$@" update >log 2>&1 || true
    package=$(kernel_package "$@")
    apt-get -q "$@" download "${package:-linux-image-arm64}" >>log 2>&1 || {
        tail -n 5 log >&2
        fail "apt could not download Debian's kernel for arm64"
    }
fi

for board in $boards; do
    echo "./usr/lib/$package/$board"
done >wanted
dpkg-deb --fsys-tarfile "$package"_*_arm64.deb | tar x -T wanted --strip-components=5 ||
    fail "$package holds not all of $boards"
mv ./*.dtb "$out/"
cd "$out"
rm -rf work
