#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots Baton under QEMU: writes the manifest, packs the image, runs it, reports how it ended.

Exit status: 0 the guest powered off, or its verdict was good; 1 its verdict was bad; 2 usage;
3 guest fault; 4 reset; 5 EL2 panic or refusal to boot; 124 time limit; 125 QEMU itself failed;
128 + n ended by signal n (130 also: ended from the keyboard by Ctrl-A x). With --vms: 0 when that
holds for every VM, else what is said above of one that ended otherwise.
"""

import argparse
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import qemu_devices  # noqa: E402
import qemu_elf  # noqa: E402
import qemu_machine  # noqa: E402
import qemu_manifest  # noqa: E402
from qemu_manifest import UsageError  # noqa: E402
from qemu_session import (Ended, Session, SessionError, STATUS_TIMEOUT, StopLoop,  # noqa: E402
                          Terminal, say)

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GUEST_MIB = 256
STATUS_USAGE = 2
STATUS_EL2 = 5
STATUS_QEMU = 125
MEANING = {
    0: "the guest powered off",
    1: "the guest's verdict was bad",
    3: "the guest was stopped for a fault",
    4: "the guest asked for a reset",
    5: "Baton stopped at EL2",
}


class OneSentence(argparse.ArgumentParser):
    """An argument parser that refuses with one sentence instead of a page of usage."""

    def error(self, message):
        raise UsageError(message)


def number(name, kind=int):
    """A converter for the variable `name` of make that refuses in its words."""
    def convert(text):
        try:
            return kind(text)
        except ValueError:
            raise UsageError(f"{name} must be a number, not '{text}'") from None
    return convert


def one_of(name, values):
    """A converter for the variable `name` that takes one of a few words."""
    def convert(text):
        if text not in values:
            raise UsageError(f"{name} must be {' or '.join(values)}, not '{text}'")
        return text
    return convert


def parser():
    """The options; those without help text are for the tests."""
    out = OneSentence(prog="run.py", description=__doc__.splitlines()[0])
    option = out.add_argument
    option("--gic", type=one_of("GIC", ("2", "3")), help="GIC generation (3)")
    option("--smp", type=number("SMP"),
           help="CPUs of the machine (1, or as many as the manifest's `pcpus` name)")
    option("--cpu", help="CPU model (cortex-a57)")
    option("--mem", type=number("MEM"), default=1024, help="MiB of the machine (1024)")
    option("--guest", help="arm64 Image, ELF or flat binary to run (the tiny guest)")
    option("--initrd", default="", help="initial RAM disk of the guest")
    option("--cmdline", default="", help="command line of the guest")
    option("--vcpus", type=number("VCPUS"), help="vCPUs of the guest (1)")
    option("--guest-mem", type=number("GUEST_MEM"), help="its MiB (256)")
    option("--timeout", type=number("TIMEOUT", float),
           help="seconds (none on a terminal, else 60)")
    option("--lrs", type=number("LRS"), help="use only this many list registers")
    option("--trace", action="store_true",
           help="record what EL2 does; a panic then prints the last events")
    option("--watchdog", type=number("WATCHDOG"),
           help="report an interrupt that is active for more milliseconds than this")
    option("--devices", default="", help="devices for the guest: "
           f"{', '.join(qemu_devices.KNOWN)}, separated by commas (pl011)")
    option("--dma-trusted", action="store_true",
           help="its memory lies where the machine has it, and its devices reach all of that")
    option("--transport", type=one_of("TRANSPORT", qemu_devices.TRANSPORTS), default="legacy",
           help="virtio transport (legacy)")
    option("--shared-page", action="store_true",
           help="give the guest some virtio slots of a page, not all")
    option("--vms", help="a manifest source instead of the one guest")
    option("--machine", default=qemu_machine.VIRT,
           type=one_of("MACHINE", (qemu_machine.VIRT, qemu_machine.VERSAL)),
           help="QEMU machine (virt)")
    option("--secure", action="store_true", help="a machine with EL3")
    option("--entry", type=one_of("ENTRY", ("image", "elf")), default="image",
           help="file format handed to QEMU (image)")
    option("--icount", action="store_true", help="count instructions as time (shift 4)")
    option("--pack-only", action="store_true", help="leave the image, run nothing")
    for name in ("--name", "--build", "--hyp", "--stub", "--self-crash", "--raw-image"):
        option(name, help=argparse.SUPPRESS, default="")
    for name in ("--ignore-quirks", "--no-el2"):
        option(name, action="store_true", help=argparse.SUPPRESS)
    for name in ("--manifest-option", "--qemu-arg"):
        option(name, action="append", default=[], help=argparse.SUPPRESS)
    return out


def _readable(path, what):
    if not os.path.exists(path):
        raise UsageError(f"the {what} '{path}' does not exist")
    if not os.path.isfile(path):
        raise UsageError(f"the {what} '{path}' is not a file")
    if not os.access(path, os.R_OK):
        raise UsageError(f"the {what} '{path}' cannot be read")
    return path


def _positive(what, value):
    if value is not None and value <= 0:
        raise UsageError(f"{what} must be greater than zero, not {value:g}")


def prepare(args, devices):
    """Writes and packs the manifest with the guest's `devices`; returns the base name of the packed
    files: build/NAME of an image that is to be kept, build/run/NAME of one that is only run."""
    build = args.build or os.path.join(TOP, "build")
    hyp_dir = args.hyp or build
    options = qemu_manifest.Options(args.lrs, args.ignore_quirks, args.self_crash, args.trace,
                                    args.watchdog, args.manifest_option)
    if args.vms:
        if args.guest or args.initrd or args.cmdline or args.vcpus or args.guest_mem:
            raise UsageError("VMS describes its guests itself: GUEST, INITRD, CMDLINE, VCPUS and "
                             "GUEST_MEM cannot be given with it")
        if args.dma_trusted:
            raise UsageError("VMS says itself which VM is dma-trusted: DMA_TRUSTED cannot be given "
                             "with it")
        _readable(args.vms, "manifest")
        source = qemu_manifest.wrapped_source(args.vms, options)
        inputs = [args.vms]
        name = os.path.splitext(os.path.basename(args.vms))[0]
    else:
        guest = args.guest or os.path.join(build, "guest", "tiny.img")
        _readable(guest, "guest file")
        if args.initrd:
            _readable(args.initrd, "initrd")
        name = os.path.splitext(os.path.basename(guest))[0]
        vm = qemu_manifest.Vm(name[:qemu_manifest.LABEL_LENGTH], os.path.abspath(guest),
                              args.guest_mem or GUEST_MIB, args.vcpus or 1, args.cmdline,
                              os.path.abspath(args.initrd) if args.initrd else "",
                              devices.manifest_names(), args.dma_trusted or devices.dma())
        source = qemu_manifest.one_vm_source(vm, options)
        inputs = [guest] + ([args.initrd] if args.initrd else [])
    base = os.path.join(build, args.name or (name if args.pack_only else f"run/{name}"))
    own = [os.path.join(folder, f"hyp.{kind}") for folder in (build, hyp_dir)
           for kind in ("img", "elf")]
    qemu_manifest.refuse_overwriting(base, inputs + own)
    qemu_manifest.pack(source, base, hyp_dir, os.path.join(build, "host", "pack"),
                       args.smp)
    return base


def machine_of(args):
    """Checks the machine's options and returns it without the file to boot."""
    _positive("TIMEOUT", args.timeout)
    _positive("VCPUS", args.vcpus)
    _positive("GUEST_MEM", args.guest_mem)
    guest_mem = args.guest_mem or GUEST_MIB
    if guest_mem % 2 != 0 or guest_mem > qemu_manifest.MEMORY_MIB:
        raise UsageError(f"GUEST_MEM must be a multiple of 2 from 2 to {qemu_manifest.MEMORY_MIB} "
                         f"(MiB), not {args.guest_mem}")
    _positive("LRS", args.lrs)
    if args.lrs is not None and args.lrs > qemu_manifest.LIST_REGISTERS:
        raise UsageError(f"LRS must be between 1 and {qemu_manifest.LIST_REGISTERS}, "
                         f"not {args.lrs}")
    _positive("WATCHDOG", args.watchdog)
    if args.watchdog is not None and args.watchdog > qemu_manifest.WATCHDOG_MS:
        raise UsageError(f"WATCHDOG must be between 1 and {qemu_manifest.WATCHDOG_MS} (ms), "
                         f"not {args.watchdog}")
    gic = int(args.gic) if args.gic else None
    machine = qemu_machine.Machine(
        kernel="", machine=args.machine, gic=gic or 3, smp=1 if args.smp is None else args.smp,
        cpu=args.cpu or "cortex-a57", mem_mib=args.mem, el2=not args.no_el2, secure=args.secure,
        icount=4 if args.icount else None, stub=args.stub, extra=list(args.qemu_arg))
    qemu_machine.check(machine, gic, args.cpu, args.smp)
    return machine


