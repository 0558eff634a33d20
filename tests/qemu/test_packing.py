#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of where the runner packs to: never over what it reads, nor over the hypervisor."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import build_helpers  # noqa: E402
from suite import main  # noqa: E402

RUN = os.path.join(build_helpers.TOP, "scripts", "run.py")
BUILD = os.path.join(build_helpers.TOP, "build")


class Packing(unittest.TestCase):
    """A build folder of its own, that holds the hypervisor, its packer and the tiny guest."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = os.path.join(folder.name, "build")
        self.elsewhere = os.path.join(folder.name, "elsewhere")
        os.makedirs(os.path.join(self.build, "checked"))
        os.makedirs(self.elsewhere)
        os.symlink(os.path.join(BUILD, "host"), os.path.join(self.build, "host"))
        for name in ("hyp.img", "hyp.elf"):
            shutil.copy(os.path.join(BUILD, name), self.build)
            shutil.copy(os.path.join(BUILD, name), os.path.join(self.build, "checked"))

    def guest(self, *path):
        """A copy of the tiny guest at that path."""
        to = os.path.join(*path)
        shutil.copy(os.path.join(BUILD, "guest", "tiny.img"), to)
        return to

    def runner(self, *arguments):
        """Runs the runner on this folder."""
        return subprocess.run([sys.executable, RUN, "--build", self.build, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90,
                              check=False)

    def files(self):
        """All files of both folders with their bytes."""
        found = {}
        for folder in (self.build, self.elsewhere):
            for where, _, names in os.walk(folder):
                for name in names:
                    with open(os.path.join(where, name), "rb") as file:
                        found[os.path.join(where, name)] = file.read()
        return found

    def refused(self, victim, *arguments):
        """Refused with one sentence that names the file to be saved, and nothing was touched."""
        before = self.files()
        done = self.runner(*arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, rf"^run: .*\b{victim}\b.*$")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertEqual(self.files(), before)

    def test_an_image_is_left_where_it_is_promised(self):
        done = self.runner("--pack-only", "--guest", self.guest(self.elsewhere, "mine.bin"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, os.path.join(self.build, "mine.img\n"))
        self.assertTrue(os.path.isfile(os.path.join(self.build, "mine.elf")))

    def test_a_run_leaves_the_build_folder_alone(self):
        guest = self.guest(self.elsewhere, "hyp.bin")
        before = set(os.listdir(self.build))
        done = self.runner("--guest", guest, "--cmdline", "ticks=1 period=1000", "--timeout", "60")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("doctor: VM hyp: ", done.stdout)
        self.assertEqual(set(os.listdir(self.build)) - before, {"run"})
        with open(os.path.join(self.build, "hyp.img"), "rb") as ours:
            with open(os.path.join(BUILD, "hyp.img"), "rb") as theirs:
                self.assertEqual(ours.read(), theirs.read())

    def test_an_image_never_replaces_the_hypervisor(self):
        guest = self.guest(self.elsewhere, "hyp.bin")
        self.refused("hyp.img", "--pack-only", "--guest", guest)
        self.refused("hyp.img", "--pack-only", "--guest", guest, "--hyp",
                     os.path.join(self.build, "checked"))
        manifest = os.path.join(self.elsewhere, "hyp.dts")
        shutil.copy(os.path.join(build_helpers.HERE, "manifests", "tiny.dts"), manifest)
        self.refused("hyp.img", "--pack-only", "--vms", manifest)

    def test_an_image_never_replaces_what_it_is_made_of(self):
        for ending in ("img", "elf", "dtb", "dts"):
            guest = self.guest(self.build, f"mine.{ending}")
            self.refused(f"mine.{ending}", "--pack-only", "--guest", guest)
        other = self.guest(self.elsewhere, "mine.bin")
        self.refused("mine.dtb", "--pack-only", "--guest", other, "--initrd",
                     os.path.join(self.build, "mine.dtb"))
        os.makedirs(os.path.join(self.build, "run"))
        self.refused("mine.img", "--guest", self.guest(self.build, "run", "mine.img"))

    def test_an_image_never_replaces_its_manifest_or_the_files_that_it_names(self):
        with open(os.path.join(build_helpers.HERE, "manifests", "tiny.dts"),
                  encoding="ascii") as file:
            text = file.read()
        manifest = os.path.join(self.build, "mine.dts")
        with open(manifest, "w", encoding="ascii") as file:
            file.write(text)
        self.refused("mine.dts", "--pack-only", "--vms", manifest)
        kernel = self.guest(self.build, "kernel.img")
        manifest = os.path.join(self.elsewhere, "kernel.dts")
        with open(manifest, "w", encoding="ascii") as file:
            file.write(text.replace("build/guest/tiny.img", kernel))
        done = self.runner("--pack-only", "--vms", manifest)
        self.assertEqual(done.returncode, 2)
        self.assertIn("/vms/by-hand:kernel: ", done.stderr)
        with open(kernel, "rb") as ours:
            with open(os.path.join(BUILD, "guest", "tiny.img"), "rb") as theirs:
                self.assertEqual(ours.read(), theirs.read())

    def test_a_long_file_name_makes_a_short_label(self):
        name = "a-guest-with-a-name-of-more-than-31-characters"
        done = self.runner("--pack-only", "--guest", self.guest(self.elsewhere, f"{name}.bin"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    sys.exit(main())
