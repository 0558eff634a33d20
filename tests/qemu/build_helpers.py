# SPDX-License-Identifier: Apache-2.0
"""Builds the small programs of tests/qemu into build/qemu-helpers with the cross compiler."""

import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
LOAD = 0x40200000
OUT = os.path.join(TOP, "build", "qemu-helpers")


def cross():
    """The prefix of the cross tools: CROSS_COMPILE, or the first that is installed."""
    given = os.environ.get("CROSS_COMPILE")
    if given:
        return given
    if shutil.which("aarch64-none-elf-gcc"):
        return "aarch64-none-elf-"
    return "aarch64-linux-gnu-"


def build(name, source, **defines):
    """Assembles tests/qemu/`source` and returns the path of the flat image; its symbols lie in
    hyp.elf beside it, for where QEMU's virt loads an image, so that the directory can stand for a
    build of the hypervisor."""
    directory = os.path.join(OUT, name)
    os.makedirs(directory, exist_ok=True)
    elf = os.path.join(directory, "hyp.elf")
    image = os.path.join(directory, "hyp.img")
    flags = [f"-D{key}={value}" for key, value in defines.items()]
    subprocess.run([f"{cross()}gcc", "-nostdlib", "-static", f"-Wl,-Ttext={LOAD:#x}",
                    "-Wl,--build-id=none", "-I", os.path.join(HERE, "helpers"), *flags, "-o", elf,
                    os.path.join(HERE, source)], check=True)
    subprocess.run([f"{cross()}objcopy", "-O", "binary", "-j", ".text", elf, image], check=True)
    return image
