#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the layers of the source tree: who may include whom, and what pure code may hold.

boot -> hyp/main -> hyp/{irq,trap} -> hyp/core (pure) and drivers and hyp/arch. hyp/core and
hyp/platform know no hardware: the same files run on the host. Also the rules that every source
file keeps: the licence line first, #pragma once, at most 300 lines. And each file and folder that a
README names is there.
Usage: check_layers.py [TOP_DIRECTORY].  Prints FILE:LINE: reason; status 1 when anything is wrong.
"""

import os
import re
import sys

# The first prefix that fits a file gives the prefixes that it may include.
LAYERS = (
    ("hyp/core/", ("hyp/core/",)),
    ("hyp/platform/", ("hyp/core/", "hyp/platform/")),
    ("drivers/", ("hyp/core/", "drivers/")),
    ("hyp/arch/", ("hyp/core/", "hyp/arch/", "drivers/")),
    ("boot/", ("boot/", "hyp/core/", "hyp/arch/")),
    ("hyp/", ("hyp/", "drivers/", "boot/")),
    ("guest/", ("guest/", "hyp/core/base/", "hyp/core/regs/")),
    ("scripts/pack/", ("scripts/pack/", "hyp/core/", "hyp/platform/")),
    # The reference model is a second opinion: of the product it may know the plain types only.
    ("tests/model/", ("tests/model/", "hyp/core/base/")),
    ("tests/target/", ("tests/", "hyp/", "guest/", "drivers/")),
    ("tests/", ("tests/", "hyp/core/", "hyp/platform/", "drivers/", "hyp/arch/frame.h",
                "hyp/arch/layout.h", "scripts/pack/")),
)
PURE = ("hyp/core/", "hyp/platform/")
# Freestanding headers, and the few functions of newlib that EL2 links.
EL2 = ("hyp/", "boot/", "drivers/")
EL2_HEADERS = frozenset((
    "array", "atomic", "bit", "compare", "concepts", "cstddef", "cstdint", "limits", "optional",
    "new", "span", "string_view", "type_traits", "utility", "cstdarg", "cstring", "cstdio", "cinttypes",
    "initializer_list", "tuple", "stddef.h", "stdint.h", "stdarg.h"))
MAX_LINES = 300
SUFFIXES = (".hpp", ".cpp", ".h", ".c", ".S", ".py", ".sh", ".ld", ".dts", ".dtsi")
FOLDERS = ("boot", "hyp", "drivers", "guest", "tests", "scripts", ".ci")
TOP_LEVEL = frozenset(("Makefile", "linker.ld", "boot", "hyp", "guest", "drivers", "tests",
                       "scripts", "README.md", "LICENSE", "build"))

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
# An asm without an instruction only hides a value from the compiler.
IMPURE = re.compile(r'\b(volatile|asm(?!\(""\s*:)|__asm__|__asm)\b')
# What a README names: a link's target, a file by its suffix, a folder in code quotes.
NAMED = re.compile(r"\]\((?!https?:|#)([^)#\s]+)|"
                   r"(?<![\w./*-])((?:\.\./)*\w[\w./-]*"
                   r"\.(?:[ch]pp|[chS]|py|sh|md|mk|ld|toml))(?![\w/*])|"
                   r"`((?:\.\./)*[\w-]+(?:/[\w-]*)+)`")
UNFINISHED = re.compile(r"\b(TODO|FIXME|X{3})\b|^\s*#\s*if\s+0\b", re.MULTILINE)


def without_comments(text):
    """`text` with comments and literals blanked out, the lines and a literal's quotes kept."""
    def blank(match):
        quote = "" if match.group().startswith("/") else match.group()[0]
        inner = match.group()[len(quote):len(match.group()) - len(quote)]
        return quote + re.sub(r"[^\n]", " ", inner) + quote
    return COMMENT.sub(blank, text)


def target_of(path, quote, name, top):
    """The included file's path from the top, or None for a system header."""
    if quote == "<":
        return None
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    if os.path.exists(os.path.join(top, beside)):
        return beside
    in_guest = os.path.join("guest", name)
    if path.startswith("guest/") and os.path.exists(os.path.join(top, in_guest)):
        return in_guest
    return os.path.normpath(name)


def check_includes(path, lines, top):
    """Yields (line number, reason) for each include that breaks a layer."""
    allowed = next((may for prefix, may in LAYERS if path.startswith(prefix)), None)
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match or allowed is None:
            continue
        quote, name = match.groups()
        target = target_of(path, quote, name, top)
        if target is None:
            if path.startswith(EL2) and name not in EL2_HEADERS:
                yield number, f"<{name}> is no header for EL2"
        elif not target.startswith(allowed):
            yield number, f"{os.path.dirname(path)} may not include {target}"
        elif not os.path.exists(os.path.join(top, target)):
            yield number, f"{target} does not exist"


def check_file(path, text, top):
    """Yields (line number, reason) for everything wrong with one file."""
    lines = text.split("\n")
    code = path.endswith((".hpp", ".cpp", ".h", ".c", ".S"))
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:2]):
        yield 1, "the SPDX line is missing"
    if path.endswith((".hpp", ".h")) and "#pragma once" not in lines and path[-2:] != ".S":
        yield 1, "#pragma once is missing"
    if len(lines) - 1 > MAX_LINES:
        yield MAX_LINES, f"{len(lines) - 1} lines, more than {MAX_LINES}"
    if not code:
        return
    yield from check_includes(path, lines, top)
    match = UNFINISHED.search(text)
    if match:
        yield text.count("\n", 0, match.start()) + 1, f"unfinished: {match.group().strip()}"
    if path.startswith(PURE) and not path.endswith(".S"):
        for match in IMPURE.finditer(without_comments(text)):
            yield text.count("\n", 0, match.start()) + 1, f"{match.group()} in pure code"


def check_document(path, text, top, known):
    """Yields (line number, reason) for each thing named that is not there: beside the document, at
    the top, or, without dots, as the end of a source file's path. What is built is not looked for."""
    folders = (os.path.join(top, os.path.dirname(path)), top)
    for match in NAMED.finditer(text):
        name = match[1] or match[2] or match[3]
        if name.startswith("build/") or any(os.path.exists(os.path.join(f, name)) for f in folders):
            continue
        if not any(source.endswith(f"/{name}") for source in known):
            yield text.count("\n", 0, match.start()) + 1, f"{name} does not exist"


def sources(top):
    """Yields the path of each source file from the top."""
    for folder in FOLDERS:
        for root, folders, files in os.walk(os.path.join(top, folder)):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in sorted(files):
                path = os.path.relpath(os.path.join(root, name), top)
                if name.endswith(SUFFIXES) or folder == ".ci":
                    yield path


def main():
    """Checks the tree below the given directory, or below this project's top."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    top = sys.argv[1] if len(sys.argv) > 1 else here
    wrong = 0
    for name in sorted(os.listdir(top)):
        if name not in TOP_LEVEL and not name.startswith("."):
            print(f"{name}: does not belong at the top level")
            wrong += 1
    known = list(sources(top))
    documents = [path for path in ("README.md", *(f"{folder}/README.md" for folder in
                 sorted({os.path.dirname(path) for path in known} | set(FOLDERS))))
                 if os.path.isfile(os.path.join(top, path))]
    for path in known + documents:
        with open(os.path.join(top, path), encoding="utf-8") as file:
            text = file.read()
        found = (check_document(path, text, top, known) if path in documents
                 else check_file(path, text, top))
        for number, reason in found:
            print(f"{path}:{number}: {reason}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
