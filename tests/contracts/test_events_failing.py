"""Events that cannot be completed: on whom it is blamed, and what is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]


@pytest.mark.parametrize(
    ("hook", "answer", "event", "message"),
    [
        ("ticket_data", "None", "ticket.create", "gave None"),
        ("ticket_data", "{**value, 'subject': None}", "ticket.create", "cannot be saved"),
        ("ticket_data", "{**value, 'tags': 5}", "ticket.update", "cannot be saved"),
        ("comment_content", "12", "comment.create", "gave an int"),
        ("ticket_list_query", "list(value)", "ticket.list", "gave a list"),
        ("user_permissions", "None", "user.permissions", "gave None"),
    ],
)
def test_a_filter_that_gives_what_cannot_be_used_is_named(
    write: Write, open_workbench: Open, hook: str, answer: str, event: str, message: str
) -> None:
    source = f"from escalated.hooks import *\n\n\n@on_filter({hook!r})\ndef bad(value, *_):\n"
    write("alpha", f"{source}    return {answer}\n")
    workbench = open_workbench()
    before = len(workbench.helpdesk.rows("ticket"))
    happened = workbench.event(event)
    found = [each for each in workbench.findings if each.plugin == "alpha"]
    assert happened.outcome == "error"
    assert message in str(happened.error)
    assert (found[0].code, found[0].line) == ("event.failed", 4)
    assert len(workbench.helpdesk.rows("ticket")) == before


def test_a_ticket_that_cannot_be_saved_with_its_tags_is_not_saved_at_all(
    write: Write, open_workbench: Open
) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        @on_filter("ticket_data")
        def bad(data, ticket):
            return {**data, "subject": "half", "tags": 5}
        """,
    )
    workbench = open_workbench()
    before = workbench.helpdesk.rows("ticket")
    assert workbench.event("ticket.create").outcome == "error"
    assert workbench.event("ticket.update", ticket=1).outcome == "error"
    assert workbench.helpdesk.rows("ticket") == before


def test_who_changed_another_value_is_not_blamed(write: Write, open_workbench: Open) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        @on_filter("ticket_data")
        def innocent(data, ticket):
            return {**data, "subject": "fine"}
        """,
    )
    write(
        "beta",
        """
        from django.db.models.signals import post_save
        from django.dispatch import receiver
        from escalated_core.helpdesk.models import Ticket

        @receiver(post_save, sender=Ticket)
        def saved(sender, **_):
            raise ValueError("from beta")
        """,
    )
    workbench = open_workbench()
    happened = workbench.event("ticket.create")
    assert "from beta" in str(happened.error)
    assert [each for each in workbench.findings if each.plugin == "alpha"] == []


def test_a_result_whose_type_has_no_name_is_described(write: Write, open_workbench: Open) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        add_filter("comment_content", lambda text, comment: type("", (), {})())
        """,
    )
    happened = open_workbench().event("comment.create")
    assert "The filter comment_content gave a" in str(happened.error)


def test_what_a_field_was_is_told_also_if_a_filter_changes_it_in_place(
    write: Write, open_workbench: Open
) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        @on_filter("ticket_data")
        def change(data, ticket):
            ticket.metadata["plan"] = "gold"
            return {**data, "metadata": {"plan": "lead"}}

        add_action("ticket_updated", lambda ticket, user, changes: print(changes["metadata"]))
        """,
    )
    workbench = open_workbench()
    workbench.helpdesk.edit(workbench.helpdesk.ticket(1), metadata={"plan": "tin"})
    updated = workbench.event("ticket.update", ticket=1)[-1]
    assert updated.steps[0].output == "{'old': {'plan': 'tin'}, 'new': {'plan': 'lead'}}\n"


def test_a_database_error_that_a_callback_meets_does_not_end_a_dry_event(
    write: Write, open_workbench: Open
) -> None:
    write(
        "alpha",
        """
        from django.db import IntegrityError
        from escalated.hooks import *
        from escalated_core.helpdesk.models import Tag, Ticket

        @on_action("ticket_status_changed")
        def meet(*_):
            try:
                Tag.objects.create(name="x", slug=Tag.objects.first().slug)
            except IntegrityError:
                print("met")

        add_action("ticket_resolved", lambda *_: print(Ticket.objects.count()))
        """,
    )
    workbench = open_workbench(profile="escalated-django")
    before = workbench.helpdesk.rows("ticket")
    happened = workbench.event("ticket.resolve", dry=True)
    assert happened.outcome == "ok"
    assert [each.steps[0].output for each in happened] == ["met\n", f"{len(before)}\n"]
    assert workbench.helpdesk.rows("ticket") == before


def test_an_event_that_waits_for_a_thread_is_told_of_the_lock(holder: Workbench) -> None:
    holder.fire("hold")
    happened = holder.event("ticket.update", ticket=2)
    holder.fire("let_go")
    assert happened.outcome == "error"
    assert "database is locked" in str(happened.error)
    assert [each.plugin for each in holder.findings] == [None]
