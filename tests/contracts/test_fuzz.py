"""Fuzzing: finds what is wrong with a plugin, makes it small, and tells it as a story."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from escalated_core.errors import UsageError
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]

BUGS = """
    from escalated.hooks import *

    stage = 0

    def reach(number):
        global stage
        stage = number if stage == number - 1 else 0

    @on_filter("comment_content")
    def shorten(content, comment):
        if len(content) > 500:
            {raises}
        return content

    @on_filter("ticket_data")
    def plan(data, ticket):
        if (data.get("metadata") or {{}}) == {{}} and data["metadata"] is not None:
            {none}
        return data

    @on_action("ticket_assigned")
    def first(ticket, agent):
        reach(1)

    @on_action("ticket_status_changed")
    def second(ticket, old, new):
        if new == "resolved":
            reach(2)

    @on_action("user_login")
    def third(user):
        if stage == 2:
            {in_order}
"""
BROKEN = BUGS.format(
    raises="raise ValueError(len(content))", none="return None", in_order="stage.missing"
)
MENDED = BUGS.format(raises="pass", none="pass", in_order="pass")


@pytest.fixture
def buggy(write: Write, open_workbench: Open) -> Workbench:
    write("alpha", BROKEN)
    return open_workbench()


def test_it_finds_each_bug_makes_it_small_and_saves_a_story_that_fails_until_it_is_mended(
    buggy: Workbench, write: Write, tmp_path: Path
) -> None:
    before = len(buggy.trace), len(buggy.reloads), random.getstate()
    result = buggy.fuzz("alpha", seed=2, examples=260, out=tmp_path / "found")
    assert (len(buggy.trace), len(buggy.reloads), random.getstate()) == before
    assert len(buggy.helpdesk.rows("ticket")) == 30
    found = {bug.callback: bug for bug in result.bugs}
    assert {name: bug.kind for name, bug in found.items()} == {
        "shorten": "raises",
        "plan": "none",
        "third": "raises",
    }
    steps = {name: bug.story.steps for name, bug in found.items()}
    assert [step.event for step in steps["third"]][::2] == ["ticket.assign", "user.login"]
    assert steps["third"][1].event in ("ticket.resolve", "ticket.status")
    assert [len(steps[name]) for name in ("third", "shorten", "plan")] == [3, 1, 1]
    assert [list(step.given) for step in steps["third"][::2]] == [["ticket", "agent"], ["user"]]
    assert steps["shorten"][0].given["body"] == "x" * 501
    assert steps["plan"][0].given["metadata"] == {}
    stories = [Path(bug.path) for bug in result.bugs]
    assert all(story.parent == tmp_path / "found" for story in stories)
    assert [buggy.run_story(story).ok for story in stories] == [False] * 3
    write("alpha", MENDED)
    buggy.reload("alpha")
    told = [buggy.run_story(story) for story in stories]
    assert [each.ok for each in told] == [True] * 3, [each.failures for each in told]
    assert buggy.fuzz("alpha", seed=1, examples=20).ok


URGENT = """
    from escalated.hooks import *

    @on_action({hook!r})
    def bad(ticket, user, *more):
        if ticket.priority == "urgent":
            raise ValueError
"""


@pytest.mark.parametrize(
    ("hook", "events", "told"),
    [
        ("ticket_created", ["ticket.create"], {"priority": "urgent"}),
        ("ticket_assigned", ["ticket.priority", "ticket.assign"], {"priority": "urgent"}),
    ],
)
def test_what_the_help_desk_chose_is_told_too(
    hook: str, events: list[str], told: dict[str, str], write: Write, open_workbench: Open
) -> None:
    write("alpha", URGENT.format(hook=hook))
    (bug,) = open_workbench().fuzz("alpha", seed=3, examples=90).bugs
    assert [step.event for step in bug.story.steps] == events
    assert bug.story.steps[0].given.items() >= told.items()
    assert all(step.given["ticket"] == "ESC-00005" for step in bug.story.steps[1:])


LATIN = """
    from escalated.hooks import *

    @on_filter("comment_content")
    def bad(content, comment):
        content.encode("latin-1")
        return content
