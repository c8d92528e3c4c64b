"""What stopped or nested calls leave behind: nothing that the next one trips over."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]


def test_an_error_from_c_that_comes_with_the_interruption_ends_its_step_only(
    write: Write, open_workbench: Open
) -> None:
    write(
        "alpha",
        """
        import socket
        from escalated.hooks import *

        one, other = socket.socketpair()
        one.settimeout(0.3)

        @on_action("run", 1)
        def wait():
            one.recv(1)

        @on_action("run", 2)
        def go_on():
            one.close()
            other.close()
            print("went on")
        """,
    )
    workbench = open_workbench()
    workbench.time_limit = 0.1
    waited, after = workbench.fire("run").steps
    assert (waited.outcome, after.outcome) == ("error", "ok")
    assert str(waited.error).startswith("TimeoutError")
    assert after.output == "went on\n"


def test_an_interruption_that_a_destructor_swallows_is_told_to_nobody(
    write: Write, open_workbench: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        class Slow:
            def __del__(self):
                for _ in range(20_000):
                    pass

        @on_action("run")
        def run():
            while True:
                Slow()
                for _ in range(10_000):
                    pass
        """,
    )
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda raised: told.append(raised.exc_type))
    hook = sys.unraisablehook
    workbench = open_workbench()
    workbench.time_limit = 0.05
    (step,) = workbench.fire("run").steps
    assert step.outcome == "interrupted"
    workbench.close()
    assert sys.unraisablehook is hook
    assert not told


def test_a_transaction_that_is_left_open_is_rolled_back(write: Write, open_workbench: Open) -> None:
    write(
        "alpha",
        """
        from django.db import connection, transaction
        from escalated.hooks import *
        from escalated_core.helpdesk.models import Ticket

        kept = []

        @on_action("forget")
        def forget():
            kept.append(transaction.atomic())
            kept[0].__enter__()
            Ticket.objects.filter(pk=1).update(subject="half done")

        @on_action("bare")
        def bare():
            connection.cursor().execute("BEGIN")
        """,
    )
    workbench = open_workbench()
    pristine = workbench.helpdesk.rows("ticket")
    for hook in ("forget", "bare"):
        assert workbench.fire(hook).outcome == "ok"
        assert workbench.helpdesk.rows("ticket") == pristine
        assert workbench.event("ticket.create", dry=True).outcome == "ok"
        workbench.fire(hook)
        workbench.helpdesk.reset()
    workbench.close()
    assert open_workbench().event("ticket.create").outcome == "ok"


def test_a_callback_may_have_the_workbench_fire(write: Write, open_workbench: Open) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *
        from escalated_workbench import Workbench

        @on_action("run")
        def run():
            workbench = Workbench.current()
            inner = workbench.fire("inner")
            happened = workbench.event("ticket.assign", agent=2)
            print(inner.hook, inner.depth, happened.event.hook, [each.hook for each in happened])
            print([each.hook for each in workbench.rehearse("user.login")])

        add_action("inner", lambda: None)
        """,
    )
    workbench = open_workbench()
    (step,) = workbench.fire("run").steps
    assert step.output == "inner 1 ticket.assign ['ticket_assigned']\n['user_login']\n"
    firings = {each.hook: each for each in workbench.trace}
    assert firings["ticket.assign"].parent_id == firings["run"].id
