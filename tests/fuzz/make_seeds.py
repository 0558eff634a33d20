#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the first inputs of the fuzz targets: valid manifests, trees, kernel files and accesses.
Usage: make_seeds.py DIRECTORY.  Result: DIRECTORY/TARGET/*; run from the top, needs dtc."""

import glob
import os
import re
import struct
import subprocess
import sys

MIB = 1 << 20
BEGIN, CLOSE, PROPERTY, NOP, END = 1, 2, 3, 4, 9

SOURCE_VM = """label = "tiny"; memory-mib = <256>; vcpus = <1>; kernel = "a.img"; bootargs = "t=5";
    devices = "pl011"; on-crash = "stop"; initrd = "b"; dma-trusted;"""
SHARED_VMS = """vm0 { label = "a"; memory-mib = <64>; vcpus = <2>; kernel = "a.img"; console;
        rank = <0>; slice-us = <500>; pcpus = <1 2>; on-crash = "restart"; restart-limit = <3>; };
    vm1 { label = "b"; memory-mib = <64>; vcpus = <8>; kernel = "a.img"; console; off;
        pcpus = <6>; on-reset = "halt"; time = "stops"; };"""
PACKED_VM = """label = "tiny"; memory-mib = <256>; vcpus = <2>; bootargs = "x"; devices = "pl011";
    kernel { offset = <0 0x400000>; length = <0 0x12345>; hash = <1 2>; load = <0 0x40200000>;
             entry = <0 0x40200040>; memory-size = <0 0x20000>; };
    initrd { offset = <0 0x600000>; length = <0 0x1001>; hash = <0 7>; };"""
OTHER_VM = """label = "two"; memory-mib = <2>; vcpus = <1>;
    kernel { offset = <0 0x800000>; length = <0 8>; hash = <1 2>; load = <0 0x40000000>;
             entry = <0 0x40000004>; memory-size = <0 8>; };"""
OPTIONS = """options { list-registers = <2>; ignore-quirks; trace; watchdog-ms = <9>;
    self-crash = "stack"; };"""
GIC_V2 = """intc@8000000 { compatible = "arm,cortex-a15-gic"; #interrupt-cells = <3>; phandle = <1>;
    reg = <0 0x8000000 0 0x10000>, <0 0x8010000 0 0x10000>, <0 0x8030000 0 0x10000>,
          <0 0x8040000 0 0x10000>; interrupts = <1 9 4>; interrupt-controller; };"""
GIC_V3 = """intc@8000000 { compatible = "arm,gic-v3"; #interrupt-cells = <4>; phandle = <1>;
    #redistributor-regions = <2>; redistributor-stride = <0 0x20000>; interrupt-controller;
    reg = <0 0x8000000 0 0x10000>, <0 0x80a0000 0 0xf60000>, <1 0 0 0x20000>;
    interrupts = <1 9 4 0>; };"""
MACHINE = """/dts-v1/; /memreserve/ 0x80000000 0x3000;
/ { model = "m"; compatible = "x,y"; #address-cells = <2>; #size-cells = <2>;
    interrupt-parent = <1>;
    memory@40000000 { device_type = "memory"; reg = <0 0x40000000 0 0x40000000>; };
    cpus { #address-cells = <1>; #size-cells = <0>;
        cpu@0 { device_type = "cpu"; reg = <0>; enable-method = "psci"; };
        cpu@1 { device_type = "cpu"; reg = <1>; enable-method = "spin-table";
                cpu-release-addr = <0 0xd8>; }; };
    reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges;
        a@70000000 { reg = <0x70000000 0x1000>; }; };
    psci { compatible = "arm,psci-1.0"; method = "smc"; };
    timer { compatible = "arm,armv8-timer";
            interrupts = <1 13 4>, <1 14 4>, <1 11 4>, <1 10 4>; };
    %s
    soc { #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0x9000000 0x10000>;
        serial@0 { compatible = "arm,pl011", "arm,primecell"; reg = <0 0x1000>;
                   interrupts = <0 1 4>; };
        bus@1000 { ranges; #address-cells = <1>; #size-cells = <1>;
            serial@1000 { compatible = "ns16550a"; reg = <0x1000 0x100>; status = "okay"; }; }; };
    aliases { serial0 = "/soc/serial@0"; uart1 = "/soc/bus@1000/serial@1000"; };
    chosen { stdout-path = "%s"; }; };"""


FULL = """/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; ranges; %s
    cpus { #address-cells = <1>; #size-cells = <0>; %s };
    memory@0 { device_type = "memory"; reg = <%s>; };
    reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges; a@0 { reg = <%s>; }; }; };"""


def full():
    """A machine with as many memory ranges as Platform holds, and one port and CPU too many."""
    ports = "".join(f'uart@{n} {{ compatible = "a"; reg = <{n} 1>; }};' for n in range(1, 10))
    cpus = "".join(f'cpu@{n} {{ device_type = "cpu"; reg = <{n}>; }};' for n in range(17))
    return FULL % (ports, cpus, " ".join(f"{n} 1" for n in range(16)),
                   " ".join(f"{n} 1" for n in range(31)))


def compiled(source):
    """What dtc makes of a source."""
    return subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb"], input=source.encode(),
                          stdout=subprocess.PIPE, check=True).stdout


def tags(tree):
    """Yields (tag, name, value) of a tree's structure."""
    _, _, at, strings = struct.unpack_from(">4I", tree)
    while True:
        tag = struct.unpack_from(">I", tree, at)[0]
        at += 4
        name = value = b""
        if tag == BEGIN:
            end = tree.index(b"\0", at)
            name = tree[at:end]
            at = end + 4 - end % 4
        elif tag == PROPERTY:
            length, offset = struct.unpack_from(">2I", tree, at)
            name = tree[strings + offset:tree.index(b"\0", strings + offset)]
            value = tree[at + 8:at + 8 + length]
            at += 8 + (length + 3) // 4 * 4
        if tag != NOP:
            yield tag, name, value
        if tag == END:
            return


def program(tree, names):
    """The input of TreeMaker (tree_maker.hpp) that makes this tree."""
    out = b""
    for tag, name, value in list(tags(tree))[1:-2]:
        index = names.index(name) if name in names else 63
        step = {BEGIN: 0, CLOSE: 1, PROPERTY: 2}[tag]
        out += bytes([index << 2 | step])
        if tag != CLOSE and index == 63:
            out += bytes([len(name)]) + name
        if tag == PROPERTY:
            out += encoded(value)
    return out


def encoded(value):
    """A value for TreeMaker: bytes, or cells when it is long."""
    if len(value) < 128:
        return bytes([len(value)]) + value
    cells = struct.unpack(f">{len(value) // 4}I", value[:len(value) // 4 * 4])[:127]
    return bytes([0x80 | len(cells)]) + b"".join(
        bytes([cell]) if cell < 128 else b"\x80" + struct.pack("<I", cell) for cell in cells)


def names_in(target):
    """The list of names in a target's source."""
    with open(f"tests/fuzz/{target}.cpp", encoding="utf-8") as file:
        listed = re.search(r"names\[\] = \{(.*?)\};", file.read(), re.DOTALL)
    return [name.encode() for name in re.findall(r'"([^"]+)"', listed[1])]


def manifests():
    """Inputs of `manifest`: both forms, as they lie in memory and as programs."""
    names = names_in("manifest")
    head = '/dts-v1/; / { compatible = "baton,manifest"; '
    source = [f"{head} {OPTIONS} vms {{ vm0 {{ {SOURCE_VM} }}; }}; }};",
              f"{head} options {{ hot-key = \"b\"; }}; vms {{ {SHARED_VMS} }}; }};"]
    packed = [f"{head} vms {{ vm0 {{ {PACKED_VM} }}; vm1 {{ {OTHER_VM} }}; }}; }};",
              f"{head} {OPTIONS} vms {{ vm0 {{ {OTHER_VM} }}; }}; }};"]
    eight = "".join("vm%d { %s };" % (n, OTHER_VM.replace("two", f"v{n}")) for n in range(8))
    packed.append(f"{head} vms {{ {eight} }}; }};")
    for form, texts in ((0, source), (2, packed)):
        for text in texts:
            tree = compiled(text)
            yield bytes([form]) + tree
            yield bytes([form | 1]) + program(tree, names)
            yield bytes([form | 0xE1]) + program(tree, names)


def trees():
    """Inputs of `tree`: machines of both GICs; QEMU's own, where they have been fetched."""
    names = names_in("tree")
    for gic in (GIC_V2, GIC_V3):
        for path in ("/soc/serial@0", "uart1:115200", "/soc/bus@1000/serial"):
            tree = compiled(MACHINE % (gic, path))
            yield b"\1" + program(tree, names)
        yield b"\0" + tree
    yield b"\0" + compiled(full())
    yield b"\1" + program(compiled(full()), names)
    for path in sorted(glob.glob("build/trees/virt-v*-smp1.dtb")):
        with open(path, "rb") as file:
            yield b"\1" + program(file.read(), names)


def elf(segments, entry):
    """An ELF file with these (offset, virtual, physical, file size, memory size)."""
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 183, 1, entry, 64, 0, 0, 64, 56,
                       len(segments), 0, 0, 0)
    for offset, virtual, physical, size, memory in segments:
        head += struct.pack("<IIQQQQQQ", 1, 7, offset, virtual, physical, size, memory, 4096)
    return head + bytes(range(64))


def payloads():
    """Inputs of `payload`: each format that the packer knows, and each that it refuses."""
    ram = 0x4000_0000
    yield b"\2" + elf([(64 + 56, ram, ram, 8, 16)], ram)
    yield b"\2" + elf([(64 + 112, 1 << 40, ram + 0x3000, 8, 8), (180, 0, ram + 0x1004, 9, 0x100)],
                      (1 << 40) + 4)
    yield b"\2" + struct.pack("<IIQQQQQQII", 0, 0, 0, 0x10000, 0, 0, 0, 0, 0x644d5241, 0)
    yield b"\2" + struct.pack("<IIQQQQQQII", 0, 0, 0x80000, 0, 0, 0, 0, 0, 0x644d5241, 0) + b"x"
    for magic in (b"flat", b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"MZ\0\0zimg",
                  b"\xd0\x0d\xfe\xed", b"\x27\x05\x19\x56", b"!<arch>\n", b""):
        yield b"\0" + magic


def accesses():
    """Inputs of `decoder`: each register of both GICs read and written."""
    offsets = [0, 4, 8, 0x80, 0x100, 0x104, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400, 0x800, 0x820,
               0xc00, 0xc04, 0xc08, 0xf00, 0xf10, 0xf20, 0x6100, 0xffe8, 0x14, 0xfe8]
    for kind in range(8):
        for frame in range(3):
            out = bytes([kind])
            for number, offset in enumerate(offsets):
                size = (2, 3, 0, 2)[number % 4] if offset in (0x400, 0x6100) else 2
                value = 0x0880_ffff_ffff << number % 8
                out += struct.pack("<BIQI", frame | 4 | size << 4, offset, value,
                                   0x9300_0046 | number << 16)
            yield out + struct.pack("<BIQI", 3, 0, 0x0300_0001, 0x623a_3016)


def list_registers():
    """Inputs of `list_reg`: words as measured."""
    for word in (0x70a0_001b_0000_001b, 0xb0a0_001b_0000_001b, 0x9a006c1b, 0xffff_ffff_ffff_ffff):
        yield struct.pack("<QIIBB", word, 27, 27, 0xa0, 0x35)


def events():
    """Inputs of `events`: a machine, then steps."""
    for kind in range(0, 256, 16):
        yield bytes([kind, kind * 7 & 255]) + bytes((kind + n * n) & 255 for n in range(120))


SEEDS = {"manifest": manifests, "tree": trees, "payload": payloads, "decoder": accesses,
         "list_reg": list_registers, "events": events}


def main():
    """Writes all."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    for target, make in SEEDS.items():
        folder = os.path.join(sys.argv[1], target)
        os.makedirs(folder, exist_ok=True)
        for number, data in enumerate(make()):
            with open(os.path.join(folder, f"seed{number:03}"), "wb") as file:
                file.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
