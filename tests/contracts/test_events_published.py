"""Events as the published package has them, where that is not what the guide says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.records import Happened
from escalated_workbench import Workbench
from escalated_workbench.playback import Playback

Write = Callable[..., Path]
Open = Callable[..., Workbench]

LOOK = """
from escalated.hooks import *
from escalated_core.helpdesk.models import Ticket

def look(ticket):
    row = Ticket.objects.get(pk=ticket.pk)
    print(
        type(ticket.status).__name__,
        ticket.first_response_at is not None,
        (ticket.sla_first_response_breached, row.sla_first_response_breached),
    )

for name in ("ticket_created", "ticket_assigned", "ticket_status_changed", "sla_breached"):
    add_action(name, lambda ticket, *_: look(ticket))
add_action("reply_created", lambda reply, ticket, user: look(ticket))
"""


@pytest.fixture
def workbench(write: Write, open_workbench: Open) -> Workbench:
    write("alpha", LOOK)
    return open_workbench(profile="escalated-django")


def seen(happened: Happened) -> dict[str, str]:
    return {each.hook: each.steps[0].output.strip() for each in happened if each.steps}


def ticket(workbench: Workbench, **wanted: Any) -> dict[str, Any]:
    rows = workbench.helpdesk.rows("ticket")
    return next(row for row in rows if all(row[name] == wanted[name] for name in wanted))


def test_a_status_that_the_package_chose_is_a_member(workbench: Workbench) -> None:
    created = seen(workbench.event("ticket.create"))["ticket_created"]
    assert created == "Status False (False, False)"
    fresh = ticket(workbench, status="open", assigned_to=None)["id"]
    assert seen(workbench.event("ticket.assign", ticket=fresh))["ticket_assigned"][:6] == "Status"


def test_a_ticket_is_answered_by_its_own_agent(workbench: Workbench) -> None:
    workbench.event("ticket.create")
    number = workbench.helpdesk.rows("ticket")[-1]["id"]
    told = seen(workbench.event("comment.create", ticket=number, author="agent 2"))
    assert told["reply_created"].split()[1] == "False"
    workbench.event("ticket.assign", ticket=number, agent=2)
    workbench.event("ticket.status", ticket=number, status="open")
    told = seen(workbench.event("comment.create", ticket=number, author="agent 2"))
    assert told["ticket_status_changed"].split()[1] == "False"
    assert told["reply_created"].split()[1] == "True"


def test_a_breach_is_told_before_it_is_saved(workbench: Workbench) -> None:
    workbench.event("ticket.create")
    number = workbench.helpdesk.rows("ticket")[-1]["id"]
    told = seen(workbench.event("sla.breach", ticket=number))
    assert told["sla_breached"].endswith("(True, False)")
    assert len(workbench.event("sla.breach", ticket=number)) == 0


@pytest.mark.parametrize("event", ["sla.breach", "sla.warning"])
def test_kept_deadlines_and_those_of_closed_tickets_are_left_alone(
    workbench: Workbench, event: str
) -> None:
    closed = ticket(workbench, status="closed")
    answered = next(
        row
        for row in workbench.helpdesk.rows("ticket")
        if row["first_response_at"] and row["status"] == "in_progress"
    )
    before = workbench.helpdesk.rows("ticket")
    for each in (closed, answered):
        assert len(workbench.event(event, ticket=each["id"])) == 0
    assert workbench.helpdesk.rows("ticket") == before
    assert len(workbench.event(event)) == 1


def test_an_update_to_what_is_there_writes_nothing(workbench: Workbench) -> None:
    before = workbench.helpdesk.rows("ticket")
    happened = workbench.event("ticket.update", ticket=1, subject=before[0]["subject"])
    assert (len(happened), happened.outcome) == (0, "ok")
    assert workbench.helpdesk.rows("ticket") == before


# --- from other platforms


IMPORTS = """
from escalated.hooks import *

class Adapter:
    def name(self):
        {name}

