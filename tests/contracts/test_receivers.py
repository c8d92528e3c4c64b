"""Receivers of Django's signals: their plugin's code, whoever sends the signal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from escalated_core.errors import PluginError
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]

CONNECTED = """
    import threading, urllib.request
    from django.db.models.signals import post_save
    from escalated_core.helpdesk.models import Ticket
    from escalated.hooks import add_action, do_action

    heard = []

    {receiver}

    post_save.connect(saved, sender=Ticket{how})
"""
SAYS = """
    def saved(sender, **_):
        print("saved")
        add_action("late", lambda: None)
        do_action("listener.saved")
        go = lambda where: urllib.request.urlopen(f"http://127.0.0.1:9/{where}").read()
        go("direct")
        thread = threading.Thread(target=go, args=("thread",))
        thread.start()
        thread.join()
"""
SAYS_ASYNC = SAYS.replace("def saved", "async def saved")
HANGS = """
    def saved(sender, **_):
        while True:
            pass
"""
IS_STUCK = """
    free = threading.Event()

    def saved(sender, **_):
        free.wait(20)

    add_action("free", free.set)
"""
RAISES = """
    def saved(sender, **_):
        raise KeyError("the listener's fault")
"""
EDITS: dict[str, Callable[[Workbench], object]] = {
    "edit": lambda wb: wb.helpdesk.edit(wb.helpdesk.ticket(1), subject="Other"),
    "event": lambda wb: wb.event("ticket.create"),
    "another's step": lambda wb: wb.fire("save"),
}
SAVES = """
    from escalated_core.helpdesk.models import Ticket
    from escalated.hooks import on_action, on_filter

    @on_filter("ticket_data")
    def innocent(data, ticket):
        return {**data, "subject": "Innocent"}

    @on_action("save")
    def save():
        Ticket.objects.first().save()
"""


@pytest.fixture
def listening(write: Write, open_workbench: Open) -> Callable[..., Workbench]:
    """`listening(receiver)` has a plugin `listener` with it, and one that saves."""

    def make(receiver: str, how: str = "") -> Workbench:
        write("listener", CONNECTED.format(receiver=receiver.strip(), how=how))
        write("saver", SAVES)
        workbench = open_workbench(effects="capture")
        workbench.trace.clear()
        return workbench

    return make


Listening = Callable[..., Workbench]


@pytest.mark.parametrize("receiver", [SAYS, SAYS_ASYNC], ids=["plain", "async"])
@pytest.mark.parametrize("how", ["", ", weak=False"], ids=["weak", "strong"])
@pytest.mark.parametrize("name", EDITS)
def test_what_a_receiver_does_is_its_plugins_whoever_saves(
    listening: Listening, receiver: str, how: str, name: str
) -> None:
    workbench = listening(receiver, how)

    EDITS[name](workbench)

    sent = [(effect.plugin, effect.verdict, effect.target[-7:]) for effect in workbench.outbox]
    assert sent == [("listener", "held", "/direct"), ("listener", "held", "/thread")]
    late = [c.plugin for hook in workbench.hooks if hook.name == "late" for c in hook.callbacks]
    assert late == ["listener"]
    causes = [f.cause for f in workbench.trace if f.hook == "listener.saved"]
    assert causes == ["plugin:listener"]
    workbench.deactivate("listener")
    assert not [c for hook in workbench.hooks if hook.name == "late" for c in hook.callbacks]


def test_what_a_receiver_prints_is_seen_where_the_row_was_saved(listening: Listening) -> None:
    workbench = listening(SAYS)

    assert workbench.event("ticket.create").event.steps[0].output == "saved\n"
    assert workbench.fire("save").steps[0].output == "saved\n"


@pytest.mark.parametrize("receiver", [SAYS, HANGS, RAISES], ids=["says", "hangs", "raises"])
def test_a_rehearsal_runs_no_receiver(listening: Listening, receiver: str) -> None:
    workbench = listening(receiver)

    rehearsed = workbench.rehearse("ticket.create")

    assert [each.hook for each in rehearsed] == ["ticket_data", "ticket_created"]
    assert (len(workbench.outbox), len(workbench.trace), len(workbench.findings)) == (0, 0, 0)


def test_what_a_receiver_raises_in_an_event_is_its_plugins_fault(listening: Listening) -> None:
    workbench = listening(RAISES)

    happened = workbench.event("ticket.create")

    assert happened.outcome == "error"
    (finding,) = workbench.findings
    assert (finding.code, finding.plugin, finding.line) == ("event.failed", "listener", 10)
    assert "the listener's fault" in finding.message


def test_what_a_receiver_raises_in_an_edit_is_told_with_its_place(listening: Listening) -> None:
    workbench = listening(RAISES)

    with pytest.raises(PluginError, match=r"listener/plugin.py:10: .*receiver saved of post_save"):
        EDITS["edit"](workbench)


def test_what_a_receiver_raises_reaches_another_plugin_as_it_is(listening: Listening) -> None:
    workbench = listening(RAISES)

    (step,) = workbench.fire("save").steps

    assert step.error is not None
    assert (step.plugin, step.error.type) == ("saver", "KeyError")


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("receiver", [HANGS, IS_STUCK], ids=["hangs", "is stuck"])
def test_a_receiver_that_does_not_come_to_an_end_is_ended_and_blamed(
    listening: Listening, receiver: str, name: str
) -> None:
    workbench = listening(receiver)
    workbench.rehearse("ticket.create")  # what is imported for the first one takes its time
    workbench.time_limit = 0.4

    if name == "edit":
        with pytest.raises(PluginError, match="receiver saved of post_save"):
            EDITS[name](workbench)
    else:
        EDITS[name](workbench)
        found = {
            f.plugin for f in workbench.findings if f.code in ("callback.stuck", "event.failed")
        }
        assert found == {"listener"}
    if receiver is IS_STUCK:
        workbench.fire("free")
