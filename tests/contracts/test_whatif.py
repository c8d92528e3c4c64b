"""What if a callback were not there, ran elsewhere, or answered otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.records import Firing
from escalated_core.snapshots.plain import to_plain
from escalated_workbench import Workbench

Run = Callable[..., Workbench]
Write = Callable[..., Path]
Open = Callable[..., Workbench]

LETTERS = """
from escalated.hooks import add_filter

def add(letter):
    return lambda value: value + letter

def a(value):
    return value + "a"

def b(value):
    return value + "b"

def c(value):
    return value + "c"

add_filter("text", a, 10)
add_filter("text", b, 10)
add_filter("text", c, 20)
"""


@pytest.fixture
def letters(write: Write, open_workbench: Open) -> Workbench:
    """A plugin `letters` whose filter `text` adds a, b and c."""
    write("letters", LETTERS)
    return open_workbench()


def told(firing: Firing) -> list[tuple[str, str, str]]:
    return [(step.callback, step.outcome, step.note) for step in firing.steps]


class TestMuting:
    def test_a_muted_callback_stays_as_a_step_that_was_skipped(self, letters: Workbench) -> None:
        with letters.whatif.mute(callback="b"):
            firing = letters.fire("text", "")
            assert told(firing) == [("a", "ok", ""), ("b", "skipped", "muted"), ("c", "ok", "")]
            assert (firing.result, firing.outcome) == ("ac", "ok")
        assert letters.fire("text", "").result == "abc"
        assert list(letters.whatif) == []

    def test_a_muted_plugin_is_still_set_up_and_cleaned_up(
        self, write: Write, open_workbench: Open, listening: Callable[[str], str]
    ) -> None:
        write("alpha", listening("alpha") + "\n    add_action('run', print)\n")
        wb = open_workbench()
        wb.whatif.mute(plugin="alpha")
        wb.deactivate("alpha")
        wb.activate("alpha")
        lives = [f for f in wb.trace if f.hook.startswith("plugin_")]
        assert {step.outcome for firing in lives for step in firing.steps} == {"ok"}
        assert [step.outcome for step in wb.fire("run").steps] == ["skipped"]

    def test_hooks_of_the_life_of_plugins_are_muted_by_name(
        self, write: Write, open_workbench: Open, listening: Callable[[str], str]
    ) -> None:
        write("alpha", listening("alpha"))
        wb = open_workbench()
        wb.deactivate("alpha")
        wb.whatif.mute(hook="plugin_activated*", plugin="alpha")
        wb.activate("alpha")
        activated = [f for f in wb.trace if f.hook == "plugin_activated_alpha"][-1]
        assert [step.outcome for step in activated.steps] == ["skipped"]

    def test_nested_firings_and_events_are_under_it_too(self, run: Run) -> None:
        wb = run("""
        on_action("ticket_created")(say("inner"))

        @on_action("outer")
        def outer():
            do_action("ticket_created", 1)
        """)
        wb.whatif.mute("ticket_created")
        wb.fire("outer")
        wb.event("ticket.create")
        fired = [f for f in wb.trace if f.hook == "ticket_created"]
        assert [[s.outcome for s in f.steps] for f in fired] == [["skipped"], ["skipped"]]

    def test_it_lasts_over_a_reload_and_says_when_it_is_about_nothing(
        self, letters: Workbench, write: Write
    ) -> None:
        standing = letters.whatif.mute(plugin="letters", callback="b")
        write("letters", LETTERS.replace('"b"', '"B"'))
        letters.reload("letters")
        assert letters.fire("text", "").result == "ac"
        assert (standing.record.matches, str(standing.record)) == (1, "mute letters:b")
        write("letters", LETTERS.replace("def b(", "def bee(").replace(", b,", ", bee,"))
        letters.reload("letters")
        assert letters.fire("text", "").result == "abc"
        assert "mute letters:b, which is nothing now" in repr(letters.whatif)

    def test_a_callback_that_was_removed_meanwhile_does_not_run(self, run: Run) -> None:
        wb = run("""
        def later(value):
            return value + 1

        @on_filter("count", 1)
        def first(value):
            remove_filter("count", later)
            return value

        add_filter("count", later, 5)
        """)
        wb.whatif.prioritise(7, callback="later")
        assert told(wb.fire("count", 1)) == [("first", "ok", "")]

    def test_closing_ends_it_and_the_next_workbench_has_none(
        self, letters: Workbench, open_workbench: Open
    ) -> None:
        letters.whatif.mute(callback="b")
        letters.close()
        assert len(letters.whatif) == 0
        assert open_workbench().fire("text", "").result == "abc"

    def test_the_plugin_is_not_blamed_for_it(self, letters: Workbench) -> None:
        letters.whatif.answer(None, callback="a")
        letters.whatif.mute(callback="[bc]")
        assert letters.fire("text", "").steps[0].returned_none
        assert letters.findings == []


class TestSlips:
    def test_what_is_about_nothing_stands_and_is_a_finding(self, letters: Workbench) -> None:
        lay = letters.whatif
        lay.mute("text", plugin="lettres")
        lay.mute(callback="letters")
        lay.mute("letters")
        lay.prioritise(1, plugin="letters", callback="nosuch")
        lay.mute("txet", callback="b")
        lay.mute(plugin="host")
        assert [(each.code, each.severity) for each in letters.findings] == [
            ("whatif.nothing", "warning")
        ] * 6
        assert [each.cure for each in letters.findings] == [
            "Did you mean 'letters'?",
            "Did you mean the plugin 'letters'?",
            "Did you mean the plugin 'letters'?",
            "There are: a, b, c.",
            "Did you mean 'text'?",
            "It has no callbacks now.",
        ]
        message = "A what-if is about nothing: no callback fits hook 'text', plugin 'lettres'."
        assert letters.findings[0].message == message
        assert len(lay) == 6
        assert letters.fire("text", "").result == "abc"

    def test_it_says_why_none_of_those_that_fit_counts(self, run: Run) -> None:
        wb = run('on_action("plugin_activated")(say("life"))')
        wb.whatif.mute("plugin_activated")
        assert not wb.findings
        wb.whatif.answer(1, "plugin_activated")
        wb.whatif.mute(plugin="alpha")
        assert [each.cure for each in wb.findings] == [
            "Callbacks of actions answer nothing.",
            "Name the hook, 'plugin_activated', for callbacks of the life of plugins.",
        ]

    def test_what_is_no_name_is_refused_and_leaves_nothing(self, letters: Workbench) -> None:
        wrong: Any = letters.plugins["letters"]
        with pytest.raises(UsageError, match=r"is no pattern\. Give the name of a plugin"):
            letters.whatif.mute(plugin=wrong)
        assert letters.fire("text", "").result == "abc"
        letters.whatif.mute("text")
        for hook, kind, said in (
            (4, None, "4 is no name of a hook"),
            ("text", "x", "no kind 'x'"),
        ):
            given: Any = {"kind": kind}
            given_hook: Any = hook
            with pytest.raises(UsageError, match=said):
                letters.whatif.compare(given_hook, **given)

    def test_a_hook_that_nobody_knows_is_refused(self, letters: Workbench) -> None:
        letters.whatif.mute("text")
        for door in (letters.whatif.compare, letters.whatif.matrix):
            with pytest.raises(UsageError, match="Did you mean 'text'"):
                door("txet", "")


class TestPriorities:
    def test_a_callback_runs_where_another_priority_puts_it(self, letters: Workbench) -> None:
        letters.whatif.prioritise(5, callback="c")
        firing = letters.fire("text", "")
        assert firing.result == "cab"
        assert (firing.steps[0].priority, firing.steps[0].note) == (5, "moved from priority 20")

    def test_within_a_priority_the_order_is_that_of_registration(self, letters: Workbench) -> None:
        letters.whatif.prioritise(10, callback="c")
        letters.whatif.prioritise(20, callback="a")
        assert letters.fire("text", "").result == "bca"

    def test_what_is_no_number_is_refused(self, letters: Workbench) -> None:
        for wrong in (float("nan"), True, "5", None):
            with pytest.raises(UsageError, match="is no priority"):
                letters.whatif.prioritise(wrong, callback="a")  # type: ignore[arg-type]


class TestAnswers:
    def test_a_filter_goes_on_with_the_given_value(self, letters: Workbench) -> None:
        letters.whatif.answer("x", callback="b")
        firing = letters.fire("text", "")
        assert told(firing)[1] == ("b", "ok", "answered for")
        assert (firing.result, firing.steps[1].changes[0].after) == ("xc", "x")

    def test_each_firing_gets_a_value_of_its_own(self, run: Run) -> None:
        wb = run("""
        add_filter("tags", lambda tags: tags, 1)

        @on_filter("tags", 2)
        def spoil(tags):
            tags["list"].append("spoilt")
            return tags
        """)
        given = {"list": ["a"]}
        wb.whatif.answer(given, callback="<lambda>")
        given["list"].append("later")
        assert [wb.fire("tags", {}).result for _ in range(2)] == [{"list": ["a", "spoilt"]}] * 2

    def test_a_row_is_the_live_row(self, run: Run) -> None:
        wb = run("""
        add_filter("which", lambda ticket: None)
        """)
        ticket = wb.helpdesk.rows("ticket")[2]
        wb.whatif.answer(wb.helpdesk.ticket(ticket["key"]), callback="<lambda>")
        assert wb.fire("which", None).steps[0].after["subject"] == ticket["subject"]
        with pytest.raises(UsageError, match="ticket"):
            wb.whatif.answer(wb.helpdesk.ticket(10_000), callback="<lambda>")

    def test_actions_are_not_concerned(self, run: Run) -> None:
        wb = run("add_action('run', say('ran'))")
        assert wb.whatif.answer(1, "run").record.matches == 0
        assert wb.fire("run").steps[0].output == "ran\n"

    def test_what_cannot_be_copied_is_refused(self, letters: Workbench) -> None:
        with pytest.raises(UsageError, match="cannot be copied"):
            letters.whatif.answer((each for each in ()), callback="a")


class TestSeveral:
    def test_of_several_about_one_callback_the_newest_counts(self, letters: Workbench) -> None:
        letters.whatif.mute(plugin="letters")
        letters.whatif.answer("x", callback="a")
        letters.whatif.prioritise(30, callback="a")
        firing = letters.fire("text", "")
        moved = "moved from priority 10, answered for"
        assert told(firing)[-1] == ("a", "ok", moved)
        assert firing.result == "x"
        letters.whatif.mute(callback="a")
        assert letters.fire("text", "").steps[-1].note == "moved from priority 10, muted"

    def test_they_are_listed_removed_and_cleared(self, letters: Workbench) -> None:
        one, two = letters.whatif.mute(callback="a"), letters.whatif.mute("text", "letters")
        assert [each.number for each in letters.whatif] == [one.number, two.number]
        assert [each.matches for each in letters.whatif] == [1, 3]
        assert repr(letters.whatif) == ("<What-ifs: 2>\n  1  mute a\n  2  mute letters on text")
        assert json.dumps(to_plain(letters.whatif[0]))
        letters.whatif.remove(one.number)
        one.undo()
        with pytest.raises(UsageError, match=r"no what-if 1\. Those there are: 2\."):
            letters.whatif.remove(one.number)
        letters.whatif.clear()
        assert repr(letters.whatif) == "<What-ifs: none>"

    def test_a_what_if_about_everything_is_refused(self, letters: Workbench) -> None:
        with pytest.raises(UsageError, match="Name a hook, a plugin or a callback"):
            letters.whatif.mute()


class TestSeen:
    def test_hooks_show_it(self, letters: Workbench) -> None:
        before = letters.revision
        letters.whatif.mute(callback="a")
        letters.whatif.prioritise(1, callback="c")
        assert letters.revision != before
        heard = next(hook for hook in letters.hooks if hook.name == "text").callbacks
        assert [(c.callback, c.priority, c.muted, c.note) for c in heard] == [
            ("c", 1, False, "moved from priority 20"),
            ("a", 10, True, "muted"),
            ("b", 10, False, ""),
        ]

    def test_a_rehearsal_knows_of_it(self, run: Run) -> None:
        wb = run("add_action('ticket_created', print)")
        wb.whatif.mute(plugin="alpha")
        (created,) = [r for r in wb.rehearse("ticket.create") if r.hook == "ticket_created"]
        assert [each.muted for each in created.callbacks] == [True]

    def test_with_none_nothing_is_in_the_way(self, letters: Workbench) -> None:
        host: Any = letters._host  # what every dispatch goes through
        runner = host.registry.dispatcher
        with letters.whatif.mute(callback="a"):
            assert host.registry.dispatcher is host.overlay
        assert host.registry.dispatcher is runner
