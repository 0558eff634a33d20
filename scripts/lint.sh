#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Everything that is checked without running it. Every check runs, then the status is 1 when any
# failed. Usage: lint.sh [CHECK...] (default: all of them), with the compiler flags of the three
# kinds of code in EL2_FLAGS, GUEST_FLAGS and HOST_FLAGS, and make's command in MAKE.
set -u
cd "$(dirname "$0")/.." || exit 2

list() { # PATTERN DIRECTORY...: the project's files with this ending
    local pattern=$1
    shift
    find "$@" -regextype posix-extended -regex ".*\.($pattern)" -print | sort
}

all=(boot hyp drivers guest tests scripts)
mapfile -t cxx < <(list 'cpp|hpp' "${all[@]}")
mapfile -t shell < <(list sh "${all[@]}" && echo .ci/run)
mapfile -t python < <(list py "${all[@]}")
mapfile -t el2 < <(list cpp boot hyp drivers)
mapfile -t guest < <(list cpp guest)
mapfile -t host < <(list cpp scripts tests/model)

check_format() {
    clang-format --dry-run -Werror "${cxx[@]}"
}

# tidy FLAGS FILE...: one clang-tidy a file, as many at a time as there are CPUs.
tidy() {
    local flags=$1
    shift
    [ $# -gt 0 ] || return 0
    # shellcheck disable=SC2016 # the inner shell expands these
    printf '%s\n' "$@" | FLAGS=$flags xargs -n 1 -P "$(nproc)" sh -c '
        clang-tidy --quiet "$1" -- $FLAGS 2>/dev/null || { echo "clang-tidy: $1 FAILED"; exit 1; }
    ' sh
}

check_tidy() {
    local target='--target=aarch64-linux-gnu' status=0
    tidy "$target ${EL2_FLAGS:?}" "${el2[@]}" || status=1
    tidy "$target ${GUEST_FLAGS:?}" "${guest[@]}" || status=1
    tidy "${HOST_FLAGS:?}" "${host[@]}" || status=1
    return "$status"
}

check_layers() {
    scripts/check_layers.py
}

# The second compiler's opinion; its image passes the same gate.
check_clang() {
    ${MAKE:-make} hyp CLANG=1
}

check_build() {
    ${MAKE:-make} hyp guests
}

check_fp() {
    scripts/fp_gate.py build/hyp.elf && scripts/fp_gate.py build/clang/hyp.elf
}

# clang's vectors call (hyp/arch/vec_fast_clang.S): the proof is about g++'s.
check_vectors() {
    scripts/vector_gate.py -v build/hyp.elf
}

check_shell() {
    shellcheck "${shell[@]}"
}

check_python() {
    python3 - "${python[@]}" <<'EOF'
import sys
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        compile(file.read(), path, "exec", dont_inherit=True)
EOF
}

run_check() { # NAME
    case $1 in
    format) check_format ;;
    layers) check_layers ;;
    shell) check_shell ;;
    python) check_python ;;
    build) check_build ;;
    clang) check_clang ;;
    fp) check_fp ;;
    vectors) check_vectors ;;
    tidy) check_tidy ;;
    *)
        echo "lint.sh: no check '$1': format, layers, shell, python, build, clang, fp, vectors or tidy" >&2
        return 2
        ;;
    esac
}

[ $# -gt 0 ] || set -- format layers shell python build clang fp vectors tidy
failed=0
for check in "$@"; do
    start=$SECONDS
    if run_check "$check"; then
        echo "lint: $check ok ($((SECONDS - start)) s)"
    else
        echo "lint: $check FAILED"
        failed=1
    fi
done
exit "$failed"
