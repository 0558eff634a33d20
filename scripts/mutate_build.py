# SPDX-License-Identifier: Apache-2.0
"""Builds the unit tests for scripts/mutate.py: without sanitizers, one small program for each test
file, from a copy of the sources, so that a mutant compiles and links only what it changes.

An object is kept under a name made of everything that it was made of, so a second run compiles
nothing that did not change.
"""

import concurrent.futures
import ctypes
import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

FLAGS = ["-std=c++20", "-O1", "-w", "-DHYP_CHECKED=1"]
SOURCES = ("hyp", "drivers", "boot", "guest", "tests", "scripts/pack")
PRODUCT = ("hyp/core", "hyp/platform", "scripts/pack")
TESTS = ("tests/unit", "tests/model")
MEMORY = 4 << 30
COMPILE_SECONDS = 180
PR_SET_PDEATHSIG = 1


class BuildError(Exception):
    """The unmutated sources do not build or pass; the text says which."""


@dataclass
class Group:
    """One test file with what it needs: a program."""

    source: str
    objects: list = field(default_factory=list)  # sources whose objects are linked, itself included
    seconds: float = 0.0


def limited(seconds):
    """Bounds for a child: memory, processor time, no core file; it ends with this program."""
    def apply():
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 2, int(seconds) + 4))
    return apply


def execute(command, cwd, seconds):
    """Runs a command; returns (status, output), the status None when it took too long."""
    with subprocess.Popen(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace",
                          start_new_session=True, preexec_fn=limited(seconds)) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
            return process.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None, ""


def dependencies(path):
    """The project's files in a dependency file."""
    with open(path, encoding="utf-8") as file:
        words = file.read().replace("\\\n", " ").split()
    return frozenset(os.path.normpath(word) for word in words[1:] if not os.path.isabs(word))


def contents(path):
    """The bytes of a file."""
    with open(path, "rb") as file:
        return file.read()


