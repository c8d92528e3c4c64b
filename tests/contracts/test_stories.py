"""Stories: run on a world and a clock of their own, the same every time, judged step by step."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from escalated_core.errors import UsageError
from escalated_core.stories.result import StoryResult
from escalated_core.stories.story import StoryError
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
RunPython = Callable[[str], str]

NOSY = """
    import datetime, random, threading, time
    from django.utils import timezone
    from escalated.hooks import *

    LOADED = time.time()
    seen = []

    @on_action("ticket_created")
    def created(ticket, user):
        seen.append(ticket.pk)
        print(seen, LOADED, time.time(), datetime.datetime.now(), random.random())
        do_action("alpha_made", ticket)

    @on_filter("ticket_data")
    def shout(data, ticket):
        data["subject"] = data["subject"].upper()
        return data

    @on_action("sla_warning")
    def warned(ticket, kind, remaining):
        print("warned", ticket.pk, kind, remaining, timezone.now())

    @on_action("sla_breached")
    def breached(ticket, kind):
        print("breached", ticket.pk, kind, timezone.now())

    @on_action("comment_created")
    def in_a_thread(comment, ticket):
        thread = threading.Thread(target=lambda: print(datetime.date.today()))
        thread.start()
        thread.join()
"""

LONG = """
    name: A bad morning
    seed: 3
    expect: no errors
    steps:
      - id: t
        ticket.create: {subject: Printer on fire, priority: urgent, metadata: {plan: gold}}
        as: customer3
        expect:
          fired: {ticket_created: 1, alpha_made: 1}
          row: {status: open, metadata.plan: gold, requester.is_staff: false}
          under: 5s
      - at: +1h 40m
        ticket.assign: {ticket: "${t}", agent: 2}
        expect: {row: {status: in_progress, t.status: in_progress}}
      - id: c
        at: "12:00"
        event: comment.create
        with: {ticket: "${t}", body: "${n}. ${t.subject} (${t.metadata.plan}, $${n})"}
        as: agent2
        repeat: 3
      - comment.update: {comment: "${c}", body: "About ${c.ticket.reference}"}
        expect: {row: {body: About ESC-00031, ticket.reference: ESC-00031}}
      - at: +1d
        ticket.list:
      - tag.add: {ticket: "${t}", tag: vip}
      - ticket.resolve: {ticket: "${t}"}
        dry: true
        expect: {row: {t.resolved_at: null}}
      - ticket.resolve: {ticket: "${t}"}
        expect: {row: {status: resolved}}
      - user.create: {name: Zoë}
      - at: 2026-01-09 08:00
        user.login: {user: 7}
      - fire: ticket_data
        args: [{subject: "${t.reference}"}, "${t}"]
        expect: {result: {subject: ESC-00031}, contains: {subject: ESC}, effects: 0}
"""


@pytest.fixture
def dedented(dedent: Callable[[str], str]) -> str:
    return dedent(LONG)


@pytest.fixture(params=["guide", "escalated-django"])
def workbench(request: pytest.FixtureRequest, write: Write, open_workbench: Open) -> Workbench:
    write("alpha", NOSY)
    return open_workbench(profile=request.param)


@pytest.fixture
def tell(workbench: Workbench, dedent: Callable[[str], str]) -> Callable[..., StoryResult]:
    """`tell(steps)` runs a story with these steps."""

    def run(steps: str, head: str = "", **overrides: Any) -> StoryResult:
        text = f"name: test\n{dedent(head)}steps:\n{dedent(steps)}"
        return workbench.run_story(text, overrides)

    return run


def outputs(result: StoryResult) -> list[str]:
    steps = [step for told in result.steps for firing in told.firings for step in firing.steps]
    return [step.output for step in steps if step.plugin]


# --- the same every time


def test_a_long_story_is_told_the_same_twice(workbench: Workbench, dedented: str) -> None:
    before = time.time()
    results = [workbench.run_story(dedented) for _ in range(2)]
    assert results[0].ok, results[0].failures
    assert len([step for step in results[0].steps if not step.by_clock]) == 13
    first, second = (json.dumps(result.to_dict(timed=False)) for result in results)
    assert first == second
    assert results[0].to_dict()["steps"][0]["duration_ns"] > 0
    assert any(
        "[31] 1767603600.0 1767603600.0 2026-01-05 09:00:00" in o for o in outputs(results[0])
    )
    assert time.time() - before < 1000, "the clock outside is the real one"


ON_A_DAY = """
    import json, sys, time_machine
    from escalated_workbench import Workbench

    with time_machine.travel({day!r}, tick=True):
        with Workbench({root!r}, profile={profile!r}) as workbench:
            print(json.dumps(workbench.run_story({text!r}).to_dict(timed=False)))
