"""The one table that all benchmarks of a run write into, and that is printed at its end."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import astuple, dataclass
from itertools import groupby

import pytest

HEAD = ("what", "measured", "beside", "budget", "holds")


@dataclass(frozen=True)
class Line:
    """One line of the table; `holds` is None for what has no budget."""

    subject: str
    what: str
    measured: str
    beside: str = ""
    budget: str = ""
    holds: bool | None = None

    def cells(self) -> tuple[str, ...]:
        holds = {None: "", True: "yes", False: "NO"}[self.holds]
        return (*astuple(self)[1:-1], holds)


Measured = Callable[..., None]
LINES = pytest.StashKey[list[Line]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LINES] = []


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """`measured(subject, what, measured, beside, budget, holds)` adds a line to the table."""

    def add(*cells: str, holds: bool | None = None) -> None:
        request.config.stash[LINES].append(Line(*cells, holds=holds))

    return add


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    lines = config.stash[LINES]
    if not lines:
        return
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def write(cells: tuple[str, ...]) -> None:
        padded = "  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True))
        terminalreporter.write_line(f"  {padded}".rstrip())

    machine = f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}"
    terminalreporter.section("benchmarks")
    terminalreporter.write_line(f"Python {platform.python_version()}, {machine}")
    write(HEAD)
    subjects = dict.fromkeys(line.subject for line in lines)
    in_order = sorted(lines, key=lambda line: list(subjects).index(line.subject))
    for subject, group in groupby(in_order, lambda line: line.subject):
        terminalreporter.write_line(f"\n{subject}", bold=True)
        for line in group:
            write(line.cells())
    judged = [line for line in lines if line.holds is not None]
    held = sum(line.holds is True for line in judged)
    terminalreporter.write_line(f"\n{held} of {len(judged)} budgets hold")
