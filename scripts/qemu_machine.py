# SPDX-License-Identifier: Apache-2.0
"""The QEMU command line of each machine that Baton is started on."""

import os
import subprocess
from dataclasses import dataclass, field

from qemu_manifest import UsageError

QEMU = os.environ.get("QEMU", "qemu-system-aarch64")
KNOWN_CPUS = ("cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1", "max")
CPUS_32_BIT = ("arm", "cortex-m", "cortex-r", "pxa", "sa1", "ti9", "cortex-a7", "cortex-a8",
               "cortex-a9", "cortex-a15")
VIRT = "virt"
VERSAL = "xlnx-versal-virt"
# Where a stub expects the hypervisor, and above what QEMU itself places from RAM base upwards.
STUB_PAYLOAD = 0x50000000


@dataclass
class Machine:
    """One machine to start: what `make run` lets the user choose, and the tests' extras."""

    kernel: str
    machine: str = VIRT
    gic: int = 3
    smp: int = 1
    cpu: str = "cortex-a57"
    mem_mib: int = 1024
    el2: bool = True
    secure: bool = False
    icount: int | None = None
    stub: str = ""
    extra: list[str] = field(default_factory=list)

    def arguments(self):
        """The arguments that describe the machine, without console and monitor."""
        name = self.machine
        if name == VIRT:
            name += f",gic-version={self.gic},dtb-randomness=off"
            name += ",virtualization=on" if self.el2 else ""
            name += ",secure=on" if self.secure else ""
        out = ["-M", name, "-m", str(self.mem_mib)]
        if self.machine == VIRT:
            # A NIC nobody asked for would be one more bus master.
            out += ["-cpu", self.cpu, "-smp", str(self.smp), "-nic", "none"]
        if self.stub:
            out += ["-kernel", self.stub, "-device",
                    f"loader,file={self.kernel},addr={STUB_PAYLOAD:#x},force-raw=on"]
        else:
            out += ["-kernel", self.kernel]
        if self.icount is not None:
            out += ["-accel", "tcg,thread=single", "-icount", f"shift={self.icount},sleep=off"]
        return out + self.extra


def known_cpu(name):
    """Whether QEMU has the 64-bit CPU model `name`."""
    if name in KNOWN_CPUS:
        return True
    if any(name == old or name.startswith(f"{old}-") for old in CPUS_32_BIT[6:]):
        return False
    if name.startswith(CPUS_32_BIT[:6]):
        return False
    try:
        listing = subprocess.run([QEMU, "-cpu", "help"], capture_output=True, text=True,
                                 check=False).stdout
    except FileNotFoundError:
        raise UsageError(f"{QEMU} is missing: install qemu-system-arm") from None
    return name in listing.split()


def _in_range(what, value, low, high):
    if not low <= value <= high:
        raise UsageError(f"{what} must be between {low} and {high}, not {value}")


def check(machine, gic, cpu, smp):
    """Refuses with one sentence a machine that QEMU would not build or Baton could not use. `gic`,
    `cpu` and `smp` are what the user asked for, or None."""
    if machine.machine == VERSAL:
        if gic not in (None, 3) or cpu not in (None, "cortex-a72") or smp not in (None, 2):
            raise UsageError(f"the machine {VERSAL} has two Cortex-A72 and a GICv3, nothing else")
    elif not known_cpu(machine.cpu):
        raise UsageError(f"QEMU has no 64-bit CPU named '{machine.cpu}'")
    _in_range("SMP with a GICv2" if machine.gic == 2 else "SMP", machine.smp, 1,
              8 if machine.gic == 2 else 64)
    _in_range("MEM (in MiB)", machine.mem_mib, 128, 1 << 18)
