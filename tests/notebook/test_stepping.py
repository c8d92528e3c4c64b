"""Stepping in a notebook: what is stopped, as HTML, and cells that are run again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escalated_workbench import UsageError, Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Page = Callable[[Any], Any]

HOSTILE = "</pre><img src=x onerror=alert(1)>\u202e\x1b"
CODE = """
from escalated.hooks import add_filter, apply_filters

def one(value):
    return [*value, 1]

def two(value):
    told = apply_filters("inner", 5)  # </pre><img src=x>
    return [*value, told]

add_filter("chain", one, 1)
add_filter("chain", two, 2)
add_filter("inner", lambda value: value + 1)
"""


@pytest.fixture
def page(read_html: Callable[[str], Any]) -> Page:
    """`page(record)` is what a notebook shows of it."""
    return lambda record: read_html(record._repr_html_())


@pytest.fixture
def wb(write: Write, open_workbench: Open) -> Workbench:
    write("numbers", CODE)
    return open_workbench()


def shown(wb: Workbench) -> Iterator[Any]:
    """What is there to be shown, on the way through a chain."""
    wb.breakpoints.add("numbers:two if value == 3")
    yield wb.breakpoints
    yield wb.breakpoints[1]
    with wb.step("chain", [HOSTILE]) as run:
        yield run
        yield run.next()
        yield run.run("print(_value); _value")
        yield run.run("print(_value[0]); raise ValueError(_value[0])")
        yield run.into()
        yield run.into()
        yield run.go_on() or run
    yield run


def test_everything_is_well_formed_and_runs_nothing(wb: Workbench, page: Page) -> None:
    for record in shown(wb):
        found = page(record)
        assert found.active() == set(), type(record)
        assert found.values("id") == []
        assert found.words.strip()
        for harmful in "\u202e\x1b":
            assert harmful not in record._repr_html_()


def test_a_stop_shows_what_ran_and_what_is_to_come(wb: Workbench, page: Page) -> None:
    with wb.step("chain", [0]) as run:
        words = page(run).words
        for expected in (
            "chain",
            "step 1 of 2, before one (numbers)",
            "To come",
            "def one(value):",
        ):
            assert expected in words
        assert "Ran" not in words
        words = page(run.next()).words
        assert re.search(r"Ran.* one .*To come.* two .*value.*\[0, 1\].*def two", words, re.S)


def test_a_line_is_marked_and_shows_its_values(wb: Workbench, page: Page) -> None:
    with wb.step("chain", [0]) as run:
        run.next()
        run.into()
        stop = run.next()
        html = stop._repr_html_()  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]
        (line,) = re.findall(r'<span class="at">(.*?)</span>', html)
        assert "return [*value, told]" in line
        assert page(stop).words.endswith("Values herevalue[0, 1]told6")


def test_what_came_of_it_is_shown_at_its_end(wb: Workbench, page: Page) -> None:
    with wb.step("chain", [0]) as run:
        run.skip()
    words = page(run).words
    assert "skipped by hand" in words.lower()
    assert "Result" in words


def test_breakpoints_go_by_their_numbers(wb: Workbench, page: Page) -> None:
    assert "Nothing stops." in page(wb.breakpoints).words
    wb.breakpoints.add("chain")
    wb.breakpoints.remove(1)
    wb.breakpoints.add("numbers:two if value == 3")
    assert page(wb.breakpoints).values("value") == ["2"]
    assert "if value == 3" in page(wb.breakpoints).words


def test_a_second_run_would_wait_for_ever_for_the_first(wb: Workbench) -> None:
    with wb.step("chain", [0]) as run:
        with pytest.raises(UsageError, match=r"wait for ever .*: chain, step 1 .* finish\(\) it"):
            wb.step("chain", [0])
        run.go_on()
        with wb.step("chain", [1]) as other:
            assert other.stop is not None
    assert other.result.result == [1, 1, 6]


def test_a_cell_that_is_run_again_begins_anew(
    cells: Callable[..., list[list[Any]]], write: Write, root: Path
) -> None:
    write("numbers", CODE)
    opened = f"from escalated_workbench import Workbench\nwb = Workbench({str(root)!r})"
    step = "run = wb.step('chain', [0])\nrun"
    _, first, _, again, last = cells(opened, step, "run.next()", step, "run.result.result")
    assert "step 1 of 2" in first[0]["data"]["text/html"]
    assert "step 1 of 2" in again[0]["data"]["text/html"]
    assert last[0]["data"]["text/plain"] == "[0, 1, 6]"
