#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the runner itself, with helper programs instead of the hypervisor."""

import os
import pty
import signal
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import build_helpers  # noqa: E402
from suite import main  # noqa: E402

RUN = os.path.join(build_helpers.TOP, "scripts", "run.py")


def helper(end, status=0):
    """The image of a helper that ends as `end` says."""
    return build_helpers.build(f"{end}-{status}", "helpers/end.S",
                               **{f"END_{end}": 1, "STATUS": status})


def command(*arguments):
    """The runner's command line."""
    return [sys.executable, RUN, *arguments]


def run(*arguments, **environment):
    """Runs the runner to its end."""
    return subprocess.run(command(*arguments), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, env={**os.environ, **environment}, check=False)


def children(pid):
    """The processes whose parent is `pid`."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii") as file:
                if int(file.read().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(entry))
        except (OSError, ValueError):
            continue
    return found


def alive(pid):
    """Whether the process still runs."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, seconds=20.0):
    """Polls until `condition` is true; the bound is generous, for the machine may be loaded."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


class Statuses(unittest.TestCase):
    """Each way a machine can end gives its status."""

    def test_system_off_gives_the_status_byte(self):
        for status in (0, 1, 3, 4, 5):
            with self.subTest(status=status):
                done = run("--raw-image", helper("off", status))
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn("helper speaking", done.stdout)

    def test_the_status_is_found_on_a_machine_of_two(self):
        done = run("--raw-image", helper("off", 3), "--smp", "2", "--gic", "2")
        self.assertEqual(done.returncode, 3, done.stderr)

    def test_a_good_end_says_nothing(self):
        self.assertEqual(run("--raw-image", helper("off", 0)).stderr, "")

    def test_an_unknown_status_is_an_el2_failure(self):
        done = run("--raw-image", helper("off", 77))
        self.assertEqual(done.returncode, 5)
        self.assertIn("unknown status 77", done.stderr)

    def test_off_without_a_status_word_is_an_el2_failure(self):
        done = run("--raw-image", helper("bare_off", 0))
        self.assertEqual(done.returncode, 5)
        self.assertIn("without a status word", done.stderr)

    def test_a_reset_of_the_machine(self):
        self.assertEqual(run("--raw-image", helper("reset", 0)).returncode, 4)

    def test_the_stop_loop_is_found_by_its_symbol(self):
        image = helper("loop", 3)
        done = run("--raw-image", image, "--hyp", os.path.dirname(image), "--timeout", "20")
        self.assertEqual(done.returncode, 3, done.stderr)

    def test_the_stop_loop_at_el1_is_found_where_there_is_no_el2(self):
        image = helper("loop", 5)
        done = run("--raw-image", image, "--hyp", os.path.dirname(image), "--timeout", "20",
                   "--no-el2")
        self.assertEqual(done.returncode, 5, done.stderr)

    def test_what_only_looks_like_the_stop_loop_is_a_hang(self):
        for end in ("idle", "guest", "moved"):
            with self.subTest(end=end):
                image = helper(end, 3)
                done = run("--raw-image", image, "--hyp", os.path.dirname(image), "--timeout", "2")
                self.assertEqual(done.returncode, 124, done.stderr)
                self.assertIn("helper speaking", done.stdout)

    def test_a_hang_meets_the_time_limit(self):
        done = run("--raw-image", helper("hang"), "--timeout", "1")
        self.assertEqual(done.returncode, 124)
        self.assertIn("no end within 1 s", done.stderr)
        self.assertIn("CPU 0 was at 0x", done.stderr)


class Refusals(unittest.TestCase):
    """Bad input gives one sentence and status 2; a failure of QEMU gives 125."""

    def refused(self, sentence, *arguments):
        done = run(*arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(sentence, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_wrong_values(self):
        image = helper("off", 0)
        self.refused("GIC must be 2 or 3, not '4'", "--raw-image", image, "--gic", "4")
        self.refused("SMP must be a number", "--raw-image", image, "--smp", "two")
        self.refused("between 1 and 8", "--raw-image", image, "--smp", "9", "--gic", "2")
        self.refused("no 64-bit CPU named 'z80'", "--raw-image", image, "--cpu", "z80")
        self.refused("no 64-bit CPU named 'cortex-a15'", "--raw-image", image,
                     "--cpu", "cortex-a15")
        self.refused("MEM (in MiB)", "--raw-image", image, "--mem", "1")
        self.refused("GUEST_MEM must be a multiple of 2 from 2 to 261120 (MiB), not 33",
                     "--raw-image", image, "--guest-mem", "33")
        self.refused("GUEST_MEM must be a multiple of 2 from 2 to 261120 (MiB), not 261122",
                     "--raw-image", image, "--guest-mem", "261122")
        self.refused("LRS must be between 1 and 16, not 17", "--raw-image", image, "--lrs", "17")
        self.refused("WATCHDOG must be between 1 and 600000 (ms), not 600001",
                     "--raw-image", image, "--watchdog", "600001")
        self.refused("TIMEOUT must be greater", "--raw-image", image, "--timeout", "-1")
        self.refused("and a GICv3, nothing else", "--raw-image", image, "--gic", "2",
                     "--machine", "xlnx-versal-virt")
        self.refused("unrecognized arguments", "--raw-image", image, "--gics", "3")

    def test_missing_files(self):
        self.refused("guest file '/missing' does not exist", "--guest", "/missing")
        self.refused("manifest '/missing' does not exist", "--vms", "/missing")
        self.refused("initrd '/missing' does not exist", "--guest", RUN, "--initrd", "/missing")
        self.refused("run make first", "--guest", RUN, "--hyp", "/missing", "--name",
                     "runner-test/missing")

    def test_a_folder_is_no_file(self):
        for option, what in (("--guest", "guest file"), ("--vms", "manifest"),
                             ("--raw-image", "image"), ("--stub", "stub")):
            self.refused(f"the {what} '/tmp' is not a file", option, "/tmp")

    def test_the_largest_limits_are_those_of_the_packer(self):
        for option, value in (("--lrs", "16"), ("--guest-mem", "261120"), ("--watchdog", "600000")):
            done = run("--pack-only", "--name", "runner-test/limits", option, value)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_command_line_with_control_characters(self):
        self.refused("printable", "--guest", RUN, "--cmdline", "a\nb")

    def test_qemu_that_refuses_an_option(self):
        done = run("--raw-image", helper("off", 0), "--qemu-arg=-bogus")
        self.assertEqual(done.returncode, 125)
        self.assertIn("QEMU ended by itself with status 1", done.stderr)

    def test_qemu_that_is_missing(self):
        done = run("--raw-image", helper("off", 0), QEMU="no-such-qemu")
        self.assertEqual(done.returncode, 125)
        self.assertIn("no-such-qemu is missing", done.stderr)

    def test_qemu_that_is_killed(self):
        runner = subprocess.Popen(command("--raw-image", helper("hang"), "--timeout", "60"),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True)
        self.assertTrue(wait_until(lambda: children(runner.pid)))
        os.kill(children(runner.pid)[0], signal.SIGKILL)
        _, text = runner.communicate(timeout=30)
        self.assertEqual(runner.returncode, 125)
        self.assertIn("QEMU ended by itself by signal 9", text)


class Leftovers(unittest.TestCase):
    """No way of ending the runner leaves a QEMU, or a changed terminal."""

    def qemu_gone_after(self, number):
        runner = subprocess.Popen(command("--raw-image", helper("hang"), "--timeout", "60"),
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        runner.stdout.readline()
        qemu = children(runner.pid)[0]
        runner.send_signal(number)
        runner.wait(timeout=30)
        runner.stdout.close()
        self.assertTrue(wait_until(lambda: not alive(qemu)))
        return runner.returncode

    def test_signals(self):
        self.assertEqual(self.qemu_gone_after(signal.SIGTERM), 128 + signal.SIGTERM)
        self.assertEqual(self.qemu_gone_after(signal.SIGINT), 128 + signal.SIGINT)
        self.assertEqual(self.qemu_gone_after(signal.SIGKILL), -signal.SIGKILL)

    def on_terminal(self, image, keys, *arguments):
        """Runs on a terminal of its own and types `keys` once the helper has spoken."""
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        runner = subprocess.Popen(command("--raw-image", image, *arguments), stdin=slave,
                                  stdout=slave, stderr=slave, start_new_session=True)
        try:
            text = b""
            while b"helper speaking" not in text:
                text += os.read(master, 1024)
            os.write(master, keys)
            runner.wait(timeout=30)
        finally:
            if runner.poll() is None:
                runner.kill()
                runner.wait()
            after = termios.tcgetattr(slave)
            os.close(slave)
            os.close(master)
        self.assertEqual(before, after)
        return runner.returncode

    def test_ctrl_a_x_ends_the_run(self):
        self.assertEqual(self.on_terminal(helper("hang"), b"\x01x"), 130)

    def test_the_terminal_is_put_back(self):
        self.assertEqual(self.on_terminal(helper("hang"), b"", "--timeout", "1"), 124)
        self.assertEqual(self.on_terminal(helper("off", 1), b""), 1)


if __name__ == "__main__":
    sys.exit(main())
