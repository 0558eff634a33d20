#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks and prints what is claimed of tests: the conformance table (tests/conformance.toml), the
gallery of failures in the field (tests/gallery.md) and the fixes to KVM (tests/kvm_fixes.md). Each
test that one of them names must exist, where its prefix says:
  unit:NAME        a TEST_CASE below tests/unit, by its full name or by what stands before its colon
  case:NAME        a row of tests/qemu/cases.toml
  PROGRAM:NAME     a check of a test program (tests/target/PROGRAM) or of a guest (guest/PROGRAM),
                   both of which run on QEMU's GIC; some case must run the program
Usage: conformance.py [TOP_DIRECTORY].  Prints the table, what is wrong, and a last line
`N passed, N failed`, one a row of each file; status 1 when anything is wrong.
"""

import os
import re
import sys
import textwrap
import tomllib

TABLE = os.path.join("tests", "conformance.toml")
GALLERY = os.path.join("tests", "gallery.md")
FIXES = os.path.join("tests", "kvm_fixes.md")
CASES = os.path.join("tests", "qemu", "cases.toml")
GALLERY_SOURCES = os.path.join("tests", "unit", "gallery")

# What the hardware says of a statement: the first word of a row's gicv2 and gicv3.
VERDICTS = ("holds", "work-around", "refuted", "superseded", "later")
KEYS = {"id", "document", "statement", "gicv2", "gicv3", "tests"}
DOCUMENTS = ("both", "older", "newer")
FIX_VERDICTS = ("impossible by type", "caught by", "does not apply", "not yet")
CAUSES = ("stated", "partly stated", "not public", "no defect")

TEST_CASE = re.compile(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"(?:\s*,\s*"([^"]*)")?', re.DOTALL)
CHECK = re.compile(r'\{"([A-Z][A-Za-z0-9-]*|[a-z]+\.[a-z0-9-]+)",')
NAME = re.compile(r"^[a-z0-9]+:\S.*$")
QUOTED = re.compile(r"`([^`]+)`")
LINK = re.compile(r"https://\S+")
COMMIT = re.compile(r"^[0-9a-f]{12}$")


class Wrong(Exception):
    """A file that cannot be understood at all."""


def sources(top, *folders):
    """(path, text) of every C++ file below `folders`."""
    for folder in folders:
        for directory, _, names in sorted(os.walk(os.path.join(top, folder))):
            for name in sorted(names):
                if name.endswith((".cpp", ".hpp")):
                    path = os.path.join(directory, name)
                    with open(path, encoding="utf-8") as file:
                        yield os.path.relpath(path, top), file.read()


class Catalogue:
    """Every test there is."""

    def __init__(self, top):
        with open(os.path.join(top, CASES), "rb") as file:
            self.cases = tomllib.load(file)["case"]
        self.unit = {}
        for _, text in sources(top, os.path.join("tests", "unit")):
            self.unit.update({name: tags for name, tags in TEST_CASE.findall(text)})
        self.programs = {}
        for path, text in sources(top, os.path.join("tests", "target"), "guest"):
            parts = path.split(os.sep)
            program = parts[2] if parts[0] == "tests" else parts[1]
            self.programs.setdefault(program, set()).update(CHECK.findall(text))

    def is_run(self, program):
        """Whether some case boots the program. The tiny guest is what a case without guest boots."""
        image = re.compile(rf"(^|/){program}\.(elf|img)$")
        texts = [text for case in self.cases for text in [case.get("guest", ""),
                                                          *case.get("args", [])]]
        return program == "tiny" or any(image.search(text) for text in texts)

    def reason_against(self, name):
        """Why this is not the name of a test, or None."""
        if not NAME.match(name):
            return f"'{name}' is not KIND:NAME"
        kind, test = name.split(":", 1)
        if kind == "unit":
            found = any(full == test or full.startswith(test + ":") for full in self.unit)
        elif kind == "case":
            found = any(case.get("name") == test for case in self.cases)
        elif kind not in self.programs or not self.programs[kind]:
            return f"'{name}': there is no test program '{kind}'"
        elif not self.is_run(kind):
            return f"'{name}': no case runs the program '{kind}'"
        else:
            found = test in self.programs[kind]
        return None if found else f"'{name}': there is no such test"


def row_errors(row, catalogue):
    """What is wrong with one row of the conformance table."""
    if set(row) != KEYS:
        return [f"keys {', '.join(sorted(set(row) ^ KEYS))} missing or unknown"]
    wrong = [reason for name in row["tests"] if (reason := catalogue.reason_against(name))]
    if row["document"] not in DOCUMENTS:
        wrong.append(f"document '{row['document']}'")
    verdicts = [row[gic].split(":")[0].split(",")[0] for gic in ("gicv2", "gicv3")]
    wrong += [f"verdict '{verdict}'" for verdict in verdicts if verdict not in VERDICTS]
    for gic in ("gicv2", "gicv3"):
        verdict, _, explanation = row[gic].partition(": ")
        if verdict != "holds" and not explanation:
            wrong.append(f"{gic}: '{verdict}' without a word of what happens instead")
    later = all(verdict == "later" for verdict in verdicts)
    on_hardware = [name for name in row["tests"] if not name.startswith("unit:")]
    if not later and not on_hardware:
        wrong.append("no test that reads the hardware back")
    return wrong


def table_rows(path):
    """The cells of every row of the tables of a Markdown file, headings left out."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines, 1):
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        following = lines[number] if number < len(lines) else ""
        if not re.match(r"^\|[-| ]+\|$", line) and not re.match(r"^\|[-| ]+\|$", following):
            yield number, cells


