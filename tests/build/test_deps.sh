#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/deps.sh on machines of every kind: without apt, without root, with old lists, complete.
# Stand-ins for apt-get, dpkg-query, sudo and id record what they were asked.
# shellcheck disable=SC2016 # the stand-ins expand these
set -u
# shellcheck source=tests/build/cases.sh
. "$(dirname "$0")/cases.sh"
cd "$top" || exit 2

base=$work/base
mkdir -p "$base"
for tool in sh env true sort tr printf mktemp rm tail cat grep; do
    ln -s "$(type -P "$tool")" "$base/$tool"
done

stand_in() { # MACHINE TOOL SCRIPT
    mkdir -p "$work/$1"
    printf '#!/bin/sh\n%s\n' "$3" >"$work/$1/$2"
    chmod +x "$work/$1/$2"
}
deps() { # MACHINE GROUP...: runs deps.sh with nothing but that machine's tools
    local machine=$1
    shift
    env -i PATH="$work/$machine:$base" LOG="$work/$machine.log" STATE="$work/$machine.state" \
        sh scripts/deps.sh "$@"
}
logged() { # MACHINE PATTERN
    grep -Eq -- "$2" "$work/$1.log" 2>/dev/null
}

mkdir -p "$work/none"
check "no apt: status 2" ends 2 deps none build run
check "no apt: one sentence" one_line
check "no apt: lists the packages" says "no apt.*g\+\+-aarch64-linux-gnu.*newlib-source.*qemu-system-arm"

stand_in full apt-get 'echo "$*" >>"$LOG"'
stand_in full dpkg-query 'echo "installed "'
check "all present: nothing is done" ends 0 deps full build run test lint debug
check "all present: silent" silent
check "all present: apt not asked" never test -e "$work/full.log"

stand_in purged apt-get 'echo "$*" >>"$LOG"'
stand_in purged dpkg-query 'echo "not-installed "'
stand_in purged id 'echo 0'
check "not-installed is not installed" ends 0 deps purged run
check "installs without a question" logged purged \
    "-y .*install --no-install-recommends .*qemu-system-arm"
check "no update when not needed" never logged purged update

stand_in fresh dpkg-query 'exit 1'
stand_in fresh id 'echo 0'
stand_in fresh apt-get 'echo "$DEBIAN_FRONTEND $*" >>"$LOG"
case "$*" in *update*) : >"$STATE" ;; *) [ -e "$STATE" ] ;; esac'
check "no lists: update, then install" ends 0 deps fresh debug
check "no lists: updated" logged fresh "^noninteractive .* update$"
check "no lists: then installed" logged fresh "install .*gdb-multiarch"

stand_in broken dpkg-query 'exit 1'
stand_in broken id 'echo 0'
stand_in broken apt-get 'echo "E: no network"; exit 100'
check "apt fails: status 2" ends 2 deps broken lint
check "apt fails: its reason" says "E: no network"
check "apt fails: the packages" says "could not install: .*shellcheck"

stand_in user dpkg-query 'exit 1'
stand_in user id 'echo 1000'
stand_in user apt-get 'echo "$*" >>"$LOG"'
check "no root, no sudo: status 2" ends 2 deps user test
check "no root, no sudo: one sentence" one_line
check "no root, no sudo: the packages" says "root.*catch2"
cp -r "$work/user" "$work/asks"
stand_in asks sudo 'exit 1'
check "sudo that asks: status 2" ends 2 deps asks test
cp -r "$work/user" "$work/sudoer"
stand_in sudoer sudo '[ "$1" = -n ] && shift && echo sudo >>"$LOG" && exec "$@"'
check "sudo without a password" ends 0 deps sudoer test
check "through sudo" logged sudoer sudo
check "installed through sudo" logged sudoer "install .*catch2"

check "unknown group" ends 2 deps full nonsense
check "no group" ends 2 deps full
summary
