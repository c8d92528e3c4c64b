"""What every callback received, changed, said and cost, as records."""

from __future__ import annotations

import json
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.records import ErrorRecord, Firing, Step
from escalated_core.snapshots.diff import path_text
from escalated_core.snapshots.plain import to_plain
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Run = Callable[..., Workbench]

HEAD = """
import logging
import sys

from escalated.hooks import *

logger = logging.getLogger(__name__)
"""


@pytest.fixture
def run(write: Write, open_workbench: Open) -> Run:
    """`run(code)` opens a workbench on one plugin with this code."""

    def make(code: str, *more: str, **options: Any) -> Workbench:
        write("alpha", HEAD + textwrap.dedent(code), *more)
        return open_workbench(**options)

    return make


def line_of(workbench: Workbench, text: str, file: str = "plugin.py") -> int:
    """The line of a file of the plugin `alpha` that contains `text`."""
    path = Path(workbench.plugins["alpha"].path, file)
    return next(n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if text in line)


def told(step: Step) -> list[tuple[str, str]]:
    return [(change.kind, path_text(change.path)) for change in step.changes]


def only(firing: Firing) -> Step:
    (step,) = firing.steps
    return step


def error_of(firing: Firing) -> ErrorRecord:
    error = firing.error
    assert error is not None
    return error


# --- who, where, when


def test_a_step_tells_whose_it_is_and_where_it_comes_from(run: Run):
    workbench = run(
        """
        from helpers import Rules

        add_filter("run", Rules().apply, priority=2.5)

        @on_filter("run", priority=3)
        def decorated(value):
            return value
        """,
        "helpers.py",
        "class Rules:\n    def apply(self, value):\n        return [value]\n",
    )
    workbench.reload("alpha")
    firing = workbench.fire("run", 1)
    first, second = firing.steps
    root = Path(workbench.plugins["alpha"].path)
    assert (first.plugin, first.callback, first.priority) == ("alpha", "Rules.apply", 2.5)
    assert (first.file, first.line) == (str(root / "plugin.py"), line_of(workbench, "Rules()."))
    assert first.defined_at is not None
    assert (first.defined_at.file, first.defined_at.line) == (str(root / "helpers.py"), 2)
    assert (second.callback, second.line) == ("decorated", line_of(workbench, "@on_filter"))
    assert (first.generation, second.generation) == (2, 2)
    assert (firing.hook, firing.kind, firing.outcome) == ("run", "filter", "ok")
    assert firing.thread == "plugins"


def test_time_is_measured_per_step_and_firing(run: Run):
    workbench = run("""
        def count(value):
            return sum(range(200_000))

        add_filter("run", count)
        add_filter("run", lambda value: apply_filters("inner", value))
        add_filter("inner", count)
    """)
    before = threading.get_native_id(), workbench.fire("inner", 0).started_at
    firing = workbench.fire("run", 0)
    (inner,) = workbench.trace.children(firing.id)
    assert firing.started_at >= before[1]
    assert inner.started_at >= firing.started_at
    assert sum(step.duration_ns for step in firing.steps) <= firing.duration_ns
    assert 0 < inner.steps[0].duration_ns <= inner.duration_ns <= firing.steps[1].duration_ns
    assert firing.steps[0].duration_ns > 100_000


# --- values


def test_a_filter_is_pictured_before_and_after_each_step(run: Run):
    workbench = run("""
        add_filter("run", lambda data, extra: {**data, "a": 1})
        add_filter("run", lambda data, extra: data)
        add_filter("run", lambda data, extra: {**data, "a": True, "b": extra})
    """)
    firing = workbench.fire("run", {"x": [1]}, ["extra"])
    one, two, three = firing.steps
    assert firing.args == ({"x": [1]}, ["extra"])
    assert (one.before, one.after, told(one)) == ({"x": [1]}, {"x": [1], "a": 1}, [("added", "a")])
    assert (two.before, two.after, told(two)) == (one.after, one.after, [])
    assert three.before == two.after
    assert told(three) == [("changed", "a"), ("added", "b")]
    assert firing.result == three.after == {"x": [1], "a": True, "b": ["extra"]}
    assert firing.changed
    assert not any(step.mutated for step in firing.steps)