def fix_errors(cells):
    """What is wrong with a row of the table of fixes, the test names apart."""
    if len(cells) != 3:
        return [f"{len(cells)} cells, not 3"]
    wrong = [] if COMMIT.match(cells[0]) else [f"'{cells[0]}' is not a commit of twelve digits"]
    verdict = next((v for v in FIX_VERDICTS if cells[2].startswith(v)), None)
    if verdict is None:
        wrong.append(f"verdict '{cells[2][:30]}'")
    elif verdict == "caught by" and not QUOTED.search(cells[2]):
        wrong.append("caught by no test")
    elif verdict == "does not apply" and len(cells[2]) < len("does not apply: why"):
        wrong.append("does not apply, and no reason")
    return wrong


def story_errors(cells):
    """What is wrong with a row of the gallery's table, the test names apart."""
    if len(cells) != 4:
        return [f"{len(cells)} cells, not 4"]
    wrong = [] if LINK.search(cells[0]) else ["no link"]
    if cells[1] not in CAUSES:
        wrong.append(f"cause '{cells[1]}'")
    if cells[1] == "stated" and not QUOTED.search(cells[3]) and len(cells[3]) < 10:
        wrong.append("a stated cause without a test, and no reason")
    return wrong


def markdown_errors(top, path, of_row, catalogue):
    """({line: errors}, every name in backquotes) of one of the two Markdown files."""
    found, names = {}, set()
    for number, cells in table_rows(os.path.join(top, path)):
        quoted = [name for cell in cells for name in QUOTED.findall(cell)]
        names.update(quoted)
        found[f"{path}:{number}"] = of_row(cells) + [
            reason for name in quoted if (reason := catalogue.reason_against(name))]
    if not found:
        raise Wrong(f"{path}: holds no table")
    return found, names


def unlisted(top, catalogue, names):
    """Gallery tests that no table names, and stories without a link."""
    short = {name.removeprefix("unit:") for name in names}
    for full, tags in catalogue.unit.items():
        if "[gallery]" in tags and full not in short and full.split(":")[0] not in short:
            yield f"unit:{full} is in neither table"
    for path, text in sources(top, GALLERY_SOURCES):
        for match in re.finditer(r'((?:^//[^\n]*\n)*)TEST_CASE\(\s*"([^"]*)"', text, re.MULTILINE):
            if not match[2].startswith("KVM: ") and not LINK.search(match[1]):
                yield f"{path}: '{match[2]}' has no link to its thread"


def printed(rows):
    """The conformance table, to be read on a terminal."""
    yield "Linux' vgic-mapped-irqs.txt, statement by statement, on QEMU's GICs:"
    for row in rows:
        yield textwrap.fill(f"{row['id']:<5} {row['statement']}", 99, subsequent_indent=" " * 6)
        for gic, label in (("gicv2", "v2"), ("gicv3", "v3")):
            if gic == "gicv3" and row["gicv3"] == row["gicv2"]:
                continue
            both = "v2 and v3" if row["gicv3"] == row["gicv2"] else label
            yield textwrap.fill(f"{both}: {row[gic]}", 99, initial_indent=" " * 6,
                                subsequent_indent=" " * 8)
        if row["tests"]:
            yield textwrap.fill("tests: " + "; ".join(row["tests"]), 99, initial_indent=" " * 6,
                                subsequent_indent=" " * 8, break_on_hyphens=False)


def check(top):
    """(rows of the table, {place: errors})."""
    catalogue = Catalogue(top)
    with open(os.path.join(top, TABLE), "rb") as file:
        rows = tomllib.load(file).get("row", [])
    if not rows:
        raise Wrong(f"{TABLE}: holds no row")
    found = {}
    for row in rows:
        place = f"{TABLE}: {row.get('id', '?')}"
        found[place] = row_errors(row, catalogue) + (["twice"] if place in found else [])
    stories, story_names = markdown_errors(top, GALLERY, story_errors, catalogue)
    fixes, fix_names = markdown_errors(top, FIXES, fix_errors, catalogue)
    found.update(stories | fixes)
    found["gallery"] = list(unlisted(top, catalogue, story_names | fix_names))
    return rows, found


def report(top):
    """Prints the table and what is wrong; returns (passed, failed)."""
    try:
        rows, found = check(top)
    except (Wrong, OSError, tomllib.TOMLDecodeError) as error:
        print(f"conformance: {error}")
        return 0, 1
    print("\n".join(printed(rows)))
    bad = {place: errors for place, errors in found.items() if errors}
    for place, errors in bad.items():
        print(f"{place}: {'; '.join(errors)}")
    return len(found) - len(bad), len(bad)


def main():
    """As the usage says."""
    here = os.path.dirname(os.path.abspath(__file__))
    passed, failed = report(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(here))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
