# SPDX-License-Identifier: Apache-2.0
"""Every order in which two CPUs of the real machine pass through a window.

Where they stop: before each access to a word that both touch and one writes, before an SGI is sent,
before interrupts are acknowledged, before WFI. What lies between is the CPU's own and needs no turns.
A load-exclusive and its store count as one. Which words are shared is measured: each CPU is stepped
through the window alone, in two orders, and each load and store is looked at.

The guest brings both CPUs to the window again after each run, so nothing has to be put back: a run
repeats the choices of an earlier one up to a point, and takes another one there.
"""

import re
import struct
import time
from dataclasses import dataclass, field

PERCPU = range(0x3fffffff000, 0x40000000000)  # another page on each CPU, at one address
DEVICES = range(0x3ffffc00000, 0x3fffffff000)
NOP = 0xd503201f
IMAGE_VA, IMAGE_PA = 0x3ffc0000000, 0x40200000  # of the image that QEMU loads
EL2_FROM = 0x3ff00000000
MOST_STEPS = 6000
MOST_EVENTS = 60  # then both go on as they like
WFI_LOOK = 0.02


@dataclass
class Window:
    """Where each CPU is stopped, where it has passed, where it must never be."""

    name: str
    number: int
    pcpus: list[int]
    starts: list[str]
    ends: list[str]
    wrong: list[str] = field(default_factory=lambda: ["lost_one", "unclean"])
    switches: int = 2  # of a CPU that could have gone on
    most_runs: int = 100
    quick: bool = False  # for `make test`
    anew: bool = False  # who comes to its start again has passed
    patience: float = 5  # seconds until a wake-up counts as lost; hosts may be busy


@dataclass
class Result:
    """What was found."""

    runs: int = 0
    events: int = 0
    whole: bool = False  # no run within the bound was left out
    lost: list[str] = field(default_factory=list)


