# SPDX-License-Identifier: Apache-2.0
"""One machine run to its end under -icount, with a plugin or without: all of `make bench` uses it."""

import os
import re
import subprocess
import tempfile

import qemu_elf
from qemu_session import STATUS_TIMEOUT, Session

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, "build")
HYP = os.path.join(BUILD, "hyp.elf")
TINY = os.path.join(BUILD, "guest", "tiny.img")
PACKER = os.path.join(BUILD, "host", "pack")
EL2_RANGE = (0x3FF80000000, 1 << 42)  # hyp/arch/layout.h: window, image, devices
ICOUNT_SHIFT = 4
TIME_LIMIT = 120
WORDS = re.compile(r"(\w+)=(\S+)")
LINE = re.compile(r"^bench (\w+) total=(\d+) reps=(\d+) min=(\d+) max=(\d+)\s*$", re.MULTILINE)


class Broken(Exception):
    """A measurement that cannot be used; the text says why."""


def plugin_path(name):
    """Where the plugin of this name is built."""
    return os.path.join(BUILD, "plugin", f"{name}.so")


def build_plugin(name):
    """Compiles scripts/plugin/NAME.c when it is newer than what was built; returns the path."""
    source = os.path.join(TOP, "scripts", "plugin")
    out = plugin_path(name)
    newest = max(os.path.getmtime(os.path.join(source, file))
                 for file in (f"{name}.c", "qemu_plugin_v1.h"))
    if not os.path.isfile(out) or os.path.getmtime(out) < newest:
        os.makedirs(os.path.dirname(out), exist_ok=True)
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                        os.path.join(source, f"{name}.c"), "-o", out], check=True)
    return out


def plugin_arguments(name, log, *more, elf=HYP):
    """QEMU's arguments for a plugin that looks at EL2, its lines going to `log`."""
    vectors = [value for symbol, (value, _) in sorted(qemu_elf.symbols(elf).items())
               if re.fullmatch(r"vectors_(v2|v3)\w*", symbol)]
    if not vectors:
        raise Broken("hyp.elf has no vector table named vectors_v2 or vectors_v3")
    options = [f"lo={EL2_RANGE[0]:#x}", f"hi={EL2_RANGE[1]:#x}"]
    if name == "stays":  # hyp/rebuild.cpp: a VM is built by steps, interrupts are let in between
        options += [f"step={value:#x}" for symbol, (value, _) in qemu_elf.symbols(elf).items()
                    if "10build_step" in symbol][:1]
    options += [f"vectors={value:#x}" for value in vectors]
    return ["-plugin", ",".join([build_plugin(name), *options, *more]), "-d", "plugin", "-D", log]


def boot(machine, what, needs_status=True, limit=TIME_LIMIT):
    """Runs one machine to its end, for `limit` seconds at most, and returns its console; `what`
    names it in a refusal."""
    with tempfile.TemporaryFile() as console:
        session = Session(machine.arguments(), stdin=subprocess.DEVNULL, stdout=console,
                          stderr=subprocess.STDOUT)
        try:
            session.start()
            outcome = session.run(limit)
        finally:
            session.close()
        console.seek(0)
        text = console.read().decode(errors="replace").replace("\r", "")
    if outcome.status == STATUS_TIMEOUT or needs_status and outcome.status != 0:
        raise Broken(f"{what} ended badly ({outcome.how}, status {outcome.status}); "
                     f"its last lines: {text[-400:]!r}")
    return text


def results(console):
    """The guest's lines as {name: (total, reps, min, max)}."""
    return {match[1]: tuple(int(match[i]) for i in range(2, 6)) for match in LINE.finditer(console)}


def net(ours, bare, name):
    """Mean difference of one path in instructions, and the smallest and largest of ours."""
    if name not in ours or name not in bare:
        raise Broken(f"the guest did not measure '{name}'")
    total, reps, low, high = ours[name]
    bare_total, bare_reps, bare_low, bare_high = bare[name]
    return (total / reps - bare_total / bare_reps, low - bare_low, high - bare_high)
