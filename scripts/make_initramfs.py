#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the initial RAM disk of the Linux guest: busybox, its applets, a few device nodes, scripts.

The same input gives the same bytes, and no rights are needed: the archive is written directly, in
the `newc` format of cpio, uncompressed (a guest unpacks that faster than it inflates). /sums holds
the SHA-256 of /bin/busybox, for the guest to compute again.
Usage: make_initramfs.py OUTPUT BUSYBOX SCRIPT...   (a script lands in the root under its own name)
"""

import hashlib
import os
import stat
import sys

DIRECTORIES = ("bin", "dev", "proc", "sys")
# Linux's admin-guide/devices.txt: (major, minor) of character devices.
NODES = {"console": (5, 1), "kmsg": (1, 11), "null": (1, 3), "ttyAMA0": (204, 64),
         "urandom": (1, 9), "zero": (1, 5)}
APPLETS = ("awk", "cat", "cut", "dd", "dmesg", "echo", "free", "grep", "head", "ls", "md5sum",
           "mkdir", "mount", "poweroff", "ps", "reboot", "sed", "sh", "sha256sum", "sleep", "stty",
           "tr", "uname", "usleep", "wc")


def record(number, name, mode, data=b"", device=(0, 0)):
    """One entry: header, name and contents, each padded to four bytes."""
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, *device, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % value for value in fields) + name.encode() + b"\0"
    return pad(head) + pad(data)


def pad(data):
    """Zeros up to a multiple of four bytes."""
    return data + bytes(-len(data) % 4)


def archive(busybox, scripts):
    """The whole archive; scripts: name -> contents."""
    sums = f"{hashlib.sha256(busybox).hexdigest()}  /bin/busybox\n".encode()
    entries = [(name, stat.S_IFDIR | 0o755, b"", (0, 0)) for name in DIRECTORIES]
    entries += [(f"dev/{name}", stat.S_IFCHR | 0o600, b"", device)
                for name, device in sorted(NODES.items())]
    entries.append(("bin/busybox", stat.S_IFREG | 0o755, busybox, (0, 0)))
    entries += [(f"bin/{name}", stat.S_IFLNK | 0o777, b"busybox", (0, 0)) for name in APPLETS]
    entries += [(name, stat.S_IFREG | 0o755, data, (0, 0))
                for name, data in sorted(scripts.items())]
    entries.append(("sums", stat.S_IFREG | 0o644, sums, (0, 0)))
    out = [record(number, name, mode, data, device)
           for number, (name, mode, data, device) in enumerate(entries, 1)]
    return b"".join(out) + record(0, "TRAILER!!!", 0)


def read(path):
    """The contents of a file."""
    with open(path, "rb") as file:
        return file.read()


def main():
    """Writes the archive, whole or not at all."""
    if len(sys.argv) < 4:
        print(__doc__.splitlines()[-1], file=sys.stderr)
        return 2
    output, busybox, *scripts = sys.argv[1:]
    try:
        data = archive(read(busybox), {os.path.basename(path): read(path) for path in scripts})
        with open(f"{output}.part", "wb") as file:
            file.write(data)
        os.replace(f"{output}.part", output)
    except OSError as error:
        print(f"make_initramfs.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
