# SPDX-License-Identifier: Apache-2.0
"""The machine code of an ELF file, as objdump prints it: which instruction touches which memory."""

import re
import subprocess

LINE = re.compile(r"^ *([0-9a-f]+):\t(?:([0-9a-f]{8}) )?\s*(\S+)\s*(.*?)(?:\s*//.*)?$")
MEMORY = re.compile(r"^(?:ld|st|swp|cas)")
OPERAND = re.compile(r"\[(\w+)(?:, ([^\]]+))?\](!?)")
# What makes another CPU's turn matter besides shared memory.
EVENT = re.compile(r"^(wfi$|msr icc_sgi1r|mrs \w+, icc_iar1)")


class Code:
    """`instructions`: mnemonic and operands by address; `labels`: addresses by symbol."""

    def __init__(self, elf, objdump):
        text = subprocess.run([objdump, "-d", elf], capture_output=True, text=True,
                              check=True).stdout
        self.instructions = {}
        for line in text.splitlines():
            match = LINE.match(line)
            if match:
                self.instructions[int(match[1], 16)] = (match[3], match[4])
        names = subprocess.run([objdump, "-t", elf], capture_output=True, text=True,
                               check=True).stdout
        self.labels = {line.split()[-1]: int(line.split()[0], 16) for line in names.splitlines()
                       if re.match(r"^[0-9a-f]{16} ", line)}

    def text(self, pc):
        """One instruction in words."""
        return " ".join(self.instructions.get(pc, ("?", ""))).strip()

    def is_event(self, pc):
        """An SGI sent, interrupts acknowledged, or WFI."""
        return EVENT.match(self.text(pc)) is not None

    def access(self, pc, registers):
        """(address, bytes, is it written) of a load or store about to be made; else None."""
        name, operands = self.instructions.get(pc, ("", ""))
        match = OPERAND.search(operands)
        if not MEMORY.match(name) or match is None:
            return None
        base, offset, index = match[1], match[2], match[3]
        address = value_of(base, registers)
        if offset and (not index or offset.startswith("#")):
            address += offset_of(offset, registers)
        first = re.split(r"[,\s]+", operands)[1 if re.match(r"^st.*xr", name) else 0]
        size = 1 if name.endswith("b") else 2 if name.endswith("h") else 4 if first[0] == "w" else 8
        size *= 2 if re.match(r"^(ldp|stp|ldnp|stnp)", name) else 1
        return address & (1 << 64) - 1, size, not name.startswith("ld")


def value_of(name, registers):
    """A general register by name."""
    if name in ("xzr", "wzr"):
        return 0
    value = registers[31 if name == "sp" else int(name[1:])]
    return value & 0xffffffff if name[0] == "w" else value


def offset_of(text, registers):
    """#imm, or a register that may be extended and shifted."""
    if text.startswith("#"):
        return int(text[1:], 0)
    parts = [part.strip() for part in text.split(",")]
    value = value_of(parts[0], registers)
    kind, _, shift = (parts[1] if len(parts) > 1 else "lsl #0").partition(" #")
    if kind == "sxtw" and value >> 31 & 1:
        value -= 1 << 32
    return value << int(shift or "0", 0)
