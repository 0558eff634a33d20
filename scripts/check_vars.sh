#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks the variables of `make run|image|debug` (taken from the environment) before anything is
# installed or built: one sentence and status 2 for the first wrong one.
set -eu

refuse() {
    echo "$1" >&2
    exit 2
}

positive() { # NAME VALUE UNIT
    case $2 in
    '' | *[!0-9]* | 0* | ???????*) refuse "$1 must be a positive number of $3, not '$2'" ;;
    esac
}

readable() { # NAME VALUE
    [ -n "$2" ] || return 0
    [ -e "$2" ] || refuse "$1: the file '$2' does not exist"
    [ -f "$2" ] || refuse "$1: '$2' is not a file"
    [ -r "$2" ] || refuse "$1: the file '$2' cannot be read"
}

case ${GIC-3} in
2 | 3) ;;
*) refuse "GIC must be 2 or 3, not '$GIC'" ;;
esac
case ${CHECKED-0} in
0 | 1) ;;
*) refuse "CHECKED must be 0 or 1, not '$CHECKED'" ;;
esac
case ${TRACE:-0} in
0 | 1) ;;
*) refuse "TRACE must be 0 or 1, not '$TRACE'" ;;
esac
[ -z "${SMP:-}" ] || positive SMP "$SMP" CPUs
positive MEM "${MEM-1024}" MiB
[ -z "${VCPUS:-}" ] || positive VCPUS "$VCPUS" vCPUs
[ -z "${GUEST_MEM:-}" ] || positive GUEST_MEM "$GUEST_MEM" MiB
[ -z "${TIMEOUT:-}" ] || positive TIMEOUT "$TIMEOUT" seconds
[ -z "${WATCHDOG:-}" ] || positive WATCHDOG "$WATCHDOG" milliseconds
[ -z "${LRS:-}" ] || positive LRS "$LRS" "list registers"
# Limits of a manifest (hyp/core/manifest), here by the name of the variable.
[ "${VCPUS:-1}" -le 8 ] || refuse "VCPUS must be between 1 and 8, not $VCPUS"
if [ "${GUEST_MEM:-256}" -gt 261120 ] || [ $((${GUEST_MEM:-256} % 2)) -ne 0 ]; then
    refuse "GUEST_MEM must be a multiple of 2 from 2 to 261120 (MiB), not $GUEST_MEM"
fi
[ "${WATCHDOG:-1}" -le 600000 ] ||
    refuse "WATCHDOG must be between 1 and 600000 (ms), not $WATCHDOG"
[ "${LRS:-1}" -le 16 ] || refuse "LRS must be between 1 and 16, not $LRS"
readable GUEST "${GUEST:-}"
readable INITRD "${INITRD:-}"
readable VMS "${VMS:-}"
if [ -n "${VMS:-}" ] && [ -n "${ONE_GUEST:-}" ]; then
    refuse "VMS describes its guests itself: GUEST, INITRD, CMDLINE, VCPUS and GUEST_MEM cannot be given with it"
fi
case ${DMA_TRUSTED:-0} in
0 | 1) ;;
*) refuse "DMA_TRUSTED must be 0 or 1, not '$DMA_TRUSTED'" ;;
esac
if [ -n "${VMS:-}" ] && [ "${DMA_TRUSTED:-0}" = 1 ]; then
    refuse "VMS says itself which VM is dma-trusted: DMA_TRUSTED cannot be given with it"
fi
for device in $(echo "${DEVICES:-}" | tr ',*?[' ' ###'); do
    case $device in
    pl011 | pl031) continue ;;
    rng | blk | virtio-mmio | virtio-mmio@[0-9] | virtio-mmio@[12][0-9] | virtio-mmio@3[01]) ;;
    *) refuse "DEVICES knows pl011, pl031, blk, rng, virtio-mmio and virtio-mmio@0 to @31, not '$device'" ;;
    esac
    [ -n "${VMS:-}" ] || [ "${DMA_TRUSTED:-0}" = 1 ] || refuse \
        "DEVICES: $device reaches all memory by itself: say DMA_TRUSTED=1 if the guest may, too"
done
# Known to this QEMU? Without QEMU yet, the runner asks again after installing it.
if command -v qemu-system-aarch64 >/dev/null; then
    cpus=$(qemu-system-aarch64 -cpu help 2>/dev/null) || cpus=$CPU
    case "$(echo "$cpus" | tr -s ' \n' '  ') " in
    *" ${CPU:-cortex-a57} "*) ;;
    *) refuse "CPU: QEMU has no 64-bit CPU named '${CPU:-}'" ;;
    esac
fi
