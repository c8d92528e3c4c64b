"""Fields and payloads of events, what is remembered of them, and doing things again and again."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.helpdesk.events.catalogue import require_event
from escalated_core.helpdesk.references import Reference
from escalated_core.records import EventParameter
from escalated_workbench.composing import (
    JsonError,
    payload_of,
    read,
    text_of,
    to_blame,
    written,
)
from escalated_workbench.desk_fields import typed, value_of
from escalated_workbench.payloads import AT_MOST, Payloads
from escalated_workbench.repeating import Repeating


def parameter(kind: str) -> EventParameter:
    return EventParameter("name", kind, "")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "plain"),
        ("text", ""),
        ("text", " padded "),
        ("text", "one\ntwo\t\x1b[31m \u202e"),
        ("text", '"quoted" and not'),
        ("text", '"quoted"'),
        ("text", "[x]"),
        ("number", 5),
        ("number", 1.5),
        ("list", ["bug", "vip"]),
        ("list", []),
        ("list", ["a, b", ""]),
        ("list", ["x", 5]),
        ("json", {"plan": ["gold", None]}),
        ("user", None),
        ("user", "megan.chang"),
        ("ticket", "ESC-00001"),
    ],
)
def test_what_is_written_is_read_as_the_same(kind: str, value: Any) -> None:
    text = written(parameter(kind), value)
    assert read(parameter(kind), text) == value
    assert text.isprintable()


def test_each_parameter_is_told_what_is_wrong_with_it(open_workbench: Any) -> None:
    workbench = open_workbench()
    wrong = {"ticket": 999, "priority": "hot", "user": "nobody here", "colour": "red"}
    found = to_blame(workbench.rehearse, require_event("ticket.priority"), wrong)
    assert list(found) == ["ticket", "priority", "user", "colour"]
    assert [error.parameter for error in found.values()] == list(found)
    assert "hot" in str(found["priority"])


def test_what_is_about_no_parameter_is_wrong_with_all_of_the_payload(open_workbench: Any) -> None:
    workbench = open_workbench()
    event = require_event("ticket.priority")
    found = to_blame(workbench.rehearse, event, {"ticket": 1, "colour": "red"})
    assert list(found) == ["colour", ""]
    assert found[""] is found["colour"]
    assert to_blame(workbench.rehearse, event, {"ticket": 1}) == {}


def test_what_does_not_fit_is_left_to_the_help_desk() -> None:
    assert read(parameter("number"), "soon") == "soon"
    assert read(parameter("list"), "[1, ") == "[1, "
    with pytest.raises(UsageError, match="not JSON"):
        read(parameter("json"), "{")


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ('{"a": 1,\n  "b" 2}', 2, 7, "delimiter"),
        ("[1]", 1, 1, "is an object"),
        ("[" * 100_000, 1, 1, "recursion|deep|object"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", 1, 1, "levels deep"),
    ],
)
def test_what_is_no_payload_is_told_by_line_and_column(
    text: str, line: int, column: int, says: str
) -> None:
    with pytest.raises(JsonError, match=says) as caught:
        payload_of(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_a_payload_is_its_text() -> None:
    payload = {"subject": "Zoë\n\x1b[31m", "tags": ["x"], "user": None}
    assert payload_of(text_of(payload)) == payload
    assert "\x1b" not in text_of(payload)
    assert payload_of("  ") == {}


# --- remembered


def test_payloads_are_remembered_newest_first(tmp_path: Path) -> None:
    root = tmp_path / "plugins"
    payloads = Payloads(root)
    for number in (*range(AT_MOST + 5), 7):
        payloads.remember("ticket.create", {"subject": str(number)})
    payloads.remember("ticket.list", {})
    payloads.keep()
    found = Payloads(root).of("ticket.create")
    assert len(found) == AT_MOST
    assert [each["subject"] for each in found[:3]] == ["7", "14", "13"]
    assert Payloads(root).of("ticket.list") == []
    assert (payloads.path.parent / ".gitignore").read_text("utf-8") == "*\n"
    assert [each.name for each in payloads.path.parent.iterdir() if each != payloads.path] == [
        ".gitignore"
    ]


def test_payloads_with_secrets_are_never_written(tmp_path: Path) -> None:
    payloads = Payloads(tmp_path / "plugins")
    secret = {"metadata": {"api": [{"password": "hunter2"}]}}
    payloads.remember("ticket.create", secret)
    payloads.remember("ticket.create", {"subject": "\ud800"})
    payloads.keep()
    assert payloads.of("ticket.create")[1] == secret
    assert "hunter2" not in payloads.path.read_text("utf-8")
    assert len(Payloads(tmp_path / "plugins").of("ticket.create")) == 1


def test_what_another_process_wrote_stays(tmp_path: Path) -> None:
    one, other = Payloads(tmp_path / "plugins"), Payloads(tmp_path / "plugins")
    one.remember("ticket.create", {"subject": "one"})
    other.remember("ticket.create", {"subject": "other"})
    other.remember("ticket.close", {"ticket": 1})
    one.keep()
    other.keep()
    found = Payloads(tmp_path / "plugins")
    assert [each["subject"] for each in found.of("ticket.create")] == ["other", "one"]
    assert found.of("ticket.close") == [{"ticket": 1}]


@pytest.mark.parametrize("text", ["", "[]", '{"events": {"a": 5}}', '{"events": []}', "\xff", "{"])
def test_a_file_that_cannot_be_read_is_as_none(tmp_path: Path, text: str) -> None:
    payloads = Payloads(tmp_path / "plugins", tmp_path)
    payloads.path.write_text(text, "latin-1")
    assert Payloads(tmp_path / "plugins", tmp_path).of("a") == []
    payloads.remember("a", {"b": 1})
    payloads.keep()
    assert json.loads(payloads.path.read_text("utf-8"))["events"] == {"a": [{"b": 1}]}


# --- again and again


def test_it_is_done_so_often() -> None:
    ended = threading.Event()
    said: list[BaseException | None] = []
    repeating = Repeating(lambda: None, 5, 10_000, lambda error: (said.append(error), ended.set()))
    assert ended.wait(10)
    assert (repeating.done, said) == (5, [None])


def test_it_ends_when_it_is_told_to_or_fails() -> None:
    ended = threading.Event()
    often = threading.Event()
    repeating = Repeating(often.set, None, 1_000, lambda _: ended.set())
    assert often.wait(10)
    assert repeating.is_running
    repeating.stop()
    assert ended.wait(10)
    said: list[BaseException | None] = []
    ended.clear()
    failing = Repeating(lambda: 1 / 0, None, None, lambda error: (said.append(error), ended.set()))
    assert ended.wait(10)
    assert failing.done == 0
    assert isinstance(said[0], ZeroDivisionError)


# --- fields of rows


def test_fields_of_rows_are_typed_as_they_are_read() -> None:
    people = [{"key": 3, "username": "megan.chang", "name": "Megan Chang"}]
    assert value_of("assigned_to", "Megan Chang", lambda _: people) == Reference("user", 3)
    assert value_of("assigned_to", " ", lambda _: people) is None
    assert value_of("subject", "", lambda _: []) == ""
    assert value_of("is_active", "Yes", lambda _: []) is True
    for value in ("one\ntwo", "x", "12"):
        assert value_of("subject", typed(value), lambda _: []) == value
    assert typed(True) == "true"
    with pytest.raises(UsageError, match=r"There is megan\.chang\."):
        value_of("requester", "Chang", lambda _: people)
    with pytest.raises(UsageError, match="true or false"):
        value_of("is_active", "perhaps", lambda _: [])