"""


@pytest.mark.parametrize("profile", ["guide", "escalated-django"])
def test_a_long_story_is_told_the_same_on_two_days_in_two_processes(
    profile: str, root: Path, write: Write, run_python: RunPython, dedented: str
) -> None:
    write("alpha", NOSY)
    days = ["2020-02-29 23:59:30 +0000", "2031-07-01 04:00:00 +0000"]
    told = [
        run_python(ON_A_DAY.format(day=day, root=str(root), profile=profile, text=dedented))
        for day in days
    ]
    assert json.loads(told[0])["ok"], json.loads(told[0])["failures"]
    assert told[0] == told[1]
    assert "2020-02" not in told[0]


def test_the_story_is_in_the_trace_and_the_world_stays_as_it_leaves_it(
    workbench: Workbench,
) -> None:
    result = workbench.run_story("name: x\nsteps:\n  - ticket.create: {subject: Hi}\n")
    step = result.steps[0]
    assert step.happened is not None
    assert workbench.trace.require(step.happened.event.id) == step.happened.event
    assert len(workbench.helpdesk.rows("ticket")) == 31
    assert not workbench.reloads[1:], "that plugins are loaded anew is not told"


# --- the clock


def test_deadlines_pass_at_their_moments(tell: Callable[..., StoryResult]) -> None:
    steps = """
        - id: t
          ticket.create: {priority: critical}
        - at: +2h
          comment.note: {ticket: "${t}"}
        - at: +1h
          comment.note: {ticket: "${t}"}
    """
    result = tell(steps)
    own = [
        (step.name, datetime.fromtimestamp(step.at).strftime("%H:%M"))
        for step in result.steps
        if step.by_clock
        and step.happened is not None
        and step.happened.event.kwargs["ticket"].fields["id"] == 31
    ]
    assert own == [("sla.warning", "09:30"), ("sla.breach", "10:00")]
    moments = [step.at for step in result.steps]
    assert moments == sorted(moments)
    warned = [text for text in outputs(result) if text.startswith("warned 31")]
    if result.profile == "escalated-django":
        assert warned == ["warned 31 first_response 0:30:00 2026-01-05 09:30:00+00:00\n"]


@pytest.mark.parametrize(
    ("sla", "times"), [("10m", ["09:50", "10:00"]), ("2h", ["10:00"]), ("false", [])]
)
def test_when_to_warn_can_be_told(
    tell: Callable[..., StoryResult], sla: str, times: list[str]
) -> None:
    steps = """
        - ticket.create: {priority: critical}
        - at: +1h 5m
          ticket.list:
    """
    clocked = [step for step in tell(steps, f"sla: {sla}\n").steps if step.by_clock]
    own = [
        s
        for s in clocked
        if s.happened is not None and s.happened.event.kwargs["ticket"].fields["id"] == 31
    ]
    assert [datetime.fromtimestamp(step.at).strftime("%H:%M") for step in own] == times


# --- what is expected


@pytest.mark.parametrize(
    ("expected", "says"),
    [
        ("fired: {ticket_created: 2}", "ticket_created fired 2 times: expected 2, got 1"),
        ("fired: nothing_like_it", "nothing_like_it fired: expected nothing_like_it, got"),
        ("fired: [ticket_created, alpha_gone]", "alpha_gone fired"),
        ("outcome: error", "outcome: expected error, got ok"),
        ("errors: 1", "errors: expected 1, got 0"),
        ("nones: 1", "filters that answer None: expected 1"),
        ("mutations: 1", "arguments changed in place: expected 1"),
        ("effects: {http: 1}", "effects (http): expected 1, got 0"),
        ("under: 0.001ms", "time: expected under 0.001 ms"),
        ("row: {status: closed}", "status: expected closed, got open"),
        ("row: {requester.username: me}", "requester.username: expected me"),
        ("contains: {ticket_created: x}", "part of the result of ticket_created"),
        ("result: {alpha_gone: 1}", "alpha_gone was not fired, but"),
    ],
)
def test_what_is_not_as_expected_is_told(
    tell: Callable[..., StoryResult], expected: str, says: str
) -> None:
    result = tell(f"- ticket.create: {{}}\n  expect: {{{expected}}}\n")
    (failure,) = result.failures
    assert not result.ok
    assert says in failure
    assert re.match(r"story:4:\d+: step 1, ticket.create: ", failure)
    assert "\n" not in failure, "the difference is said already"
    assert result.steps[0].status == "failed"


def test_values_that_differ_are_told_line_by_line(tell: Callable[..., StoryResult]) -> None:
    steps = """
        - fire: ticket_data
          args: [{subject: a, tags: [x, y], n: 1}, null]
          expect:
            result: {subject: A, tags: [x, z], n: 1}
            contains: {tags: [y]}
    """
    (failure,) = tell(steps).failures
    assert '    -    "z"' in failure
    assert '    +    "y"' in failure


FAILING = """
    from escalated.hooks import *

    @on_action("ticket_created")
    def billed(ticket, user):
        return {}["plan"]
