#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Boots as `make run` does, but stopped at the first instruction and with gdb attached. Symbols are
# loaded twice: at their link address (once the MMU is on) and where QEMU's virt machine loads the
# image (before that). The guest's console goes to build/debug.log.
# Usage: debug.sh HYP_ELF RUNNER_OPTION...   GDB_COMMANDS=FILE: gdb runs that file and ends.
set -eu
cd "$(dirname "$0")/.."
elf=${1:?usage: debug.sh HYP_ELF RUNNER_OPTION...}
shift
gdb=$(command -v gdb-multiarch) || {
    echo "debug.sh: gdb-multiarch is missing" >&2
    exit 2
}

# QEMU's load address of an arm64 Image whose text_offset is 0 on virt: RAM base + 2 MiB.
load_pa=0x40200000
work=$(mktemp -d)
log=build/debug.log
runner=
finish() {
    if [ -n "$runner" ]; then
        kill "$runner" 2>/dev/null || true
        wait "$runner" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT

scripts/run.py "$@" --timeout 86400 --qemu-arg=-S \
    --qemu-arg=-gdb --qemu-arg="unix:$work/gdb,server=on,wait=off" </dev/null >"$log" 2>&1 &
runner=$!
for _ in $(seq 100); do
    [ -S "$work/gdb" ] && break
    kill -0 "$runner" 2>/dev/null || break
    sleep 0.1
done
if [ ! -S "$work/gdb" ]; then
    wait "$runner" && status=0 || status=$?
    runner=
    cat "$log" >&2
    exit "${status/#0/5}"
fi

cat >"$work/init" <<EOF
set pagination off
set confirm off
set architecture aarch64
set disassemble-next-line auto
python
import gdb
link = int(gdb.parse_and_eval("(unsigned long)&_image_start"))
gdb.execute("add-symbol-file $elf -o %#x" % ($load_pa - link), to_string=True)
end
target remote $work/gdb
EOF
echo "debug.sh: the console goes to $log; 'continue' starts the machine"
batch=()
[ -z "${GDB_COMMANDS:-}" ] || batch=(-batch -x "$GDB_COMMANDS")
"$gdb" -q -nx "$elf" -x "$work/init" "${batch[@]}"