class Build:
    """The unmutated program: a copy of the sources, objects, groups."""

    def __init__(self, top, out, cxx, jobs, tests=""):
        self.top, self.out, self.cxx, self.jobs = top, out, cxx, jobs
        self.tests = re.compile(tests)  # of the test files, only those whose path has this
        self.tree = os.path.join(out, "tree")
        self.store = os.path.join(out, "store")
        self.objects = {}  # source -> path of its object
        self.needs = {}    # source -> files that it was made of
        self.programs = []  # test files with test cases
        self.groups = []

    def prepare(self, say):
        """Copies, compiles, links and runs everything once."""
        shutil.rmtree(self.tree, ignore_errors=True)
        os.makedirs(self.store, exist_ok=True)
        for folder in SOURCES:
            shutil.copytree(os.path.join(self.top, folder), os.path.join(self.tree, folder),
                            ignore=shutil.ignore_patterns("*.S", "*.py", "*.sh"))
        if os.path.isdir(os.path.join(self.top, "build", "trees")):  # what the unit tests read
            os.makedirs(os.path.join(self.tree, "build"), exist_ok=True)
            os.symlink(os.path.join(self.top, "build", "trees"),
                       os.path.join(self.tree, "build", "trees"))
        self.precompile()
        tests = [source for source in self.listed(TESTS) if self.tests.search(source)]
        sources = self.listed(PRODUCT) + tests
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            for source, made in zip(sources, pool.map(self.baseline, sources)):
                self.objects[source], self.needs[source] = made
            say(f"{len(sources)} objects")
            self.programs = [
                source for source in tests
                if re.search(rb"^(TEMPLATE_)?TEST_CASE", contents(self.at(source)), re.M)]
            self.groups = list(pool.map(self.group, self.programs))

    def at(self, source):
        """Where a source lies in the copy."""
        return os.path.join(self.tree, source)

    def listed(self, folders):
        """The .cpp files below some folders, from the top; without Catch2's main and pack's own."""
        out = []
        for folder in folders:
            for path, _, names in os.walk(self.at(folder)):
                out += [os.path.relpath(os.path.join(path, name), self.tree) for name in names
                        if name.endswith(".cpp")]
        return sorted(source for source in out
                      if source not in ("tests/unit/main.cpp", "scripts/pack/main.cpp"))

    def precompile(self):
        """Catch2's header and its main program."""
        self.header = os.path.join(self.store, "catch.hpp")
        self.main = os.path.join(self.store, "main.o")
        if not os.path.exists(self.header):
            with open(self.header, "w", encoding="utf-8") as file:
                file.write("#include <catch2/catch.hpp>\n")
        for command in ([*self.command(), "-x", "c++-header", self.header, "-o",
                         f"{self.header}.gch"],
                        [self.cxx, *FLAGS, "-O0", "-c", "tests/unit/main.cpp", "-o", self.main]):
            if not os.path.exists(command[-1]):
                status, output = execute(command, self.tree, COMPILE_SECONDS)
                if status:
                    raise BuildError(output)

    def command(self, overlay="", made_of=""):
        """The compiler with its flags; a file below `overlay` stands before the copy's."""
        extra = ["-include", self.header] if made_of.startswith("tests/") else []
        before = [f"-I{overlay}", f"-ffile-prefix-map={overlay}/="] if overlay else []
        return [self.cxx, *FLAGS, *before, "-I.", *extra]

    def compile(self, source, output, overlay="", changed=""):
        """Compiles one source, with the file `changed` taken from `overlay`; (status, output)."""
        path = os.path.join(overlay, source) if overlay and source == changed else source
        return execute([*self.command(overlay, source), "-MMD", "-MF", f"{output}.d", "-c", path,
                        "-o", output], self.tree, COMPILE_SECONDS)

    def baseline(self, source):
        """(object, dependencies) of an unmutated source, compiled if it must be."""
        name = source.replace("/", "+")
        for entry in sorted(os.listdir(self.store)):
            if entry.startswith(f"{name}.") and entry.endswith(".d"):
                path = os.path.join(self.store, entry)
                needs = dependencies(path)
                if self.key(source, needs) == entry.split(".")[-3]:
                    return path[:-2], needs
                os.remove(path)
                os.remove(path[:-2])
        work = os.path.join(self.out, f"{name}.o")
        status, output = self.compile(source, work)
        if status != 0:
            raise BuildError(f"{source} does not compile:\n{output}")
        needs = dependencies(f"{work}.d")
        path = os.path.join(self.store, f"{name}.{self.key(source, needs)}.o")
        os.replace(work, path)
        os.replace(f"{work}.d", f"{path}.d")
        return path, needs

    def key(self, source, needs):
        """A name for a source with all that it includes."""
        digest = hashlib.sha256(" ".join(self.command("", source)).encode())
        for path in sorted(needs):
            digest.update(path.encode())
            digest.update(contents(self.at(path)) if os.path.exists(self.at(path)) else b"gone")
        return digest.hexdigest()[:24]

    def cost(self, source):
        """About how many seconds it takes to compile a source: more code, more time."""
        return 0.5 + os.path.getsize(self.objects[source]) / 50000

    def link(self, objects, output):
        """Links the tests' main with some objects; (status, output)."""
        return execute([self.cxx, self.main, *objects, "-lfdt", "-o", output], self.tree,
                       COMPILE_SECONDS)

    def group(self, source):
        """The program of one test file, linked with only the objects that it needs, and run."""
        needed, defined = [source], self.symbols
        work = os.path.join(self.out, source.replace("/", "+") + ".exe")
        missing = set(defined(source)[1])
        known = set(defined(source)[0])
        while True:
            wanted = missing - known
            new = [other for other in self.objects
                   if other not in needed and wanted & defined(other)[0]]
            if not new:
                break
            for other in new[:1]:
                needed.append(other)
                known |= defined(other)[0]
                missing |= defined(other)[1]
        status, output = self.link([self.objects[one] for one in needed], work)
        if status != 0:
            raise BuildError(f"{source} does not link:\n{output}")
        start = time.monotonic()
        status, output = execute([work], self.tree, 300)
        seconds = time.monotonic() - start
        os.remove(work)
        if status != 0:
            raise BuildError(f"{source} fails before any mutation:\n{output[-2000:]}")
        return Group(source, needed, seconds)

    def symbols(self, source):
        """(symbols that an object is there to define, symbols that it wants)."""
        cache = self.__dict__.setdefault("symbol_cache", {})
        if source not in cache:
            listing = subprocess.run(["nm", "-P", self.objects[source]], capture_output=True,
                                     text=True, check=True).stdout
            rows = [line.split()[:2] for line in listing.splitlines()]
            # A file of explicit instantiations defines weak ones, and they are what it is for.
            kinds = "TDBR" if source in self.programs else "TDBRWV"
            cache[source] = ({name for name, kind in rows if kind in kinds},
                             {name for name, kind in rows if kind == "U"})
        return cache[source]