def _may_lack_conduit(args):
    """Whether the machine may end without PSCI. QEMU answers it on virt when it entered the image
    at EL2 itself and handed it a tree; anything less usual is looked after by polling."""
    return (args.secure or args.no_el2 or args.machine != qemu_machine.VIRT
            or bool(args.stub or args.raw_image or args.qemu_arg))


def _symbols(args):
    """The symbols of hyp.elf; none when it cannot be read."""
    hyp_dir = args.hyp or args.build or os.path.join(TOP, "build")
    try:
        return qemu_elf.symbols(os.path.join(hyp_dir, "hyp.elf"))
    except (OSError, qemu_elf.ElfError):
        return {}


def _stop_loop(args, table):
    """Where the machine may stay when it ends, or None."""
    if "machine_stopped" not in table or not _may_lack_conduit(args):
        return None
    return StopLoop(*table["machine_stopped"], level=1 if args.no_el2 else 2)


def report(outcome, timeout, table, which):
    """Says how the machine ended and returns the exit status. `which` is "the" guest or "a" guest of
    several."""
    if outcome.status == STATUS_TIMEOUT:
        say(f"no end within {timeout:g} s, stopped by the runner")
        for index, cpu in enumerate(outcome.registers):
            where = qemu_elf.find(table, cpu.get("PC", 0))
            say(f"CPU {index} was at {cpu.get('PC', 0):#x}" + (f" ({where})" if where else ""))
        return STATUS_TIMEOUT
    if outcome.status is None:
        say(f"the machine ended ({outcome.how}) without a status word in x1, so it was not "
            "Baton that ended it")
        return STATUS_EL2
    if outcome.status not in MEANING:
        say(f"Baton left the unknown status {outcome.status}")
        return STATUS_EL2
    if outcome.status != 0:
        say(f"{MEANING[outcome.status].replace('the guest', f'{which} guest', 1)} "
            f"(exit status {outcome.status})")
    return outcome.status