class Explorer:
    """One window of one machine."""

    def __init__(self, machine, window):
        self.machine, self.gdb, self.window = machine, machine.gdb, window
        labels = machine.guest.labels
        self.starts = [labels[name] for name in window.starts]
        self.ends = [labels[name] for name in window.ends]
        self.wrong = {labels[name] for name in window.wrong}
        self.events = set()
        self.shared = set()
        self.points = set(self.starts) | set(self.ends) | self.wrong
        for address in self.points:
            self.gdb.set_breakpoint(address)

    def watch(self, addresses):
        """More places where a CPU is stopped."""
        for address in addresses - self.points:
            self.gdb.set_breakpoint(address)
        self.points |= addresses
        self.events |= addresses

    # --- to the window
    def _leave(self, cpu):
        """Past a breakpoint, or WFI."""
        if self.gdb.pc(cpu) in self.points:
            self.gdb.step(cpu, WFI_LOOK if self._is_wfi(cpu) else 60)

    def _is_wfi(self, cpu):
        return self.machine.el2.text(self.gdb.pc(cpu)) == "wfi"

    def gather(self, goals, patience):
        """All CPUs to their goals, whoever is there waits. False: one does not come in so many
        seconds, or is where it must never be."""
        end = time.monotonic() + patience
        while True:
            pcs = [self.gdb.pc(cpu) for cpu in (0, 1)]
            away = [cpu for cpu in (0, 1) if pcs[cpu] != goals[cpu]]
            if any(pc in self.wrong for pc in pcs):
                return False
            if not away:
                return True
            if time.monotonic() > end:
                return False
            for cpu in away:
                self._leave(cpu)
            if not any(self.gdb.pc(cpu) in self.points for cpu in away):
                self.gdb.go(away[0] if len(away) == 1 else None, patience)

    # --- which words are shared
    def trace(self, cpu):
        """Steps one CPU to its end, or to where it sleeps: its accesses and events."""
        touched, events = [], set()
        for _ in range(MOST_STEPS):
            registers = self.gdb.registers(cpu)
            pc = registers[32]
            if pc == self.ends[cpu] and touched:
                break
            if pc >= EL2_FROM:
                access = self.machine.el2.access(pc, registers)
                if access and access[0] not in PERCPU and access[0] not in DEVICES:
                    touched.append((pc, *access))
                if self.machine.el2.is_event(pc):
                    events.add(pc)
            is_wfi = self._is_wfi(cpu) if pc in events else False
            self.gdb.step(cpu, WFI_LOOK if is_wfi else 60)
            if is_wfi and self.gdb.is_halted(cpu):
                break
        return touched, events

    def learn(self):
        """Finds the events, by both orders of the CPUs."""
        touched, events = [[], []], set()
        for order in ((0, 1), (1, 0, 1)):
            if not self.gather(self.starts, 60):
                raise RuntimeError(f"{self.window.name}: the guest does not come to its window")
            for cpu in order:
                more, found = self.trace(cpu)
                touched[cpu] += more
                events |= found
        ranges = [{(address, size) for _, address, size, _ in one} for one in touched]
        bytes_of = [{address + n for address, size in one for n in range(size)} for one in ranges]
        written = {address + n for one in touched for _, address, size, is_store in one if is_store
                   for n in range(size)}
        shared = bytes_of[0] & bytes_of[1] & written
        for one in touched:
            for pc, address, size, _ in one:
                if any(address + n in shared for n in range(size)):
                    events.add(pc)
        # The store that ends an exclusive pair is no event of its own.
        self.watch({pc for pc in events
                    if not self.machine.el2.text(pc).startswith(("stxr", "stlxr"))})
        self.shared = shared

    def plant_split_take(self):
        """A fault: a word that is taken is read and cleared in two steps. Returns how many."""
        text, planted = self.machine.el2.text, 0
        for pc in sorted(self.events):
            clears = re.fullmatch(r"stlxr w\d+, [wx]zr, \[x(\d+)\]", text(pc + 4))
            if clears and text(pc).startswith("ldaxr") and text(pc + 8).startswith("cbnz"):
                wide = 0xf9000000 if "xzr" in text(pc + 4) else 0xb9000000
                store = wide | int(clears[1]) << 5 | 31
                self.gdb.write_physical(pc + 4 - IMAGE_VA + IMAGE_PA,
                                        struct.pack("<II", store, NOP))
                self.watch({pc + 4})
                planted += 1
        return planted

    # --- one run
    def _matters(self, cpu, pc):
        """A function that loads any shared word stops for those of this window alone."""
        if self.machine.el2.is_event(pc):
            return True
        address, size, _ = self.machine.el2.access(pc, self.gdb.registers(cpu))
        return any(address + n in self.shared for n in range(size))

    def _advance(self, cpu):
        """To the CPU's next event. 'event', 'end', or 'asleep'."""
        if self._is_wfi(cpu):
            self.gdb.step(cpu, WFI_LOOK)
            if self.gdb.is_halted(cpu):
                return "asleep"
        elif self.gdb.pc(cpu) in self.points:
            self.gdb.step(cpu)
        while True:
            pc = self.gdb.pc(cpu)
            if pc == self.ends[cpu] or pc in self.wrong:
                return "end"
            if self.window.anew and pc == self.starts[cpu]:
                return "end"
            if pc in self.events and self._matters(cpu, pc):
                return "event"
            if pc in self.points:
                self.gdb.step(cpu)
            elif not self.gdb.go(cpu, 1):
                return "asleep"

    def run(self, prefix):
        """One order: the choices made, as (CPU, could it have been the other, was it the other's
        turn by an earlier run); and whether all ended well."""
        state = [self._advance(cpu) for cpu in (0, 1)]
        choices, last = [], None
        while "event" in state and len(choices) < MOST_EVENTS:
            able = [cpu for cpu in (0, 1) if state[cpu] == "event"]
            cpu, flipped = last if last in able else able[0], False
            if len(choices) < len(prefix) and prefix[len(choices)][0] in able:
                cpu, flipped = prefix[len(choices)]
            other = 1 - cpu
            choices.append((cpu, other in able, flipped))
            is_sgi = self.machine.el2.text(self.gdb.pc(cpu)).startswith("msr")
            state[cpu] = self._advance(cpu)
            if state[other] == "asleep" and is_sgi:
                state[other] = "event"  # looks whether it wakes
            last = cpu
        return choices, self.gather(self.starts, self.window.patience)

    def explore(self):
        """All runs within the bounds, depth first."""
        result, prefix = Result(), []
        while result.runs < self.window.most_runs:
            if not self.gather(self.starts, 60):
                raise RuntimeError(f"{self.window.name}: the guest does not come to its window")
            choices, good = self.run(prefix)
            result.runs += 1
            result.events += len(choices)
            if not good:
                order = "".join(str(choice[0]) for choice in choices)
                places = [self.machine.el2.text(self.gdb.pc(cpu)) for cpu in (0, 1)]
                result.lost.append(f"{order}: CPUs at '{places[0]}', '{places[1]}'")
                return result
            prefix = self._next(choices)
            if prefix is None:
                result.whole = True
                return result
        return result

    def _next(self, choices):
        """The choices up to the last one that can be made otherwise, and that one; None: none."""
        for n in range(len(choices) - 1, -1, -1):
            cpu, has_other, flipped = choices[n]
            before = [choice[0] for choice in choices[:n]]
            if not has_other or flipped:
                continue
            order = [*before, 1 - cpu]
            switches = sum(order[i] != order[i - 1] and choices[i][1]
                           for i in range(1, len(order)))
            if switches <= self.window.switches:
                return [(choice[0], choice[2]) for choice in choices[:n]] + [(1 - cpu, True)]
        return None
