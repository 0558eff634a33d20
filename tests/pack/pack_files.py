# SPDX-License-Identifier: Apache-2.0
"""What the tests of build/host/pack are made of: files of each format, and a folder to pack in."""

import os
import struct
import subprocess
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACK = os.path.join(TOP, "build", "host", "pack")
MIB = 1 << 20
RAM = 0x40000000
MASK = (1 << 64) - 1


def payload_hash(data):
    """The hash as hyp/core/manifest/manifest.hpp defines it."""
    state = 0
    for at in range(0, len(data), 8):
        word = int.from_bytes(data[at:at + 8], "little")
        state = ((word ^ (state >> 29 | state << 35)) * 0x9E3779B97F4A7C15) & MASK
    mixed = len(data) ^ ((state >> 29 | state << 35) & MASK)
    return mixed ^ mixed >> 32


def image(size, image_size, text_offset=0, flags=0xA):
    """An arm64 Image of `size` bytes, no two words of it alike."""
    data = bytearray(b"".join(struct.pack("<I", n) for n in range(size // 4)))
    struct.pack_into("<QQQ", data, 8, text_offset, image_size, flags)
    data[56:60] = b"ARM\x64"
    return bytes(data)


def elf(segments, entry, machine=183, kind=2, magic=b"\x7fELF\x02\x01\x01"):
    """An ELF file; a segment is (virtual address, physical address, bytes, memory size)."""
    data = bytearray(64 + 56 * len(segments))
    data[0:len(magic)] = magic
    struct.pack_into("<HHIQQQIHHH", data, 16, kind, machine, 1, entry, 64, 0, 0, 64, 56,
                     len(segments))
    for n, (virtual, physical, content, memory) in enumerate(segments):
        struct.pack_into("<IIQQQQQQ", data, 64 + 56 * n, 1, 7, len(data), virtual, physical,
                         len(content), memory, 4096)
        data += content
    return bytes(data)


def vm(name="vm0", label="tiny", kernel="kernel", memory=64, more=""):
    """The node of one VM."""
    return (f'{name} {{ label = "{label}"; memory-mib = <{memory}>; vcpus = <1>; '
            f'kernel = "{kernel}"; {more} }};')


class PackTest(unittest.TestCase):
    """A folder of its own with a hypervisor, and what every test asks of the tool."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.hypervisor = image(100000, 0x40000)
        self.write("hyp.img", self.hypervisor)

    def write(self, name, data):
        """Writes a file of the folder."""
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(data)

    def read(self, name):
        """The bytes of a file of the folder."""
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def pack(self, vms, options=""):
        """Compiles and packs a manifest; returns the finished process."""
        source = (f'/dts-v1/;\n/ {{ compatible = "baton,manifest"; {options} '
                  f'vms {{ {vms} }}; }};')
        self.write("m.dts", source.encode())
        subprocess.run(["dtc", "-q", "-O", "dtb", "-o", "m.dtb", "m.dts"], cwd=self.folder,
                       check=True)
        return self.run_pack("--manifest", "m.dtb", "--hyp", "hyp.img", "--out", "out")

    def run_pack(self, *arguments, folder=""):
        """Runs the tool in the folder, or in another one."""
        return subprocess.run([PACK, *arguments], cwd=folder or self.folder, capture_output=True,
                              text=True, check=False)

    def good(self, vms, options=""):
        """Packs what must be accepted; returns the image."""
        done = self.pack(vms, options)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        data = self.read("out.img")
        self.write("packed.dtb", data[2 * MIB:4 * MIB])
        return data

    def refused(self, vms, sentence, options=""):
        """Packs what must be refused with exactly that one sentence, leaving nothing behind."""
        done = self.pack(vms, options)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (2, "", f"pack: {sentence}\n"))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "out.img")))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "out.elf")))

    def number(self, node, name):
        """A number of the packed manifest."""
        done = subprocess.run(["fdtget", "-t", "x", "packed.dtb", node, name], cwd=self.folder,
                              capture_output=True, text=True, check=True)
        value = 0
        for cell in done.stdout.split():
            value = value << 32 | int(cell, 16)
        return value

    def text(self, node, name):
        """A string of the packed manifest."""
        done = subprocess.run(["fdtget", "packed.dtb", node, name], cwd=self.folder,
                              capture_output=True, text=True, check=True)
        return done.stdout.rstrip("\n")

    def check_payload(self, data, node, content):
        """The payload that `node` describes is `content`, in its place and with its hash."""
        offset = self.number(node, "offset")
        self.assertEqual(offset % (2 * MIB), 0)
        self.assertGreaterEqual(offset, 4 * MIB)
        self.assertEqual(self.number(node, "length"), len(content))
        self.assertEqual(data[offset:offset + len(content)], content)
        self.assertEqual(self.number(node, "hash"), payload_hash(content))
        return offset
