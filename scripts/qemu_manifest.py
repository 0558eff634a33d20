# SPDX-License-Identifier: Apache-2.0
"""Writes the manifest of one virtual machine and packs it behind the hypervisor.

A manifest is the only way to describe virtual machines to Baton, so a run of one guest file
writes one too: NAME.dts, compiled by dtc to NAME.dtb and packed to NAME.img and NAME.elf, in
build/run for a run and in build for an image to keep.
"""

import os
import subprocess
from dataclasses import dataclass, field


# Limits of hyp/core/manifest, which the runner knows so that it can name the variable at fault.
LABEL_LENGTH = 31
MEMORY_MIB = 261120
LIST_REGISTERS = 16
WATCHDOG_MS = 600000
OUTPUTS = ("dts", "dtb", "img", "elf")


class UsageError(Exception):
    """What the user asked for cannot be done; the text is the sentence that says why."""


@dataclass
class Vm:
    """One virtual machine, in the words of the manifest."""

    label: str
    kernel: str
    memory_mib: int
    vcpus: int
    bootargs: str = ""
    initrd: str = ""
    devices: list[str] = field(default_factory=lambda: ["pl011"])
    dma_trusted: bool = False


@dataclass
class Options:
    """The options node: what is not a property of one machine."""

    list_registers: int | None = None
    ignore_quirks: bool = False
    self_crash: str = ""
    trace: bool = False
    watchdog_ms: int | None = None
    extra: list[str] = field(default_factory=list)

    def lines(self):
        """The properties of the options node, one a line; none when nothing was asked."""
        out = []
        if self.list_registers is not None:
            out.append(f"list-registers = <{self.list_registers}>;")
        if self.ignore_quirks:
            out.append("ignore-quirks;")
        if self.trace:
            out.append("trace;")
        if self.watchdog_ms is not None:
            out.append(f"watchdog-ms = <{self.watchdog_ms}>;")
        if self.self_crash:
            out.append(f"self-crash = {quoted(self.self_crash, 'the crash name')};")
        return out + [f"{line};" for line in self.extra]


def quoted(text, what):
    """`text` as a device-tree source string; `what` names it in the refusal."""
    if any(ord(c) < 32 or ord(c) > 126 for c in text):
        raise UsageError(f"{what} may hold printable ASCII characters only")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _options_node(options):
    lines = options.lines()
    if not lines:
        return ""
    body = "".join(f"        {line}\n" for line in lines)
    return "    options {\n" + body + "    };\n"


def one_vm_source(vm, options):
    """The manifest source of a single virtual machine."""
    properties = [
        f"label = {quoted(vm.label, 'the name of the guest file')};",
        f"memory-mib = <{vm.memory_mib}>;",
        f"vcpus = <{vm.vcpus}>;",
    ]
    if vm.bootargs:
        properties.append(f"bootargs = {quoted(vm.bootargs, 'CMDLINE')};")
    properties.append(f"kernel = {quoted(vm.kernel, 'the path of the guest file')};")
    if vm.initrd:
        properties.append(f"initrd = {quoted(vm.initrd, 'the path of the initrd')};")
    names = ", ".join(quoted(name, "a device's name") for name in vm.devices)
    # A reset ends the run, too: its exit status tells of it.
    properties += [f"devices = {names};", 'on-crash = "stop";', 'on-reset = "stop";']
    if vm.dma_trusted:
        properties.append("dma-trusted;")
    body = "".join(f"            {line}\n" for line in properties)
    return (
        "/dts-v1/;\n\n/ {\n"
        '    compatible = "baton,manifest";\n'
        + _options_node(options)
        + "    vms {\n        vm0 {\n"
        + body
        + "        };\n    };\n};\n"
    )


def wrapped_source(path, options):
    """A manifest source that is `path` with the options of this run laid over it."""
    absolute = os.path.abspath(path)
    return f'/include/ "{absolute}"\n\n/ {{\n' + _options_node(options) + "};\n"


def _tool(arguments, what):
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        hint = "install device-tree-compiler" if arguments[0] == "dtc" else "run make first"
        raise UsageError(f"{arguments[0]} is missing: {hint}") from None
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
        raise UsageError(f"{what}: {lines[-1]}")


def refuse_overwriting(base, inputs):
    """Refuses to pack to `base` when one of the four files written would be one of `inputs`."""
    for output in (f"{base}.{ending}" for ending in OUTPUTS):
        for path in inputs:
            if os.path.exists(output) and os.path.exists(path) and os.path.samefile(output, path):
                raise UsageError(f"packing would overwrite {os.path.relpath(output)}, which it has "
                                 "to read: give the guest file or manifest another name")


def pcpus_named(dtb):
    """How many pCPUs a machine must have for the manifest `dtb`, which has been packed: one more than
    the highest number in any `pcpus`, at least 1."""
    def fdtget(*arguments):
        return subprocess.run(["fdtget", *arguments], capture_output=True, text=True,
                              check=True).stdout.split()
    cells = [int(cell, 16) for node in fdtget("-l", dtb, "/vms")
             for cell in fdtget("-t", "x", "-d", "0", dtb, f"/vms/{node}", "pcpus")]
    return max([1] + [cell.bit_length() for cell in cells])


def pack(source, base, hyp_dir, packer, pcpus=None):
    """Compiles manifest text `source` and packs it; leaves base.dts, .dtb, .img and .elf. Refused
    when it names a pCPU that a machine of `pcpus` does not have."""
    os.makedirs(os.path.dirname(base) or ".", exist_ok=True)
    with open(f"{base}.dts", "w", encoding="ascii") as file:
        file.write(source)
    hyp = os.path.join(hyp_dir, "hyp.img")
    if not os.path.isfile(hyp):
        raise UsageError(f"the hypervisor image {hyp} does not exist: run make first")
    _tool(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", f"{base}.dtb", f"{base}.dts"],
          f"{base}.dts is not a device-tree source")
    _tool([packer, "--hyp", hyp, "--manifest", f"{base}.dtb", "--out", base]
          + ([] if pcpus is None else ["--pcpus", str(pcpus)]),
          f"the manifest {base}.dts was refused")
