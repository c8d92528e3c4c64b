"""Recorded firings are fired again, also from a session file: the same arguments, or others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.helpdesk.references import Reference
from escalated_core.records import Firing
from escalated_core.replay.rebuilding import MissingError
from escalated_core.sessions import session as sessions
from escalated_core.snapshots.pictures import same
from escalated_workbench import Workbench

Open = Callable[..., Workbench]
Write = Callable[..., Path]

CODE = """
import decimal, datetime
from escalated.hooks import *
from escalated_core.helpdesk.models import Tag, Ticket

class Foreign:
    pass

@on_filter("ticket_list_query")
def open_only(tickets):
    return tickets.filter(status="open")

@on_filter("own", 5)
def show(value, *rest, **named):
    return [type(each).__name__ for each in (value, *rest, *named.values())]

@on_action("make")
def make():
    do_action("made", (1, 2.5), {decimal.Decimal("1.10")}, datetime.date(2024, 2, 29), at=b"x")

@on_action("make_foreign")
def make_foreign():
    do_action("made", {"a": [Foreign()]}, Foreign(), token=Foreign())

@on_action("narrow")
def narrow():
    do_action("made", Ticket.objects.filter(pk=1), Tag(name="new", slug="new"))

@on_action("made")
def heard(*args, **named):
    print(*args, *named.values(), sep="|")
