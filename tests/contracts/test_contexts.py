"""Code that goes on in a copy of its context is the plugin's that copied it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]

LATER = """
    import asyncio, threading
    from contextvars import copy_context
    from escalated.hooks import add_action, do_action, on_action

    waits = threading.Event()
    went = threading.Event()

    def work():
        waits.wait(10)
        print("of the one who asked")
        add_action("late", lambda: None)
        do_action("asked.later")
        went.set()

    async def work_async():
        work()

    @on_action("x")
    def ask():
        {asking}
"""
IN_A_LOOP = """
loop = asyncio.new_event_loop()
        threading.Thread(target=lambda: [loop.run_forever(), loop.close()]).start()
        asyncio.run_coroutine_threadsafe(work_async(), loop).add_done_callback(
            lambda _: loop.call_soon_threadsafe(loop.stop)
        )
"""
IN_A_COPY = """
context = copy_context()
        threading.Thread(target=lambda: context.run(work)).start()
"""
OTHER = """
    from escalated.hooks import on_action
    from escalated_plugins import asker

    @on_action("x", priority=20)
    def meanwhile():
        asker.waits.set()
        asker.went.wait(10)
"""


@pytest.mark.parametrize("asking", [IN_A_LOOP, IN_A_COPY], ids=["loop", "copy"])
def test_what_goes_on_during_the_step_of_another_is_still_the_one_that_asked(
    write: Write, open_workbench: Open, asking: str
) -> None:
    write("asker", LATER.format(asking=asking.strip()))
    write("other", OTHER)
    workbench = open_workbench()

    asked, meanwhile = workbench.fire("x").steps

    assert (asked.output, meanwhile.output) == ("of the one who asked\n", "")
    late = [c.plugin for hook in workbench.hooks if hook.name == "late" for c in hook.callbacks]
    assert late == ["asker"]
    assert [f.cause for f in workbench.trace if f.hook == "asked.later"] == ["plugin:asker"]


def test_a_loop_that_runs_inside_of_a_step_is_that_step(write: Write, open_workbench: Open) -> None:
    write(
        "waiter",
        """
        import asyncio, time
        from asgiref.sync import async_to_sync, sync_to_async
        from escalated.hooks import do_action, on_action

        async def work():
            await asyncio.sleep(0)
            do_action("inner")
            await asyncio.to_thread(print, "in a thread")
            await sync_to_async(print)("sync")

        @on_action("inner")
        def slow():
            time.sleep(0.05)

        @on_action("x")
        def one():
            asyncio.run(work())
            async_to_sync(work)()
        """,
    )
    write(
        "second",
        """
        from escalated.hooks import do_action, on_action

        @on_action("x", priority=20)
        def two():
            do_action("of_second")
            print("second")
        """,
    )
    workbench = open_workbench()

    firing = workbench.fire("x")
    one, two = firing.steps

    assert (one.output, two.output) == ("in a thread\nsync\n" * 2, "second\n")
    inner = [f for f in workbench.trace if f.hook == "inner"]
    assert {(f.cause, f.parent_id, f.depth) for f in inner} == {("plugin:waiter", firing.id, 1)}
    nested_in_the_first = inner[0].duration_ns
    assert one.duration_ns - one.own_ns >= nested_in_the_first
    (second,) = [f for f in workbench.trace if f.hook == "of_second"]
    assert second.cause == "plugin:second"


def test_code_stuck_inside_of_a_loop_gives_up_everything_around_it(
    write: Write, open_workbench: Open
) -> None:
    write(
        "waiter",
        """
        import asyncio, threading
        from escalated.hooks import do_action, on_action

        free = threading.Event()

        async def work():
            do_action("inner")

        @on_action("x")
        def outer():
            asyncio.run(work())

        @on_action("inner")
        def stuck():
            free.wait(20)

        @on_action("free")
        def let_go():
            free.set()
        """,
    )
    workbench = open_workbench()
    workbench.time_limit = 0.2

    firing = workbench.fire("x")

    assert firing.outcome == "interrupted"
    assert str(firing.steps[0].error) == "Interrupted: outer ended with stuck"
    stuck = [f.message for f in workbench.findings if f.code == "callback.stuck"]
    assert [message.partition(" did ")[0] for message in stuck] == ["stuck on inner"]
    workbench.fire("free")
