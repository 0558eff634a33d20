# SPDX-License-Identifier: Apache-2.0
"""What a thread of a litmus case does: its accesses and barriers, for model.py.

Besides memory there are locations outside of it, written by a register of the interrupt controller
and 'read' by taking an interrupt.
"""


class Value(int):
    """A number that remembers which reads of its thread it depends on."""

    def __new__(cls, number, reads=frozenset()):
        value = super().__new__(cls, number)
        value.reads = reads
        return value


def reads_of(value):
    """The reads that `value` depends on."""
    return getattr(value, "reads", frozenset())


class Event:
    """One access or barrier. kind: R, W or F; flags: acquire, acquire_pc, release, outside, entry."""

    def __init__(self, kind, loc=None, value=0, flags=(), label=None):
        self.kind, self.loc, self.value, self.flags = kind, loc, value, frozenset(flags)
        self.label = label           # of a barrier: what it is
        self.data = frozenset()      # reads of the thread that the value written depends on
        self.control = frozenset()   # reads that decided that this is done
        self.pair = None             # of a read-modify-write's write: its read


class Thread:
    """What a thread's function is given. `left_out` names the barrier that is not there."""

    def __init__(self, choices, domain, left_out):
        self.events, self.results = [], {}
        self.choices, self.used = choices, 0  # (taken, how many) for each read
        self.domain, self.left_out = domain, left_out
        self.deciding = frozenset()

    def add(self, event):
        """Appends an event; returns its place in the thread."""
        event.control = self.deciding
        self.events.append(event)
        return len(self.events) - 1

    def has(self, barrier):
        """Is this barrier there? None is none, True is one that is not put to the test."""
        return barrier is not None and barrier != self.left_out

    def pick(self, loc):
        """The value that the next read gets this time."""
        values = sorted(self.domain[loc])
        if self.used == len(self.choices):
            self.choices.append((0, len(values)))
        taken = self.choices[self.used][0]
        self.used += 1
        return values[taken]

    def read(self, loc, acquire=None, acquire_pc=None):
        """LDR, LDAR, or LDAPR, which is what C++ asks of an acquire."""
        flags = {"acquire"} if self.has(acquire) else set()
        flags |= {"acquire_pc"} if self.has(acquire_pc) else set()
        number = self.pick(loc)
        place = self.add(Event("R", loc, number, flags))
        return Value(number, frozenset([place]))

    def write(self, loc, value, release=None):
        """STR or STLR."""
        place = self.add(Event("W", loc, int(value), {"release"} if self.has(release) else ()))
        self.events[place].data = reads_of(value)

    def change(self, loc, function, acquire=None, release=None):
        """LDXR and STXR that succeed; returns what was read. None of `function`: nothing is stored."""
        old = self.read(loc, acquire)
        new = function(old)
        if new is not None:
            self.write(loc, Value(new, reads_of(old)), release)
            self.events[-1].pair = len(self.events) - 2
        return old

    def barrier(self, label, name=True):
        """dmb or dsb with ish, ishld, ishst; isb."""
        if self.has(name):
            self.add(Event("F", label=label))

    def decide(self, value, truth):
        """`truth`, which was computed from `value`: what follows is done because of it."""
        self.deciding |= reads_of(value)
        return bool(truth)

    def signal(self, loc):
        """A write outside of memory: an SGI, or the call that starts another CPU."""
        self.add(Event("W", loc, 1, {"outside"}))

    def taken(self, loc):
        """Whether the interrupt is taken as an exception: entry synchronises the context."""
        number = self.pick(loc)
        self.add(Event("R", loc, number, {"outside", "entry"} if number else {"outside"}))
        return self.decide(Value(number), number)

    def acknowledged(self, loc):
        """Whether a read of IAR finds the interrupt, with interrupts masked."""
        number = self.pick(loc)
        place = self.add(Event("R", loc, number, {"outside"}))
        value = Value(number, frozenset([place]))
        return self.decide(value, number)

    def result(self, name, value):
        """For the predicates on how it ended."""
        self.results[name] = int(value)