"""


def test_values_that_are_told_take_the_place_of_the_events_that_led_to_them(
    write: Write, open_workbench: Open
) -> None:
    write("alpha", LATIN)
    (bug,) = open_workbench().fuzz("alpha", seed=4, examples=60).bugs
    (step,) = bug.story.steps
    assert step.event == "comment.update"
    assert not step.given["body"].isascii()


def test_the_error_that_is_told_is_that_of_the_smallest_story(
    write: Write, open_workbench: Open
) -> None:
    write("alpha", LATIN)
    (bug,) = open_workbench().fuzz("alpha", seed=6, examples=45).bugs
    assert bug.story.steps[-1].given["body"] == "😀"
    assert "character '\\U0001f600'" in bug.message
    assert bug.message.rstrip(".") == bug.story.name


def test_a_story_that_is_saved_already_is_not_saved_again(
    write: Write, open_workbench: Open, tmp_path: Path
) -> None:
    write("alpha", URGENT.format(hook="ticket_created").replace('"urgent"', "ticket.priority"))
    workbench = open_workbench()
    taken = tmp_path / "alpha-raises-bad.yaml"
    taken.write_text("mine", "utf-8")
    found = [workbench.fuzz("alpha", seed=3, examples=20, out=tmp_path).bugs for _ in range(2)]
    assert {bug.path for bugs in found for bug in bugs} == {str(taken.with_stem(f"{taken.stem}-2"))}
    assert len(list(tmp_path.glob("*.yaml"))) == 2
    assert taken.read_text("utf-8") == "mine"


def test_the_same_seed_tries_the_same_also_elsewhere(
    root: Path, write: Write, open_workbench: Open, run_python: Callable[[str], str]
) -> None:
    write("alpha", BROKEN.replace("> 500", "< 2"))
    workbench = open_workbench()
    told = [workbench.fuzz("alpha", seed=2, examples=120).to_dict() for _ in range(2)]
    code = f"""
        import json
        from escalated_workbench import Workbench

        with Workbench({str(root)!r}) as workbench:
            print(json.dumps(workbench.fuzz("alpha", seed=2, examples=120).to_dict()))
    """
    workbench.close()
    told.append(json.loads(run_python(code)))
    for each in told:
        each.pop("seconds")
        for bug in each["bugs"]:
            bug.pop("seconds")
    assert told[0] == told[1] == told[2]
    assert told[0]["bugs"]


SYMPTOMS = {
    "mutates": """
        @on_filter("ticket_data")
        def bad(data, ticket):
            ticket.priority = "critical"
            return data
    """,
    "breaks": """
        @on_filter("ticket_data")
        def bad(data, ticket):
            return [data]
    """,
    "slow": """
        import time

        @on_action("ticket_created")
        def bad(ticket, user):
            time.sleep(0.3)
    """,
    "stuck": """
        @on_action("ticket_created")
        def bad(ticket, user):
            while True:
                pass
    """,
    "raises": """
        import sys

        @on_action("ticket_created")
        def bad(ticket, user):
            sys.exit(3)
    """,
}


@pytest.mark.parametrize("kind", SYMPTOMS)
def test_every_kind_of_failure_is_told_as_a_story(
    kind: str, write: Write, open_workbench: Open, dedent: Callable[[str], str]
) -> None:
    write("alpha", "from escalated.hooks import *\n" + dedent(SYMPTOMS[kind]))
    workbench = open_workbench()
    workbench.time_limit = 0.5
    result = workbench.fuzz(examples=6, seed=2)
    assert {(bug.kind, bug.callback) for bug in result.bugs} == {(kind, "bad")}
    (bug,) = result.bugs
    assert len(bug.story.steps) == 1
    assert not workbench.run_story(bug.text).ok
    assert bug.line > 1


def test_what_a_plugin_may_do_is_no_failure(samples: Path, open_workbench: Open) -> None:
    workbench = open_workbench()
    result = workbench.fuzz("triage", examples=40)
    assert result.ok, result.bugs


def test_it_survives_hostile_plugins(hostile: Callable[..., Path], open_workbench: Open) -> None:
    slugs = (
        "mutator",
        "recursion",
        "keyboard-interrupt",
        "self-registering",
        "patcher",
    )
    hostile(*slugs, "leaky-thread", "giant-value", "remover", "exit-in-callback", "bad-repr")
    workbench = open_workbench()
    workbench.time_limit = 0.2
    began = time.monotonic()
    result = workbench.fuzz(examples=30, seconds=20)
    assert result.bugs
    assert time.monotonic() - began < 100
    assert workbench.event("ticket.list").event.outcome == "ok"


def test_another_plugins_failures_do_not_count(
    buggy: Workbench, write: Write, open_workbench: Open
) -> None:
    write(
        "beta", "from escalated.hooks import *\n\n@on_action('ticket_created')\ndef f(*_): pass\n"
    )
    assert open_workbench().fuzz("beta", seed=1, examples=80).ok


def test_what_cannot_be_meant_is_refused(buggy: Workbench, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="alpha"):
        buggy.fuzz("alhpa")
    with pytest.raises(UsageError, match="Nothing is found without any example"):
        buggy.fuzz(examples=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        buggy.fuzz(examples=1, out=tmp_path / "file")
    buggy.deactivate("alpha")
    with pytest.raises(UsageError, match="alpha is not active"):
        buggy.fuzz("alpha")


def test_nothing_is_written_beside_it(
    buggy: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    buggy.fuzz("alpha", examples=30)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def test_an_interruption_that_is_swallowed_ends_it_all_the_same(buggy: Workbench) -> None:
    told: list[int] = []

    def tell(tried: int, bugs: int, found: str) -> None:
        del bugs, found
        told.append(tried)
        # As happens to it in the garbage collector.
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = buggy.fuzz("alpha", seed=1, examples=80, tell=tell)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.interrupted
    assert told == [1]
