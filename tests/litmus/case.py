# SPDX-License-Identifier: Apache-2.0
"""One case of cases.py."""


class Case:
    """barriers: name -> what it is, in words. fatal, good: of the end, as a dictionary."""

    def __init__(self, name, about, threads, initial, barriers, fatal, good, pending=False):
        self.name, self.about, self.threads, self.initial = name, about, threads, initial
        self.barriers, self.fatal, self.good = barriers, fatal, good
        self.pending = pending  # no code needs it yet
