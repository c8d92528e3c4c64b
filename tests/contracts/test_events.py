"""Events: each changes the help desk and fires the hooks that are documented for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.helpdesk.events.catalogue import events
from escalated_core.helpdesk.references import Reference
from escalated_core.hooks.catalogue import catalogue_of
from escalated_core.records import Firing, Happened, Profile
from escalated_core.snapshots.snapshot import ObjectSnapshot
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]

PROFILES: tuple[Profile, ...] = ("guide", "escalated-django")
MORE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ticket.create", {"guest_name": "Sam", "guest_email": "sam@example.net"}),
    ("ticket.create", {"requester": None, "subject": "", "description": "x" * 3000}),
    ("ticket.update", {"metadata": {"plan": "gold"}}),
    ("ticket.assign", {"ticket": "ESC-00003", "agent": 1, "user": None}),
    ("ticket.status", {"status": "closed"}),
    ("ticket.status", {"status": "reopened"}),
    ("ticket.status", {"status": "escalated"}),
    ("ticket.status", {"status": "waiting_on_agent"}),
    ("comment.create", {"author": 7, "body": "It is me"}),
    ("sla.warning", {"deadline": "resolution", "minutes": 5}),
    ("sla.breach", {"deadline": "resolution"}),
    ("user.create", {"name": "Zoë Ångström", "role": "agent"}),
    ("user.login", {"user": 1}),
)
"""Events told in other ways than by default."""


def is_model(name: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, ObjectSnapshot) and value.text.split()[0] == name


def maybe(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


def is_text(value: Any) -> bool:
    return isinstance(value, str) or getattr(value, "type", "").endswith(("Status", "Priority"))


FITS: dict[str, Callable[[Any], bool]] = {
    "ticket": is_model("Ticket"),
    "user": maybe(is_model("User")),
    "agent": maybe(is_model("User")),
    "comment": is_model("Comment"),
    "department": maybe(is_model("Department")),
    "tag": is_model("Tag"),
    "import_job": is_model("ImportJob"),
    "changes": lambda value: all(set(each) == {"old", "new"} for each in value.values()),
    "status": is_text,
    "priority": is_text,
    "reason": is_text,
    "deadline": lambda value: value in ("first_response", "resolution"),
    "remaining": lambda value: value.total_seconds() > 0,
    "ticket_id": lambda value: isinstance(value, int),
    "ticket_data": lambda value: {"subject", "status", "tags"} <= set(value),
    "ticket_queryset": lambda value: isinstance(value, ObjectSnapshot) and "SELECT" in value.text,
    "permissions": lambda value: all(isinstance(each, str) for each in value),
    "text": is_text,
    "adapters": lambda value: list(value) == [],
}
"""What arguments of each documented type look like."""


@pytest.fixture(params=PROFILES)
def workbench(request: pytest.FixtureRequest, write: Write, open_workbench: Open) -> Workbench:
    write(
        "alpha",
        """
        from escalated.hooks import *

        class Zendesk:
            def name(self):
                return "zendesk"

        add_filter("import.adapters", lambda adapters: [*adapters, Zendesk()])
        """,
    )
    return open_workbench(profile=request.param)


def promised(workbench: Workbench, name: str) -> tuple[str, ...]:
    return events()[name].hooks[workbench.profile]


def assert_kept(workbench: Workbench, happened: Happened) -> None:
    """Assert that it fired what it promises, in that order, with the documented arguments."""
    assert happened.outcome == "ok", happened.error
    fired = [firing.hook for firing in happened]
    hooks = promised(workbench, happened.event.hook)
    assert fired == [hook.rstrip("?") for hook in hooks if hook.rstrip("?") in fired]
    assert set(fired) >= {hook for hook in hooks if not hook.endswith("?")}
    for firing in happened:
        assert_documented(workbench, firing)
        assert firing.parent_id == happened.event.id
        assert firing.cause == f"event:{happened.event.hook}"


def assert_documented(workbench: Workbench, firing: Firing) -> None:
    documented = catalogue_of(workbench.profile).get(firing.hook)
    assert documented is not None
    assert documented.fired
    assert firing.kind == documented.kind
    assert len(firing.args) == len(documented.parameters)
    for parameter, value in zip(documented.parameters, firing.args, strict=True):
        assert FITS[parameter.type](value), (firing.hook, parameter, value)


@pytest.mark.parametrize("name", events())
def test_an_event_fires_what_it_promises(workbench: Workbench, name: str) -> None:
    assert_kept(workbench, workbench.event(name))


@pytest.mark.parametrize(("name", "given"), MORE)
def test_an_event_fires_what_it_promises_however_it_is_told(
    workbench: Workbench, name: str, given: dict[str, Any]
) -> None:
    assert_kept(workbench, workbench.event(name, **given))


def test_every_hook_that_an_event_may_fire_is_fired_by_one(workbench: Workbench) -> None:
    fired = {f.hook for name in events() for f in workbench.event(name)}
    workbench.helpdesk.reset()
    for name, given in (*MORE, ("ticket.close", {"ticket": 1}), ("ticket.reopen", {"ticket": 1})):
        fired |= {f.hook for f in workbench.event(name, **given)}
    documented = {hook.name for hook in catalogue_of(workbench.profile) if hook.fired}
    # Fired only if somebody listens to it, see `test_events_published.py`.
    documented.discard("import.run_async")
    assert fired == {name for name in documented if not name.startswith("plugin_")}


def test_every_profile_and_parameter_is_documented() -> None:
    for event in events().values():
        assert set(event.hooks) == set(PROFILES)
        assert event.title
        assert all(parameter.description for parameter in event.parameters)


def test_hooks_that_plugins_fire_are_nested_in_what_the_event_fires(
    write: Write, open_workbench: Open
) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        @on_action("ticket_assigned")
        def assigned(ticket, agent):
            do_action("alpha.assigned", ticket.reference)
        """,
    )
    workbench = open_workbench()
    happened = workbench.event("ticket.assign", ticket=2, agent=3)
    (assigned,) = happened
    nested = next(firing for firing in workbench.trace if firing.hook == "alpha.assigned")
    assert (nested.parent_id, nested.cause) == (assigned.id, "plugin:alpha")
    assert [firing.depth for firing in (happened.event, assigned, nested)] == [0, 1, 2]
    assert (happened.event.kind, happened.event.kwargs["agent"].text) == ("event", "User 3")
    assert workbench.helpdesk.rows("ticket")[1]["assigned_to"]


