"""Stepping on the command line: commands come from standard input, stops go to standard error."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

Result = subprocess.CompletedProcess[str]
Run = Callable[..., Result]
Copy = Callable[..., Path]
Terminal = Callable[..., Any]

CODE = """
from escalated.hooks import add_action, add_filter, apply_filters

def doubled(number):
    twice = number * 2
    return twice

def one(value):
    return [*value, 1]

def two(value):
    ten = doubled(5)
    inner = apply_filters("inner", ten)
    return [*value, inner]

def three(value):
    return [*value, 3]

def loops():
    while True:
        pass

add_filter("chain", one, 1)
add_filter("chain", two, 2)
add_filter("chain", three, 3)
add_filter("inner", lambda value: value + 1)
add_filter("long", lambda value: value, 1)
for number in range(30):
    add_filter("long", lambda value: value, 2)
add_action("loops", loops)
add_action("ticket_created", lambda ticket, user: None)
"""


REFUSED = [
    ("x", "There is no command 'x'"),
    ("n 3", "n takes nothing, so not '3'"),
    ("i", "i takes a value"),
    ("i [1", r"'[1' is not JSON: expecting ',' delimiter (line 1, column 3)"),
    ("i = nothing", "NameError: name 'nothing' is not defined"),
    ("p {", "Write JSON, or p = EXPRESSION for Python."),
    ("u", "No step 1 has run. Run one first."),
    ("u x", "'x' in 'u x' is no number"),
    ("- 1", "Callback 1 is the next one. Name a later one: - 2."),
    ("+ 3", "Callback 3 is the last one."),
    ("+ 9", "The list has no callback 9. Its last is 3."),
    ("- 0", "The list has no callback 0. Its last is 3."),
    ("!", "! takes code."),
    ("b whn=error", "Did you mean 'when'?"),
    ("b - 7", "There is no breakpoint 7."),
]
"""Commands, and what is wrong with each."""


@pytest.fixture(scope="module")
def root(run: Run, copied: Copy) -> Path:
    root = copied("hello-world")
    (root / "hello-world" / "plugin.py").write_text(CODE, "utf-8")
    # The first time more hooks are fired than later.
    assert run("list", "-p", root).returncode == 0
    return root


class Told(NamedTuple):
    """What a call led to: the result of `chain`, how its steps went, and what was narrated."""

    result: Any
    steps: list[tuple[str, str]]
    narrated: str

    @property
    def stops(self) -> list[str]:
        """The heading of each stop without its firing: `step 2 of 3, before two: ...`."""
        return re.findall(r"^⏸ #\d+ (?:chain, )?(.*)$", self.narrated, re.M)


@pytest.fixture(scope="module")
def step(run: Run, root: Path) -> Callable[..., Told]:
    """`step("n", "k")` fires `chain` with [0], stopped at its beginning unless `more` is said."""

    def call(*commands: str, more: tuple[str, ...] = ("--step",)) -> Told:
        typed = "".join(f"{command}\n" for command in commands)
        result = run("fire", "chain", "-a", "[0]", "--json", *more, "-p", root, input=typed)
        assert result.returncode == 0, result.stderr
        firing = json.loads(result.stdout)["firing"]
        steps = [(each["callback"], each["note"] or each["outcome"]) for each in firing["steps"]]
        return Told(firing["result"], steps, result.stderr)

    return call


Step = Callable[..., Told]


class TestCommands:
    def test_n_runs_one_callback(self, step: Step) -> None:
        told = step("n", "n", "n", "n")
        assert [stop.partition(" (")[0] for stop in told.stops] == [
            "step 1 of 3, before one",
            "step 2 of 3, before two",
            "step 3 of 3, before three",
            "at the end of the chain",
        ]
        assert told.result == [0, 1, 11, 3]

    def test_an_empty_line_does_the_last_again(self, step: Step) -> None:
        assert len(step("n", "", "").stops) == 4

    @pytest.mark.parametrize(
        ("commands", "result", "steps"),
        [
            (["k", "c"], [0, 11, 3], ["skipped by hand", "ok", "ok"]),
            (["i [5]", "c"], [5, 1, 11, 3], ["edited by hand", "ok", "ok", "ok"]),
            (["i = _value + [7]", "q"], [0, 7, 1, 11, 3], ["edited by hand", "ok", "ok", "ok"]),
            (["p [6]", "q"], [6, 11, 3], ["answer given by hand", "ok", "ok"]),
            (["p = [args[0]]", "q"], [[0], 11, 3], ["answer given by hand", "ok", "ok"]),
            (["! _value.pop()", "q"], [1, 11, 3], ["changed in the console", "ok", "ok", "ok"]),
            (["n", "n", "u", "k", "q"], [0, 1, 3], None),
            (["n", "n", "u 1", "i []", "q"], [1, 11, 3], None),
            (["d", "q"], [0, 1, 11, 3], ["ok"] * 3),
            (["n", "d", "i 1", "o", "q"], [0, 1, 2, 3], ["ok"] * 3),
        ],
    )  # fmt: skip
    def test_what_is_changed_is_gone_on_with(
        self, step: Step, commands: list[str], result: Any, steps: list[str] | None
    ) -> None:
        told = step(*commands)
        assert told.result == result
        assert steps is None or [how for _, how in told.steps] == steps

    @pytest.mark.parametrize(
        ("command", "order"),
        [("+", "two one three"), ("+2", "one three two"), ("- 3", "one three two")],
    )
    def test_callbacks_change_places(self, step: Step, command: str, order: str) -> None:
        assert [callback for callback, _ in step(command, "c").steps] == order.split()

    def test_s_goes_through_lines_with_their_locals(self, step: Step) -> None:
        told = step("n", "s", "s", "n", "o", "n", "! ten", "l", "o", "q")
        places = [stop.partition("plugin.py:")[2] for stop in told.stops[2:-1]]
        assert places == ["12 in two", "5 in doubled", "6 in doubled", "13 in two", "14 in two"]
        assert re.search(r"▸ +\d+      inner = apply_filters", told.narrated)
        assert re.search(r"^  ten +10$", told.narrated, re.M)
        assert "\n  10\n" in told.narrated
        assert told.stops[-1] == "step 3 of 3, before three (hello-world)"

    def test_looking_changes_nothing(self, step: Step) -> None:
        told = step("n", "d", "w", "l", "?", "b", "! print('so')", "! 1 / 0", "q")
        assert "chain, two is under way" in told.narrated
        assert "lambda value: value + 1" in told.narrated
        assert "next callback, or the next line" in told.narrated
        assert "  none\n" in told.narrated
        assert "  | so\n" in told.narrated
        assert "  ✖ ZeroDivisionError: division by zero\n" in told.narrated
        assert told.result == [0, 1, 11, 3]

    def test_b_adds_and_removes(self, step: Step) -> None:
        told = step("b inner", "b chain when=none", "c", "b -3", "c")
        assert told.stops[1].startswith("inner, step 1 of 1, before <lambda>")
        assert "  2  inner\n  3  chain when it has answered None\n" in told.narrated

    def test_b_notes_what_there_is_not(self, step: Step) -> None:
        told = step("b hello-world:thre", "b event:ticket.crate", "b", "q").narrated
        assert "Note: there is no callback 'thre' so far. Did you mean 'three'?\n" in told
        assert "no event 'ticket.crate'. Did you mean 'ticket.create'?" in told
        listed = "  2  plugin hello-world thre (no such callback so far)\n"
        assert told.count(listed) == 2

    def test_long_chains_are_cut_until_w(self, run: Run, root: Path) -> None:
        words = ("fire", "long", "-a", "1", "-p", root, "--step")
        told = run(*words, input="n\n" * 9 + "w\nq\n").stderr
        assert "  … 5 steps before: w shows all\n" in told
        assert "  … 16 more callbacks: w shows all\n" in told
        shown = told.rpartition("step> w\n")[2]
        assert len(re.findall(r"<lambda>", shown)) == 31

    def test_refusals_go_by_the_numbers_of_the_list(self, step: Step) -> None:
        told = step("s", "u", "+", "k", "o", "u 3", "- 1", "n", "n", "k", "+").narrated
        said = re.findall(r"^Error: (.*)$", told, re.M)
        assert said == [
            *["A callback is under way. Step out of it first."] * 3,
            "No step 3 has run. The last that has is 1.",
            "Callback 1 has run. u 1 goes back to before it.",
            *["No callback is left. Go on to the end, or back to an earlier step."] * 2,
        ]

    def test_what_cannot_be_done_is_refused_and_asked_again(self, step: Step) -> None:
        told = step(*(command for command, _ in REFUSED), "q")
        answers = told.narrated.split("step> ")[1:]
        for (command, error), answer in zip(REFUSED, answers, strict=False):
            assert answer.startswith(f"{command}\n"), command
            assert error in answer
        assert told.result == [0, 1, 11, 3]


class TestStreams:
    def test_the_report_is_as_without(self, run: Run, root: Path) -> None:
        words = ("fire", "chain", "-a", "[0]", "-p", root)
        texts = [run(*words, *more, input="n\nc\n").stdout for more in ([], ["--step"])]
        assert re.sub(r"[\d.]+ ms", "ms", texts[0]) == re.sub(r"[\d.]+ ms", "ms", texts[1])

    def test_the_report_says_what_was_done_by_hand(self, run: Run, root: Path) -> None:
        told = run("fire", "chain", "-a", "[0]", "-p", root, "--step", input="k\nc\n").stdout
        assert "◌ one  hello-world" in told
        assert "          ◌ skipped by hand\n" in told

    @pytest.mark.parametrize("typed", ["", "n\n"])
    def test_the_end_of_the_input_runs_to_the_end(self, step: Step, typed: str) -> None:
        told = step(*typed.split())
        assert told.result == [0, 1, 11, 3]
        assert told.narrated.endswith("Standard input has ended: it runs to the end.\n")

    def test_no_input_at_all(self, shell: Callable[[str], Result], root: Path) -> None:
        result = shell(f"workbench fire chain -a '[0]' -p {root} --step <&-")
        assert (result.returncode, "[0, 1, 11, 3]" in result.stdout) == (0, True)

    def test_plain_has_no_glyphs(self, run: Run, root: Path) -> None:
        words = ("fire", "chain", "-a", "[0]", "-p", root, "--step", "--plain")
        told = run(*words, input="n\ns\nq\n").stderr
        assert told.isascii()
        assert re.search(r"^stopped: firing \d+ chain, step 2 of 3, before two \(", told, re.M)

    def test_a_payload_from_the_same_input_is_refused(self, run: Run, root: Path) -> None:
        result = run("fire", "chain", "--payload", "-", "--step", "-p", root)
        assert (result.returncode, result.stdout) == (2, "")
        assert "give --payload as a file" in result.stderr


class TestPlaces:
    @pytest.mark.parametrize(
        ("place", "stop"),
        [
            ("cha*", "step 1 of 3, before one (hello-world): cha*"),
            ("hello-world:tw*", "step 2 of 3, before two (hello-world)"),
            ("inner", "inner, step 1 of 1, before <lambda> (hello-world)"),
            ("path=[1]", "step 2 of 3, before two (hello-world)"),
            ("callback:three if len(value) == 3", "step 3 of 3, before three (hello-world)"),
            ("plugin:hello-world limit=60000", None),
            ("chain when=error", None),
            ("category:lifecycle", None),
        ],
    )
    def test_it_stops_there(self, step: Step, place: str, stop: str | None) -> None:
        told = step("q", more=("--break", place))
        assert told.stops[:1] == ([] if stop is None else [told.stops[0]])
        assert stop is None or told.stops[0].startswith(stop)

    def test_c_goes_from_one_to_the_next(self, step: Step) -> None:
        told = step("c", "c", more=("-b", "callback:three", "-b", "inner"))
        assert [stop.partition(" (")[0] for stop in told.stops] == [
            "inner, step 1 of 1, before <lambda>",
            "step 3 of 3, before three",
        ]

    @pytest.mark.parametrize(
        ("place", "error"),
        [
            ("chain when=chnged", "column 7: There is no moment 'chnged' to stop at. Did you mean"),
            ("category:lifecylce", "There is no category 'lifecylce'. Did you mean 'lifecycle'?"),
        ],
    )
    def test_what_cannot_be_meant_is_refused_before_anything_runs(
        self, run: Run, root: Path, place: str, error: str
    ) -> None:
        result = run("fire", "chain", "--break", place, "-p", root)
        assert (result.returncode, result.stdout) == (2, "")
        assert error in result.stderr

    def test_names_that_there_are_not_are_noted(self, step: Step) -> None:
        told = step(more=("-b", "plugin:helo-world", "-b", "tiket_*"))
        assert "no plugin 'helo-world' so far. Did you mean 'hello-world'?\n" in told.narrated
        assert "no hook 'tiket_*' so far." in told.narrated


class TestOtherVerbs:
    def test_an_event_stops_before_it_happens(self, run: Run, root: Path) -> None:
        words = ("event", "run", "ticket.create", "--step", "--json", "-p", root)
        result = run(*words, input="d\nw\nq\n")
        assert "ticket.create, before it happens\n" in result.stderr
        assert "ticket_created, step 1 of 1, before <lambda> (hello-world)" in result.stderr
        assert "ticket.create, help desk is under way\n" in result.stderr
        assert json.loads(result.stdout)["runs"][0]["outcome"] == "ok"

    def test_each_of_several_times(self, run: Run, root: Path) -> None:
        words = ("event", "run", "ticket.create", "--times", "3", "--dry", "--step", "-p", root)
        told = run(*words, input="d\nq\nq\n").stderr
        assert told.count("before it happens") == 3
        assert told.count("1 of 1, before <lambda> (hello-world)\n  a transaction of") == 1

    def test_a_story(self, run: Run, root: Path, tmp_path: Path, story_text: Any) -> None:
        file = tmp_path / "a.yaml"
        file.write_text(story_text(), "utf-8")
        words = ("event", "run", file, "--break", "ticket_created", "-p", root)
        result = run(*words, input="w\nc\n")
        assert result.returncode == 0, result.stdout + result.stderr
        assert "ticket_created, step 1 of 1" in result.stderr
        assert "ok" in result.stdout


class TestTerminal:
    def test_the_prompt_waits_and_shows_what_is_typed(self, terminal: Terminal, root: Path) -> None:
        screen = terminal("fire", "chain", "-a", "[0]", "-p", root, "--step")
        screen.until("step> ")
        screen.type("n\n")
        screen.until("step> ")
        assert re.match(r"n\r\n⏸ #\d+ chain, step 2 of 3, before two \(", screen.shown)
        screen.type("\x04")
        code, out = screen.end()
        assert (code, "result  [0, 1, 11, 3]" in out) == (0, True)

    def test_ctrl_c_at_the_prompt_leaves(self, terminal: Terminal, root: Path) -> None:
        screen = terminal("fire", "chain", "-a", "[0]", "-p", root, "--step")
        screen.until("step> ")
        screen.type("\x03")
        screen.until("Interrupted.")
        assert screen.end() == (130, "")

    def test_ctrl_c_stops_what_runs(self, terminal: Terminal, root: Path) -> None:
        screen = terminal("fire", "loops", "-p", root, "--step", "--time-limit", "60")
        screen.until("step> ")
        screen.type("s\n")
        screen.until("while True:")
        screen.type("c\n")
        screen.until("\n")
        screen.type("\x03")
        screen.until("Interrupted.")
        assert screen.end() == (130, "")

    def test_watch_stops_after_each_save(self, terminal: Terminal, root: Path) -> None:
        screen = terminal("watch", "--fire", "ticket_created", "--break", "ticket_*", "-p", root)
        screen.until("step> ")
        plugin = root / "hello-world" / "plugin.py"
        screen.type("q\n")
        screen.until("\n")
        plugin.write_text(CODE.replace("user: None", "user: 7"), "utf-8")
        screen.until("user: 7")
        screen.until("step> ")
        screen.type("\x03")
        screen.until("Interrupted.")
        assert screen.end()[0] == 130
