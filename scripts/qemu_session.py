# SPDX-License-Identifier: Apache-2.0
"""Runs one QEMU and learns over QMP how the machine ended.

Baton ends a machine by PSCI SYSTEM_OFF with a status word in x1. QEMU is started so that it stops
instead of leaving at that moment, hence the word can still be read. A machine without a PSCI
conduit stays in a WFI loop in machine_stopped with the same word, which is found by polling, where
such a machine is expected.
"""

import ctypes
import fcntl
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from dataclasses import dataclass

from qemu_machine import QEMU

STATUS_MAGIC = 0x4241544F4E0000  # "BATON" and two zero bytes, above the status byte
STATUS_TIMEOUT = 124
POLL_SECONDS = 0.25
PR_SET_PDEATHSIG = 1


class SessionError(Exception):
    """QEMU did not start, or ended by itself; the text is the sentence that says so."""


class Ended(Exception):
    """The user ended QEMU by Ctrl-A x."""


@dataclass
class Outcome:
    """How a machine ended: the status byte, or None; `how` says it in words."""

    status: int | None
    how: str
    registers: list[dict]


@dataclass
class StopLoop:
    """Where a machine without a PSCI conduit ends: the address and size of machine_stopped, and the
    exception level that executes it, so that nothing a guest does can look like it."""

    address: int
    size: int
    level: int = 2

    def status(self, cpu):
        """The status byte of one CPU that stays there, or None."""
        inside = 0 <= cpu.get("PC", 0) - self.address < max(self.size, 4)
        return status_word([cpu]) if inside and cpu.get("EL") == self.level else None


class Terminal:
    """Remembers the state of the terminal and of the standard files, and puts it back.

    QEMU sets the terminal raw and the files non-blocking; when it is killed, both would stay."""

    def __init__(self):
        self.flags = {}
        self.attributes = None
        for fd in (0, 1, 2):
            try:
                self.flags[fd] = fcntl.fcntl(fd, fcntl.F_GETFL)
            except OSError:
                continue
        if 0 in self.flags and os.isatty(0):
            self.attributes = termios.tcgetattr(0)

    def restore(self):
        """Puts everything back; a terminal that went away is no error."""
        for fd, flags in self.flags.items():
            try:
                fcntl.fcntl(fd, fcntl.F_SETFL, flags)
            except OSError:
                continue
        if self.attributes is not None:
            try:
                termios.tcsetattr(0, termios.TCSADRAIN, self.attributes)
            except termios.error:
                pass


def _die_with_parent():
    # A runner killed by SIGKILL must not leave a QEMU behind.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def parse_registers(text):
    """The registers of each CPU from `info registers -a`: [{"PC": .., "X00": .., "EL": ..}, ..]."""
    cpus = []
    for part in re.split(r"CPU#\d+", text)[1:]:
        cpu = {name: int(value, 16) for name, value in
               re.findall(r"\b(PC|X\d\d|SP)=\s*([0-9a-f]{16})", part)}
        if level := re.search(r"\bPSTATE=.* EL([0-3])[th]\b", part):
            cpu["EL"] = int(level[1])
        cpus.append(cpu)
    return cpus


def status_word(registers):
    """The status byte that Baton left in x1 of one CPU, or None."""
    for cpu in registers:
        x1 = cpu.get("X01", 0)
        if x1 >> 8 == STATUS_MAGIC:
            return x1 & 0xFF
    return None