# --- rehearsed


def test_a_rehearsal_tells_what_would_be_fired_and_does_nothing(
    write: Write, open_workbench: Open
) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        @on_filter("ticket_data", 5)
        def first(data, ticket):
            raise SystemExit

        add_filter("ticket_data", lambda data, ticket: data)
        """,
    )
    workbench = open_workbench()
    before = workbench.helpdesk.rows("ticket")
    data, created = workbench.rehearse("ticket.create", subject="Fire")
    assert (data.hook, data.kind, data.args[0]["subject"]) == ("ticket_data", "filter", "Fire")
    assert (data.callbacks[0].callback, data.callbacks[0].priority) == ("first", 5)
    assert (created.hook, created.callbacks) == ("ticket_created", ())
    assert len([row for row in workbench.trace.rows()[0] if row.hook == "ticket_data"]) == 0
    assert workbench.helpdesk.rows("ticket") == before


# --- the world


def test_what_a_filter_changes_is_what_is_saved(write: Write, open_workbench: Open) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        @on_filter("ticket_data")
        def shout(data, ticket):
            return {**data, "subject": data["subject"].upper(), "tags": ["vip"], "plan": "gold"}

        add_filter("comment_content", lambda text, comment: text + " -- sent by alpha")
        """,
    )
    workbench = open_workbench()
    workbench.event("ticket.create", subject="Fire", tags=["bug"])
    assert workbench.helpdesk.rows("ticket")[-1]["subject"] == "FIRE"
    assert workbench.helpdesk.rows("ticket")[-1]["tags"] == ["VIP"]
    workbench.event("comment.create", body="Hello")
    assert workbench.helpdesk.rows("comment")[-1]["body"] == "Hello -- sent by alpha"


