#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of build/host/pack: what it refuses, word for word."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "qemu")]

from pack_files import MASK, MIB, RAM, PackTest, elf, image, vm  # noqa: E402
from suite import main  # noqa: E402


class Refused(PackTest):
    """What is refused, and in which words."""

    NODE = "/vms/vm0:kernel: "

    def kernel(self, data, reason):
        """A kernel file that must be refused."""
        self.write("kernel", data)
        self.refused(vm(), self.NODE + reason)

    def test_the_manifest(self):
        self.write("kernel", b"flat")
        self.refused(vm(more="colour;"), "/vms/vm0:colour: no such property is known here")
        self.refused(vm() + vm("vm1"), "/vms/vm1: an earlier VM has the same label")
        self.refused(vm().replace("vcpus = <1>", "vcpus = <9>"),
                     "/vms/vm0:vcpus: a VM has 1 to 8 vCPUs")
        self.refused(vm(more='rank = <8>;'), "/vms/vm0:rank: a rank is 0 (most urgent) to 7")
        self.refused(vm(more='devices = "pl011";') + vm("vm1", "two", more="console;"),
                     "/vms/vm1: a VM has the machine's pl011: then none can have console")
        self.refused(vm(more='devices = "pl031";') + vm("vm1", "two", more='devices = "pl031";'),
                     "/vms/vm1: one of its devices belongs to an earlier VM")
        self.refused(vm(more="off;"), "/: every VM is off: nothing would run")
        self.refused("", "/: there is no VM: a node below /vms describes one")
        self.refused(vm(more='devices = "virtio-mmio@32"; dma-trusted;'),
                     "/vms/vm0:devices: this names an unknown device: not pl011, pl031 or "
                     "virtio-mmio@0 to @31")
        self.refused(vm(more='devices = "pl011", "virtio-mmio@31";'),
                     "/vms/vm0: a virtio-mmio device reaches all memory: the VM must be dma-trusted "
                     "to have one")
        self.write("kernel", image(4096, 63 * MIB))
        self.refused(vm(), "/vms/vm0: memory-mib is too little for kernel, initrd and device tree")

    def test_a_machine_of_too_few_pcpus(self):
        self.write("kernel", b"flat")
        arguments = ("--manifest", "m.dtb", "--hyp", "hyp.img", "--out", "out", "--pcpus")
        self.good(vm(more="pcpus = <4>;"))
        self.assertEqual(self.run_pack(*arguments, "3").returncode, 0)
        done = self.run_pack(*arguments, "2")
        self.assertEqual((done.returncode, done.stderr),
                         (2, "pack: /vms/vm0:pcpus: this names a pCPU that the machine does not "
                             "have\n"))

    def test_files(self):
        self.refused(vm(), self.NODE + "the file kernel does not exist")
        self.refused(vm(kernel="."), self.NODE + ". is not a file")
        self.kernel(b"", "the file is empty")
        self.write("kernel", b"flat")
        self.refused(vm(more='initrd = "none";'), "/vms/vm0:initrd: the file none does not exist")
        self.write("initrd", b"")
        self.refused(vm(more='initrd = "initrd";'), "/vms/vm0:initrd: the file is empty")

    def test_wrapped_kernels(self):
        self.kernel(b"\x1f\x8b\x08\0", "the file is compressed by gzip: unpack it first")
        self.kernel(b"\xfd7zXZ\0", "the file is compressed by xz: unpack it first")
        self.kernel(b"\x28\xb5\x2f\xfd", "the file is compressed by zstd: unpack it first")
        self.kernel(b"MZ\0\0zimg", "the file is a compressed EFI image: unpack it first")
        self.kernel(b"\xd0\x0d\xfe\xed", "the file is a device tree, not a kernel")
        self.kernel(b"!<arch>\n", "the file is a package or library, not a kernel")
        self.kernel(b"\x27\x05\x19\x56",
                    "the file is a U-Boot image: take the kernel out of it first")

    def test_images(self):
        self.kernel(image(4096, 4096, flags=1), "the kernel is big-endian")
        self.kernel(image(4096, 4096, text_offset=2 * MIB),
                    "the kernel's Image header is broken: text_offset is too large")

    def test_elf_headers(self):
        other = "the ELF file is not for 64-bit little-endian Arm"
        segment = [(RAM, RAM, b"code", 4096)]
        self.kernel(elf(segment, RAM, machine=62), other)
        self.kernel(elf(segment, RAM, magic=b"\x7fELF\x01\x01\x01"), other)
        self.kernel(elf(segment, RAM, magic=b"\x7fELF\x02\x02\x01"), other)
        self.kernel(elf(segment, RAM, kind=1), "the ELF file is not an executable")
        self.kernel(elf(segment, RAM)[:60], "the ELF file is cut short")
        self.kernel(elf(segment, RAM)[:100], "the ELF file has no usable program headers")
        self.kernel(elf(segment, RAM)[:-1],
                    "the ELF file is cut short or its segments are broken")
        self.kernel(elf([], RAM), "the ELF file has nothing to load")
        self.kernel(elf([(RAM, RAM, b"", 4096)], RAM), "the ELF file has nothing to load")
        self.kernel(elf(segment, 0x1000),
                    "the ELF file's entry point lies in none of its segments")

    def test_elf_segments(self):
        outside = ("the ELF file's segments do not lie in the guest's RAM, which begins at "
                   "0x40000000")
        self.kernel(elf([(0, 0, b"code", 4096)], 0), outside)
        self.kernel(elf([(RAM, RAM + 64 * MIB - 4, b"code!", 5)], RAM), outside)
        self.kernel(elf([(RAM, RAM, b"code", 1 << 60)], RAM), outside)
        self.kernel(elf([(RAM, MASK - 1, b"code", 4096)], RAM), outside)
        self.kernel(elf([(RAM, RAM, b"code", 2)], RAM),
                    "the ELF file is cut short or its segments are broken")
        self.kernel(elf([(RAM, RAM, b"aaaa", 4097), (RAM, RAM + 4096, b"b", 4)], RAM),
                    "the ELF file's segments overlap")

    def test_the_hypervisor(self):
        self.write("kernel", b"flat")
        self.write("hyp.img", b"no image at all" * 10)
        self.refused(vm(), "the hypervisor's file is no arm64 Image")
        big = "the hypervisor does not fit into the first 2 MiB of the image"
        self.write("hyp.img", image(4096, 2 * MIB + 1))
        self.refused(vm(), big)
        self.write("hyp.img", image(2 * MIB + 4, 4096))
        self.refused(vm(), big)
        os.unlink(os.path.join(self.folder, "hyp.img"))
        self.refused(vm(), "the file hyp.img does not exist")

    def test_the_command_line(self):
        usage = "pack --manifest DTB --hyp IMG --out NAME [--pcpus N]"
        for arguments, sentence in (
                ((), f"--manifest is missing: {usage}"),
                (("--manifest", "a", "--hyp", "b"), f"--out is missing: {usage}"),
                (("--manifest", "a", "--hyp", "b", "--out", "c", "--pcpus", "two"),
                 f"--pcpus must be a number, not 'two': {usage}"),
                (("--what",), f"what is '--what'? usage: {usage}"),
                (("--manifest",), f"what is '--manifest'? usage: {usage}")):
            done = self.run_pack(*arguments)
            self.assertEqual((done.returncode, done.stderr), (2, f"pack: {sentence}\n"))

    def test_a_manifest_that_is_no_tree(self):
        self.write("m.dtb", b"/dts-v1/; / { };")
        done = self.run_pack("--manifest", "m.dtb", "--hyp", "hyp.img", "--out", "out")
        self.assertEqual((done.returncode, done.stderr),
                         (2, "pack: m.dtb: there is no device tree: its magic number is missing\n"))

    def test_an_output_that_is_an_input(self):
        self.write("kernel", b"flat")
        self.good(vm())
        self.write("initrd", b"i")
        for name, vms, where in (("out.img", vm(kernel="./out.img"), "/vms/vm0:kernel: "),
                                 ("out.elf", vm(more='initrd = "out.elf";'), "/vms/vm0:initrd: ")):
            before = self.read(name)
            done = self.pack(vms)
            path = "./out.img" if name == "out.img" else name
            self.assertEqual((done.returncode, done.stderr),
                             (2, f"pack: {where}the file {path} would be overwritten by the image\n"))
            self.assertEqual(self.read(name), before)
        done = self.run_pack("--manifest", "m.dtb", "--hyp", "hyp.img", "--out", "hyp")
        self.assertEqual((done.returncode, done.stderr),
                         (2, "pack: the file hyp.img would be overwritten by the image\n"))
        self.assertEqual(self.read("hyp.img"), self.hypervisor)

    def test_an_output_that_cannot_be_written(self):
        self.write("kernel", b"flat")
        self.good(vm())
        done = self.run_pack("--manifest", "m.dtb", "--hyp", "hyp.img", "--out", "no/where")
        self.assertEqual((done.returncode, done.stderr),
                         (2, "pack: no/where.img: this file cannot be written\n"))


if __name__ == "__main__":
    sys.exit(main())
