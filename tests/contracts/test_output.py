"""Output and log records belong to the step that made them, in any thread."""

from __future__ import annotations

import logging
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.records import Firing, Step
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Run = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]

HEAD = """
import logging
import sys
import threading

from escalated.hooks import *

logger = logging.getLogger(__name__)
"""


@pytest.fixture
def run(write: Write, open_workbench: Open) -> Run:
    """`run(code)` opens a workbench on one plugin with this code."""

    def make(code: str, **options: Any) -> Workbench:
        write("alpha", HEAD + textwrap.dedent(code))
        return open_workbench(**options)

    return make


def only(firing: Firing) -> Step:
    (step,) = firing.steps
    return step


def test_output_and_logs_belong_to_their_step(run: Run, capsys: pytest.CaptureFixture[str]):
    workbench = run("""
        print("while loading")
        logger.debug("while loading")

        @on_action("run")
        def speak():
            print("on stdout")
            print("on stderr", file=sys.stderr)
            sys.stdout.writelines(["a", "b\\n"])
            sys.stdout.buffer.write(b"bytes\\xff\\n")
            logger.debug("debug %s", 1)
            logging.getLogger("elsewhere").info("info")
            logging.getLogger("elsewhere").debug("not kept")
            logging.getLogger("escalated.plugins.alpha").debug("kept")
            apart = logging.getLogger("apart")
            apart.propagate = False
            apart.error("%d", "no number")
            try:
                1 / 0
            except ZeroDivisionError:
                logger.exception("failed")

        @on_action("run")
        def silent():
            pass
    """)
    first, second = workbench.fire("run").steps
    assert first.output == "on stdout\non stderr\nab\nbytes\\xff\n"
    assert [(line.level, line.logger, line.message) for line in first.logs[:3]] == [
        ("DEBUG", "escalated_plugins.alpha", "debug 1"),
        ("INFO", "elsewhere", "info"),
        ("DEBUG", "escalated.plugins.alpha", "kept"),
    ]
    assert "cannot be formatted" in first.logs[3].message
    assert first.logs[4].message.splitlines()[-1] == "ZeroDivisionError: division by zero"
    source = Path(first.file).read_text("utf-8").splitlines()
    assert "debug %s" in source[first.logs[0].line - 1]
    assert first.logs[0].file == first.file
    assert (second.output, second.logs) == ("", ())
    loading = workbench.reloads[0]
    assert (loading.output, [line.message for line in loading.logs]) == (
        "while loading\n",
        ["while loading"],
    )
    print("not a plugin")
    assert capsys.readouterr() == ("not a plugin\n", "")


@pytest.mark.parametrize("propagate", [True, False])
def test_logs_are_kept_whatever_the_logging_configuration_is(run: Run, propagate: bool):
    workbench = run(
        """
        import django

        @on_action("run")
        def speak():
            logger.info("from the plugin")
            logging.getLogger("quiet").info("from elsewhere")
        """,
        settings={
            "LOGGING": {
                "version": 1,
                "handlers": {"null": {"class": "logging.NullHandler"}},
                "root": {"handlers": ["null"], "level": "CRITICAL"},
                "loggers": {
                    "escalated_plugins": {"propagate": propagate, "level": "ERROR"},
                    "quiet": {"propagate": propagate, "handlers": ["null"]},
                },
            }
        },
    )
    step = only(workbench.fire("run"))
    assert [line.message for line in step.logs] == ["from the plugin", "from elsewhere"]


def test_handlers_get_no_more_than_without_a_workbench(run: Run, caplog: pytest.LogCaptureFixture):
    workbench = run("""
        @on_action("run")
        def speak():
            logger.debug("debug")
            logger.warning("warning")
    """)
    assert len(only(workbench.fire("run")).logs) == 2
    logging.getLogger("somebody").debug("not enabled")
    logging.getLogger("somebody").warning("enabled")
    assert [record.message for record in caplog.records] == ["warning", "enabled"]


def test_output_and_logs_are_capped_and_the_rest_is_counted(samples: Path, open_workbench: Open):
    workbench = open_workbench()
    steps = workbench.fire("ticket_updated").steps
    noisy = next(step for step in steps if step.plugin == "broken-noisy")
    assert len(noisy.output) == 100_000
    assert len(noisy.logs) == 500
    assert noisy.dropped > 100_000


def test_a_long_log_record_is_cut(run: Run):
    workbench = run("""
        @on_action("run")
        def speak():
            logger.info("x" * 1_000_000)
    """)
    step = only(workbench.fire("run"))
    assert 20_000 <= len(step.logs[0].message) <= 20_001
    assert step.dropped == 980_000


# --- threads


def test_what_threads_of_a_step_say_is_the_steps_also_after_it(run: Run, until: Until):
    workbench = run("""
        from concurrent.futures import ThreadPoolExecutor

        go = threading.Event()

        @on_action("run")
        def start(name):
            def work():
                print(name, "at once")
                nested = threading.Thread(target=lambda: logger.info("%s nested", name))
                nested.start()
                nested.join()
                go.wait(10)
                print(name, "later")

            threading.Thread(target=work).start()

        @on_action("go")
        def release():
            go.set()
    """)
    firings = [workbench.fire("run", name, kind="action") for name in ("one", "two")]
    workbench.fire("go")
    for firing, name in zip(firings, ("one", "two"), strict=True):

        def latest(number: int = firing.id) -> Step:
            found = workbench.trace.get(number)
            assert found is not None
            return only(found)

        expected = f"{name} at once\n{name} later\n"
        assert until(lambda latest=latest, text=expected: latest().output == text)
        assert [line.message for line in latest().logs] == [f"{name} nested"]


def test_the_threads_of_a_pool_speak_for_the_step_that_gave_the_work(run: Run):
    workbench = run("""
        from concurrent.futures import ThreadPoolExecutor

        pool = ThreadPoolExecutor(1)

        @on_action("run")
        def submit(name):
            pool.submit(print, name).result()
            list(pool.map(logger.info, [name]))

        add_action("stop", pool.shutdown)
    """)
    for name in ("one", "two"):
        step = only(workbench.fire("run", name, kind="action"))
        assert (step.output, [line.message for line in step.logs]) == (f"{name}\n", [name])
    workbench.fire("stop")


def test_a_hook_fired_in_a_thread_of_a_plugin_is_recorded_with_its_cause(run: Run):
    workbench = run("""
        @on_action("run")
        def start():
            thread = threading.Thread(target=do_action, args=("inner",), name="worker")
            thread.start()
            thread.join()

        add_action("inner", lambda: print(threading.current_thread().name))
    """)
    firing = workbench.fire("run")
    (inner,) = workbench.trace.children(firing.id)
    assert (inner.cause, inner.thread, inner.depth) == ("plugin:alpha", "worker", 1)
    assert only(inner).output == "worker\n"
    assert only(firing).output == ""


def test_output_and_logs_can_be_put_in_order(write: Write, open_workbench: Open) -> None:
    write(
        "alpha",
        """
        import logging, threading
        from escalated.hooks import *

        logger = logging.getLogger(__name__)

        @on_action("run")
        def speak():
            print("one")
            logger.info("after one")
            thread = threading.Thread(target=lambda: logger.info("aside"), name="helper")
            thread.start()
            thread.join()
            print("two")
            logger.info("after two")
        """,
    )
    (step,) = open_workbench().fire("run").steps
    told = [(step.output[: log.after], log.message, log.thread) for log in step.logs]
    assert told == [
        ("one\n", "after one", "plugins"),
        ("one\n", "aside", "helper"),
        ("one\ntwo\n", "after two", "plugins"),
    ]
