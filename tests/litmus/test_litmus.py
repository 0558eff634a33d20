#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The orders that Baton's CPUs rely on: each case of cases.py with all its barriers, and without each;
shapes whose answer is known, for the model's own sake; and that the code and the cases name each
other. Last line: N passed, N failed.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import instructions  # noqa: E402
import names  # noqa: E402
from cases import CASES, Case  # noqa: E402
from model import outcomes  # noqa: E402

FAILURES = []
PASSED = 0


def expect(what, truth):
    """Counts one check."""
    global PASSED  # pylint: disable=global-statement
    if truth:
        PASSED += 1
    else:
        FAILURES.append(what)
        print(f"FAIL  {what}")


# ---- the model: shapes that the architecture decides ----

def writes(first, then, **how):
    """x = 1; barrier; y = 1, with the names of two locations."""
    def thread(t):
        t.write(first, 1, release=how.get("release_first"))
        if "barrier" in how:
            t.barrier(how["barrier"])
        t.write(then, 1, release=how.get("release"))
    return thread


def reads(who, first, then, **how):
    """a = x; barrier; b = y."""
    def thread(t):
        one = t.read(first, acquire=how.get("acquire"), acquire_pc=how.get("acquire_pc"))
        if how.get("decide"):
            t.decide(one, one)
        if "barrier" in how:
            t.barrier(how["barrier"])
        t.result(f"{who}1", one)
        t.result(f"{who}2", t.read(then, acquire=how.get("acquire2")))
    return thread


def write_read(who, first, then, **how):
    """x = 1; barrier; a = y."""
    def thread(t):
        t.write(first, 1, release=how.get("release"))
        if "barrier" in how:
            t.barrier(how["barrier"])
        t.result(who, t.read(then, acquire=how.get("acquire"), acquire_pc=how.get("acquire_pc")))
    return thread


def read_write(who, first, then, **how):
    """a = x; y = 1, or what depends on a."""
    def thread(t):
        one = t.read(first, acquire=how.get("acquire"))
        t.result(who, one)
        if how.get("decide"):
            t.decide(one, one)
        value = type(one)(1, one.reads) if how.get("data") else 1
        t.write(then, value, release=how.get("release"))
    return thread


def one_write(loc, value=1):
    """x = 1"""
    return lambda t: t.write(loc, value)


def is_allowed(threads, locations, **end):
    """Can it end like this?"""
    found = outcomes(threads, {loc: 0 for loc in locations})
    return any(end.items() <= dict(each).items() for each in found)


def message(writer, reader):
    """Message passing: the flag is seen, the message is not."""
    return is_allowed([writes("x", "y", **writer), reads("r", "y", "x", **reader)], "xy", r1=1, r2=0)


def store_buffer(**how):
    """Store buffering: neither sees the other."""
    return is_allowed([write_read("a", "x", "y", **how), write_read("b", "y", "x", **how)], "xy",
                      a=0, b=0)


def load_buffer(**how):
    """Load buffering: each sees what the other writes after its own read."""
    return is_allowed([read_write("a", "x", "y", **how), read_write("b", "y", "x", **how)], "xy",
                      a=1, b=1)


def two_readers(**how):
    """Independent reads of independent writes, seen in different orders."""
    return is_allowed([one_write("x"), one_write("y"), reads("r", "x", "y", **how),
                       reads("s", "y", "x", **how)], "xy", r1=1, r2=0, s1=1, s2=0)


def two_writers(**how):
    """2+2W: each location keeps the first write of its thread."""
    def thread(first, then):
        def body(t):
            t.write(first, 1)
            if how:
                t.barrier(how["barrier"])
            t.write(then, 2)
        return body
    return is_allowed([thread("x", "y"), thread("y", "x")], "xy", x=1, y=1)


def add_one(t):
    """A counter."""
    t.change("x", lambda old: old + 1 if old < 4 else None)


def test_model():
    """Known answers, each both ways."""
    full, store, load = {"barrier": "dmb ish"}, {"barrier": "dmb ishst"}, {"barrier": "dmb ishld"}
    release, acquire = {"release": True}, {"acquire": True}
    expect("MP", message({}, {}))
    expect("MP with dmb on one side", message(full, {}) and message({}, full))
    expect("MP+dmbs", not message(full, full))
    expect("MP+dmb.st+dmb.ld", not message(store, load))
    expect("MP+dmb.st+dmb.st", message(store, store))
    expect("MP+dmb.ld+dmb.ld", message(load, load))
    expect("MP+dsbs", not message({"barrier": "dsb ish"}, {"barrier": "dsb sy"}))
    expect("MP+rel+acq", not message(release, acquire))
    expect("MP+rel+acqpc", not message(release, {"acquire_pc": True}))
    expect("MP+rel+po, MP+po+acq", message(release, {}) and message({}, acquire))
    expect("MP+release of the message", message({"release_first": True}, acquire))
    expect("MP+acquire of the message", message(release, {"acquire2": True}))
    expect("MP+dmb+ctrl", message(full, {"decide": True}))
    expect("MP+dmb+isb", message(full, {"barrier": "isb"}))
    expect("MP+dmb+ctrl-isb", not message(full, {"decide": True, "barrier": "isb"}))
    expect("SB", store_buffer())
    expect("SB+dmbs", not store_buffer(**full))
    expect("SB+dmb.sts", store_buffer(**store))
    expect("SB+rel-acqs", not store_buffer(release=True, acquire=True))
    expect("SB+rel-acqpcs", store_buffer(release=True, acquire_pc=True))
    expect("SB+rels", store_buffer(release=True))
    expect("LB", load_buffer())
    expect("LB+datas", not load_buffer(data=True))
    expect("LB+ctrls", not load_buffer(decide=True))
    expect("LB+acqs", not load_buffer(acquire=True))
    expect("LB+rels", not load_buffer(release=True))
    expect("IRIW", two_readers())
    expect("IRIW+dmbs", not two_readers(**full))
    expect("IRIW+dmb.sts", two_readers(**store))
    expect("IRIW+acqs: other-multi-copy atomic", not two_readers(acquire=True))
    expect("2+2W", two_writers())
    expect("2+2W+dmb.sts", not two_writers(**store))
    expect("CoRR", not is_allowed([one_write("x"), reads("r", "x", "x")], "x", r1=1, r2=0))
    expect("CoWR", not is_allowed([write_read("a", "x", "x")], "x", a=0))
    expect("CoRW", not is_allowed([read_write("a", "x", "x")], "x", a=1))
    expect("WRC+data+acq", not is_allowed(
        [one_write("x"), read_write("a", "x", "y", data=True),
         reads("r", "y", "x", acquire=True)], "xy", a=1, r1=1, r2=0))
    expect("two additions lose none", not is_allowed([add_one, add_one], "x", x=1)
           and is_allowed([add_one, add_one], "x", x=2))
    expect("four additions", {dict(end)["x"] for end in outcomes([add_one] * 4, {"x": 0})} == {4})


