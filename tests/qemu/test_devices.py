#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of what a run gives its guest: devices, and texts typed on the console."""

import os
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import build_helpers  # noqa: E402

sys.path.insert(0, os.path.join(build_helpers.TOP, "scripts"))
import qemu_devices  # noqa: E402
import run_cases  # noqa: E402
from case_input import Typist  # noqa: E402
from qemu_manifest import Options, UsageError, Vm, one_vm_source  # noqa: E402
from suite import main  # noqa: E402


class Devices(unittest.TestCase):
    """The words of --devices."""

    def test_none_change_nothing(self):
        devices = qemu_devices.parse("", "legacy")
        self.assertEqual((devices.arguments(), devices.manifest_names()), ([], ["pl011"]))
        self.assertFalse(devices.dma())

    def test_the_transport_is_said(self):
        for transport, legacy in (("legacy", "on"), ("modern", "off")):
            arguments = qemu_devices.parse("rng", transport).arguments()
            self.assertIn(f"virtio-mmio.force-legacy={legacy}", arguments)
            self.assertIn("virtio-rng-device,rng=entropy", arguments)

    def test_the_manifest_names_the_whole_page(self):
        devices = qemu_devices.parse("pl031,blk", "legacy")
        self.assertTrue(devices.dma())
        source = one_vm_source(Vm("a", "k", 64, 1, devices=devices.manifest_names(),
                                  dma_trusted=devices.dma()), Options())
        self.assertIn('devices = "pl011", "pl031", "virtio-mmio@24", ', source)
        self.assertIn('"virtio-mmio@31";', source)
        self.assertIn("dma-trusted;", source)

    def test_the_manifest_names_a_part_of_the_page(self):
        names = qemu_devices.parse("rng", "legacy", True).manifest_names()
        self.assertEqual(names, ["pl011"] + [f"virtio-mmio@{slot}" for slot in (29, 30, 31)])

    def test_a_guest_without_devices_is_not_trusted(self):
        self.assertNotIn("dma-trusted", one_vm_source(Vm("a", "k", 64, 1), Options()))

    def test_transports_by_their_numbers(self):
        devices = qemu_devices.parse("rng virtio-mmio@31,pl011", "legacy")
        self.assertEqual(devices.manifest_names(), ["pl011", "virtio-mmio@31"])
        self.assertTrue(devices.dma())
        # Not even an empty transport is given without a word on what it could reach.
        self.assertFalse(qemu_devices.parse("virtio-mmio", "legacy").dma())

    def test_what_is_not_known(self):
        for text in ("disk", "blk,disk", "virtio-mmio@32", "virtio-mmio@07", "rng,rng"):
            with self.assertRaises(UsageError):
                qemu_devices.parse(text, "legacy")

    def test_the_disk_is_sparse_and_goes_away(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "new", "a.disk")
            devices = qemu_devices.parse("blk", "legacy")
            devices.make_disk(path)
            status = os.stat(path)
            self.assertEqual(status.st_size, qemu_devices.DISK_BYTES)
            self.assertLess(status.st_blocks * 512, 1 << 16)
            self.assertIn(path, " ".join(devices.arguments()))
            devices.remove_disk()
            self.assertFalse(os.path.exists(path))


class Typing(unittest.TestCase):
    """The texts of a case go out one a prompt."""

    def setUp(self):
        self.log = tempfile.NamedTemporaryFile("w+b")
        self.addCleanup(self.log.close)
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        self.addCleanup(os.close, reader)
        self.reader = reader
        self.stream = os.fdopen(writer, "wb")
        self.addCleanup(self.stream.close)

    def say(self, text):
        self.log.write(text)
        self.log.flush()

    def heard(self, length):
        """What was typed, `length` bytes or what has come after a while."""
        out, end = b"", time.monotonic() + 5
        while len(out) < length and time.monotonic() < end:
            try:
                out += os.read(self.reader, 100)
            except BlockingIOError:
                time.sleep(0.01)
        return out

    def test_nothing_before_the_prompt_and_one_text_each(self):
        with Typist(self.log.name, self.stream, "^ready$", ["one", "two"]):
            self.say(b"not ready\r\n")
            time.sleep(0.1)
            with self.assertRaises(BlockingIOError):
                os.read(self.reader, 100)
            self.say(b"ready\r\n")
            self.assertEqual(self.heard(3), b"one")
            time.sleep(0.1)
            with self.assertRaises(BlockingIOError):
                os.read(self.reader, 100)
            self.say(b"ready\r\n")
            self.assertEqual(self.heard(3), b"two")

    def test_it_ends_without_any_prompt(self):
        with Typist(self.log.name, self.stream, "never", ["one"]):
            pass
        self.assertEqual(os.read(self.reader, 100), b"")

    def test_input_without_a_prompt_is_refused(self):
        for row in ('input=["a"]', 'input_after="a"'):
            with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
                file.write(f'[[case]]\nname="a"\nrequire=["x"]\n{row}\n')
                file.flush()
                with self.assertRaises(run_cases.TableError):
                    run_cases.load(file.name)


if __name__ == "__main__":
    sys.exit(main())
