# SPDX-License-Identifier: Apache-2.0
"""The devices with interrupts that a run can give its guest: what QEMU is told of them, and by what
names the manifest knows them.

QEMU's virt has 32 virtio-mmio transports of 512 bytes and fills them from the last one down, in the
order of the command line. Slots 24 to 31 share one page. It goes to the guest as a whole; or only
some of its slots do, and the hypervisor makes each access for the guest.
"""

import os
import re
from dataclasses import dataclass, field

from qemu_manifest import UsageError

VIRTIO = ("blk", "rng")
KNOWN = ("pl011", "pl031", *VIRTIO, "virtio-mmio", "virtio-mmio@0 to @31")
WORD = re.compile(r"pl011|pl031|blk|rng|virtio-mmio(@([12]?[0-9]|3[01]))?")
LAST_SLOT = 31
# The transports of the last page, whether or not a device sits in them; and those that a guest
# makes use of, one empty one among them, which is not all that lies in the page.
PAGE_OF_SLOTS = range(24, LAST_SLOT + 1)
USED_SLOTS = range(LAST_SLOT - len(VIRTIO), LAST_SLOT + 1)
TRANSPORTS = ("legacy", "modern")
DISK_BYTES = 8 << 20
LABEL = b"Baton's test disk, 8 MiB"


@dataclass
class Devices:
    """What a run was asked for."""

    names: list[str] = field(default_factory=list)
    transport: str = "legacy"
    shared_page: bool = False
    disk: str = ""

    def arguments(self):
        """QEMU's arguments."""
        if not self.names:
            return []
        # The clock counts the machine's own time, so that a guest can compare it.
        out = ["-rtc", "base=2026-01-01,clock=vm", "-global",
               f"virtio-mmio.force-legacy={'on' if self.transport == 'legacy' else 'off'}"]
        for name in self.names:
            if name == "blk":
                out += ["-drive", f"if=none,id=disk,format=raw,file={self.disk.replace(',', ',,')}",
                        "-device", "virtio-blk-device,drive=disk"]
            elif name == "rng":
                out += ["-object", "rng-builtin,id=entropy", "-device",
                        "virtio-rng-device,rng=entropy"]
        return out

    def manifest_names(self):
        """The names of the guest's devices in the manifest, the UART among them."""
        out = ["pl011"]
        if "pl031" in self.names:
            out.append("pl031")
        transports = [name for name in self.names if name.startswith("virtio-mmio")]
        out += transports
        if self.dma() and not transports:
            slots = USED_SLOTS if self.shared_page else PAGE_OF_SLOTS
            out += [f"virtio-mmio@{slot}" for slot in slots]
        return out

    def dma(self):
        """Whether a device reaches the guest's memory by itself."""
        return any(name in VIRTIO for name in self.names)

    def make_disk(self, path):
        """Leaves an empty disk at `path`, a file without blocks but for its label."""
        if "blk" not in self.names:
            return
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as file:
            file.truncate(DISK_BYTES)
            file.write(LABEL)
        self.disk = path

    def remove_disk(self):
        """Takes the disk away again."""
        if self.disk:
            os.remove(self.disk)
            self.disk = ""


def parse(text, transport, shared_page=False):
    """The devices that a list of names, separated by commas or blanks, asks for."""
    names = text.replace(",", " ").split()
    for name in names:
        if not WORD.fullmatch(name):
            raise UsageError(f"DEVICES knows {', '.join(KNOWN)}, not '{name}'")
        if names.count(name) > 1:
            raise UsageError(f"DEVICES names {name} twice")
    return Devices(names, transport, shared_page)
