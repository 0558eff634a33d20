#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of how the runner understands QEMU's monitor, with a pair of sockets instead of QEMU."""

import os
import socket
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_helpers  # noqa: E402

sys.path.insert(0, os.path.join(build_helpers.TOP, "scripts"))
from qemu_session import Ended, Session, SessionError, StopLoop, parse_registers  # noqa: E402
from suite import main  # noqa: E402

# Two CPUs as `info registers -a` shows them, the second one on a machine with EL3.
REGISTERS = """
CPU#0
 PC=000003ffc00013cc X00=0000000084000008 X01=4241544f4e000005
X02=0000000000000001 X30=000003ffc0001a00  SP=000003ffc000fff0
PSTATE=600003c9 -ZC- EL2h     FPCR=00000000 FPSR=00000000
CPU#1
 PC=000003ffc00013cc X00=0000000000000000 X01=4241544f4e000001
PSTATE=600003c5 -ZC- NS EL1h    FPU disabled
"""


class Gone:
    """A QEMU process that has ended."""

    def __init__(self, status):
        self.status = status

    def wait(self):
        """Its exit status."""
        return self.status


def session(text, status=0, interactive=True):
    """A session whose QEMU said `text` and then ended."""
    ours, theirs = socket.socketpair()
    theirs.sendall(text)
    theirs.close()
    out = Session.__new__(Session)
    out.socket, out.process, out.interactive = ours, Gone(status), interactive
    out.buffer, out.shutdown_reason = b"", None
    return out


class Registers(unittest.TestCase):
    """Registers and the stop loop in them."""

    def test_the_registers_of_each_cpu(self):
        first, second = parse_registers(REGISTERS)
        self.assertEqual((first["PC"], first["SP"], first["EL"]),
                         (0x3ffc00013cc, 0x3ffc000fff0, 2))
        self.assertEqual((second["X01"], second["EL"]), (0x4241544f4e000001, 1))

    def test_the_stop_loop(self):
        first, second = parse_registers(REGISTERS)
        self.assertEqual(StopLoop(0x3ffc00013c8, 8).status(first), 5)
        self.assertIsNone(StopLoop(0x3ffc00013c4, 8).status(first))
        self.assertIsNone(StopLoop(0x3ffc00013d0, 8).status(first))
        self.assertIsNone(StopLoop(0x3ffc02013c8, 8).status(first))
        self.assertIsNone(StopLoop(0x3ffc00013c8, 8).status(second))
        self.assertEqual(StopLoop(0x3ffc00013c8, 8, level=1).status(second), 1)
        self.assertIsNone(StopLoop(0x3ffc00013c8, 8).status({}))


class Ends(unittest.TestCase):
    """QEMU that goes away by itself, at any moment."""

    SHUTDOWN = b'{"event": "SHUTDOWN", "data": {"guest": false, "reason": "host-ui"}}\n'

    def tearDown(self):
        self.session.socket.close()

    def test_before_a_command(self):
        self.session = session(b"")
        with self.assertRaises(Ended):
            self.session.command("quit", None)

    def test_after_saying_so(self):
        self.session = session(self.SHUTDOWN)
        with self.assertRaises(Ended):
            self.session.run(5)

    def test_still_answering(self):
        answer = b'{"return": "CPU#0\\n PC=0000000000000000"}\n'
        self.session = session(self.SHUTDOWN + answer)
        with self.assertRaises(Ended):
            self.session.run(5)

    def test_without_a_terminal_nobody_can_have_wanted_it(self):
        self.session = session(self.SHUTDOWN, 0, interactive=False)
        with self.assertRaisesRegex(SessionError, "ended by itself with status 0"):
            self.session.run(5)


if __name__ == "__main__":
    sys.exit(main())