"""


@pytest.fixture
def workbench(write: Write, open_workbench: Open) -> Workbench:
    write("alpha", CODE)
    return open_workbench()


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[Workbench, Firing], Firing]:
    """`saved(workbench, firing)` is the firing as a session file has it."""

    def read(workbench: Workbench, firing: Firing) -> Firing:
        workbench.save(tmp_path / "a.session")
        with sessions.read(tmp_path / "a.session") as session:
            return session.require(firing.id)

    return read


def nested(workbench: Workbench, hook: str) -> Firing:
    """What a hook fires."""
    (found,) = workbench.trace.children(workbench.fire(hook).id)
    return found


class TestBuiltins:
    def test_the_same_arguments(self, workbench: Workbench, saved: Any) -> None:
        made = nested(workbench, "make")
        for recorded in (made, made.id, saved(workbench, made)):
            again = workbench.again(recorded)
            assert again.hook == "made"
            assert again.cause == f"again:{made.id}"
            assert same(again.args, made.args)
            assert same(again.kwargs, made.kwargs)
            assert again.steps[0].output == made.steps[0].output

    def test_other_values(self, workbench: Workbench) -> None:
        first = workbench.fire("own", {"a": {"b": [1]}}, [1], by=3)
        changes = {"[0].a.b[0]": "x", "[1]": None, "by": 4.5}
        again = workbench.again(first, changes=changes)
        assert again.args == ({"a": {"b": ["x"]}}, None)
        assert again.kwargs == {"by": 4.5}
        assert again.result == ["dict", "NoneType", "float"]
        assert first.args == ({"a": {"b": [1]}}, [1])

    def test_by_the_code_of_now(self, workbench: Workbench, write: Write) -> None:
        first = workbench.fire("own", 1)
        write("alpha", CODE.replace("__name__ for", "__name__.upper() for"))
        workbench.reload("alpha")
        assert workbench.again(first).result == ["INT"]

    def test_what_is_missing(self, workbench: Workbench) -> None:
        made = nested(workbench, "make_foreign")
        with pytest.raises(MissingError) as raised:
            workbench.again(made)
        assert [lack.path for lack in raised.value.lacks] == ["[0].a[0]", "[1]", "token"]
        assert {lack.why for lack in raised.value.lacks} == {
            "an object of escalated_plugins.alpha.Foreign"
        }
        changes = {"[0].a[0]": 1, "[1]": Reference("ticket", 2), "token": "t"}
        again = workbench.again(made, changes=changes)
        assert again.args[0] == {"a": [1]}
        assert again.args[1]["id"] == 2
        assert again.kwargs == {"token": "t"}

    def test_masked_secrets_are_missing(self, workbench: Workbench, saved: Any) -> None:
        first = workbench.fire("own", {"api_key": "sk-123456789", "a": 1})
        assert workbench.again(first).args == first.args
        with pytest.raises(UsageError, match=r"\[0\]\.api_key \(a secret that was masked\)"):
            workbench.again(saved(workbench, first))
        again = workbench.again(saved(workbench, first), changes={"[0].api_key": "sk-new"})
        assert again.args == ({"api_key": "sk-new", "a": 1},)

    @pytest.mark.parametrize("changes", [{"[3]": 1}, {"nothing": 1}, {"[0].x.y": 1}, {"a..b": 1}])
    def test_a_change_that_leads_nowhere(self, workbench: Workbench, changes: Any) -> None:
        first = workbench.fire("own", {"a": 1})
        with pytest.raises(UsageError):
            workbench.again(first, changes=changes)
        assert workbench.trace[-1].id == first.id

    @pytest.mark.parametrize("firing", [999, True, "1", None])
    def test_no_such_firing(self, workbench: Workbench, firing: Any) -> None:
        with pytest.raises(UsageError):
            workbench.again(firing)


class TestRows:
    def test_as_they_were(self, workbench: Workbench, saved: Any) -> None:
        first = workbench.fire("ticket_created", Reference("ticket", 3), Reference("customer", 1))
        record = saved(workbench, first)
        workbench.helpdesk.edit(Reference("ticket", 3), subject="Since then")
        for recorded in (first, record):
            again = workbench.again(recorded)
            assert same(again.args[0], first.args[0])
            assert again.args[1]["id"] == first.args[1]["id"]
        (row,) = [row for row in workbench.helpdesk.rows("ticket") if row["key"] == 3]
        assert row["subject"] == "Since then"

    def test_changed_in_memory_only(self, workbench: Workbench) -> None:
        first = workbench.fire("ticket_created", Reference("ticket", 3), Reference("customer", 1))
        changes = {"ticket.subject": "Fire", "user": 2, "ticket.assigned_to": Reference("agent", 1)}
        again = workbench.again(first, changes=changes)
        assert again.args[0]["subject"] == "Fire"
        assert again.args[0]["assigned_to_id"] is not None
        assert again.args[1]["id"] == 2
        before = dict(first.args[0].fields, subject="Fire", assigned_to_id=None)
        assert dict(again.args[0].fields, assigned_to_id=None) == before
        (row,) = [row for row in workbench.helpdesk.rows("ticket") if row["key"] == 3]
        assert row["subject"] == first.args[0]["subject"]

    def test_a_row_that_is_gone(self, workbench: Workbench) -> None:
        ticket = workbench.event("ticket.create", subject="Short-lived")
        first = next(each for each in ticket if each.hook == "ticket_created")
        workbench.helpdesk.reset()
        again = workbench.again(first)
        assert same(again.args[0], first.args[0])
        assert "Short-lived" not in [row["subject"] for row in workbench.helpdesk.rows("ticket")]
        (finding,) = [each for each in workbench.findings if each.code == "again.recalled"]
        text = first.args[0].text
        assert f"ticket: {text} is gone: it is made from what was recorded" in finding.message

    def test_a_secret_of_a_row_is_that_of_now(self, workbench: Workbench, saved: Any) -> None:
        first = workbench.fire("ticket_created", Reference("ticket", 3), Reference("customer", 1))
        again = workbench.again(saved(workbench, first))
        assert same(again.args[1], first.args[1])
        (finding,) = [each for each in workbench.findings if each.code == "again.recalled"]
        assert "password of User" in finding.message

    def test_queries(self, workbench: Workbench, saved: Any) -> None:
        first = next(iter(workbench.event("ticket.list")))
        again = workbench.again(saved(workbench, first))
        assert same(again.args, first.args)
        assert same(again.result, first.result)

    def test_other_queries_and_rows_that_never_were(self, workbench: Workbench) -> None:
        made = nested(workbench, "narrow")
        with pytest.raises(MissingError) as raised:
            workbench.again(made)
        (lack,) = raised.value.lacks
        assert (lack.path, lack.why) == ("[0]", "a query of which only the SQL was recorded")
        again = workbench.again(made, changes={"[0]": None})
        assert same(again.args[1], made.args[1])

    def test_rows_of_a_plugin(self, write: Write, open_workbench: Open, note: str) -> None:
        code = """
        from escalated.hooks import *
        from .models import Note

        @on_action("take")
        def take():
            note = Note.objects.create(text="kept")
            do_action("taken", note)
            note.delete()
        """
        write("beta", code, "models.py", note)
        workbench = open_workbench()
        taken = nested(workbench, "take")
        assert taken.args[0]["id"] == 1
        assert same(workbench.again(taken).args, taken.args)


class TestEvents:
    def test_the_same_values(self, workbench: Workbench, saved: Any) -> None:
        first = workbench.event("ticket.assign", ticket=3, agent=2)
        again = workbench.again(saved(workbench, first.event))
        assert (again.kind, again.hook) == ("event", "ticket.assign")
        assert again.kwargs["ticket"]["id"] == 3
        assert again.kwargs["agent"]["id"] == first.event.kwargs["agent"]["id"]
        hooks = [each.hook for each in workbench.trace.children(again.id)]
        assert hooks == [each.hook for each in first]

    def test_other_values(self, workbench: Workbench) -> None:
        first = workbench.event("ticket.create", subject="Fire", metadata={"a": {"b": 1}}, dry=True)
        changes = {"subject": "Water", "metadata.a.b": 2, "priority": "urgent"}
        again = workbench.again(first.event, changes=changes)
        assert again.kwargs["subject"] == "Water"
        assert again.kwargs["metadata"] == {"a": {"b": 2}}
        assert again.kwargs["priority"] == "urgent"
        assert again.cause == "event:ticket.create dry"

    @pytest.mark.parametrize(
        "changes", [{"subjekt": "x"}, {"ticket.subject": "x"}, {"ticket": 999}]
    )
    def test_what_cannot_be_meant(self, workbench: Workbench, changes: Any) -> None:
        first = workbench.event("ticket.assign", ticket=3, agent=2).event
        with pytest.raises(UsageError):
            workbench.again(first, changes=changes)

    def test_a_row_that_is_gone(self, workbench: Workbench) -> None:
        made = workbench.event("ticket.create", subject="Short-lived")
        number = next(each.args[0]["id"] for each in made if each.hook == "ticket_created")
        first = workbench.event("ticket.assign", ticket=number, agent=2).event
        workbench.helpdesk.reset()
        with pytest.raises(UsageError, match=f"There is no ticket {number}"):
            workbench.again(first)


class TestDoors:
    def test_stepped(self, workbench: Workbench) -> None:
        first = workbench.fire("own", 1)
        with workbench.step_again(first, changes={"[0]": "two"}) as run:
            stop = run.stop
            assert stop is not None
            assert stop.value == "two"
            run.next()
        assert run.result.result == ["str"]

    def test_it_is_told_in_a_story(self, workbench: Workbench) -> None:
        first = workbench.fire("own", 1)
        workbench.again(first, changes={"[0]": 2})
        assert workbench.record_story().count("fire: own") == 2

    def test_effects_as_they_are_asked_for(self, write: Write, open_workbench: Open) -> None:
        code = """
        import requests
        from escalated.hooks import *

        @on_action("post")
        def post(where):
            requests.post(where)
        """
        write("beta", code)
        workbench = open_workbench()
        first = workbench.fire("post", "http://127.0.0.1:9/", effects="capture")
        again = workbench.again(first, effects="capture")
        assert [each.verdict for each in again.steps[0].effects] == ["held"]