add_filter("import.adapters", lambda adapters: [*adapters, Adapter()])
add_action("import.completed", lambda job: print(job.status))
"""


@pytest.mark.parametrize(
    ("name", "fired"),
    [
        ("return 'zendesk'", ["import.adapters", "import.completed"]),
        ("return 'other'", ["import.adapters"]),
        ("raise ValueError", ["import.adapters"]),
    ],
)
def test_an_import_is_completed_only_with_an_adapter_of_its_platform(
    write: Write, open_workbench: Open, name: str, fired: list[str]
) -> None:
    write("alpha", IMPORTS.format(name=name))
    happened = open_workbench(profile="escalated-django").event("import.run", platform="zendesk")
    assert happened.outcome == "ok"
    assert [firing.hook for firing in happened] == fired


def test_an_import_is_left_to_those_who_listen(write: Write, open_workbench: Open) -> None:
    write("alpha", IMPORTS.format(name="return 'zendesk'"))
    write("beta", LOOK + "add_action('import.run_async', lambda job: print(job.status))\n")
    happened = open_workbench(profile="escalated-django").event("import.run")
    (firing,) = happened
    assert (firing.hook, firing.steps[0].output) == ("import.run_async", "pending\n")


# --- what it documents, but never fires


@pytest.mark.parametrize(
    ("kind", "hook"),
    [
        ("action", "ticket_deleted"),
        ("action", "ticket_before_create"),
        ("action", "dashboard_viewed"),
        ("filter", "ticket_store_data"),
        ("filter", "reply_body"),
        ("filter", "notification_channels"),
    ],
)
def test_a_hook_that_the_package_never_fires_is_a_finding(
    write: Write, open_workbench: Open, kind: str, hook: str
) -> None:
    source = f"from escalated.hooks import *\n\n\n@on_{kind}({hook!r})\ndef gone(value, *_):\n"
    write("alpha", f"{source}    return value\n")
    workbench = open_workbench(profile="escalated-django")
    (finding,) = workbench.findings
    assert (finding.code, finding.line) == ("hook.doubtful", 4)
    assert f"{hook} is documented, but the published package does not fire it" in finding.message
    assert workbench.fire(hook).outcome == "ok"


MEDDLE = """
from escalated.hooks import *

def meddle(ticket, user, agent):
    agent.email = "meddled@example.com"

def amend(reply, ticket, user):
    reply.body = "amended"

add_action("ticket_assigned", meddle)
add_action("reply_created", amend)
"""


def test_arguments_are_called_what_the_package_calls_them(
    write: Write, open_workbench: Open, tmp_path: Path
) -> None:
    write("alpha", MEDDLE)
    workbench = open_workbench(profile="escalated-django")
    fresh = ticket(workbench, status="open", assigned_to=None)["id"]
    workbench.event("ticket.assign", ticket=fresh, agent=2)
    workbench.event("comment.create", ticket=fresh)
    workbench.save(tmp_path / "session")
    with Playback(tmp_path / "session") as saved:
        for firings in (workbench.trace, saved.trace):
            (assigned,) = firings.query("wrote:agent.email")
            (replied,) = firings.query("wrote:reply.body")
            assert (assigned.hook, replied.hook) == ("ticket_assigned", "reply_created")
            paths = [change.path for _, _, change in firings.wrote("agent.email")]
            assert paths == [("agent", "email")]
        hooks = {hook.name: hook.documented for hook in saved.hooks}
    documented = hooks["ticket_assigned"]
    assert documented is not None
    assert documented.signature == "ticket_assigned(ticket, user, agent)"


def test_arguments_are_called_what_the_guide_calls_them_under_its_profile(
    write: Write, open_workbench: Open
) -> None:
    write("alpha", MEDDLE.replace("ticket, user, agent", "ticket, agent"))
    workbench = open_workbench()
    fresh = ticket(workbench, status="open", assigned_to=None)["id"]
    workbench.event("ticket.assign", ticket=fresh, agent=2)
    (assigned,) = workbench.trace.query("wrote:agent.email")
    assert assigned.hook == "ticket_assigned"
