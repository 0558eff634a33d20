#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shortens the sentences in the assembly that g++ has made of the whole hypervisor.

A byte from 0x80 on stands for two others (byte pair encoding); which, says the table `text_pairs`
(hyp/core/trace/text.cpp), which is filled in here. Text::put_one() knows both. Taken are literals that
have a space - what is compared with names has none - and the blocks of text that BLOCK names. What
stands for a value, such as %-2u, stays as it is, for the formatter looks for it; so does a code that
is no character, at the begin of an entry of a block.

Used by scripts/link_tight.py.
"""

import collections
import re

FIRST, CODES = 0x80, 128
SHORTEST = 5
TABLE = re.compile(r"^text_pairs:\n\t\.zero\t256\n", re.MULTILINE)
LITERAL = re.compile(r'^(\.LC\d+:\n)\t\.string\t"((?:[^"\\]|\\.)*)"\n', re.MULTILINE)
ESCAPES = {"n": 10, "t": 9, "b": 8, "f": 12, "r": 13, '"': 34, "\\": 92}
FIELD = re.compile(r"(%[-0-9l]*[A-Za-z%])")
BLOCK = re.compile(r'^_ZN3hyp12_GLOBAL__N_1L\d+(sentences|exception_classes|fault_statuses)E[^:\n]*:\n'
                   r'((?:\t\.(?:string|ascii)\t".*"\n)+)', re.MULTILINE)
ENTRY = re.compile(r'^\t\.(string|ascii)\t"(.*)"\n', re.MULTILINE)


def decode(literal):
    """The characters of a .string."""
    def one(match):
        escape = match.group(1)
        return chr(int(escape, 8) if escape[0].isdigit() else ESCAPES[escape])
    return re.sub(r'\\([0-7]{1,3}|.)', one, literal)


def pieces(text, has_code=False):
    """The text as lists of bytes: what may be shortened, and between, as bytes, what may not."""
    parts = ["", text[:1]] if has_code else []
    parts += FIELD.split(text[1:] if has_code else text)
    return [part.encode("latin-1") if at % 2 else list(part.encode("latin-1"))
            for at, part in enumerate(parts)]


def join(piece, pair, code):
    """The piece with `code` for each `pair`."""
    short, at = [], 0
    while at < len(piece):
        if tuple(piece[at:at + 2]) == pair:
            short.append(code)
            at += 2
        else:
            short.append(piece[at])
            at += 1
    return short


def shorten(texts):
    """Shortens lists of pieces in place; returns the pairs that the codes stand for."""
    pairs = []
    while len(pairs) < CODES:
        seen = collections.Counter()
        for piece in (piece for text in texts for piece in text[::2]):
            seen.update(zip(piece, piece[1:]))
        if not seen:
            break
        pair = min(seen, key=lambda pair: (-seen[pair], pair))
        for text in texts:
            text[::2] = [join(piece, pair, FIRST + len(pairs)) for piece in text[::2]]
        pairs.append(pair)
    return pairs


def packed(text, ended):
    """The directive for a text in pieces, with or without a zero at its end."""
    content = b"".join(bytes(piece) for piece in text) + bytes(1 if ended else 0)
    return f"\t.byte\t{','.join(map(str, content))}\n"


def pack(assembly):
    """The assembly with short sentences."""
    wanted = {}
    for match in LITERAL.finditer(assembly):
        text = decode(match.group(2))
        name = match.group(1)[:-2]
        if len(text) >= SHORTEST and " " in text and text.isascii() and name + "+" not in assembly:
            wanted[match.group(1)] = pieces(text)
    blocks = {match.group(0): [(pieces(decode(entry.group(2)), match.group(1) != "sentences"),
                                entry.group(1) == "string")
                               for entry in ENTRY.finditer(match.group(2))]
              for match in BLOCK.finditer(assembly)}
    if len(blocks) != 4:
        raise SystemExit("pack_text: the assembly has not the four blocks of text")
    pairs = shorten([*wanted.values(), *(text for block in blocks.values() for text, _ in block)])
    table = "".join(f"\t.byte\t{a},{b}\n" for a, b in pairs + [(0, 0)] * (CODES - len(pairs)))
    assembly, count = TABLE.subn("text_pairs:\n" + table, assembly)
    if count != 1:
        raise SystemExit("pack_text: the assembly has no text_pairs")
    for block, entries in blocks.items():
        label = block[:block.index("\n") + 1]
        assembly = assembly.replace(block, label + "".join(packed(*entry) for entry in entries))

    def short(match):
        text = wanted.get(match.group(1))
        return match.group(1) + packed(text, True) if text is not None else match.group(0)
    return LITERAL.sub(short, assembly)
