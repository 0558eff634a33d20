# SPDX-License-Identifier: Apache-2.0
"""A machine of two CPUs that is stopped at its first instruction: Baton, and guest.S."""

import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))

import qemu_machine  # noqa: E402
from machine_code import Code  # noqa: E402
from gdb import Gdb, Lost  # noqa: E402

BUILD = os.path.join(TOP, "build")
CROSS = os.environ.get("CROSS_COMPILE") or "aarch64-linux-gnu-"
GUEST_AT = 0x40080000
MANIFEST = """/dts-v1/;
/ {{
    compatible = "baton,manifest";
    vms {{
        vm {{
            label = "vm";
            memory-mib = <4>;
            vcpus = <{vcpus}>;
            pcpus = <{pcpus}>;
            slice-us = <1000000>;
            kernel = "{kernel}";
            on-reset = "restart";
        }};
    }};
}};
"""


def run(*command):
    """A tool, silently."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def make_guest(base, number):
    """guest.S for one window: base.elf and base.bin."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest.S")
    run(f"{CROSS}gcc", "-nostdlib", "-static", "-no-pie", f"-DWINDOW={number}",
        "-Wl,--build-id=none", f"-Wl,-Ttext={GUEST_AT:#x}", source, "-o", f"{base}.elf")
    run(f"{CROSS}objcopy", "-O", "binary", f"{base}.elf", f"{base}.bin")


class Machine:
    """QEMU with a gdbstub, and what is known of the code in it."""

    def __init__(self, name, number, pcpus):
        folder = os.path.join(BUILD, "interleave")
        os.makedirs(folder, exist_ok=True)
        base = os.path.join(folder, f"{name}-guest")
        make_guest(base, number)
        source = os.path.join(folder, f"{name}-window.dts")
        with open(source, "w", encoding="utf-8") as file:
            file.write(MANIFEST.format(vcpus=len(pcpus), kernel=f"{base}.bin",
                                       pcpus=" ".join(hex(1 << n) for n in pcpus)))
        run(sys.executable, os.path.join(TOP, "scripts", "run.py"), "--pack-only", "--smp", "2",
            "--vms", source, "--name", f"interleave/{name}")
        self.el2 = Code(os.path.join(BUILD, "hyp.elf"), f"{CROSS}objdump")
        self.guest = Code(f"{base}.elf", f"{CROSS}objdump")
        machine = qemu_machine.Machine(kernel=os.path.join(folder, f"{name}.img"), smp=2,
                                       mem_mib=128)
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "gdb")
        self.qemu = subprocess.Popen(
            [qemu_machine.QEMU, *machine.arguments(), "-display", "none", "-serial", "none",
             "-monitor", "none", "-S", "-gdb", f"unix:{path},server=on,wait=off"],
            stdin=subprocess.DEVNULL)
        self.gdb = self._connect(path)

    def _connect(self, path):
        for _ in range(200):
            try:
                return Gdb(path)
            except OSError:
                if self.qemu.poll() is not None:
                    break
                subprocess.run(["sleep", "0.05"], check=True)
        raise Lost

    def close(self):
        """Ends QEMU."""
        self.qemu.kill()
        self.qemu.wait()
        self.folder.cleanup()
