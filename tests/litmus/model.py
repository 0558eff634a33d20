# SPDX-License-Identifier: Apache-2.0
"""All executions of a small concurrent program that the Armv8 memory model allows (DDI 0487, B2.3).

A thread is a function of a Thread, which it asks to read, write and change locations of memory. Each
read gets every value that any thread may have written, so the function is run once for each way
through it; then reads are matched with writes (rf) and the writes of a location are put in order
(co), and what remains must be coherent, atomic, and have no cycle in "ordered before":

    observed by another thread (rfe, fre, coe), dependencies, barriers, acquire and release,
    and the two halves of a read-modify-write.

Besides memory there are locations outside of it, written by a register of the interrupt controller
and 'read' by taking an interrupt. DSB alone orders what comes before it with such a write.
"""

import itertools

from thread import Event, Thread

def ways(function, domain, left_out):
    """Every way through a thread, whatever its reads find."""
    choices = []
    while True:
        thread = Thread(choices, domain, left_out)
        function(thread)
        yield thread
        while choices and choices[-1][0] + 1 == choices[-1][1]:
            choices.pop()
        if not choices:
            return
        choices[-1] = (choices[-1][0] + 1, choices[-1][1])


def all_ways(functions, initial, left_out):
    """The ways of each thread; the values that a read may find grow until there are no more."""
    domain = {loc: {value} for loc, value in initial.items()}
    while True:
        found = [list(ways(function, domain, left_out)) for function in functions]
        grown = {loc: set(values) for loc, values in domain.items()}
        for thread in itertools.chain.from_iterable(found):
            for event in thread.events:
                if event.kind == "W":
                    grown[event.loc].add(event.value)
        if grown == domain:
            return found
        if max(map(len, grown.values())) > 16:
            raise ValueError("a location has ever more values: the program must be finite")
        domain = grown


def has_cycle(edges, count):
    """Is there a cycle? edges[n]: the successors of n as bits."""
    rest = (1 << count) - 1
    while rest:
        last = [n for n in range(count) if rest >> n & 1 and not edges[n] & rest]
        if not last:
            return True
        for n in last:
            rest &= ~(1 << n)
    return False


