# SPDX-License-Identifier: Apache-2.0
"""The A64 instructions that a fast path may hold, decoded (DDI 0487, "A64 instruction set
encoding").

Not a disassembler: decode() tells what scripts/vector_gate.py has to follow, which is the general
registers, SP, memory addressed by a register, and control. What it does not know it calls unknown,
so that nothing passes by being strange.
"""

from dataclasses import dataclass, field

SP = 31  # as a register's number; the zero register is ZR
ZR = 32
MASK64 = (1 << 64) - 1


@dataclass
class Insn:
    """One instruction. kind: what it does (below); the other members as the kind needs them.

    set      each of `to` gets something not followed
    const    to[0] = value
    keep16   to[0] = to[0] with 16 bits at `shift` replaced by value (MOVK)
    add      to[0] = register `base` + value
    sum      to[0] = register `base` + register `index`, of which only the lowest byte counts if the
             notes say byte, shifted left by `shift`
    copy     to[0] = register `base`, its lower half if the notes say narrow
    at_most  to[0] = something up to value
    load     each of `to` = `size` bytes at base + value, one after the other; or at base + register
             `index`, shifted left by `shift`
    store    the same for `regs`; `to` gets the status of a store exclusive
    jump     to address value; cond: perhaps there
    call     BL, BLR, BR or RET: `name` says which
    msr      a write to the system register `name`; sys: another system instruction, `name`
    eret, barrier, fp, unknown
    """

    kind: str
    to: tuple = ()
    value: int = 0
    base: int = ZR
    index: int | None = None
    shift: int = 0
    size: int = 8
    regs: tuple = ()
    after: int = 0   # added to the base register before (pre) or after the access
    pre: bool = False
    name: str = ""
    notes: set = field(default_factory=set)


def bits(word, high, low):
    """Bits high:low of a word."""
    return (word >> low) & ((1 << (high - low + 1)) - 1)


def signed(value, width):
    """A two's complement number of `width` bits."""
    return value - (1 << width) if value >> (width - 1) else value


def reg(number, stack=False):
    """A register field: 31 means SP or the zero register."""
    return number if number != 31 else (SP if stack else ZR)


def bit_mask(n, immr, imms, width):
    """DecodeBitMasks: the immediate of a logical instruction, None when it is reserved."""
    length = ((n << 6) | (~imms & 0x3F)).bit_length() - 1
    if length < 1:
        return None
    size = 1 << length
    ones, turn = (imms & (size - 1)) + 1, immr & (size - 1)
    if ones == size:
        return None
    element = (1 << ones) - 1
    element = ((element >> turn) | (element << (size - turn))) & ((1 << size) - 1)
    return sum(element << at for at in range(0, width, size))


def _immediate(word, pc):
    """Data processing with an immediate."""
    kind, wide, rd = bits(word, 25, 23), word >> 31, word & 31
    if kind in (0, 1):  # ADR, ADRP
        offset = signed(bits(word, 23, 5) << 2 | bits(word, 30, 29), 21)
        value = (pc & ~0xFFF) + (offset << 12) if wide else pc + offset
        return Insn("const", (reg(rd),), value & MASK64)
    if kind == 2:  # ADD, SUB
        value = bits(word, 21, 10) << (12 if word >> 22 & 1 else 0)
        to = reg(rd, stack=not word >> 29 & 1)
        if not wide:
            return Insn("set", (to,))
        return Insn("add", (to,), -value if word >> 30 & 1 else value,
                    base=reg(bits(word, 9, 5), True))
    if kind == 4:  # AND, ORR, EOR, ANDS
        to = reg(rd, stack=bits(word, 30, 29) != 3)
        value = bit_mask(bits(word, 22, 22), bits(word, 21, 16), bits(word, 15, 10),
                         64 if wide else 32)
        if value is None:
            return Insn("unknown")
        if bits(word, 30, 29) == 1 and bits(word, 9, 5) == 31:
            return Insn("const", (to,), value)
        masks = not bits(word, 30, 29) or bits(word, 30, 29) == 3
        return Insn("at_most", (to,), value) if masks else Insn("set", (to,))
    if kind == 5:  # MOVN, MOVZ, MOVK
        shift, value = 16 * bits(word, 22, 21), bits(word, 20, 5)
        width = MASK64 if wide else 0xFFFFFFFF
        if bits(word, 30, 29) == 0:
            return Insn("const", (reg(rd),), ~(value << shift) & width)
        if bits(word, 30, 29) == 2:
            return Insn("const", (reg(rd),), value << shift)
        if bits(word, 30, 29) == 3:
            return Insn("keep16", (reg(rd),), value, shift=shift)
    if kind == 6 and bits(word, 30, 29) == 2 and bits(word, 15, 10) >= bits(word, 21, 16):
        width = bits(word, 15, 10) - bits(word, 21, 16) + 1  # UBFX, LSR
        return Insn("at_most", (reg(rd),), (1 << width) - 1)
    if kind == 6 and bits(word, 30, 29) == 2 and wide:  # UBFIZ, LSL
        return Insn("at_most", (reg(rd),),
                    ((1 << bits(word, 15, 10) + 1) - 1) << 64 - bits(word, 21, 16))
    if kind in (6, 7):  # other bit fields, EXTR
        return Insn("set", (reg(rd),))
    return Insn("unknown")