def run(args):
    """The whole run; returns the exit status."""
    machine = machine_of(args)
    devices = qemu_devices.parse(args.devices, args.transport, args.shared_page)
    if args.stub:
        _readable(args.stub, "stub")
    if args.raw_image:
        machine.kernel = _readable(args.raw_image, "image")
        machine.extra += ["-append", args.cmdline] if args.cmdline else []
    else:
        base = prepare(args, devices)
        machine.kernel = f"{base}.elf" if args.entry == "elf" else f"{base}.img"
        if args.vms and args.smp is None:
            machine.smp = qemu_manifest.pcpus_named(f"{base}.dtb")
    if args.pack_only:
        print(machine.kernel)
        return 0
    on_terminal = os.isatty(0) and os.isatty(1)
    timeout = args.timeout if args.timeout or on_terminal else 60.0
    table = _symbols(args)
    terminal = Terminal()
    devices.make_disk(os.path.join(args.build or os.path.join(TOP, "build"),
                                   f"{args.name or 'run/devices'}.disk"))
    machine.extra += devices.arguments()
    session = Session(machine.arguments(), interactive=os.isatty(0))
    try:
        session.start()
        outcome = session.run(timeout, _stop_loop(args, table))
    except Ended:
        outcome = None
    finally:
        session.close()
        terminal.restore()
        devices.remove_disk()
    if outcome is None:
        say("ended from the keyboard")
        return 128 + signal.SIGINT
    return report(outcome, timeout, table, "a" if args.vms else "the")


def _on_signal(number, _frame):
    raise SystemExit(128 + number)


def main():
    """Runs, and turns each refusal into one sentence and its status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)
    try:
        return run(parser().parse_args())
    except UsageError as error:
        say(f"{error}")
        return STATUS_USAGE
    except SessionError as error:
        say(f"{error}")
        return STATUS_QEMU


if __name__ == "__main__":
    sys.exit(main())
