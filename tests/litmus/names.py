# SPDX-License-Identifier: Apache-2.0
"""Which barriers of the code name a case: `litmus: NAME` in a comment of the same paragraph.

A paragraph ends at an empty line. What has to name one:
- an acquire or release, a DMB, a DSB ISHST: there is no other use for them;
- the declaration of a SharedWord or SharedBits, for their operations acquire and release.
'none' stands for a word from whose value nothing is concluded about other memory.
Any other DSB has to say in a comment what it is for, and may name a case.
"""

import glob
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Where the instructions and the word themselves are defined.
TOOLS = {"hyp/arch/sysreg.hpp", "hyp/core/base/bus.hpp", "hyp/core/base/shared_word.hpp"}

NAMED = re.compile(r"\blitmus: ([a-z0-9-]+(?:, [a-z0-9-]+)*)")
ORDER = re.compile(r"__ATOMIC_(ACQUIRE|RELEASE|ACQ_REL|SEQ_CST|CONSUME)\b|\bdmb[_ ]|\bdsb_ishst\b"
                   r"|\bdsb\s+ishst\b|__atomic_thread_fence|\b(ldar|ldapr|ldaxr|stlr|stlxr)[bh]?\b"
                   r"|std::(atomic|memory_order)")
SHARED = re.compile(r"\bShared(Word|Bits)\b[^&*()]*(\{|;)|<Shared(Word|Bits),")
OTHER_DSB = re.compile(r"\bdsb_(sy|ish|nsh)\b|\bdsb\s+(sy|ish|nsh|ishld)\b")


def code_of(line):
    """The line without its comment; preprocessor lines and comment lines are none."""
    code = line.split("//")[0]
    return "" if code.lstrip().startswith(("#", "*", "/*")) else code


def paragraphs(text):
    """(number of the first line, lines) of each."""
    lines, start = [], 1
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.strip():
            start = start if lines else number
            lines.append(line)
        elif lines:
            yield start, lines
            lines = []


def look(path, text, known):
    """(complaints, names used) of one file."""
    complaints, used = [], set()
    for start, lines in paragraphs(text):
        names = {name for line in lines for found in NAMED.finditer(line)
                 for name in found[1].split(", ")}
        used |= names
        complaints += [f"{path}:{start}: no litmus case '{name}'" for name in sorted(names - known)]
        if path in TOOLS:
            continue
        has_comment = any("//" in line for line in lines)
        for number, line in enumerate(lines, start):
            code = code_of(line)
            if (ORDER.search(code) or SHARED.search(code)) and not names:
                complaints.append(f"{path}:{number}: names no litmus case: {line.strip()}")
            elif OTHER_DSB.search(code) and not has_comment:
                complaints.append(f"{path}:{number}: does not say what for: {line.strip()}")
    return complaints, used


def files():
    """EL2's sources: path and text."""
    for folder in ("hyp", "boot", "drivers"):
        for kind in ("hpp", "cpp", "S", "h"):
            pattern = os.path.join(TOP, folder, "**", f"*.{kind}")
            for path in sorted(glob.glob(pattern, recursive=True)):
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, TOP), file.read()


def check(sources, cases):
    """Complaints about all sources, and the names of the cases that no code needs yet."""
    known = {case.name for case in cases} | {"none"}
    complaints, used = [], set()
    for path, text in sources:
        more, names = look(path, text, known)
        complaints += more
        used |= names
    complaints += [f"tests/litmus/cases.py: no code names '{case.name}'"
                   for case in cases if case.name not in used and not case.pending]
    return complaints, [case.name for case in cases if case.name not in used and case.pending]
