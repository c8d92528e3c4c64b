"""Plugins that are hostile by accident: the workbench survives each and says what happened."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from escalated_workbench import Workbench

Open = Callable[..., Workbench]
Copy = Callable[..., Path]


def test_the_broken_samples_open_beside_the_good_ones(samples: Path, open_workbench: Open) -> None:
    wb = open_workbench()
    status = {slug: plugin.status for slug, plugin in wb.plugins.items()}
    failed = {"broken-json", "broken-main-file", "broken-syntax"}
    assert {slug for slug, state in status.items() if state == "failed"} == failed
    for slug in failed:
        error = wb.plugins[slug].error
        assert error is not None
        assert Path(error.file or "").parent.name == slug
        assert error.line
        assert [f for f in wb.findings if f.plugin == slug and f.severity == "error"]
    steps = {(s.plugin, s.callback): s for s in wb.fire("ticket_created").steps}
    assert str(steps["broken-raise", "quote_price"].error) == "KeyError: 'platinum'"
    assert "needs 3 arguments" in str(steps["broken-arity", "on_ticket_created"].error)
    assert steps["hello-world", "on_ticket_created"].outcome == "ok"
    (silent,) = wb.fire("comment_content").steps
    assert silent.returned_none
    assert "filter.returned-none" in {f.code for f in wb.findings}


def test_a_plugin_that_prints_a_lot_is_capped_visibly(samples: Path, open_workbench: Open) -> None:
    (step,) = open_workbench().fire("ticket_updated").steps
    assert step.outcome == "ok"
    assert len(step.output) <= 100_000
    assert step.dropped > 0
    assert len(step.logs) == 500


def test_an_endless_loop_headless_returns_by_itself(samples: Path, open_workbench: Open) -> None:
    wb = open_workbench()
    wb.time_limit = 0.2
    (step,) = wb.fire("user_login").steps
    assert step.outcome == "interrupted"
    assert step.error is not None
    assert (Path(step.error.file or "").parent.name, step.error.line) == ("broken-loop", 13)
    assert wb.fire("ticket_data").outcome == "ok"


def test_exits_and_interrupts_end_their_step_only(hostile: Copy, open_workbench: Open) -> None:
    hostile("exit-at-import", "exit-in-callback", "keyboard-interrupt", "async-callback")
    wb = open_workbench()
    plugin = wb.plugins["exit-at-import"]
    assert plugin.status == "failed"
    assert plugin.error is not None
    assert plugin.error.type == "SystemExit"
    assert [h.name for h in wb.hooks if h.name == "exit_at_import_run"] == []
    errors = {s.plugin: str(s.error) for s in wb.fire("ticket_created").steps}
    assert errors["exit-in-callback"] == "SystemExit: 4"
    assert "does not await" in errors["async-callback"]
    (step,) = wb.fire("ticket_assigned").steps
    assert step.error is not None
    assert step.error.type == "KeyboardInterrupt"


def test_recursion_ends_with_one_readable_error(hostile: Copy, open_workbench: Open) -> None:
    hostile("recursion", "deep-recursion")
    wb = open_workbench()
    outermost = wb.fire("ticket_updated")
    assert "levels deep" in str(outermost.steps[0].error)
    (step,) = wb.fire("ticket_status_changed").steps
    assert step.error is not None
    assert step.error.type == "RecursionError"


def test_mutation_before_a_raise_is_shown(hostile: Copy, open_workbench: Open) -> None:
    hostile("mutator")
    firing = open_workbench().fire("ticket_data", {"subject": "x"}, None)
    (step,) = firing.steps
    assert step.outcome == "error"
    assert step.mutated
    assert (step.before, step.after, firing.result) == ({"subject": "x"}, {}, {})


def test_values_that_misbehave_are_pictured(hostile: Copy, open_workbench: Open) -> None:
    hostile("bad-repr", "cyclic", "giant-value", "generator-callback")
    wb = open_workbench()
    assert wb.fire("user_permissions").outcome == "ok"
    assert wb.fire("cyclic_run", {}).outcome == "ok"
    assert wb.fire("giant_value_run", {}).outcome == "ok"
    assert wb.fire("ticket_list_query").outcome == "ok"


def test_input_and_debuggers_find_nobody(hostile: Copy, open_workbench: Open) -> None:
    hostile("input-asker")
    first, second = open_workbench().fire("user_created").steps
    assert first.error is not None
    assert first.error.type == "EOFError"
    assert second.outcome == "ok"


def test_what_cannot_be_decoded_names_its_line(hostile: Copy, open_workbench: Open) -> None:
    hostile("not-utf8", "latin1")
    wb = open_workbench()
    assert wb.plugins["not-utf8"].status == "failed"
    error = wb.plugins["not-utf8"].error
    assert error is not None
    assert error.file
    (step,) = wb.fire("latin1_run").steps
    assert "ü" in step.output


def run(code: str, root: Path) -> str:
    """What a process prints that may be left with threads that cannot be stopped."""
    prelude = (
        "from escalated_workbench import Workbench\n"
        f"wb = Workbench.begin({str(root)!r})\nwb.time_limit = 0.3\nwb.opening.wait()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", prelude + code + "\nwb.close()"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_code_stuck_outside_python_costs_its_thread_only(hostile: Copy) -> None:
    root = hostile("sleeper")
    out = run(
        "step = wb.fire('user_logout').steps[0]\n"
        "print(step.outcome, step.error)\n"
        "print(wb.fire('ticket_list_query').result.kind, len(wb.helpdesk.rows('ticket')))",
        root,
    )
    assert out.splitlines()[0].startswith("interrupted Interrupted: on_user_logout was given up")
    assert out.splitlines()[1] == "queryset 30"


def test_code_that_catches_everything_is_stopped_or_given_up(hostile: Copy) -> None:
    root = hostile("swallower")
    assert run("print(wb.fire('comment_updated').outcome)", root) == "interrupted\n"


def test_a_loop_at_import_fails_its_plugin_only(hostile: Copy, write: Any) -> None:
    root = hostile("loop-at-import")
    write("good", "from escalated.hooks import add_action\nadd_action('a', print)\n")
    out = run("print({s: p.status for s, p in wb.plugins.items()}, wb.findings[0].code)", root)
    assert out == "{'good': 'active', 'loop-at-import': 'failed'} load.stuck\n"
