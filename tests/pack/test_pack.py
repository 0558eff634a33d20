#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of build/host/pack: what it packs, byte for byte."""

import os
import re
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "qemu")]

from pack_files import MIB, RAM, TOP, PackTest, elf, image, vm  # noqa: E402
from suite import main  # noqa: E402


class Packed(PackTest):
    """What is accepted."""

    def test_the_whole_image(self):
        kernel = image(5000, 3 * MIB, 0x1000)
        initrd = bytes(range(256)) * 9001
        self.write("kernel", kernel)
        self.write("initrd", initrd)
        data = self.good(vm(more='initrd = "initrd"; devices = "pl011"; bootargs = "a b=\\"c\\"";'),
                         "options { list-registers = <3>; ignore-quirks; trace; "
                         "watchdog-ms = <9>; self-crash = \"fiq\"; };")
        patched = bytearray(self.hypervisor)
        struct.pack_into("<Q", patched, 16, len(data))
        self.assertEqual(data[:len(patched)], bytes(patched))
        self.assertEqual(data[len(patched):2 * MIB].strip(b"\0"), b"")
        self.assertEqual(len(data) % 4096, 0)
        first = self.check_payload(data, "/vms/vm0/kernel", kernel)
        second = self.check_payload(data, "/vms/vm0/initrd", initrd)
        self.assertEqual((first, second), (4 * MIB, 6 * MIB))
        self.assertLess(len(data) - (second + len(initrd)), 4096)
        self.assertEqual(self.number("/vms/vm0/kernel", "load"), RAM + 2 * MIB + 0x1000)
        self.assertEqual(self.number("/vms/vm0/kernel", "entry"), RAM + 2 * MIB + 0x1000)
        self.assertEqual(self.number("/vms/vm0/kernel", "memory-size"), 3 * MIB)
        self.assertEqual(self.text("/vms/vm0", "label"), "tiny")
        self.assertEqual(self.text("/vms/vm0", "bootargs"), 'a b="c"')
        self.assertEqual(self.text("/vms/vm0", "devices"), "pl011")
        self.assertEqual(self.number("/vms/vm0", "memory-mib"), 64)
        self.assertEqual(self.number("/options", "list-registers"), 3)
        self.assertEqual(self.number("/options", "watchdog-ms"), 9)
        self.assertEqual(self.text("/options", "trace"), "")
        self.assertEqual(self.text("/options", "self-crash"), "fiq")

    def test_the_elf_holds_the_same_bytes(self):
        self.write("kernel", b"flat!")
        data = self.good(vm())
        wrapped = self.read("out.elf")
        self.assertEqual(wrapped[:7], b"\x7fELF\x02\x01\x01")
        kind, machine, _, entry, table = struct.unpack_from("<HHIQQ", wrapped, 16)
        self.assertEqual((kind, machine, entry), (2, 183, 0x40200000))
        self.assertEqual(struct.unpack_from("<HH", wrapped, 54), (56, 1))
        segment, _, offset, virtual, physical, size, memory, _ = struct.unpack_from(
            "<IIQQQQQQ", wrapped, table)
        self.assertEqual((segment, virtual, physical), (1, 0x40200000, 0x40200000))
        self.assertEqual((size, memory), (len(data), len(data)))
        self.assertEqual(wrapped[offset:], data)

    def test_a_flat_kernel(self):
        self.write("kernel", b"flat, and of odd length")
        data = self.good(vm())
        self.check_payload(data, "/vms/vm0/kernel", b"flat, and of odd length")
        self.assertEqual(self.number("/vms/vm0/kernel", "load"), RAM + 0x80000)
        self.assertEqual(self.number("/vms/vm0/kernel", "entry"), RAM + 0x80000)
        self.assertEqual(self.number("/vms/vm0/kernel", "memory-size"), 23)

    def test_an_old_image_without_a_size(self):
        kernel = image(4096, 0, 0x1234)
        self.write("kernel", kernel)
        self.good(vm())
        self.assertEqual(self.number("/vms/vm0/kernel", "load"), RAM + 2 * MIB + 0x80000)
        self.assertEqual(self.number("/vms/vm0/kernel", "memory-size"), 4096)

    def test_an_elf_kernel_is_flattened(self):
        virtual = 0xFFFF000000080000
        self.write("kernel", elf([(virtual + 0x3000, RAM + 0x83000, b"second", 0x5000),
                                  (virtual, RAM + 0x80010, b"first", 0x20)], virtual + 4))
        data = self.good(vm())
        flat = bytes(16) + b"first" + bytes(0x3000 - 21) + b"second"
        self.check_payload(data, "/vms/vm0/kernel", flat)
        self.assertEqual(self.number("/vms/vm0/kernel", "load"), RAM + 0x80000)
        self.assertEqual(self.number("/vms/vm0/kernel", "entry"), RAM + 0x80014)
        self.assertEqual(self.number("/vms/vm0/kernel", "memory-size"), 0x8000)

    def test_an_elf_with_a_physical_entry(self):
        self.write("kernel", elf([(0xFFFF000000000000, RAM, b"code", 4096)], RAM + 2, kind=3))
        done = self.pack(vm())
        self.assertIn("not aligned", done.stderr)
        self.write("kernel", elf([(0xFFFF000000000000, RAM, b"code", 4096)], RAM + 4, kind=3))
        self.good(vm())
        self.assertEqual(self.number("/vms/vm0/kernel", "entry"), RAM + 4)

    def test_devices(self):
        self.write("kernel", b"flat")
        self.good(vm(more='devices = "pl031", "virtio-mmio@7", "pl011"; dma-trusted;'))
        self.assertEqual(self.text("/vms/vm0", "devices"), "virtio-mmio@7 pl011 pl031")
        self.assertEqual(self.text("/vms/vm0", "dma-trusted"), "")
        self.good(vm(more='devices = "virtio-mmio"; dma-trusted;'))
        self.assertEqual(self.text("/vms/vm0", "devices"),
                         " ".join(f"virtio-mmio@{n}" for n in range(32)))

    def test_schedules(self):
        self.write("kernel", b"flat")
        self.good(vm(more="console; off; rank = <0>; slice-us = <100>; pcpus = <0x81>; "
                          'on-crash = "restart"; on-reset = "stop"; restart-limit = <2>; '
                          'time = "stops";') +
                  vm("vm1", "two", more="pcpus = <1 0xff>;").replace("vcpus = <1>", "vcpus = <2>"),
                  'options { hot-key = "b"; };')
        for name, value in (("rank", 0), ("slice-us", 100), ("pcpus", 0x81), ("restart-limit", 2)):
            self.assertEqual(self.number("/vms/vm0", name), value)
        for name, value in (("on-crash", "restart"), ("on-reset", "stop"), ("time", "stops"),
                            ("console", ""), ("off", "")):
            self.assertEqual(self.text("/vms/vm0", name), value)
        self.assertEqual(self.number("/vms/vm1", "pcpus"), 1 << 32 | 0xff)
        self.assertEqual(self.number("/vms/vm1", "rank"), 4)
        self.assertEqual(self.number("/vms/vm1", "slice-us"), 10000)
        self.assertEqual(self.text("/vms/vm1", "on-crash"), "stop")
        self.assertEqual(self.text("/vms/vm1", "on-reset"), "restart")
        self.assertEqual(self.text("/vms/vm1", "time"), "real")
        self.assertEqual(self.text("/options", "hot-key"), "b")

    def test_equal_files_share_the_payload(self):
        self.write("kernel", b"k" * 1000)
        for content, shared in ((b"k" * 1000, True), (b"o" * 1000, False), (b"k" * 999, False)):
            self.write("initrd", content)
            data = self.good(vm(more='initrd = "initrd";'))
            first = self.check_payload(data, "/vms/vm0/kernel", b"k" * 1000)
            second = self.check_payload(data, "/vms/vm0/initrd", content)
            self.assertEqual(first == second, shared)

    def test_a_large_payload(self):
        kernel = os.urandom(40 * MIB + 3)
        self.write("kernel", kernel)
        data = self.good(vm(memory=128))
        self.assertEqual(struct.unpack_from("<Q", data, 16)[0], len(data))
        self.assertGreater(len(data), 44 * MIB)


