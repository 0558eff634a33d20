# SPDX-License-Identifier: Apache-2.0
"""What the compiler makes of the operations of SharedWord and SharedBits, with the hypervisor's own
-march: the cases assume LDAR (not LDAPR) for a look, STLR for a store, LDAXR with STLXR for a change.
"""

import os
import re
import shutil
import subprocess

from names import TOP

HEADER = "hyp/core/base/shared_word.hpp"
LOOK, STORE, CHANGE = {"ldar"}, {"stlr"}, {"ldaxr", "stlxr"}
# Each operation of each class: a call of it, and what is expected.
OPERATIONS = {
    "SharedWord": {"load": ("load()", LOOK), "store": ("store(1)", STORE),
                   "exchange": ("exchange(1)", CHANGE), "fetch_add": ("fetch_add(1)", CHANGE),
                   "fetch_or": ("fetch_or(1)", CHANGE), "fetch_and": ("fetch_and(1)", CHANGE),
                   "replace": ("replace(other, 1)", CHANGE),
                   "try_replace": ("try_replace(1, 2)", CHANGE)},
    "SharedBits": {"set": ("set(1)", CHANGE), "take": ("take()", CHANGE),
                   "is_empty": ("is_empty()", set())},  # a hint: take() decides
}
ORDERED = re.compile(r"^\s+(ld(?:ar|apr|xr|axr)|st(?:lr|xr|lxr)|cas\w*|swp\w*|ld(?:add|set)\w*)\s",
                     re.MULTILINE)


def compiler():
    """The cross compiler's command, as the Makefile finds it."""
    prefix = os.environ.get("CROSS_COMPILE")
    for candidate in (prefix,) if prefix else ("aarch64-none-elf-", "aarch64-linux-gnu-"):
        if shutil.which(f"{candidate}g++"):
            return f"{candidate}g++"
    return None


def architecture():
    """-march of EL2's code."""
    with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as file:
        return re.search(r"^EL2_COMMON :=.*?(-march=\S+)", file.read(), re.MULTILINE | re.DOTALL)[1]


def declared():
    """Class -> the operations that the header gives it."""
    with open(os.path.join(TOP, HEADER), encoding="utf-8") as file:
        classes = re.findall(r"^class (\w+) \{(.*?)^\};", file.read(), re.MULTILINE | re.DOTALL)
    operation = re.compile(r"\b(?:u32|u64|void|bool) (\w+)\([^)]*\)(?: const)? \{")
    return {name: set(operation.findall(body)) for name, body in classes}


def compiled(header=HEADER):
    """'class_operation' -> the instructions of an order that it is made of."""
    source = f'#include "{header}"\nusing namespace hyp;\n' + "".join(
        f'extern "C" auto {kind}_{name}({kind}& word, u32& other) '
        f"{{ (void)other; return word.{call}; }}\n"
        for kind, operations in OPERATIONS.items() for name, (call, _) in operations.items())
    text = subprocess.run(
        [compiler(), "-std=c++20", "-Os", architecture(), "-mno-outline-atomics", "-I.", "-S",
         "-fno-asynchronous-unwind-tables", "-x", "c++", "-o", "-", "-"],
        cwd=TOP, input=source, capture_output=True, text=True, check=True).stdout
    bodies = {}
    for body in re.split(r"\n(?=\w+:\n)", text)[1:]:
        name, _, code = body.partition(":")
        bodies[name] = set(ORDERED.findall(code))
    return bodies
