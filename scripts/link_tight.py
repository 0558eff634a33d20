#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Links the hypervisor, with short functions in the room that the vector tables leave.

A table's entry has 128 bytes and needs twenty. How long a function is, only g++ knows once it has
seen the whole program: so the link is done twice, the second time from the object that g++ has made
of all, with a linker script that names what goes where. In between the sentences are shortened
(pack_text.py). The same input gives the same image.

A gap is a line of the script: "_gap_NAME = .; *(.gap.NAME) . = END; _gap_NAME_end = .;".

Usage: link_tight.py CROSS_PREFIX SCRIPT OUTPUT MAP COMMAND...  COMMAND is g++ with flags and inputs.
"""

import os
import re
import subprocess
import sys

from pack_text import pack

LTO = b".gnu.lto_.opts"
SMALLEST = 8


def sections(cross, path):
    """The code sections of an object: {name: bytes}. Names that are there twice are left out."""
    lines = subprocess.run([cross + "objdump", "-h", "-w", path], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    sizes, twice = {}, set()
    for line in lines:
        field = line.split()
        if len(field) > 6 and field[1].startswith(".text.") and field[6] == "2**2":
            twice.update({field[1]} & sizes.keys())
            sizes[field[1]] = int(field[2], 16)
    return {name: size for name, size in sizes.items() if name not in twice}


def linked(map_path):
    """Names of the sections that are in the image: those that the map gives an address."""
    with open(map_path, encoding="utf-8") as file:
        text = file.read()
    found = re.findall(r"^ (\.text\.\S+)\s+0x0*([0-9a-f]+)\s+0x([0-9a-f]+)\s", text, re.MULTILINE)
    return {name for name, address, _ in found if int(address or "0", 16) != 0}


def gaps(cross, path):
    """The room of each gap, in bytes."""
    lines = subprocess.run([cross + "nm", path], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    at = {line.split()[-1]: int(line.split()[0], 16) for line in lines if "_gap_" in line}
    return {name: at[name + "_end"] - at[name] for name in at if name + "_end" in at}


def fill(room, sizes):
    """What goes into each gap: the longest that fits, again and again, the smallest gap first."""
    left = sorted(sizes, key=lambda name: (-sizes[name], name))
    chosen = {}
    for gap in sorted(room, key=lambda name: (room[name], name)):
        free, chosen[gap] = room[gap], []
        for name in list(left):
            if SMALLEST <= sizes[name] <= free:
                chosen[gap].append(name)
                free -= sizes[name]
                left.remove(name)
    return chosen


def tightened(script, chosen):
    """The linker script with the names of what was chosen."""
    for gap, names in chosen.items():
        pattern = f"*(.gap.{gap[len('_gap_'):]})"
        if script.count(pattern) != 1:
            raise SystemExit(f"link_tight: the linker script has no {pattern}")
        script = script.replace(pattern, " ".join(f"*({name})" for name in names))
    return re.sub(r"_gap_\w+ = \.;", "", script)  # no symbols beside the functions' own


def pack_sentences(command, whole):
    """Shortens the text in the object of all; see pack_text.py. Returns whether it was assembled."""
    source = whole[:-len(".o")] + ".s"
    with open(source, encoding="utf-8") as file:
        text = pack(file.read())
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    return subprocess.run([*command[:1], "-c", source, "-o", whole], check=False).returncode == 0


def main():
    """Returns the status."""
    cross, script, output, map_path, *command = sys.argv[1:]
    link = [*command, f"-Wl,-Map,{map_path}", "-o", output]
    if subprocess.run([*link, "-save-temps", "-T", script], check=False).returncode != 0:
        return 1
    whole = f"{output}.ltrans0.ltrans.o"
    if not pack_sentences(command, whole):
        return 1
    rest, parts = [], [whole]
    for word in link:
        if word.endswith(".o"):
            with open(word, "rb") as file:
                is_lto = LTO in file.read()
            if is_lto:  # what -g says of its types is in an object of its own
                parts.append(word + ".debug.temp.o")
                continue
        if not word.startswith("-flto"):
            rest.append(word)
    live = linked(map_path)
    sizes = {name: size for name, size in sections(cross, whole).items() if name in live}
    with open(script, encoding="utf-8") as file:
        text = tightened(file.read(), fill(gaps(cross, output), sizes))
    with open(script + ".tight", "w", encoding="utf-8") as file:
        file.write(text)
    status = subprocess.run([*rest[:1], *[part for part in parts if os.path.exists(part)],
                             *rest[1:], "-T", script + ".tight"], check=False).returncode
    for name in os.listdir(os.path.dirname(output) or "."):
        if name.startswith(os.path.basename(output) + "."):
            os.remove(os.path.join(os.path.dirname(output), name))
    for part in parts[1:]:
        if os.path.exists(part):
            os.remove(part)
    return status


if __name__ == "__main__":
    sys.exit(main())