class Samples(PackTest):
    """The manifests of guest/."""

    def packed(self, name, *more):
        """Packs guest/NAME.dts with the kernels that make builds, or skips it where one of its
        guests is none of this project; returns the finished process."""
        source = os.path.join(TOP, "guest", f"{name}.dts")
        with open(source, encoding="ascii") as file:
            kernels = set(re.findall(r'kernel = "build/guest/(\w+)\.img"', file.read()))
        for kernel in kernels:
            if not os.path.isdir(os.path.join(TOP, "guest", kernel)):
                self.skipTest(f"there is no guest/{kernel}")
        out = os.path.join(self.folder, "sample")
        subprocess.run(["dtc", "-q", "-O", "dtb", "-o", f"{out}.dtb", source], check=True)
        return self.run_pack("--manifest", f"{out}.dtb", "--hyp",
                             os.path.join(self.folder, "hyp.img"), "--out", out, *more, folder=TOP)

    def sample(self, name, pcpus):
        """The sample packs for a machine of that many pCPUs and no fewer; returns its VMs' nodes."""
        done = self.packed(name, "--pcpus", str(pcpus))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        data = self.read("sample.img")
        self.write("packed.dtb", data[2 * MIB:4 * MIB])
        self.assertEqual(self.packed(name, "--pcpus", str(pcpus - 1)).returncode, 2)
        return subprocess.run(["fdtget", "-l", "packed.dtb", "/vms"], cwd=self.folder, text=True,
                              capture_output=True, check=True).stdout.split()

    def test_one(self):
        done = self.packed("one")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_eight_on_one_core(self):
        nodes = self.sample("eight", 1)
        self.assertEqual(len(nodes), 8)
        arguments = {self.text(f"/vms/{node}", "bootargs") for node in nodes}
        self.assertEqual(len(arguments), 8)
        for node in nodes:
            self.assertEqual(self.number(f"/vms/{node}", "pcpus"), 1)
            self.assertEqual(self.number(f"/vms/{node}/kernel", "offset"), 4 * MIB)

    def test_smp_on_two_cores(self):
        nodes = self.sample("smp", 2)
        self.assertEqual([self.number(f"/vms/{node}", "vcpus") for node in nodes], [2, 2])

    def test_hostile(self):
        self.assertEqual(self.sample("hostile", 1), ["periodic", "hostile"])
        self.assertEqual(self.number("/vms/periodic", "rank"), 0)
        self.assertEqual(self.number("/vms/hostile", "rank"), 7)


if __name__ == "__main__":
    sys.exit(main())
