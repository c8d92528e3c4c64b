"""What-ifs from the command line: --mute, --priority, --answer, --compare, and the verb whatif."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Result = CompletedProcess[str]
Run = Callable[..., Result]
Copy = Callable[..., Path]


@pytest.fixture(scope="module")
def root(copied: Copy) -> Path:
    """Plugins that no test changes."""
    return copied("triage", "hello-world")


def fine(result: Result, code: int = 0) -> str:
    assert result.returncode == code, result.stderr
    return result.stdout


def refused(result: Result) -> str:
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    return result.stderr


def steps(document: dict[str, Any]) -> list[tuple[str, str, float, str]]:
    return [
        (step["callback"], step["outcome"], step["priority"], step["note"])
        for step in document["firing"]["steps"]
    ]


class TestLaying:
    def test_steps_say_what_was_had_otherwise(self, run: Run, root: Path) -> None:
        words = ["--mute", "triage:tag_vip", "--priority", "round_up=1", "--answer"]
        answer = 'detect_urgency={"subject": "x"}'
        result = run("fire", "ticket_data", *words, answer, "-p", root, "--json")
        told = json.loads(fine(result))
        assert steps(told) == [
            ("round_up", "ok", 1, "moved from priority 20"),
            ("normalise", "ok", 5, ""),
            ("detect_urgency", "ok", 10, "answered for"),
            ("tag_vip", "skipped", 15, "muted"),
        ]
        assert told["firing"]["result"] == {"subject": "x"}
        assert [(each["does"], each["about"]) for each in told["whatif"]] == [
            ("mute", "triage:tag_vip"),
            ("priority", "round_up"),
            ("answer", "detect_urgency"),
        ]

    def test_the_text_says_so_too(self, run: Run, root: Path) -> None:
        text = fine(run("fire", "ticket_data", "--mute", "triage", "-p", root))
        assert re.search(r"^ +5 ◌ normalise  triage  .*\n +◌ muted$", text, re.M)
        plain = fine(run("fire", "ticket_data", "--mute", "triage", "--plain", "-p", root))
        assert re.search(r"^  skipped, normalise, triage, .*\n +by hand: muted$", plain, re.M)

    def test_a_word_is_a_plugin_if_there_is_one_else_a_callback(self, run: Run, root: Path) -> None:
        for word in ("triage", "tri*", "triage:*", "*:*"):
            told = json.loads(
                fine(run("fire", "ticket_data", "--mute", word, "-p", root, "--json"))
            )
            assert {outcome for _, outcome, _, _ in steps(told)} == {"skipped"}, word
        told = json.loads(fine(run("fire", "ticket_data", "--mute", "tag*", "-p", root, "--json")))
        assert [name for name, outcome, _, _ in steps(told) if outcome == "skipped"] == ["tag_vip"]

    def test_events_and_what_they_fire_are_under_it(self, run: Run, root: Path) -> None:
        words = ["event", "run", "ticket.create", "--dry", "--mute", "triage"]
        told = json.loads(fine(run(*words, "-p", root, "--json")))
        (happened,) = told["runs"]
        muted = [s for f in happened["firings"] for s in f["steps"] if s["note"] == "muted"]
        assert muted
        assert {step["plugin"] for step in muted} == {"triage"}
        assert len(told["whatif"]) == 1

    def test_stories_are_under_it(
        self, run: Run, root: Path, story_text: Callable[..., str], tmp_path: Path
    ) -> None:
        story = tmp_path / "story.yaml"
        story.write_text(story_text(), "utf-8")
        text = fine(run("event", "run", story, "--mute", "triage", "-p", root, "--json"))
        assert '"note": "muted"' in text

    def test_a_saved_session_keeps_it(self, run: Run, root: Path, tmp_path: Path) -> None:
        file = tmp_path / "a.session"
        fine(run("fire", "ticket_data", "--mute", "tag_vip", "--save", file, "-p", root))
        told = json.loads(fine(run("trace", file, "--json")))
        assert [s["note"] for f in told["firings"] for s in f["steps"] if s["note"]] == ["muted"]
        page = tmp_path / "report.html"
        fine(run("report", file, "-o", page))
        assert "By hand: muted." in page.read_text("utf-8")


class TestSlips:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--mute", "triage:normalize"], "Did you mean 'normalise'?"),
            (["--mute", "triage:nosuch"], "There are: normalise, detect_urgency, "),
            (["--mute", "traige"], "Did you mean the plugin 'triage'?"),
            (["--mute", "hello-world:normalise"], "There are: "),
            (["--mute", "host"], "It has no callbacks now."),
            (["--priority", "tag_vip"], "has no '=' after a callback"),
            (["--answer", "=5"], "has no callback before its '='"),
            (["--priority", "tag_vip=high"], "'high' is no priority"),
            (["--answer", "tag_vip={"], "is not JSON"),
            (["--answer", "on_ticket_created=1"], "Callbacks of actions answer nothing"),
            (["--compare"], "give one"),
            (["--compare", "--mute", "triage", "--save", "x"], "leave out --save"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(
        self, run: Run, root: Path, words: list[str], said: str
    ) -> None:
        assert said in refused(run("fire", "ticket_data", *words, "-p", root))

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["ticket.create", "--times", "2"], "leave out --times"),
            (["story.yaml"], "--compare is for events"),
        ],
    )
    def test_only_one_happening_is_compared(
        self, run: Run, root: Path, words: list[str], said: str
    ) -> None:
        line = ["event", "run", *words, "--mute", "triage", "--compare", "-p", root]
        assert said in refused(run(*line))


class TestComparing:
    def test_what_differs_is_told_step_by_step(self, run: Run, root: Path) -> None:
        words = ["fire", "ticket_data", "--set", "data.subject=RE:  Fire", "--compare"]
        text = fine(run(*words, "--mute", "normalise", "-p", root))
        assert text.splitlines()[:4] == [
            "~ ticket_data, filter: call removed",
            "  ◌ mute normalise",
            "    1 triage:normalise call removed",
            "          ~ subject: 'RE:  Fire' -> 'Fire'",
        ]
        assert "(follows from 1)" in text
        without, under = re.findall(r"^  result with(?:out)?: +(.*)$", text, re.M)
        assert (without[:18], under[:23]) == ("{'subject': 'Fire'", "{'subject': 'RE:  Fire'")

    def test_nothing_differs_for_what_does_nothing(self, run: Run, root: Path) -> None:
        words = ["fire", "ticket_data", "--mute", "hello-world", "--compare", "--plain"]
        told = fine(run(*words, "-p", root))
        assert told.startswith("same: ticket_data, filter: same\n")
        assert "note: the what-ifs change nothing about the callbacks that ran" in told
        words = ["fire", "ticket_data", "--mute", "tag_vip", "--compare"]
        assert "change nothing" not in fine(run(*words, "-p", root))

    def test_events(self, run: Run, root: Path) -> None:
        words = ["event", "run", "ticket.create", "--mute", "triage", "--compare"]
        told = json.loads(fine(run(*words, "-p", root, "--json")))["comparison"]
        assert told["old"]["firing"]["kind"] == "event"
        assert {each["callback"] for each in told["differences"]} >= {"normalise", "round_up"}


class TestMatrix:
    def test_each_callback_and_each_pair_has_a_line(self, run: Run, copied: Copy) -> None:
        folder = copied("triage")
        (folder / "triage" / "plugin.py").write_text(
            "from escalated.hooks import add_filter\n"
            "def one(data): return {**data, 'one': 1}\n"
            "def two(data): return {**data, 'two': data['one'] + 1}\n"
            "def last(data): return {**data, 'last': True}\n"
            "for each in (one, two, last): add_filter('sum', each)\n",
            "utf-8",
        )
        text = fine(run("whatif", "sum", "-a", "{}", "-p", folder))
        assert [re.split("  +", line.strip()) for line in text.splitlines()] == [
            ["sum, filter: 3 callbacks"],
            ["left out"],
            ["triage:one", "triage:two now raises KeyError: 'one'; differs: one, two"],
            ["triage:two", "differs: two"],
            ["triage:last", "differs: last"],
            ["swapped"],
            ["triage:one, triage:two", "triage:two now raises KeyError: 'one'; differs: two"],
            ["triage:one, triage:last without triage:two", "the order does not matter"],
            ["triage:two, triage:last", "the order does not matter"],
        ]

    def test_what_is_no_longer_sent_is_told(self, run: Run, copied: Copy) -> None:
        folder = copied("triage")
        (folder / "triage" / "plugin.py").write_text(
            "from django.core.mail import send_mail\n"
            "from escalated.hooks import on_action\n"
            "@on_action('ticket_created')\n"
            "def mail(ticket): send_mail('New', 'x', 'a@example.com', ['b@example.com'])\n",
            "utf-8",
        )
        text = fine(run("whatif", "ticket_created", "-p", folder))
        assert re.search(r"triage:mail +effects: - mail b@example.com$", text, re.M)
        words = ["fire", "ticket_created", "--mute", "mail", "--compare"]
        text = fine(run(*words, "-p", folder))
        assert "    - effects[0]: {'kind': 'mail', 'target': 'b@example.com'" in text
        text = fine(run("whatif", "ticket_created", "--plain", "-p", folder))
        assert "triage:mail, effects: removed mail b@example.com" in text

    def test_what_ifs_hold_for_all_of_it(self, run: Run, root: Path) -> None:
        words = ["whatif", "ticket_data", "--mute", "normalise", "--priority", "tag_vip=10"]
        told = json.loads(fine(run(*words, "-p", root, "--json")))
        assert "triage:normalise" not in told["matrix"]["callbacks"]
        swaps = [t["callbacks"] for t in told["matrix"]["trials"] if t["does"] == "swap"]
        assert swaps == [["triage:detect_urgency", "triage:tag_vip"]]
        assert len(told["whatif"]) == 2

    def test_a_hook_that_nobody_hears_is_refused(self, run: Run, root: Path) -> None:
        assert "Nobody listens" in refused(run("whatif", "user_login", "-p", root))
        assert "Did you mean" in refused(run("whatif", "ticket_dta", "-p", root))
