#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the functions of an AArch64 ELF file that touch an FP/SIMD, SVE or SME register.

EL2 never does (its guests' registers are in them) but in the two routines that save and load them
(hyp/arch/fp.S), so for hyp.elf this prints nothing and ends with 0; else one line a function and 1. Instructions are told by their encoding, not by their
disassembly: DDI 0487, "A64 instruction set encoding", op0 = bits 28:25. Literal data inside code
is skipped by the mapping symbols $x and $d.
Usage: fp_gate.py FILE [--allow FUNCTION]...
"""

import argparse
import bisect
import struct
import sys

ALLOWED = ("fp_load_registers", "fp_save_registers")
SHT_SYMTAB = 2
SHF_EXECINSTR = 4
STT_NOTYPE = 0
STT_FUNC = 2
EM_AARCH64 = 183


class BadElf(Exception):
    """The file is not what this gate can judge; the text says why."""


def read_sections(data):
    """The sections as (type, flags, address, offset, size, link) in their order."""
    if len(data) < 64 or data[:6] != b"\x7fELF\x02\x01":
        raise BadElf("not a little-endian 64-bit ELF file")
    if struct.unpack_from("<H", data, 18)[0] != EM_AARCH64:
        raise BadElf("not an AArch64 file")
    table, = struct.unpack_from("<Q", data, 40)
    entry_size, count = struct.unpack_from("<HH", data, 58)
    sections = []
    for index in range(count):
        _, kind, flags, address, offset, size, link = struct.unpack_from(
            "<IIQQQQI", data, table + index * entry_size)
        sections.append((kind, flags, address, offset, size, link))
    return sections


def read_symbols(data, sections):
    """The symbols as (section index, address, type, name)."""
    symbols = []
    for kind, _, _, offset, size, link in sections:
        if kind != SHT_SYMTAB:
            continue
        strings = sections[link][3]
        for at in range(offset, offset + size, 24):
            name_at, info, _, section, value, _ = struct.unpack_from("<IBBHQQ", data, at)
            end = data.index(b"\0", strings + name_at)
            name = data[strings + name_at:end].decode("ascii", "replace")
            symbols.append((section, value, info & 15, name))
    if not symbols:
        raise BadElf("it has no symbol table, so code and data cannot be told apart")
    return symbols


def is_fp(word):
    """Whether the instruction `word` reads or writes an FP/SIMD, SVE or SME register."""
    # x110 and x111: FP/SIMD loads and stores, FP/SIMD data processing.
    if (word >> 26) & 3 == 3:
        return True
    op0 = (word >> 25) & 15
    # 0010: SVE; 0000 with bit 31: SME.
    if op0 == 2 or (op0 == 0 and word >> 31):
        return True
    # MSR/MRS of FPCR and FPSR: op0 = 3, op1 = 3, CRn = 4, CRm = 4, op2 = 0 or 1.
    return word & 0xFFDFFFC0 == 0xD51B4400 and (word >> 5) & 7 < 2


def code_words(data, section, index, symbols):
    """Yields (address, word) of each instruction of a section."""
    _, _, base, offset, size, _ = section
    marks = sorted((value, name[:2]) for at, value, kind, name in symbols
                   if at == index and kind == STT_NOTYPE and
                   (name in ("$x", "$d") or name[:3] in ("$x.", "$d.")))
    # The address of a section in an object file is 0, as are its symbols' bases.
    marks = [(base, "$x")] + marks + [(base + size, "$d")]
    for (start, mark), (end, _) in zip(marks, marks[1:]):
        if mark == "$x":
            for address in range(start, end - 3, 4):
                yield address, struct.unpack_from("<I", data, offset + address - base)[0]


def offenders(data):
    """A dictionary: function name -> number of its FP instructions."""
    sections = read_sections(data)
    symbols = read_symbols(data, sections)
    found = {}
    for index, section in enumerate(sections):
        if not section[1] & SHF_EXECINSTR:
            continue
        named = sorted((value, kind == STT_FUNC, name) for at, value, kind, name in symbols
                       if at == index and kind in (STT_NOTYPE, STT_FUNC) and name
                       and not name.startswith("$"))
        starts = [value for value, _, _ in named]
        for address, word in code_words(data, section, index, symbols):
            if is_fp(word):
                at = bisect.bisect_right(starts, address) - 1
                name = named[at][2] if at >= 0 else f"address {address:#x}"
                found[name] = found.get(name, 0) + 1
    return found


def main():
    """Scans one file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--allow", action="append", default=[], metavar="FUNCTION")
    args = parser.parse_args()
    try:
        with open(args.file, "rb") as file:
            found = offenders(file.read())
    except (OSError, BadElf, struct.error, ValueError) as error:
        print(f"fp_gate.py: {args.file}: {error}", file=sys.stderr)
        return 2
    bad = {name: count for name, count in found.items() if name not in (*ALLOWED, *args.allow)}
    for name in sorted(bad):
        print(f"{args.file}: {name}: {bad[name]} FP/SIMD instructions")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
