# SPDX-License-Identifier: Apache-2.0
"""Words that several pCPUs change, and what they say of other memory."""

from case import Case


# ---- what one writes before it says so ----

def content_poster(t):
    t.write("content", 1)
    t.change("mark", lambda old: old | 1, release="release")


def content_taker(t):
    mark = t.change("mark", lambda old: 0, acquire="acquire")
    if t.decide(mark, mark):
        t.result("missed", t.read("content") == 0)


CONTENT_BEFORE_MARK = Case(
    name="content-before-mark",
    about="A mailbox: what is posted is there when its mark is seen.",
    threads=[content_poster, content_taker], initial={"content": 0, "mark": 0},
    barriers={"release": "the mark's change releases", "acquire": "taking the marks acquires"},
    fatal=lambda end: end.get("missed") == 1, good=lambda end: end.get("missed") == 0)


def cpu_on_caller(t):
    state = t.change("state", lambda old: 1 if old == 0 else None, acquire=True, release=True)
    if t.decide(state, state == 0):
        t.write("entry", 1)
        t.write("context", 1)
        t.change("state", lambda old: old | 2, release="release")


def cpu_on_neighbour(t):
    """Another vCPU of the VM turns itself off: the same word, between publishing and reading."""
    t.change("state", lambda old: old | 4)


def cpu_on_home(t):
    state = t.read("state", acquire_pc="acquire")
    if t.decide(state, state & 2):
        entry, context = t.read("entry"), t.read("context")
        t.result("missed", entry == 0 or context == 0)


CPU_ON = Case(
    name="cpu-on",
    about="CPU_ON: who enters a vCPU that is on_pending has its entry point and context, whoever "
          "changed the word in between.",
    threads=[cpu_on_caller, cpu_on_neighbour, cpu_on_home],
    initial={"state": 0, "entry": 0, "context": 0},
    barriers={"release": "on_pending is published by a release",
              "acquire": "the home reads the word by an acquire"},
    fatal=lambda end: end.get("missed") == 1, good=lambda end: end.get("missed") == 0)


def cpu_off_home(t):
    t.result("entry", t.read("entry"))
    t.change("state", lambda old: 0, release="release")


def cpu_off_next(t):
    state = t.change("state", lambda old: 2 if old == 0 else None, acquire="acquire")
    if t.decide(state, state == 0):
        t.write("entry", 2)


CPU_ON_AGAIN = Case(
    name="cpu-on-again",
    about="CPU_ON after CPU_OFF: the new entry point is not seen by the start before.",
    threads=[cpu_off_home, cpu_off_next], initial={"state": 1, "entry": 1},
    barriers={"release": "arriving and turning off release"},
    fatal=lambda end: end["entry"] == 2, good=lambda end: end["entry"] == 1)


def put_old_home(t):
    t.result("before", t.read("registers"))
    t.write("registers", 1)
    t.write("home", 1, release="release")


def put_new_home(t):
    home = t.read("home", acquire_pc="acquire")
    if t.decide(home, home):
        t.result("after", t.read("registers"))
        t.write("registers", 2)


HAND_OVER = Case(
    name="hand-over",
    about="A vCPU that was put is loaded by another pCPU: all that was saved is seen, and nothing "
          "of the new home by the old one.",
    threads=[put_old_home, put_new_home], initial={"registers": 0, "home": 0},
    barriers={"release": "giving away releases", "acquire": "taking acquires"},
    fatal=lambda end: end.get("after") == 0 or end["before"] == 2
    or end.get("after") == 1 and end["registers"] == 1,
    good=lambda end: end.get("after") == 1)


# ---- one state in two places ----

def mirror(wanted):
    """Changes the word, passes it on to the distributor, and looks whether it is still so."""
    def thread(t):
        t.change("word", lambda old: wanted, acquire=True, release=True)
        t.barrier("dsb ish", "dsb before the mirror")
        t.write("mirror", wanted)
        t.barrier("dsb ish", "dsb before the look")
        word = t.read("word", acquire_pc=True)
        if t.decide(word, word != wanted):
            t.write("mirror", word)
    return thread


MIRROR_AGAIN = Case(
    name="mirror-again",
    about="Two pCPUs change an SPI's enable bit and pass it on to the distributor: the last to "
          "write there has seen the last change of the word, for it looks again.",
    threads=[mirror(1), mirror(2)], initial={"word": 0, "mirror": 0},
    barriers={"dsb before the mirror": "the word first", "dsb before the look": "then once more"},
    fatal=lambda end: end["word"] != end["mirror"], good=lambda end: end["mirror"] == 2)


def settler(change):
    """Changes the source, passes on the level that follows from it, looks whether it is still so."""
    def thread(t):
        def set_level(level):
            t.change("level", lambda old: None if old == level else level, acquire="ldar",
                     release="release")
        t.change("source", lambda old: change, acquire=True, release=True)
        seen = t.read("source", acquire_pc=True)
        set_level(int(seen))
        again = t.read("source", acquire="ldar")
        if t.decide(again, again != seen):
            set_level(int(again))
    return thread


SETTLE_AGAIN = Case(
    name="settle-again",
    about="Two pCPUs pass a level on from one word to another, which is stored only if it changes: "
          "the last to do so has seen the last change, for it looks again. The looks are LDAR after "
          "STLXR: an LDAPR could go first.",
    threads=[settler(0), settler(1)], initial={"source": 1, "level": 1},
    barriers={"release": "the level is changed by a release, before the second look",
              "ldar": "the looks at the level and the second at the source are LDAR"},
    fatal=lambda end: end["source"] != end["level"], good=lambda end: end["level"] == 0)


def ring_taker(t):
    t.read("place", acquire_pc=True)
    t.write("place", 0)
    t.write("taken", 1, release="release")


def ring_putter(t):
    taken = t.read("taken", acquire_pc=True)
    if t.decide(taken, taken):
        t.write("place", 2)
    t.result("filled", taken)


RING_PLACE = Case(
    name="ring-place",
    about="The taker empties a place before it counts it as taken: who fills it is not undone.",
    threads=[ring_taker, ring_putter], initial={"place": 1, "taken": 0},
    barriers={"release": "the count is stored by a release"},
    fatal=lambda end: end["filled"] == 1 and end["place"] == 0,
    good=lambda end: end["place"] == 2)


def stop_taker(t):
    t.write("taken", 1)
    claimed = t.change("claimed", lambda old: old, acquire=True, release="release")
    t.result("stops", claimed == 1)


def stop_putter(t):
    claimed = t.change("claimed", lambda old: 2 if old == 1 else None, acquire="acquire",
                       release=True)
    t.result("tells", claimed - t.read("taken", acquire_pc=True) == 0)


RING_STOP = Case(
    name="ring-stop",
    about="The taker stops after a read-modify-write of what every put changes: it has seen the put, "
          "or the put has seen all that was taken, and tells.",
    threads=[stop_taker, stop_putter], initial={"claimed": 1, "taken": 0},
    barriers={"release": "the taker's, after its count", "acquire": "the putter's, before its look"},
    fatal=lambda end: end["stops"] == 1 and end["tells"] == 0,
    good=lambda end: end["stops"] == 1 and end["tells"] == 1)
