#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Downloads one arm64 package of Debian by apt and unpacks it below DIR/tree, installing nothing.
# Where apt already knows the arm64 architecture its lists are used; else arm64 lists are kept in a
# private apt state below DIR: the machine's dpkg architectures and lists stay as they are.
# Usage: fetch_deb.sh PACKAGE DIR   (DIR is emptied first)
set -eu
package=${1:?usage: fetch_deb.sh PACKAGE DIR}
dir=${2:?usage: fetch_deb.sh PACKAGE DIR}

fail() { # STATUS SENTENCE
    echo "fetch_deb.sh: $2" >&2
    exit "$1"
}
command -v apt-get >/dev/null || fail 2 "no apt here: unpack Debian's $package (arm64) into $dir/tree"

rm -rf "$dir"
mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
cd "$dir"
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
        fail 1 "apt could not download $package for arm64"
    }
fi
dpkg-deb -x "$package"_*_arm64.deb tree
