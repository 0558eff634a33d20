# SPDX-License-Identifier: Apache-2.0
"""QEMU's gdbstub: CPUs that are stopped, stepped and continued one by one.

All stop when one does. A CPU is named by its number from 0. A step over WFI ends only when the CPU
wakes; stop() ends the wait.
"""

import re
import select
import socket


class Lost(Exception):
    """The connection is gone: QEMU has ended."""


class Gdb:
    """One connection. The machine is stopped when it begins."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.buffer = b""
        self.steps = 0
        self._ask("qSupported:multiprocess+;vContSupported+")
        # Threads have process numbers only when the features were asked for.
        self._ask("qXfer:features:read:target.xml:0,ffb")
        self.threads = self._threads()
        self.selected = None

    def _threads(self):
        names, answer = [], self._ask("qfThreadInfo")
        while answer.startswith("m"):
            names += answer[1:].split(",")
            answer = self._ask("qsThreadInfo")
        return names

    def _send(self, text):
        self.socket.sendall(b"$%s#%02x" % (text.encode(), sum(text.encode()) & 255))

    def _packet(self, timeout=None):
        """The next answer; None when there is none for so many seconds."""
        while True:
            match = re.search(rb"\$([^#]*)#..", self.buffer)
            if match:
                self.buffer = self.buffer[match.end():]
                self.socket.sendall(b"+")
                return match[1].decode()
            ready, _, _ = select.select([self.socket], [], [], timeout)
            if not ready:
                return None
            data = self.socket.recv(1 << 16)
            if not data:
                raise Lost
            self.buffer += data

    def _ask(self, text):
        self._send(text)
        answer = self._packet(60)
        if answer is None:
            raise Lost
        return answer

    def _select(self, cpu):
        if self.selected != cpu:
            self._ask(f"Hg{self.threads[cpu]}")
            self.selected = cpu

    def _run(self, action, timeout):
        """True: it stopped by itself. False: it was told to after `timeout` seconds."""
        self.steps += 1
        self.selected = None
        self._send(f"vCont;{action}")
        if self._packet(timeout) is not None:
            return True
        self.socket.sendall(b"\x03")
        if self._packet(60) is None:
            raise Lost
        return False

    def step(self, cpu, timeout=60):
        """One instruction of one CPU."""
        return self._run(f"s:{self.threads[cpu]}", timeout)

    def go(self, cpu=None, timeout=60):
        """One CPU, or all, to the next breakpoint."""
        return self._run("c" if cpu is None else f"c:{self.threads[cpu]}", timeout)

    def is_halted(self, cpu):
        """Whether it is in WFI."""
        text = self._ask(f"qThreadExtraInfo,{self.threads[cpu]}")
        return "halted" in bytes.fromhex(text).decode()

    def register(self, cpu, number):
        """x0 to x30, SP 31, PC 32."""
        self._select(cpu)
        return int.from_bytes(bytes.fromhex(self._ask(f"p{number:x}"))[:8], "little")

    def registers(self, cpu):
        """All of them."""
        self._select(cpu)
        raw = bytes.fromhex(self._ask("g")[:33 * 16])
        return [int.from_bytes(raw[n:n + 8], "little") for n in range(0, len(raw), 8)]

    def pc(self, cpu):
        """Where the CPU is."""
        return self.register(cpu, 32)

    def write_physical(self, address, data):
        """Memory by its physical address, whatever the CPUs have mapped."""
        self._ask("Qqemu.PhyMemMode:1")
        answer = self._ask(f"M{address:x},{len(data):x}:{data.hex()}")
        self._ask("Qqemu.PhyMemMode:0")
        if answer != "OK":
            raise Lost(f"cannot write at {address:#x}: {answer}")

    def set_breakpoint(self, address):
        """At any exception level."""
        if self._ask(f"Z0,{address:x},4") != "OK":
            raise Lost
