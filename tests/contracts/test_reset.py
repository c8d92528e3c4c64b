"""The help desk's rows edited, and put back while plugins keep theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]


def test_rows_are_edited_and_reset_but_those_of_plugins_stay(
    write: Write, open_workbench: Open
) -> None:
    models = """
        from django.db import models

        class Note(models.Model):
            ticket = models.ForeignKey("escalated.Ticket", models.CASCADE)
            class Meta:
                app_label = "alpha"
    """
    plugin = """
        from escalated.hooks import *
        from escalated_core.helpdesk.models import Ticket
        from .models import Note

        @on_action("count")
        def count():
            Note.objects.create(ticket_id=1)
            print(Note.objects.count(), Ticket.objects.count())
    """
    write("alpha", plugin, "models.py", models)
    workbench = open_workbench()
    assert workbench.fire("count").steps[0].output == "1 30\n"
    desk = workbench.helpdesk
    pristine = desk.rows("ticket")
    desk.edit(desk.ticket(3), subject="Hello", status="closed", assigned_to=desk.agent(2))
    workbench.event("ticket.create")
    workbench.event("ticket.delete", ticket=4)
    row = desk.rows("ticket")[2]
    assert (row["subject"], row["status"]) == ("Hello", "closed")
    desk.reset()
    assert desk.rows("ticket") == pristine
    assert workbench.fire("count").steps[0].output == "2 30\n"


def test_the_help_desk_is_put_back_however_many_others_were_made_meanwhile(
    write: Write, open_workbench: Open
) -> None:
    write("alpha", "from escalated.hooks import *\n")
    workbench = open_workbench()
    pristine = workbench.helpdesk.rows("ticket")
    for seed in range(1, 20):
        workbench.run_story(f"name: s\nseed: {seed}\nsteps:\n  - ticket.list:\n")
    workbench.event("ticket.create")
    workbench.helpdesk.reset()
    assert workbench.helpdesk.rows("ticket") == pristine
    assert workbench.event("ticket.create").outcome == "ok"


def test_ids_and_content_types_of_plugins_outlive_a_reset(
    write: Write, open_workbench: Open, note: str
) -> None:
    plugin = """
        from django.contrib.contenttypes.models import ContentType
        from escalated.hooks import *
        from .models import Note

        @on_action("add")
        def add():
            kind = ContentType.objects.get_for_model(Note)
            print(Note.objects.create().pk, ContentType.objects.filter(pk=kind.pk).exists())

        add_action("clear", lambda: Note.objects.all().delete())
    """
    write("alpha", plugin, "models.py", note)
    workbench = open_workbench()
    assert [workbench.fire("add").steps[0].output for _ in "ab"] == ["1 True\n", "2 True\n"]
    workbench.fire("clear")
    workbench.helpdesk.reset()
    assert workbench.fire("add").steps[0].output == "3 True\n"


def test_a_thread_in_the_middle_of_a_transaction_does_not_keep_the_help_desk_from_being_put_back(
    holder: Workbench,
) -> None:
    desk = holder.helpdesk
    pristine = desk.rows("ticket")
    holder.fire("hold")
    desk.reset()
    assert desk.rows("ticket") == pristine
    assert holder.event("ticket.create").outcome == "ok"
    holder.fire("let_go")
    first, second, *_ = desk.rows("ticket")
    assert (first["subject"], second["subject"]) == (pristine[0]["subject"], "after")