def test_a_dry_event_leaves_the_help_desk_as_it_was(workbench: Workbench) -> None:
    before = [workbench.helpdesk.rows(kind) for kind in ("ticket", "comment", "user", "tag")]
    for name in events():
        assert workbench.event(name, dry=True).outcome == "ok"
    after = [workbench.helpdesk.rows(kind) for kind in ("ticket", "comment", "user", "tag")]
    assert after == before
    assert workbench.event("ticket.list", dry=True).event.cause == "event:ticket.list dry"


# --- what cannot be meant


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("ticket.creat", {}, "Did you mean 'ticket.create'?"),
        ("ticket.note", {}, "Did you mean 'comment.note'?"),
        ("ticket.assign", {"agnet": 1}, "Did you mean 'agent'?"),
        ("ticket.list", {"ticket": 1}, "It takes nothing."),
        ("ticket.assign", {"agent": 99}, "There is: agent 1 to 4."),
        ("ticket.assign", {"agent": "customer 3"}, "must be an agent, by number or name"),
        ("ticket.assign", {"agent": Reference("customer", 3)}, "must be an agent, by number"),
        ("ticket.assign", {"agent": "nobody"}, "There is "),
        ("ticket.assign", {"ticket": "ESC-99999"}, "ESC-00001"),
        ("ticket.assign", {"ticket": 1.5}, "by number or name"),
        ("ticket.assign", {"agent": None}, "by number or name"),
        ("ticket.status", {"status": "done"}, "one of open"),
        ("ticket.create", {"subject": 5}, "must be text"),
        ("ticket.create", {"metadata": [1]}, "must be an object"),
        ("sla.warning", {"minutes": "soon"}, "must be a number"),
        ("sla.warning", {"minutes": True}, "must be a number"),
        ("sla.warning", {"minutes": -5}, "a number from 0"),
        ("sla.warning", {"minutes": float("nan")}, "a number from 0"),
        ("sla.warning", {"minutes": 1e300}, "a number from 0"),
        ("ticket.create", {"subject": "\ud800"}, "text in Unicode"),
        ("ticket.create", {"tags": ["nosuch"]}, "no tag 'nosuch'"),
        ("ticket.create", {"tags": [{}]}, "a tag, by number or name"),
        ("ticket.create", {"tags": [99]}, "no tag 99"),
        ("ticket.create", {"metadata": {"a": {1}}}, "that JSON has words for"),
        ("ticket.create", {"metadata": {"a": float("inf")}}, "that JSON has words for"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_happens(
    workbench: Workbench, name: str, given: dict[str, Any], says: str
) -> None:
    before = len(workbench.trace)
    with pytest.raises(UsageError, match=says.replace("?", r"\?")):
        workbench.event(name, **given)
    assert len(workbench.trace) == before


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"stats": "x"}, "Did you mean 'status'?"),
        ({"status": "x"}, "Choose one of open"),
        ({"subject": None}, "cannot be null"),
        ({"subject": "\ud800"}, "cannot be saved"),
        ({"assigned_to": 999}, "There is no user 999"),
        ({"created_at": "yesterday"}, "cannot be 'yesterday'"),
    ],
)
def test_a_row_is_not_edited_to_what_it_cannot_be(
    workbench: Workbench, fields: dict[str, Any], says: str
) -> None:
    before = workbench.helpdesk.rows("ticket")
    with pytest.raises(UsageError, match=says.replace("?", r"\?")):
        workbench.helpdesk.edit(workbench.helpdesk.ticket(2), **fields)
    assert workbench.helpdesk.rows("ticket") == before


def test_a_row_is_also_named_as_a_story_names_people(open_workbench: Open) -> None:
    workbench = open_workbench()
    happened = workbench.event("ticket.create", requester="agent2")
    assert happened.event.kwargs["requester"].text == "User 2"


def test_what_is_printed_of_a_firing_is_one_line(write: Write, open_workbench: Open) -> None:
    write("alpha", "from escalated.hooks import *\nadd_filter('ticket_data', lambda d, t: d)\n")
    firing = open_workbench().fire("ticket_data", {"subject": "x" * 9_000}, None)
    took = f"{firing.duration_ns / 1e6:.2f} ms"
    assert repr(firing) == f"Firing(#{firing.id} filter ticket_data, ok, 1 step, {took})"
    took = f"{firing.steps[0].duration_ns / 1e6:.2f} ms"
    assert repr(firing.steps) == f"(Step(alpha <lambda>, ok, {took}),)"
