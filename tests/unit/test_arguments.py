"""Arguments that callbacks change in place: one spelling of their paths, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.analysis.arguments import given_to
from escalated_core.analysis.blame import MISSING, life, parse_path
from escalated_core.records import Firing
from escalated_core.snapshots.paths import path_text
from escalated_workbench import Workbench

CODE = """
from escalated.hooks import add_action, add_filter

def first(data, ticket):
    ticket["subject"] = "Fire"
    ticket["seen"] = [1]
    return {**data, "n": 1}

def second(data, ticket):
    return {**data, "subject": "x"}

def third(data, ticket):
    ticket["seen"].append(2)
    ticket.pop("subject")
    return data

def close(ticket, user):
    ticket["status"] = "closed"

for callback in (first, second, third):
    add_filter("ticket_data", callback)
    add_filter("own", callback)
add_action("ticket_created", close)
"""


@pytest.fixture
def wb(write: Callable[..., Path], open_workbench: Callable[..., Workbench]) -> Workbench:
    write("mine", CODE)
    return open_workbench()


def fired(wb: Workbench, hook: str = "ticket_data", **value: Any) -> Firing:
    return wb.fire(hook, {"n": 0, **value}, {"id": 7, "subject": "Help"}, kind="filter")


def lived(firing: Firing, path: str) -> list[tuple[int | None, Any]]:
    return life(firing, parse_path(path))


@pytest.mark.parametrize("asked", ["ticket.subject", "[1].subject"])
def test_what_wrote_an_argument_is_found_by_its_name_and_its_position(
    wb: Workbench, asked: str
) -> None:
    firing = fired(wb)
    found = wb.trace.wrote(asked)
    assert [(each.id, step) for each, step, _ in found] == [(firing.id, 0), (firing.id, 2)]
    assert {path_text(change.path) for _, _, change in found} == {"ticket.subject"}
    assert lived(firing, asked) == [(None, "Help"), (0, "Fire"), (2, MISSING)]
    assert wb.trace.query(f"wrote:{asked}") == [firing]


def test_what_is_inside_an_argument_is_found_too(wb: Workbench) -> None:
    firing = fired(wb)
    assert lived(firing, "ticket.seen[0]") == [(None, MISSING), (0, 1)]
    assert [step for _, step, _ in wb.trace.wrote("ticket.seen")] == [0, 2]
    assert lived(firing, "ticket.nothing") == []
    assert wb.trace.query("wrote:ticket.seen[1]") == [firing]
    assert wb.trace.query("wrote:tick*.seen") == [firing]
    assert wb.trace.query("wrote:user.seen") == []
    assert wb.trace.query("wrote:subject") == [firing]


def test_a_hook_of_a_plugins_own_has_positions_only(wb: Workbench) -> None:
    firing = fired(wb, "own")
    assert wb.trace.wrote("ticket.subject") == []
    found = wb.trace.wrote("[1].subject")
    assert [(each.id, path_text(change.path)) for each, _, change in found] == [
        (firing.id, "[1].subject"),
        (firing.id, "[1].subject"),
    ]
    assert lived(firing, "[1].subject")[0] == (None, "Help")


def test_the_value_comes_first_where_it_has_a_part_of_that_name(wb: Workbench) -> None:
    firing = fired(wb, ticket={"subject": "inside"})
    assert lived(firing, "ticket.subject") == [(None, "inside")]


def test_the_arguments_of_an_action_have_names_from_the_first_on(wb: Workbench) -> None:
    firing = wb.fire("ticket_created", {"status": "open"}, None)
    assert lived(firing, "ticket.status") == [(None, "open"), (0, "closed")]
    assert wb.trace.query("wrote:ticket.status") == [firing]


def test_a_step_is_given_what_those_before_it_left(wb: Workbench) -> None:
    firing = fired(wb)
    value, ticket = given_to(firing, 2)
    assert value == {"n": 1, "subject": "x"}
    assert ticket == {"id": 7, "subject": "Fire", "seen": [1]}
    assert firing.args[1] == {"id": 7, "subject": "Help"}