def test_arguments_are_pictured_as_they_were_before_the_firing(run: Run):
    workbench = run("""
        @on_action("run")
        def spoil(data, **options):
            data.clear()
            options["deep"].append(1)
    """)
    data: dict[str, Any] = {"subject": "x"}
    firing = workbench.fire("run", data, kind="action", deep=[])
    assert data == {}
    assert firing.args == ({"subject": "x"},)
    assert firing.kwargs == {"deep": []}
    assert firing.result is None
    assert (only(firing).before, only(firing).after) == (None, None)


@pytest.mark.parametrize(
    ("ending", "outcome", "after"),
    [
        ("return data", "ok", {"tags": ["vip"]}),
        ("return None", "ok", None),
        ("return {'new': 1}", "ok", {"new": 1}),
        ("raise ValueError", "error", {"tags": ["vip"]}),
        ("sys.exit()", "error", {"tags": ["vip"]}),
        ("data['self'] = data; return data['tags']", "ok", ["vip"]),
    ],
)
def test_a_change_in_place_belongs_to_its_step_however_that_ends(
    run: Run, ending: str, outcome: str, after: Any
):
    workbench = run(f"""
        add_filter("run", lambda data: data)

        @on_filter("run")
        def mutate(data):
            data["tags"].append("vip")
            {ending}

        @on_filter("run", priority=20)
        def spoil(data):
            if data:
                data.clear()
    """)
    firing = workbench.fire("run", {"tags": []})
    first, step, _ = firing.steps
    assert (first.mutated, first.changes) == (False, ())
    assert (step.outcome, step.mutated) == (outcome, True)
    assert (step.before, step.after) == ({"tags": []}, after)
    assert step.changes
    assert step.returned_none is (after is None)


def test_a_change_that_only_types_show_is_a_change(run: Run):
    workbench = run("""
        add_filter("run", lambda data: {**data, "flag": 1})
        add_filter("run", lambda data: {**data, "list": tuple(data["list"])})
        add_filter("run", lambda data: dict(reversed(data.items())))
    """)
    firing = workbench.fire("run", {"flag": True, "list": []})
    assert [told(step) for step in firing.steps] == [
        [("changed", "flag")],
        [("changed", "list")],
        [("changed", "value")],
    ]


def test_records_do_not_change_with_the_values(run: Run):
    workbench = run("""
        shared = {"n": [0]}

        @on_filter("run")
        def grow(data):
            shared["n"].append(len(shared["n"]))
            return shared
    """)
    firings = [workbench.fire("run", 0) for _ in range(3)]
    assert [firing.result for firing in firings] == [
        {"n": [0, 1]},
        {"n": [0, 1, 2]},
        {"n": [0, 1, 2, 3]},
    ]
    assert workbench.trace.get(firings[0].id) == firings[0]


@pytest.mark.parametrize("slug", ["bad-repr", "cyclic", "giant-value", "generator-callback"])
def test_values_that_fight_back_are_recorded(
    hostile: Callable[..., Path], open_workbench: Open, slug: str
):
    hostile(slug)
    workbench = open_workbench()
    given: dict[str, tuple[str, tuple[Any, ...]]] = {
        "bad-repr": ("user_permissions", ([], None)),
        "cyclic": ("cyclic_run", ({},)),
        "giant-value": ("giant_value_run", ({},)),
        "generator-callback": ("ticket_list_query", ()),
    }
    hook, args = given[slug]
    firing = workbench.fire(hook, *args)
    assert (firing.outcome, only(firing).error) == ("ok", None)
    assert only(firing).changes
    assert len(json.dumps(to_plain(firing), allow_nan=False)) < 3_000_000


# --- the trace


