# SPDX-License-Identifier: Apache-2.0
"""The files that cases need besides what make builds, each made once, by the first that asks."""

import os
import re
import shutil
import subprocess
import sys
import threading

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "qemu"))

import build_helpers  # noqa: E402

BUILD = os.path.join(TOP, "build")
STUB_PAYLOAD = "0x50000000"
RELEASE = 0x40300000  # in the stub's 2 MiB, which nothing else uses
BIG_BYTES = 136 << 20  # with the 2 MiB of the hypervisor and of the guest: an image of 140 MiB


class TableError(Exception):
    """A row that cannot be understood."""


_making = threading.Lock()
_made = {}


def made(maker, *arguments):
    """What `maker` returns, made once and by one case at a time, for others may use it by then."""
    with _making:
        if (maker, arguments) not in _made:
            _made[maker, arguments] = maker(*arguments)
        return _made[maker, arguments]


def prepared(path):
    """The path of a file of the build, made first when it is one of those made here."""
    full = os.path.join(BUILD, path)
    if path.startswith("linux/"):
        subprocess.run([os.path.join(TOP, "scripts", "fetch_linux.sh"),
                        os.path.join(BUILD, "linux")], check=True)
    elif path == "test/big.bin" and not os.path.isfile(full):
        os.makedirs(os.path.dirname(full), exist_ok=True)
        block = bytes(range(1, 252)) * 4178  # near 1 MiB; 251 is prime: no two pages are alike
        with open(f"{full}.part", "wb") as file:
            for _ in range(0, BIG_BYTES, len(block)):
                file.write(block[:BIG_BYTES - file.tell()])
        os.replace(f"{full}.part", full)
    return full


def spin_table_tree(gic):
    """The tree of virt with four CPUs, as helpers/cpus.S describes it."""
    tree = os.path.join(BUILD, "trees", f"spin-table-{gic}.dtb")
    shutil.copyfile(os.path.join(BUILD, "trees", f"virt-v{gic}-smp4.dtb"), tree)
    for cpu, release in ((1, RELEASE), (3, RELEASE + 8)):
        node = f"/cpus/cpu@{cpu}"
        subprocess.run(["fdtput", "-t", "s", tree, node, "enable-method", "spin-table"], check=True)
        subprocess.run(["fdtput", "-t", "x", tree, node, "cpu-release-addr", "0", f"{release:x}"],
                       check=True)
    return tree


def stub(name, gic):
    """Builds what stands between QEMU and the hypervisor: `dirt`, `cpus` (helpers/cpus.S), or
    `tree-N` of handover.S."""
    if name == "cpus":
        return build_helpers.build(f"cpus-{gic}", "helpers/cpus.S", PAYLOAD=STUB_PAYLOAD,
                                   RELEASE=f"{RELEASE:#x}", TREE=f'"{spin_table_tree(gic)}"')
    if name == "dirt":
        return build_helpers.build(f"dirt-{gic}", "dirt/dirt.S", GIC=gic, PAYLOAD=STUB_PAYLOAD)
    if re.fullmatch(r"tree-[0-3]", name):
        return build_helpers.build(name, "helpers/handover.S", TREE=name[-1], PAYLOAD=STUB_PAYLOAD)
    raise TableError(f"there is no stub '{name}'")
