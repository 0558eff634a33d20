#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs, by apt and without a question, the Debian packages that a make target needs; returns at
# once when all are there. Usage: deps.sh GROUP...  Status 2 with one sentence when it cannot.
set -eu

packages_of() {
    case $1 in
    build)
        echo make g++ newlib-source xz-utils diffutils device-tree-compiler libfdt-dev python3
        # Another toolchain, chosen by the caller, is the caller's to install.
        if [ -z "${CROSS_COMPILE:-}" ] && ! command -v aarch64-none-elf-g++ >/dev/null; then
            echo g++-aarch64-linux-gnu
        fi
        ;;
    run) echo qemu-system-arm python3 ;;
    test) echo catch2 libz3-dev clang libclang-rt-dev spin ;;
    lint) echo clang clang-format clang-tidy lld shellcheck python3 ;;
    debug) echo gdb-multiarch qemu-system-arm python3 ;;
    *)
        echo "deps.sh: unknown group '$1': build, run, test, lint or debug" >&2
        exit 2
        ;;
    esac
}

if [ $# -eq 0 ]; then
    echo "usage: deps.sh GROUP..." >&2
    exit 2
fi
if [ -n "${CROSS_COMPILE:-}" ] && ! command -v "${CROSS_COMPILE}g++" >/dev/null; then
    echo "deps.sh: CROSS_COMPILE is '$CROSS_COMPILE' but there is no ${CROSS_COMPILE}g++" >&2
    exit 2
fi
wanted=
for group in "$@"; do
    list=$(packages_of "$group") || exit 2
    wanted="$wanted $list"
done
# shellcheck disable=SC2086 # the list is words
wanted=$(printf '%s\n' $wanted | sort -u | tr '\n' ' ')

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "deps.sh: no apt here: install what these Debian 12 packages hold: $wanted" >&2
    exit 2
fi

missing_of() {
    for package in $wanted; do
        case " $(dpkg-query -W -f '${db:Status-Status} ' "$package" 2>/dev/null || true)" in
        *" installed "*) ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}
missing=$(missing_of)
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
        echo "deps.sh: needs root once (or sudo without a password) to install: $missing" >&2
        exit 2
    fi
    sudo="sudo -n"
fi

apt() {
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 \
        -o Dpkg::Use-Pty=0 "$@" </dev/null
}
install() {
    # shellcheck disable=SC2086 # the list is words
    apt install --no-install-recommends $missing
}

echo "deps.sh: installing $missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The lists may be absent (a fresh machine) or too old (404): then they are fetched, and only then.
if ! install >"$log" 2>&1; then
    if ! { apt update && install; } >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        echo "deps.sh: apt could not install: $missing" >&2
        exit 2
    fi
fi