class Program:
    """One way through each thread, put together."""

    def __init__(self, threads, initial):
        self.threads = threads
        self.events, self.owner, self.base = [], [], []
        for number, thread in enumerate(threads):
            self.base.append(len(self.events))
            self.events += thread.events
            self.owner += [number] * len(thread.events)
        self.initial = {}  # location -> number of the write before all
        for loc, value in initial.items():
            self.initial[loc] = len(self.events)
            self.events.append(Event("W", loc, value))
            self.owner.append(None)
        self.count = len(self.events)
        self.fixed = self.fixed_order()

    def by_threads(self, places):
        """Pairs of events of one thread in program order, of those in `places`."""
        for a, b in itertools.combinations(places, 2):
            if self.owner[a] == self.owner[b] is not None:
                yield a, b

    def fixed_order(self):
        """What is ordered before what, wherever reads find their values: the pairs, as bits."""
        edges = [0] * self.count
        for a, b in self.by_threads(range(self.count)):
            if self.is_ordered(a, b):
                edges[a] |= 1 << b
        return edges

    def is_ordered(self, a, b):
        """Two events of a thread: by dependency, by barrier, by what they are."""
        first, then = self.events[a], self.events[b]
        base = self.base[self.owner[a]]
        if "F" in (first.kind, then.kind):
            return False
        if "entry" in first.flags:
            return True
        # data; and data and then coi: (data);coi
        depends = any(a - base in self.events[w].data for w in range(a + 1, b + 1)
                      if then.kind == "W" and self.events[w].loc == then.loc)
        decided = a - base in then.control and (then.kind == "W" or self.isb_between(a, b))
        if depends or decided or (then.pair is not None and then.pair == a - base):
            return True
        if any(self.is_barrier(self.events[f], first, then) for f in range(a + 1, b)
               if self.events[f].kind == "F"):
            return True
        if "outside" in first.flags or "outside" in then.flags:
            return "outside" in first.flags and "outside" in then.flags  # one device, in order
        return (first.kind == "R" and bool(first.flags & {"acquire", "acquire_pc"})
                or "release" in then.flags
                or "release" in first.flags and "acquire" in then.flags)

    def isb_between(self, a, b):
        """A read that decided about an ISB comes before what follows it."""
        base = self.base[self.owner[a]]
        return any(self.events[f].label == "isb" and a - base in self.events[f].control
                   for f in range(a + 1, b))

    @staticmethod
    def is_barrier(barrier, first, then):
        """Does a DMB or DSB order these two?"""
        kind, _, what = (barrier.label or "").partition(" ")
        if kind not in ("dmb", "dsb"):
            return False
        if kind == "dmb" and ("outside" in first.flags or "outside" in then.flags):
            return False
        if what == "ishst":
            return first.kind == "W" and then.kind == "W"
        if what == "ishld":
            return first.kind == "R"
        return True

    def orders(self, loc):
        """For one location every coherent and atomic choice: (co, {read: write})."""
        mine = [n for n in range(self.count) if self.events[n].loc == loc]
        reads = [n for n in mine if self.events[n].kind == "R"]
        writes = [n for n in mine if self.events[n].kind == "W" and self.owner[n] is not None]
        sources = [[w for w in [self.initial[loc], *writes]
                    if self.events[w].value == self.events[r].value] for r in reads]
        for order in itertools.permutations(writes):
            co = (self.initial[loc], *order)
            at = {write: n for n, write in enumerate(co)}
            for chosen in itertools.product(*sources):
                rf = dict(zip(reads, chosen))
                if self.is_coherent(mine, at, rf) and self.is_atomic(at, rf):
                    yield co, rf

    def is_coherent(self, mine, at, rf):
        """Internal visibility: program order of one location agrees with co and rf."""
        def when(n):  # a read right after the write that it reads, in co
            return (at[n], 0) if n in at else (at[rf[n]], 1)
        return all(when(a) < when(b) or (a in rf and b in rf and when(a) == when(b))
                   for a, b in self.by_threads(mine))

    def is_atomic(self, at, rf):
        """Nothing between the two halves of a read-modify-write."""
        for write in at:
            pair = self.events[write].pair
            if pair is not None:
                read = self.base[self.owner[write]] + pair
                if at[write] != at[rf[read]] + 1:
                    return False
        return True

    def is_allowed(self, choice):
        """External visibility: no cycle."""
        edges = list(self.fixed)
        for co, rf in choice:
            for n, write in enumerate(co):
                for later in co[n + 1:]:
                    self.observe(edges, write, later)
            at = {write: n for n, write in enumerate(co)}
            for read, write in rf.items():
                self.observe(edges, write, read)
                for later in co[at[write] + 1:]:
                    self.observe(edges, read, later)
                self.forward(edges, read, write)
        return not has_cycle(edges, self.count)

    def observe(self, edges, a, b):
        """Seen by another thread; what was there before all came before all."""
        if self.owner[a] != self.owner[b]:
            edges[a] |= 1 << b

    def forward(self, edges, read, write):
        """A read from a write of its own thread: dob's (data); rfi, aob's rmw; rfi; [A | Q]."""
        if self.owner[read] != self.owner[write]:
            return
        event = self.events[write]
        base = self.base[self.owner[write]]
        for source in event.data:
            edges[base + source] |= 1 << read
        if event.pair is not None and self.events[read].flags & {"acquire", "acquire_pc"}:
            edges[write] |= 1 << read

    def outcomes(self):
        """Every end that is allowed: (results, memory), each once."""
        results = {}
        for thread in self.threads:
            results.update(thread.results)
        seen = set()
        for choice in itertools.product(*[list(self.orders(loc)) for loc in self.initial]):
            memory = {self.events[co[-1]].loc: self.events[co[-1]].value for co, _ in choice}
            key = tuple(sorted(memory.items()))
            if key not in seen and self.is_allowed(choice):
                seen.add(key)
                yield results, memory


def outcomes(functions, initial, left_out=None):
    """Every end of the program that the architecture allows, as a set of sorted pairs."""
    ends = set()
    for threads in itertools.product(*all_ways(functions, initial, left_out)):
        for results, memory in Program(threads, initial).outcomes():
            ends.add(tuple(sorted({**memory, **results}.items())))
    return ends