def test_outside():
    """What is outside of memory waits for a DSB alone."""
    def ends(barrier, masked=False):
        def first(t):
            t.write("x", 1, release=True)
            if barrier:
                t.barrier(barrier)
            t.signal("sgi")

        def second(t):
            if t.acknowledged("sgi") if masked else t.taken("sgi"):
                t.result("x", t.read("x", acquire=True))
        return {dict(end)["x"] for end in outcomes([first, second], {"x": 0, "sgi": 0})
                if dict(end)["sgi"] == 1}

    expect("SGI after dsb", ends("dsb ishst") == {1})
    expect("SGI after dmb", ends("dmb ish") == {0, 1})
    expect("SGI after nothing", ends(None) == {0, 1})
    expect("IAR, then a read", ends("dsb ishst", masked=True) == {0, 1})


# ---- the cases ----

def test_cases():
    """With all barriers, and without each."""
    for case in CASES:
        def found(predicate, left_out=None, case=case):
            return any(predicate(dict(end))
                       for end in outcomes(case.threads, case.initial, left_out))
        expect(f"{case.name}: {case.about}", not found(case.fatal))
        expect(f"{case.name}: it can end well", found(case.good))
        expect(f"{case.name}: has barriers", bool(case.barriers))
        for barrier, what in case.barriers.items():
            expect(f"{case.name}: nothing is lost without '{barrier}' ({what})",
                   found(case.fatal, barrier))
    expect("cases have names of their own", len({case.name for case in CASES}) == len(CASES))


# ---- the code ----

SAMPLE = '''
// litmus: one
SharedWord word_{};

    SharedWord& word = words_[3]; // no declaration
    barrier::dsb_sy(); // down before it is ended
'''


def complaints_of(text, *others, pending=()):
    """What names.check() says of one file, with a case 'one' and others."""
    cases = [Case(name, "", [], {}, {}, None, None, pending=name in pending)
             for name in ("one", *others)]
    return names.check([("hyp/a.cpp", text)], cases)


def test_names():
    """The check itself, on code that is right and wrong."""
    expect("names: a named one", complaints_of(SAMPLE) == ([], []))
    for line in ("SharedWord other_{};", "std::array<SharedWord, 4> others_{};", "SharedBits bits{};",
                 "using VmPower = BasicVmPower<SharedWord, u64>;", "barrier::dmb_ish();",
                 "barrier::dsb_ishst(); // a reason that names none",
                 'asm volatile("dmb ish");', "stlr w0, [x1]", "ldaxrb w0, [x1]",
                 "x = __atomic_load_n(&x_, __ATOMIC_ACQUIRE);", "barrier::dsb_sy();"):
        expect(f"names: {line}", len(complaints_of(f"{SAMPLE}\n{line}\n")[0]) == 1)
    for line in ("barrier::isb();", "x = __atomic_load_n(&x_, __ATOMIC_RELAXED);",
                 "// dmb_ish is not needed", "SharedWord* words();"):
        expect(f"names: {line}", complaints_of(f"{SAMPLE}\n{line}\n") == ([], []))
    expect("names: two at once", complaints_of(
        "a(); // litmus: one, two\n", "two") == ([], []))
    expect("names: a case that is none", len(complaints_of(f"{SAMPLE}// litmus: six\n")[0]) == 1)
    expect("names: a case that nothing needs", len(complaints_of(SAMPLE, "two")[0]) == 1)
    expect("names: one that is not yet needed",
           complaints_of(SAMPLE, "two", pending=["two"]) == ([], ["two"]))


def test_code():
    """Baton's own."""
    complaints, waiting = names.check(names.files(), CASES)
    for complaint in complaints:
        expect(complaint, False)
    expect("every barrier names its case", not complaints)
    if waiting:
        print("not yet in code: " + ", ".join(waiting))


def test_instructions():
    """The machine has what the cases assume."""
    expect("the operations of shared words are those that are looked at",
           instructions.declared() == {kind: set(operations) for kind, operations
                                       in instructions.OPERATIONS.items()})
    found = instructions.compiled()
    for kind, operations in instructions.OPERATIONS.items():
        for name, (_, expected) in operations.items():
            got = found[f"{kind}_{name}"]
            expect(f"{kind}::{name} is {sorted(expected)}, not {sorted(got)}", got == expected)


def main():
    """Runs all."""
    test_model()
    test_outside()
    test_cases()
    test_names()
    test_code()
    test_instructions()
    print(f"{PASSED} passed, {len(FAILURES)} failed")
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
