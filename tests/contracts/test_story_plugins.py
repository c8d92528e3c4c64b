"""Stories and plugins: what they store, read and send is the story's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from escalated_core.stories.references import ROWS
from escalated_core.stories.result import StoryResult
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]


def outputs(result: StoryResult) -> list[str]:
    steps = [step for told in result.steps for firing in told.firings for step in firing.steps]
    return [step.output for step in steps if step.plugin]


def test_what_plugins_store_is_as_it_was_before_the_first_story(
    write: Write, open_workbench: Open, note: str
) -> None:
    plugin = """
        from escalated.hooks import *
        from .models import Note

        @on_action("ticket_created")
        def note(ticket, user):
            Note.objects.create(text="more")
            print(Note.objects.count())
    """
    write("alpha", plugin, "models.py", note)
    workbench = open_workbench()
    workbench.event("ticket.create")
    text = "name: x\nsteps:\n  - ticket.create:\n"
    assert [outputs(workbench.run_story(text)) for _ in range(3)] == [["2\n"]] * 3


def test_a_plugin_that_moves_its_deadlines_on_for_ever_ends_its_story_only(
    write: Write, open_workbench: Open
) -> None:
    code = """
        import datetime
        from escalated.hooks import *

        @on_action("sla_warning")
        def later(ticket, kind, remaining):
            ticket.first_response_due_at += datetime.timedelta(seconds=1)
            ticket.save()
    """
    write("alpha", code)
    workbench = open_workbench(profile="escalated-django")
    text = "name: x\nsteps:\n  - ticket.create:\n  - at: +1d\n    ticket.list:\n  - ticket.list:\n"
    result = workbench.run_story(text)
    assert [step.status for step in result.steps[-2:]] == ["broken", "skipped"]
    assert "deadlines" in result.steps[-2].failure


def test_only_plugins_are_on_the_clock(write: Write, open_workbench: Open) -> None:
    code = """
        import time
        from escalated.hooks import *

        @on_action("ticket_created")
        def wait(ticket, user):
            before = time.monotonic(), time.perf_counter()
            time.sleep(0.01)
            print(time.monotonic() > before[0], time.perf_counter() > before[1], time.time())
    """
    write("alpha", code)
    workbench = open_workbench()
    text = "name: x\nstart: 2030-05-06 07:08\nsteps:\n  - ticket.create:\n"
    result = workbench.run_story(text)
    assert outputs(result) == ["True True 1904281680.0\n"]
    assert result.steps[0].duration_ns > 10_000_000
    assert workbench.event("ticket.create").event.started_at > 1_700_000_000
    assert "1904" not in workbench.trace[-1].steps[0].output


def test_every_step_can_be_expected_something_of(write: Write, open_workbench: Open) -> None:
    code = """
        from escalated.hooks import *

        @on_action("ticket_created")
        def bad(ticket, user):
            1 / 0
    """
    write("alpha", code)
    result = open_workbench().run_story(
        "name: x\nexpect: no errors\nsteps:\n  - ticket.list:\n  - ticket.create:\n"
    )
    assert [step.status for step in result.steps] == ["ok", "failed"]
    assert "alpha plugin.py:6 ZeroDivisionError" in result.failures[0]


def test_settings_hold_for_the_story_only(write: Write, open_workbench: Open) -> None:
    code = """
        from django.conf import settings
        from escalated.hooks import *

        @on_action("ticket_created")
        def say(ticket, user):
            print(getattr(settings, "SLACK_WEBHOOK_URL", None))
    """
    write("alpha", code)
    workbench = open_workbench(settings={"SLACK_WEBHOOK_URL": "a"})
    text = "name: x\nsettings: {SLACK_WEBHOOK_URL: b}\nsteps:\n  - ticket.create:\n"
    assert outputs(workbench.run_story(text)) == ["b\n"]
    assert workbench.event("ticket.create")[-1].steps[0].output == "a\n"


def test_code_that_is_stuck_costs_its_step_only(
    hostile: Callable[..., Path], open_workbench: Open
) -> None:
    hostile("sleeper")
    workbench = open_workbench()
    workbench.time_limit = 0.1
    text = "name: x\nsteps:\n  - ticket.create:\n  - ticket.create:\n  - ticket.list:\n"
    result = workbench.run_story(text)
    assert [s.happened.outcome for s in result.steps if s.happened is not None][-1] == "ok"
    assert len(result.steps) == 3


def test_what_leaves_the_process_can_be_expected(write: Write, open_workbench: Open) -> None:
    code = """
        import requests
        from django.core.mail import send_mail
        from escalated.hooks import *

        @on_action("ticket_created")
        def tell(ticket, user):
            requests.post("https://hooks.example.com/x", json={"id": ticket.pk})
            send_mail("New", ticket.subject, "a@example.com", ["b@example.com"])
    """
    write("alpha", code)
    workbench = open_workbench()
    text = "name: x\nsteps:\n  - ticket.create:\n    expect: {effects: {http: 1, mail: 1}}\n"
    assert workbench.run_story(text).ok
    result = workbench.run_story(text.replace("mail: 1", "mail: 2").replace("http: 1", "http: 0"))
    assert len(result.failures) == 2
    assert "POST https://hooks.example.com/x" in result.failures[0]


def test_every_field_that_can_be_named_is_there(open_workbench: Open) -> None:
    workbench = open_workbench()
    places = {
        "ticket": "ticket.",
        "user": "author.",
        "comment": "",
        "department": "ticket.department.",
    }
    for kind, prefix in places.items():
        fields = "".join(f"        {prefix}{name}: nothing like it\n" for name in ROWS[kind])
        text = f"name: x\nsteps:\n  - comment.create:\n    expect:\n      row:\n{fields}"
        failures = workbench.run_story(text).failures
        assert len(failures) == len(ROWS[kind])
        assert not [each for each in failures if "has no" in each or "is gone" in each]
