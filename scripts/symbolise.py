#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the backtrace of a panic report into functions and lines.

usage: symbolise.py [--elf build/hyp.elf] [LOG]    LOG: a console log, or standard input

The console is copied to standard output; below each `backtrace:` line comes one line a frame.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BACKTRACE = re.compile(r"\bbacktrace:((?: [0-9a-f]+)+)")


def addr2line():
    """The addr2line of the cross tools, or another that reads any ELF."""
    prefixes = [os.environ.get("CROSS_COMPILE", ""), "aarch64-none-elf-", "aarch64-linux-gnu-"]
    for prefix in prefixes:
        if prefix and shutil.which(f"{prefix}addr2line"):
            return f"{prefix}addr2line"
    return "addr2line"


def frames(addresses, elf):
    """One text for each frame, inlined callers on lines of their own."""
    tool = addr2line()
    out = []
    for number, address in enumerate(addresses):
        # -p prints "function at file:line" and "(inlined by)" lines below it.
        done = subprocess.run([tool, "-e", elf, "-f", "-C", "-p", "-i", address],
                              capture_output=True, text=True, check=True)
        text = done.stdout.strip().replace(f"{TOP}/", "")
        lines = re.sub(r" \(discriminator \d+\)", "", text).splitlines()
        out.append(f"  #{number:<2} {address}  {lines[0]}")
        out += [f"        {line.strip()}" for line in lines[1:]]
    return out


def main():
    """Copies the log and adds the frames; 1 when it holds no backtrace, 2 for a missing file."""
    parser = argparse.ArgumentParser(description="Names the functions of a panic's backtrace.")
    parser.add_argument("--elf", default=os.path.join(TOP, "build", "hyp.elf"))
    parser.add_argument("log", nargs="?", help="console log (standard input)")
    args = parser.parse_args()
    if not os.path.isfile(args.elf):
        print(f"symbolise: '{args.elf}' does not exist: run make first", file=sys.stderr)
        return 2
    try:
        with (open(args.log, encoding="utf-8", errors="replace") if args.log
              else sys.stdin) as file:
            text = file.read()
    except OSError as error:
        print(f"symbolise: '{args.log}' cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    found = False
    for line in text.splitlines():
        print(line)
        if match := BACKTRACE.search(line):
            found = True
            try:
                print("\n".join(frames(match.group(1).split(), args.elf)))
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"symbolise: '{args.elf}' has no names to give: {error}", file=sys.stderr)
                return 2
    if not found:
        print("symbolise: there is no backtrace in this log", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
