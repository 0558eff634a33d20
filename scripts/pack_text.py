#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shortens the sentences in the assembly that g++ has made of the whole hypervisor.

A byte from 0x80 on stands for two others (byte pair encoding); which, says the table `text_pairs`
(hyp/core/trace/text.cpp), which is filled in here. Text::put_one() knows both. Only literals that
have a space are taken: what is compared with names has none. What stands for a value, such as %-2u,
stays as it is, for the formatter looks for it.

Used by scripts/link_tight.py.
"""

import collections
import re

FIRST, CODES = 0x80, 128
SHORTEST = 8
TABLE = re.compile(r"^text_pairs:\n\t\.zero\t256\n", re.MULTILINE)
LITERAL = re.compile(r'^(\.LC\d+:\n)\t\.string\t"((?:[^"\\]|\\.)*)"\n', re.MULTILINE)
ESCAPES = {"n": 10, "t": 9, "b": 8, "f": 12, "r": 13, '"': 34, "\\": 92}
FIELD = re.compile(r"(%[-0-9l]*[a-z%])")


def decode(literal):
    """The characters of a .string."""
    def one(match):
        escape = match.group(1)
        return chr(int(escape, 8) if escape[0].isdigit() else ESCAPES[escape])
    return re.sub(r'\\([0-7]{1,3}|.)', one, literal)


def pieces(text):
    """The text as lists of bytes: what may be shortened, and between, as bytes, what may not."""
    return [part.encode("ascii") if at % 2 else list(part.encode("ascii"))
            for at, part in enumerate(FIELD.split(text))]


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


def pack(assembly):
    """The assembly with short sentences."""
    wanted = {}
    for match in LITERAL.finditer(assembly):
        text = decode(match.group(2))
        name = match.group(1)[:-2]
        if len(text) >= SHORTEST and " " in text and text.isascii() and name + "+" not in assembly:
            wanted[match.group(1)] = pieces(text)
    pairs = shorten(list(wanted.values()))
    table = "".join(f"\t.byte\t{a},{b}\n" for a, b in pairs + [(0, 0)] * (CODES - len(pairs)))
    assembly, count = TABLE.subn("text_pairs:\n" + table, assembly)
    if count != 1:
        raise SystemExit("pack_text: the assembly has no text_pairs")

    def short(match):
        if match.group(1) not in wanted:
            return match.group(0)
        content = b"".join(bytes(piece) for piece in wanted[match.group(1)])
        return f"{match.group(1)}\t.byte\t{','.join(map(str, content + bytes(1)))}\n"
    return LITERAL.sub(short, assembly)