def _register(word):
    """Data processing on registers."""
    rd, top = word & 31, bits(word, 28, 21)
    if bits(word, 28, 24) == 0b01010:  # logical
        move = bits(word, 30, 29) == 1 and not word >> 21 & 1 and bits(word, 9, 5) == 31
        if move and not bits(word, 15, 10):
            return Insn("copy", (reg(rd),), base=reg(bits(word, 20, 16)),
                        notes=set() if word >> 31 else {"narrow"})
        return Insn("set", (reg(rd),))
    if bits(word, 28, 24) == 0b01011:  # add, subtract
        extended = word >> 21 & 1
        if bits(word, 31, 21) == 0b10001011000:  # ADD, 64 bits, shifted left
            return Insn("sum", (reg(rd),), base=reg(bits(word, 9, 5)),
                        index=reg(bits(word, 20, 16)), shift=bits(word, 15, 10))
        if bits(word, 31, 21) == 0b10001011001 and not bits(word, 15, 13):  # UXTB
            return Insn("sum", (reg(rd, True),), base=reg(bits(word, 9, 5), True),
                        index=reg(bits(word, 20, 16)), shift=bits(word, 12, 10), notes={"byte"})
        return Insn("set", (reg(rd, bool(extended) and not word >> 29 & 1),))
    if top == 0b11010010:  # CCMP, CCMN
        return Insn("set")
    if top in (0b11010000, 0b11010100, 0b11010110) or bits(word, 28, 24) == 0b11011:
        return Insn("set", (reg(rd),))
    return Insn("unknown")


CALLS = {0xD61F0000: "BR", 0xD63F0000: "BLR", 0xD65F0000: "RET"}


def _system(word):
    """Barriers, hints, MRS, MSR."""
    if word & 0xFFFFF01F == 0xD503201F:  # hints: NOP and what is one where it is not implemented
        return Insn("set")
    if word & 0xFFFFF01F == 0xD503301F:
        return Insn("barrier", value=word)
    name = (f"S{2 + (word >> 19 & 1)}_{bits(word, 18, 16)}_C{bits(word, 15, 12)}_"
            f"C{bits(word, 11, 8)}_{bits(word, 7, 5)}")
    if bits(word, 31, 20) == 0xD53:
        return Insn("set", (reg(word & 31),), name=name)
    if bits(word, 31, 20) == 0xD51:
        return Insn("msr", name=name)
    return Insn("sys", name=f"{word:#010x}")