def test_nested_firings_are_a_tree(run: Run):
    workbench = run("""
        def fire(*hooks):
            return lambda: [do_action(hook) for hook in hooks]

        add_action("a", fire("b", "c"))
        add_action("b", fire("d"))
        add_action("d", print)
        add_action("c", print)
    """)
    firing = workbench.fire("a")
    tree = [(f.hook, f.depth, f.parent_id) for f in workbench.trace if f.id >= firing.id]
    b, c, d = (next(f.id for f in workbench.trace if f.hook == hook) for hook in "bcd")
    assert tree == [
        ("a", 0, None),
        ("b", 1, firing.id),
        ("d", 2, b),
        ("c", 1, firing.id),
    ]
    assert [f.id for f in workbench.trace.children(firing.id)] == [b, c]
    assert workbench.trace.children(d) == []


def test_the_trace_reads_like_a_sequence(run: Run):
    workbench = run("add_action('run', print)")
    firings = [workbench.fire("run") for _ in range(5)]
    trace = workbench.trace
    assert trace[-1] == firings[-1]
    assert trace[-5:] == firings
    assert list(trace)[-5:] == firings
    assert len(trace) == len(list(trace))
    assert trace.get(firings[2].id) == firings[2]
    assert trace.get(10_000) is None
    with pytest.raises(IndexError):
        trace[len(trace)]
    trace.clear()
    assert (len(trace), list(trace)) == (0, [])
    workbench.fire("run")
    assert len(trace) == 1


def test_the_trace_is_bounded_and_counts_what_it_dropped(run: Run):
    workbench = run("""
        add_action("outer", lambda: [do_action("run") for _ in range(3)])
        add_action("run", lambda: None)
    """)
    trace = workbench.trace
    trace.clear()
    trace.capacity = 3
    first = workbench.fire("outer")
    assert [f.hook for f in trace] == ["outer", "run", "run"]
    assert trace.dropped == 1
    last = workbench.fire("run")
    assert [f.id for f in trace][-1] == last.id
    assert (len(trace), trace.dropped) == (3, 2)
    trace.capacity = 1
    workbench.fire("run")
    assert (len(trace), trace.dropped) == (1, 5)
    assert trace.get(first.id) is None
    assert first.steps[0].outcome == "ok"


def test_rows_tell_a_firing_in_one_line(run: Run):
    workbench = run("""
        add_filter("run", lambda value: [do_action("inner"), value])
        add_action("inner", lambda: 1 / 0)
    """)
    _, seen = workbench.trace.rows()
    firing = workbench.fire("run", 1)
    (inner, outer), now = workbench.trace.rows(seen)
    assert now == seen + 2
    assert (outer.id, outer.parent_id, outer.depth, outer.kind) == (firing.id, None, 0, "filter")
    assert (outer.outcome, outer.steps, outer.changed, outer.plugins) == ("ok", 1, True, ("alpha",))
    assert (inner.hook, inner.outcome, inner.changed) == ("inner", "error", False)
    assert (inner.parent_id, inner.depth, inner.cause) == (firing.id, 1, "plugin:alpha")
    assert outer.duration_ns == firing.duration_ns
    assert workbench.trace.rows(now) == ([], now)


def test_polling_rows_misses_nothing(run: Run):
    workbench = run("""
        add_action("run", lambda: do_action("inner"))
        add_action("inner", lambda: None)
    """)
    seen = workbench.trace.rows()[1]
    done = threading.Event()
    ids: list[int] = []

    def poll() -> None:
        count, last = seen, False
        while not last:
            last = done.is_set()
            rows, count = workbench.trace.rows(count)
            ids.extend(row.id for row in rows)

    poller = threading.Thread(target=poll)
    poller.start()
    firings = [workbench.fire("run").id for _ in range(300)]
    done.set()
    poller.join()
    assert len(ids) == len(set(ids)) == 600
    assert set(firings) < set(ids)


def test_records_stay_readable_after_close(run: Run):
    workbench = run("""
        from dataclasses import dataclass

        @dataclass
        class Invoice:
            total: int

        @on_filter("run")
        def bill(value):
            print("billed")
            logger.info("billed")
            return Invoice(5)

        add_filter("run", lambda value: 1 / 0)
    """)
    firing = workbench.fire("run", 1)
    before = json.dumps(to_plain(firing))
    workbench.close()
    assert json.dumps(to_plain(firing)) == before
    again = workbench.trace.get(firing.id)
    assert again == firing
    assert firing.result["total"] == 5
    assert firing.steps[0].logs[0].message == "billed"
    assert error_of(firing).frames[-1].source
    assert len(workbench.trace) > 0