class Session:
    """One QEMU process with its monitor connection."""

    def __init__(self, arguments, interactive=False, stdin=None, stdout=None, stderr=None):
        ours, theirs = socket.socketpair()
        serial = "mon:stdio" if interactive else "stdio"
        # -S: an event before the monitor has left negotiation mode would be lost.
        command = [QEMU, *arguments, "-S", "-display", "none", "-serial", serial, "-no-shutdown",
                   "-no-reboot", "-chardev", f"socket,id=qmp,fd={theirs.fileno()}", "-mon",
                   "chardev=qmp,mode=control"]
        if not interactive:
            command += ["-monitor", "none"]
        self.socket = ours
        self.interactive = interactive
        self.stay_stopped = "-S" in arguments  # a debugger will let it go
        self.buffer = b""
        self.shutdown_reason = None
        try:
            self.process = subprocess.Popen(
                command, stdin=stdin, stdout=stdout, stderr=stderr,
                pass_fds=(theirs.fileno(),), preexec_fn=_die_with_parent)
        except FileNotFoundError:
            raise SessionError(f"{QEMU} is missing: install qemu-system-arm") from None
        finally:
            theirs.close()

    def _next_message(self, deadline):
        """The next QMP message, or None at the deadline; SessionError when QEMU has gone."""
        while b"\n" not in self.buffer:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not select.select([self.socket], [], [], left)[0]:
                return None
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                self._death()
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def _death(self):
        code = self.process.wait()
        if code == 0 and self.interactive:
            raise Ended
        how = f"by signal {-code}" if code < 0 else f"with status {code}"
        raise SessionError(f"QEMU ended by itself {how} before the machine was switched off")

    def _note(self, message):
        if message.get("event") == "SHUTDOWN":
            self.shutdown_reason = message["data"].get("reason", "unknown")

    def command(self, name, deadline, **arguments):
        """Executes one QMP command and returns its result, or None at the deadline."""
        try:
            self.socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode())
        except (BrokenPipeError, ConnectionResetError):
            self._death()
        while (message := self._next_message(deadline)) is not None:
            self._note(message)
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise SessionError(f"QEMU refused {name}: {message['error'].get('desc')}")
        return None

    def start(self):
        """Takes the greeting, leaves negotiation mode and lets the machine go."""
        grace = time.monotonic() + 30
        answered = (self._next_message(grace) is not None
                    and self.command("qmp_capabilities", grace) is not None
                    and (self.stay_stopped or self.command("cont", grace) is not None))
        if not answered:
            raise SessionError("QEMU did not answer on its monitor within 30 s")

    def registers(self):
        """The registers of all CPUs; empty when the monitor does not answer."""
        text = self.command("human-monitor-command", time.monotonic() + 10,
                            **{"command-line": "info registers -a"})
        return parse_registers(text or "")

    def run(self, timeout, stopped=None):
        """Waits for the end of the machine. `stopped` is a StopLoop when the end may be one, else
        None; `timeout` in seconds or None."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.shutdown_reason is None:
            now = time.monotonic()
            if end is not None and now >= end:
                return Outcome(STATUS_TIMEOUT, "time limit", self.registers())
            poll = now + POLL_SECONDS if stopped else None
            wait = min((t for t in (end, poll) if t is not None), default=None)
            message = self._next_message(wait)
            if message is not None:
                self._note(message)
            elif stopped and (outcome := self._in_stop_loop(stopped)):
                return outcome
        if self.shutdown_reason.startswith("host-"):
            self._death()  # not the machine: QEMU was told to end, by its user or a signal
        registers = self.registers()
        if self.shutdown_reason == "guest-reset":
            return Outcome(4, "reset", registers)
        return Outcome(status_word(registers), self.shutdown_reason, registers)

    def _in_stop_loop(self, stopped):
        registers = self.registers()
        for cpu in registers:
            status = stopped.status(cpu)
            if status is not None:
                return Outcome(status, "stopped without a PSCI conduit", registers)
        return None

    def close(self):
        """Ends QEMU whatever it is doing; safe to call twice."""
        if self.process.poll() is None:
            try:
                # A regular quit lets QEMU put its terminal back and flush its logs.
                self.socket.sendall(b'{"execute":"quit"}\n')
                self.process.wait(timeout=5)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.socket.close()


def say(text):
    """Prints one sentence of the runner, apart from the console, on standard error."""
    sys.stdout.flush()
    print(f"run: {text}", file=sys.stderr, flush=True)