def _branch(word, pc):
    """Branches, exceptions and system instructions."""
    if bits(word, 30, 26) == 0b00101:
        if word >> 31:
            return Insn("call", name="BL")
        return Insn("jump", value=pc + 4 * signed(bits(word, 25, 0), 26))
    if bits(word, 31, 24) == 0x54 and not word >> 4 & 1:  # B.cond
        return Insn("cond", value=pc + 4 * signed(bits(word, 23, 5), 19))
    if bits(word, 30, 25) == 0b011010:  # CBZ, CBNZ
        return Insn("cond", value=pc + 4 * signed(bits(word, 23, 5), 19))
    if bits(word, 30, 25) == 0b011011:  # TBZ, TBNZ
        return Insn("cond", value=pc + 4 * signed(bits(word, 18, 5), 14))
    if word == 0xD69F03E0:
        return Insn("eret")
    if word & 0xFF000000 in (0xD6000000, 0xD7000000):  # with and without pointer authentication
        return Insn("call", name=CALLS.get(word & 0xFFFFFC1F, "an indirect branch"))
    if bits(word, 31, 22) == 0b1101010100:
        return _system(word)
    return Insn("unknown")


def _pair(word):
    """LDP, STP, LDPSW."""
    load, kind, opc = word >> 22 & 1, bits(word, 25, 23), bits(word, 31, 30)
    if opc == 3 or (opc == 1 and not load):
        return Insn("unknown")
    size = 8 if opc == 2 else 4
    regs = (reg(word & 31), reg(bits(word, 14, 10)))
    offset = signed(bits(word, 21, 15), 7) * size
    out = _access(load, regs, size, bits(word, 9, 5), 0 if kind == 1 else offset)
    if kind & 1:
        out.after, out.pre, out.value = offset, kind == 3, 0
    out.notes = {"narrow"} if size == 4 else set()
    return out


def _access(load, regs, size, base, offset):
    """A load or store of `regs` at base + offset."""
    return Insn("load" if load else "store", regs if load else (), offset, base=reg(base, True),
                size=size, regs=() if load else regs)


def _exclusive(word):
    """LDXR, STXR and their acquire and release forms, LDAR, STLR. Not the pairs, not CAS."""
    if word >> 21 & 1:
        return Insn("unknown")
    load, rest = word >> 22 & 1, word & 31
    out = _access(load, (reg(rest),), 1 << bits(word, 31, 30), bits(word, 9, 5), 0)
    if not word >> 23 & 1:
        out.notes = {"exclusive"}
        if not load:
            out.to = (reg(bits(word, 20, 16)),)
    return out


def _single(word):
    """LDR and STR of one register, every way of addressing but the atomics."""
    size, opc = 1 << bits(word, 31, 30), bits(word, 23, 22)
    if opc >= 2 and size == 8:
        return Insn("set" if opc == 2 else "unknown")  # PRFM
    rt, base = (reg(word & 31),), bits(word, 9, 5)
    if word >> 24 & 1:
        return _access(opc, rt, size, base, bits(word, 21, 10) * size)
    how, offset = bits(word, 11, 10), signed(bits(word, 20, 12), 9)
    if word >> 21 & 1:
        if how != 2 or bits(word, 15, 13) not in (0b010, 0b011, 0b110):  # UXTW, LSL, SXTW
            return Insn("unknown")
        out = _access(opc, rt, size, base, 0)
        out.index = reg(bits(word, 20, 16))
        out.shift = size.bit_length() - 1 if word >> 12 & 1 else 0
        return out
    if how == 2:
        return Insn("unknown")  # as EL0 would
    out = _access(opc, rt, size, base, offset if how == 0 else 0)
    if how:
        out.after, out.pre = offset, how == 3
    return out


def _memory(word):
    """Loads and stores."""
    if bits(word, 29, 27) == 0b101:
        return _pair(word)
    if bits(word, 29, 27) == 0b111 and not word >> 25 & 1:
        return _single(word)
    if bits(word, 29, 24) == 0b001000:
        return _exclusive(word)
    if bits(word, 29, 24) == 0b011000:  # literal
        return Insn("set", () if word >> 30 == 3 else (reg(word & 31),))
    return Insn("unknown")


def decode(word, pc):
    """The instruction `word` at address `pc`."""
    group = bits(word, 28, 25)
    if group in (8, 9):
        return _immediate(word, pc)
    if group in (10, 11):
        return _branch(word, pc)
    if group & 7 == 5:
        return _register(word)
    if group & 5 == 4:
        return Insn("fp") if word >> 26 & 1 else _memory(word)
    return Insn("fp" if group & 7 == 7 or group == 2 else "unknown")