def test_every_firing_of_the_samples_is_ready_for_json(samples: Path, open_workbench: Open):
    workbench = open_workbench()
    for hook in ("ticket_created", "ticket_data", "ticket_status_changed", "comment_content"):
        workbench.fire(hook)
    for firing in workbench.trace:
        record = json.loads(json.dumps(to_plain(firing), allow_nan=False))
        assert record["hook"] == firing.hook
        assert record["outcome"] == firing.outcome
        assert len(record["steps"]) == len(firing.steps)


def test_a_result_can_be_fired_again_and_references_may_be_named(
    write: Write, open_workbench: Open
) -> None:
    write(
        "again",
        """
        from escalated.hooks import on_action, on_filter

        @on_filter("ticket_data")
        def tag(data, ticket):
            data["tags"].append("x")
            return data

        @on_action("told")
        def told(who):
            print(who.pk)
        """,
    )
    wb = open_workbench()
    first = wb.fire("ticket_data", {"tags": []}, None)
    second = wb.fire("ticket_data", first.result, None)
    assert (first.result, second.result) == ({"tags": ["x"]}, {"tags": ["x", "x"]})
    (step,) = wb.fire("told", who=wb.helpdesk.user(3)).steps
    assert step.output == "3\n"


def test_nothing_is_kept_while_recording_is_off(write: Write, open_workbench: Open) -> None:
    write("alpha", "from escalated.hooks import *\n\nadd_filter('double', lambda value: value * 2)")
    workbench = open_workbench()
    before = len(workbench.trace)
    workbench.trace.recording = False
    assert workbench.fire("double", 2).result == 4
    assert len(workbench.trace) == before
    workbench.trace.recording = True
    workbench.fire("double", 2)
    assert len(workbench.trace) == before + 1


def test_values_that_are_not_recorded_say_so(write: Write, open_workbench: Open) -> None:
    write("alpha", "from escalated.hooks import *\n\nadd_filter('double', lambda value: value * 2)")
    workbench = open_workbench()
    workbench.trace.values = False
    firing = workbench.fire("double", 2)
    (step,) = firing.steps
    shown = [firing.args[0], step.before, step.after, firing.result]
    assert [picture.text for picture in shown] == ["… not recorded"] * 4
    assert step.changes == ()
    assert step.outcome == "ok"


def test_what_went_wrong_and_what_is_pinned_outlives_the_rest(
    write: Write, open_workbench: Open
) -> None:
    write("alpha", "from escalated.hooks import *\n\nadd_filter('half', lambda value: 1 // value)")
    workbench = open_workbench()
    trace = workbench.trace
    failed, pinned = workbench.fire("half", 0), workbench.fire("half", 1)
    trace.pin(pinned.id)
    trace.capacity = 20
    fired = [workbench.fire("half", 1).id for _ in range(50)]
    assert len(trace) == 20
    assert trace.dropped >= 32
    kept = [firing.id for firing in trace]
    assert kept == [failed.id, pinned.id, *fired[-18:]]
    assert [row.id for row in trace.rows()[0]] == kept
    failures = [workbench.fire("half", 0).id for _ in range(50)]
    kept = [firing.id for firing in trace]
    assert pinned.id in kept
    assert failures[-1] in kept
    assert len(kept) == 20


def test_the_trace_is_bounded_in_memory(write: Write, open_workbench: Open) -> None:
    write("alpha", "from escalated.hooks import *\n\nadd_filter('same', lambda value: value)")
    workbench = open_workbench()
    trace = workbench.trace
    trace.max_bytes = 200_000
    for number in range(50):
        workbench.fire("same", [[number] for _ in range(200)])
    assert 0 < len(trace) < 50
    assert trace.bytes <= 200_000
    assert trace.dropped > 0
    trace.clear()
    assert (len(trace), trace.bytes) == (0, 0)
