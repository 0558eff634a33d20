# SPDX-License-Identifier: Apache-2.0
"""Reads the symbols and loaded sizes of a 64-bit little-endian ELF file.

The runner and the benchmark need a few symbols of hyp.elf; reading the symbol table here spares
them a search for the right `nm`.
"""

import struct

SHT_SYMTAB = 2
SHF_WRITE = 1
SHF_ALLOC = 2
SHT_NOBITS = 8


class ElfError(Exception):
    """The file is not an ELF file that this reader understands."""


def _sections(data):
    if data[:6] != b"\x7fELF\x02\x01":
        raise ElfError("not a 64-bit little-endian ELF file")
    shoff = struct.unpack_from("<Q", data, 0x28)[0]
    entsize, count = struct.unpack_from("<HH", data, 0x3A)
    fields = struct.Struct("<IIQQQQIIQQ")
    return [fields.unpack_from(data, shoff + i * entsize) for i in range(count)]


def symbols(path):
    """Returns {name: (address, size)} of every named symbol, the last one of a name winning."""
    with open(path, "rb") as file:
        data = file.read()
    found = {}
    sections = _sections(data)
    for _, kind, _, _, offset, size, link, _, _, entsize in sections:
        if kind != SHT_SYMTAB:
            continue
        names = sections[link][4]
        for at in range(offset, offset + size, entsize):
            name, _, _, _, value, length = struct.unpack_from("<IBBHQQ", data, at)
            if name:
                end = data.index(b"\0", names + name)
                found[data[names + name:end].decode()] = (value, length)
    return found


def loaded_bytes(path):
    """Returns (text and read-only bytes, data bytes, zero-initialised bytes) of the image."""
    with open(path, "rb") as file:
        data = file.read()
    text = initialised = zero = 0
    for _, kind, flags, _, _, size, _, _, _, _ in _sections(data):
        if not flags & SHF_ALLOC:
            continue
        if kind == SHT_NOBITS:
            zero += size
        elif flags & SHF_WRITE:
            initialised += size
        else:
            text += size
    return text, initialised, zero


def find(table, address):
    """Names the symbol that holds `address` as "name+0x1c", or returns None."""
    best = None
    for name, (start, size) in table.items():
        if name.startswith("$") or not start <= address < start + max(size, 1):
            continue
        if best is None or start > best[0]:
            best = (start, name)
    return f"{best[1]}+{address - best[0]:#x}" if best else None