"""


@pytest.fixture
def failing(write: Write, open_workbench: Open) -> Callable[[str], StoryResult]:
    """`failing(lines)` runs a story with a callback that raises in line 6 of its plugin."""
    write("billing", FAILING)
    workbench = open_workbench()
    return lambda lines: workbench.run_story(f"name: test\n{lines}")


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("steps:\n  - ticket.create:\n", "story:3:5: step 1"),
        ("expect: no errors\nsteps:\n  - ticket.create:\n", "story:2:9: step 1 in line 4"),
        ("steps:\n  - ticket.create:\n    expect: {fired: ticket_created}\n", "story:3:5: step 1"),
    ],
)
def test_a_callback_that_fails_fails_its_story_with_its_place(
    failing: Callable[[str], StoryResult], lines: str, place: str
) -> None:
    result = failing(lines)
    error = "billing plugin.py:6 KeyError: 'plan'"
    assert not result.ok
    assert result.failures == (f"{place}, ticket.create: errors: expected 0, got 1 ({error})",)
    assert result.to_dict()["steps"][0]["errors"] == [error]
    (failure,) = ElementTree.fromstring(result.junit()).iter("failure")
    assert failure.get("message") == f"errors: expected 0, got 1 ({error})"
    assert failure.text == result.failures[0]


@pytest.mark.parametrize(
    ("head", "expected"),
    [("", "errors: 1"), ("", "outcome: error"), ("expect: no errors\n", "errors: 1")],
)
def test_a_callback_may_fail_where_the_story_says_so(
    failing: Callable[[str], StoryResult], head: str, expected: str
) -> None:
    result = failing(f"{head}steps:\n  - ticket.create:\n    expect: {{{expected}}}\n")
    assert result.ok, result.failures
    assert result.steps[0].errors == ("billing plugin.py:6 KeyError: 'plan'",)


def test_what_looks_alike_is_told_apart(tell: Callable[..., StoryResult]) -> None:
    steps = '- ticket.create: {metadata: {plan: 1}}\n  expect: {row: {metadata.plan: "1"}}\n'
    (failure,) = tell(steps).failures
    assert failure.endswith('expected "1", got 1')


# --- the rest of a story


def test_overrides_stand_for_the_values_of_a_story(tell: Callable[..., StoryResult]) -> None:
    steps = """
        - ticket.list
        - ticket.create:
        - id: t
          ticket.create: {subject: a}
        - comment.create: {ticket: "${t}"}
          expect: {row: {ticket.subject: B}}
    """
    result = tell(steps, **{"subject": "b", "t.priority": "low", "body": "x ${t.reference}"})
    found = [dict(s.happened.event.kwargs) for s in result.steps if s.happened is not None]
    assert [each.get("subject") for each in found] == [None, None, "b", None]
    assert [each.get("priority") for each in found] == [None, None, "low", None]
    assert found[3]["body"] == "x ESC-00032"
    with pytest.raises(UsageError, match="takes a 'sbject'"):
        tell(steps, sbject="b")
    with pytest.raises(StoryError, match=r"of ticket\.create must be"):
        tell(steps, **{"t.priority": "no"})


def test_a_step_that_cannot_happen_ends_the_story(tell: Callable[..., StoryResult]) -> None:
    steps = """
        - id: t
          ticket.create:
        - ticket.delete: {ticket: "${t}"}
        - ticket.close: {ticket: "${t}"}
        - ticket.list:
    """
    result = tell(steps)
    assert [step.status for step in result.steps] == ["ok", "ok", "broken", "skipped"]
    assert result.failures == (
        "story:7:3: step 3, ticket.close: ${t} leads nowhere: ticket 31 is gone.",
    )


# --- as documents


JUNIT: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors", "skipped", "time"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
        {"properties", "testcase"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"name", "classname", "time"}, {"skipped", "error", "failure", "system-out"}),
    "skipped": ({"message"}, set()),
    "error": ({"type", "message"}, set()),
    "failure": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}
"""The attributes and children of each element in the schema that CI servers read."""


def test_junit_is_as_ci_servers_read_it(tell: Callable[..., StoryResult]) -> None:
    steps = """
        - ticket.create: {subject: "\\x07 <b> & \\U0001F600"}
        - ticket.create: {subject: "\\e[31m"}
          expect: {errors: 1, row: {subject: "\\x00"}}
        - ticket.close: {ticket: 999}
        - ticket.list:
    """
    suites = ElementTree.fromstring(tell(steps).junit())
    for element in suites.iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.attrib) == attributes
        assert {child.tag for child in element} <= children
    suite = suites[0]
    counts = ("tests", "failures", "errors", "skipped")
    assert [suite.get(name) for name in counts] == ["4", "1", "1", "1"]
    assert [case[0].tag for case in suite[2:]] == ["failure", "error", "skipped"]
    assert float(suite.get("time") or -1) >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp") or "")


def test_secrets_are_in_no_document(tell: Callable[..., StoryResult]) -> None:
    steps = """
        - ticket.create: {metadata: {api_key: hunter2hunter2}}
          expect: {result: {ticket_data: {password: swordfish1}}}
    """
    result = tell(steps, "settings: {API_TOKEN: opensesame9}\n")
    for text in (json.dumps(result.to_dict()), result.junit()):
        assert "opensesame9" not in text
        assert "hunter2hunter2" not in text


# --- recorded


def test_what_was_recorded_does_the_same_when_it_is_run(
    workbench: Workbench, dedented: str
) -> None:
    first = workbench.run_story(dedented)
    told = [step for step in first.steps if step.happened is not None]
    ids = [step.happened.event.id for step in told if step.happened is not None]
    text = workbench.record_story("again", since=ids[0] - 1)
    assert "${ticket1}" in text
    assert "${comment" in text
    again = workbench.run_story(text)
    assert [(s.name, s.at) for s in again.steps] == [(s.name, s.at) for s in told]
    for one, other in zip(told, again.steps, strict=True):
        assert [f.hook for f in one.firings] == [f.hook for f in other.firings]
        if one.name != "user.create":
            kept = [repr(f.args) for f in one.firings], [repr(f.args) for f in other.firings]
            assert kept[0] == kept[1]


def test_bare_hooks_are_recorded_with_their_times_and_rows(workbench: Workbench) -> None:
    story = """
