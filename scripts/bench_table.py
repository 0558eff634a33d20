# SPDX-License-Identifier: Apache-2.0
"""One figure of the benchmark, and the table of them."""

from dataclasses import dataclass, field


@dataclass
class Row:
    """A figure with the bound that it must not exceed and the best figure of another hypervisor,
    either of them None when there is none; `extras` holds what was counted beside it."""

    name: str
    gic: int | None
    value: float
    unit: str
    bound: float | None = None
    peer: float | None = None
    extras: dict = field(default_factory=dict)

    def broken(self):
        """Whether the bound is exceeded. Figures are exact, so no tolerance is due."""
        return self.bound is not None and self.value > self.bound

    def json(self):
        """The object of build/bench.json."""
        return {"name": self.name, "gic": self.gic, "value": _tidy(self.value), "unit": self.unit,
                "bound": self.bound, "peer": self.peer,
                **{key: _tidy(value) for key, value in self.extras.items()}}


def _tidy(number):
    if isinstance(number, str):
        return number
    return int(number) if number == int(number) else round(number, 4)


def _text(number):
    if number is None:
        return "-"
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"


def print_table(rows):
    """Prints the rows in columns, extras last."""
    head = ("path", "GIC", "value", "unit", "bound", "best peer", "min..max", "exits", "GIC acc.",
            "barriers", "lines", "with the fault", "")
    lines = [head]
    for row in rows:
        extras = row.extras
        spread = f"{_text(extras['min'])}..{_text(extras['max'])}" if "min" in extras else ""
        counts = [_text(extras[key]) if key in extras else "" for key in
                  ("exits", "gic_accesses", "barriers", "lines")]
        fault = (f"{_text(extras['with_fault'])} in {_text(extras['exits_with_fault'])} exits"
                 if "with_fault" in extras else "")
        gic = f"v{row.gic}" if row.gic else ""
        lines.append((row.name, gic, _text(row.value), row.unit, _text(row.bound),
                      _text(row.peer), spread, *counts, fault, "BROKEN" if row.broken() else ""))
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        cells = [cell.ljust(width) if i in (0, 1, 3) else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())
    for row in rows:
        if "where" in row.extras:
            print(f"{row.name}, GICv{row.gic}: {row.extras['where']}")
