"""What the trace says that it takes is what it takes, and what it drops is gone."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from escalated_core.trace.recording import OpenFiring
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], object]], object]

LOGS_LATER = """
    import logging, threading
    from escalated.hooks import on_action

    may_go = threading.Event()
    went = 0

    def work():
        global went
        may_go.wait(10)
        for _ in range(100):
            logging.getLogger("later").error("x" * 10_000)
        print("y" * 1_000)
        went += 1

    @on_action("start")
    def start():
        threading.Thread(target=work).start()

    @on_action("go")
    def go():
        may_go.set()

    @on_action("count")
    def count():
        print(went)
"""


@pytest.fixture
def later(write: Write, open_workbench: Open) -> Workbench:
    """A workbench, of which nothing is recorded yet, with a plugin that logs and prints later."""
    write("later", LOGS_LATER)
    workbench = open_workbench()
    workbench.trace.clear()
    return workbench


def went(workbench: Workbench) -> str | None:
    return workbench.fire("count").steps[0].output.strip()


def test_what_is_said_after_the_end_of_a_firing_counts(later: Workbench, until: Until) -> None:
    firing = later.fire("start")
    before = later.trace.bytes

    later.fire("go")
    until(lambda: went(later) == "1")

    assert len(later.trace.require(firing.id).steps[0].logs) == 100
    assert later.trace.bytes > before + 1_000_000


def test_firings_are_dropped_for_what_threads_say_later(later: Workbench, until: Until) -> None:
    later.trace.max_bytes = 2_500_000
    for _ in range(5):
        later.fire("start")

    later.fire("go")
    until(lambda: went(later) == "5")

    assert later.trace.bytes <= 2_500_000
    assert later.trace.dropped >= 3


def test_dropped_firings_of_events_that_are_kept_are_gone(
    write: Write, open_workbench: Open
) -> None:
    write(
        "loud",
        """
        from escalated.hooks import on_action

        @on_action("ticket_created")
        def shout(ticket, user):
            print("x" * 90_000)
        """,
    )
    workbench = open_workbench()
    workbench.trace.clear()
    gc.collect()
    before = {id(each): each for each in gc.get_objects() if type(each) is OpenFiring}
    for _ in range(5):
        workbench.trace.pin(workbench.event("ticket.create").event.id)

    workbench.trace.max_bytes = 100_000
    workbench.fire("user_logout")

    gc.collect()
    found = [each for each in gc.get_objects() if type(each) is OpenFiring]
    alive = [each for each in found if id(each) not in before]
    assert len(workbench.trace) < 10
    assert len(alive) == len(workbench.trace)
