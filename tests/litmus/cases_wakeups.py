# SPDX-License-Identifier: Apache-2.0
"""Posts, kicks, sleepers, and the start of a pCPU."""

from case import Case


def sleep_poster(t):
    t.change("box", lambda old: old | 1, acquire=True, release=True)
    t.barrier("dmb ish", "poster's dmb")
    t.result("woke", t.read("asleep", acquire_pc=True))


def sleep_sleeper(t):
    t.write("asleep", 1, release=True)
    t.barrier("dmb ish", "sleeper's dmb")
    t.result("found", t.read("box", acquire_pc=True))


POST_OR_SLEEP = Case(
    name="post-or-sleep",
    about="A poster kicks only whom it sees asleep, a sleeper looks once more: one sees the other.",
    threads=[sleep_poster, sleep_sleeper], initial={"box": 0, "asleep": 0},
    barriers={"poster's dmb": "between the post and the look whether it sleeps",
              "sleeper's dmb": "between saying that it sleeps and the last look"},
    fatal=lambda end: end["woke"] == 0 and end["found"] == 0,
    good=lambda end: end["woke"] == 1 and end["found"] == 0,
    pending=True)


def kick_poster(t):
    old = t.change("inbox", lambda old: old | 1, acquire=True, release=True)
    if t.decide(old, old == 0):
        t.barrier("dsb ishst", "dsb ishst")
        t.signal("sgi")


def drain(t, acquire=True, whole=True):
    """Looks whether there is anything, then takes all. (The exchange alone would do without DSB.)"""
    found = t.read("inbox")
    if t.decide(found, found) and t.has(whole):
        found = t.change("inbox", lambda old: 0, acquire=acquire, release=True)
    elif found:
        found = t.read("inbox", acquire=acquire)
        t.write("inbox", 0, release=True)
    t.result("found", found)
    return found


def kick_target(t):
    if t.taken("sgi"):
        drain(t)


KICK = Case(
    name="kick",
    about="The inbox word is out before the SGI is: who takes it finds the word.",
    threads=[kick_poster, kick_target], initial={"inbox": 0, "sgi": 0},
    barriers={"dsb ishst": "before the SGI's register is written; no DMB holds that write back"},
    fatal=lambda end: end.get("found") == 0, good=lambda end: end.get("found") == 1)


def idle_target(t):
    if t.acknowledged("sgi"):
        t.barrier("dsb sy", "dsb sy")
        drain(t)


KICK_IDLE = Case(
    name="kick-idle",
    about="The same where EL2 takes no exception: it sleeps in WFI with interrupts masked and reads "
          "IAR. What it looks at afterwards is not read before.",
    threads=[kick_poster, idle_target], initial={"inbox": 0, "sgi": 0},
    barriers={"dsb ishst": "before the SGI's register is written",
              "dsb sy": "between the acknowledge and the look into the inbox"},
    fatal=lambda end: end.get("found") == 0, good=lambda end: end.get("found") == 1)


def merge_second(t):
    t.write("content", 1)
    old = t.change("inbox", lambda old: old | 2, release="release")
    t.result("relied", old != 0)


def merge_target(t):
    if t.taken("sgi"):
        found = drain(t, "acquire", "exchange")
        if t.decide(found, found & 2):
            t.result("missed", t.read("content") == 0)


KICK_MERGED = Case(
    name="kick-merged",
    about="Who finds the inbox not empty sends no SGI: the one that is on its way serves both.",
    threads=[kick_poster, merge_second, merge_target],
    initial={"inbox": 0, "sgi": 0, "content": 0},
    barriers={"dsb ishst": "the first one's, before its SGI", "release": "the second one's change",
              "acquire": "taking the word acquires",
              "exchange": "the word is read and emptied at once (tests/interleave, tests/spin)"},
    fatal=lambda end: end.get("missed") == 1 or
    end["relied"] == 1 and "found" in end and not end["found"] & 2,
    good=lambda end: end["relied"] == 1 and end.get("missed") == 0)


def boot_first(t):
    t.write("data", 1)
    t.barrier("dsb ish", "dsb ish")
    t.signal("cpu_on")


def boot_second(t):
    if t.taken("cpu_on"):
        t.result("data", t.read("data"))


PCPU_START = Case(
    name="pcpu-start",
    about="What a secondary pCPU is started with is in memory when the machine's PSCI starts it.",
    threads=[boot_first, boot_second], initial={"data": 0, "cpu_on": 0},
    barriers={"dsb ish": "before the SMC"},
    fatal=lambda end: end.get("data") == 0, good=lambda end: end.get("data") == 1)