name: x
steps:
  - id: t
    ticket.create: {subject: Hello}
  - at: +30m
    fire: ticket_data
    args: [{subject: "a ${t.reference}"}, "${t}"]
  - at: +1h
    fire: ticket_data
    args: [{subject: "$${b}"}, "@ticket:3"]
  - fire: ticket_data
    args: [{numbers: [1, 2.5, null], subject: ""}, null]
"""
    first = workbench.run_story(story)
    begun = first.steps[0].happened
    assert first.ok, first.failures
    assert begun is not None
    text = workbench.record_story(since=begun.event.id - 1)
    again = workbench.run_story(text)
    assert [(s.name, s.at, s.status) for s in again.steps] == [
        (s.name, s.at, s.status) for s in first.steps
    ]
    for one, other in zip(first.steps[1:], again.steps[1:], strict=True):
        kept = [repr([(f.args, f.kwargs) for f in each.firings]) for each in (one, other)]
        assert kept[0] == kept[1]


def test_what_no_file_can_hold_is_a_comment(workbench: Workbench) -> None:
    before = workbench.trace[-1].id
    workbench.fire("ticket_data", {"when": object()}, None)
    with pytest.raises(UsageError, match=r"fire ticket_data is left out: argument 1 cannot"):
        workbench.record_story(since=before)
    workbench.fire("ticket_data", {"subject": "a"}, workbench.helpdesk.ticket(3))
    text = workbench.record_story(since=before)
    assert "# fire ticket_data is left out: argument 1 cannot" in text
    assert "@ticket:3" in text
    assert [step.status for step in workbench.run_story(text).steps] == ["ok"]


def test_nothing_is_recorded_where_nothing_happened(workbench: Workbench) -> None:
    with pytest.raises(UsageError, match="No event"):
        workbench.record_story()
    workbench.event("ticket.create", subject="x" * 100_000)
    with pytest.raises(UsageError, match="too large"):
        workbench.record_story()
