"""The verb `event`, and `desk`: what happens at the help desk, by name and by story."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from xml.etree import ElementTree as Xml

import pytest

from escalated_core.helpdesk.events.catalogue import events

Result = CompletedProcess[str]
Run = Callable[..., Result]
Copy = Callable[..., Path]
StoryText = Callable[..., str]

CODE = """
from escalated.hooks import *


@on_action("ticket_assigned")
def assigned(ticket, agent):
    do_action("alpha.told", ticket.reference, agent.username)


@on_filter("comment_content")
def nothing(text, comment):
    return None
"""


@pytest.fixture(scope="module")
def root(copied: Copy) -> Path:
    root = copied("triage", "hello-world")
    (root / "hello-world" / "plugin.py").write_text(CODE, "utf-8")
    return root


def fine(result: Result, code: int = 0) -> str:
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    return result.stdout


def refused(result: Result) -> str:
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    return result.stderr


class TestLooking:
    def test_list_has_every_event_with_its_hooks(self, run: Run) -> None:
        lines = fine(run("event", "list", "--profile", "escalated-django")).splitlines()
        assert [line.split()[0] for line in lines] == list(events())
        assert lines[3].endswith("ticket_unassigned")

    def test_show_has_what_an_event_takes(self, run: Run) -> None:
        text = fine(run("event", "show", "ticket.status"))
        assert re.search(r"^  status \(status\) .* One of open, in_progress, ", text, re.M)
        assert text.endswith("  fires ticket_status_changed (if something changed)\n")

    def test_desk_lists_rows_and_shows_one(self, run: Run, root: Path) -> None:
        lines = fine(run("desk", "-p", root)).splitlines()
        assert lines[0].split()[:3] == ["KEY", "REFERENCE", "STATUS"]
        assert lines[3].split()[:2] == ["3", "ESC-00003"]
        text = fine(run("desk", "ticket", "3", "-p", root))
        assert re.search(r"^reference +ESC-00003$", text, re.M)
        assert fine(run("desk", "tags", "-p", root, "--plain")).startswith("1, bug, Bug\n")
        for key in ("ESC-00003", "@ticket:3", "ticket 3"):
            assert fine(run("desk", "ticket", key, "-p", root)) == text
        assert "go from 1 to 30" in refused(run("desk", "tickets", "31", "-p", root))


class TestRunning:
    def test_an_event_shows_all_that_it_fired(self, run: Run, root: Path) -> None:
        words = ["--param", "ticket=ESC-00003", "--param", "agent=@agent:2", "--times", "2"]
        result = run("event", "run", "ticket.assign", *words, "-p", root)
        told = re.findall(r"^#(\d+) (\S+) · (\w+) · ", fine(result), re.M)
        hooks = [
            ("ticket.assign", "event"),
            ("ticket_assigned", "action"),
            ("alpha.told", "action"),
        ]
        assert [each[1:] for each in told] == hooks * 2

    def test_what_was_chosen_is_told(self, run: Run, root: Path) -> None:
        chosen = fine(run("event", "run", "ticket.assign", "--dry", "-p", root)).splitlines()[0]
        assert re.fullmatch(r"ticket\.assign \(dry\): ticket ESC-000\d\d, user \S+", chosen)
        made = fine(run("event", "run", "ticket.create", "-p", root)).splitlines()[0]
        assert re.fullmatch(r"ticket\.create: ticket ESC-00031, user \S+", made)

    def test_json_has_each_run_with_its_nesting(self, run: Run, root: Path) -> None:
        words = ["ticket.assign", "--set", "ticket=3", "--times", "2", "--json"]
        runs = json.loads(fine(run("event", "run", *words, "-p", root)))["runs"]
        assert len(runs) == 2
        for each in runs:
            (assigned,), (told,) = each["firings"], each["nested"]
            assert assigned["parent_id"] == each["event"]["id"]
            assert assigned["args"][0]["fields"]["reference"] == "ESC-00003"
            assert told["parent_id"] == assigned["id"]

    def test_what_happened_is_told_where_it_cannot_go_on(self, run: Run, root: Path) -> None:
        words = ["event", "run", "ticket.delete", "--set", "ticket=1", "--times", "3", "-p", root]
        for result in (run(*words), run(*words, "--json")):
            assert result.returncode == 2
            assert "It happened 1 of 3 times.\nError: There is no ticket 1." in result.stderr
        assert len(json.loads(result.stdout)["runs"]) == 1

    def test_a_failure_has_the_place_of_whom_it_is_due_to(self, run: Run, root: Path) -> None:
        document = json.loads(fine(run("event", "run", "comment.create", "-p", root, "--json"), 1))
        (frame,) = document["runs"][0]["event"]["steps"][0]["error"]["frames"]
        assert frame["file"].endswith("hello-world/plugin.py")
        assert frame["line"] > 0

    def test_what_fails_exits_1(self, run: Run, root: Path) -> None:
        text = fine(run("event", "run", "comment.create", "--dry", "-p", root), 1)
        assert "event:" not in text
        assert "comment_content gave None" in text

    def test_values_are_read_as_what_they_are_for(self, run: Run, root: Path) -> None:
        words = ["subject=5", "tags=vip, bug", 'metadata={"plan": 1}', "requester=null", "channel="]
        given = [part for word in words for part in ("--param", word)]
        result = run("event", "run", "ticket.create", *given, "-p", root, "--json")
        (firing, _) = json.loads(fine(result))["runs"][0]["firings"]
        data = firing["args"][0]
        assert (data["subject"], data["tags"], data["channel"]) == ("5", ["vip", "bug"], "")
        assert (data["metadata"], data["requester_id"]) == ({"plan": 1}, None)

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            ("ticket.creat", "There is no event 'ticket.creat'. Did you mean 'ticket.create'?"),
            ("ticket.assign --param agnet=1", "takes no 'agnet'. Did you mean 'agent'?"),
            ("ticket.assign --param agent", "'agent' has no '=' between name and value."),
            ("ticket.assign --param agent=99", "There is no agent 99. There is: agent 1 to 4."),
            ("ticket.assign --param ticket=@tickets:1", "Write one as @ticket:1"),
            ("ticket.status --param status=done", "must be one of open, "),
            ("ticket.create --param metadata={x}", "is not JSON"),
            ("ticket.create --times 0", "'0' is no whole number from 1 to 10,000"),
            ("ticket.create --junit x.xml", "--junit is for stories"),
            ("nowhere.yaml", "nowhere.yaml cannot be read: No such file or directory."),
            ("ticket.create ticket.list", "Only one event at a time"),
            ("nowhere.yaml --dry", "--dry and --times are for events"),
        ],
    )
    def test_what_cannot_be_meant(self, run: Run, root: Path, words: str, says: str) -> None:
        assert says in refused(run("event", "run", *words.split(), "-p", root))


class TestStories:
    @pytest.fixture
    def story(self, tmp_path: Path, story_text: StoryText) -> Path:
        path = tmp_path / "story.yaml"
        path.write_text(story_text(), "utf-8")
        return path

    def test_one_that_is_as_expected(self, run: Run, root: Path, story: Path) -> None:
        words = ["--set", "subject=Hello", "--junit", story.with_suffix(".xml"), "-p", root]
        text = fine(run("event", "run", story, *words))
        assert re.match(r"An escalated ticket · 2 steps · [\d,.]+ ms · ok\n", text)
        assert re.findall(r"✔ (\S+)", text) == ["ticket.create", "ticket.assign"]
        suite = Xml.parse(story.with_suffix(".xml")).getroot()
        assert (suite.get("tests"), suite.get("failures")) == ("2", "0")

    def test_one_that_is_not(
        self, run: Run, root: Path, story: Path, story_text: StoryText
    ) -> None:
        story.write_text(story_text(assigned=2), "utf-8")
        result = run("event", "run", story, "-p", root, "--plain")
        text = fine(result, 1)
        assert f"error: {story}:14:" in text
        assert "ticket_assigned fired 2 times: expected 2, got 1\n" in text
        document = json.loads(fine(run("event", "run", story, "-p", root, "--json"), 1))
        assert (document["ok"], document["steps"][1]["status"]) == (False, "failed")

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("name: x\nsteps: [", ":2:"),
            (b"name: \xff", ":1:7: The byte 0xFF is no UTF-8."),
        ],
    )
    def test_one_that_cannot_be_meant(
        self, run: Run, root: Path, story: Path, text: str | bytes, says: str
    ) -> None:
        story.write_bytes(text if isinstance(text, bytes) else text.encode())
        assert f"{story}{says}" in refused(run("event", "run", story, "-p", root))

    @pytest.fixture
    def folder(self, tmp_path: Path, story_text: StoryText) -> Path:
        """Two stories, of which the second is not as expected; the third is elsewhere."""
        (tmp_path / "stories" / "more").mkdir(parents=True)
        (tmp_path / "stories" / "a.yaml").write_text(story_text(), "utf-8")
        (tmp_path / "stories" / "more" / "b.YML").write_text(story_text(assigned=2), "utf-8")
        (tmp_path / "c.yaml").write_text(story_text(), "utf-8")
        return tmp_path / "stories"

    def test_several_are_told_one_by_one(self, run: Run, root: Path, folder: Path) -> None:
        files, junit = [folder.parent / "c.yaml", folder], folder / "x.xml"
        text = fine(run("event", "run", *files, "--junit", junit, "-p", root), 1)
        heads = re.findall(r"^An escalated ticket · 2 steps · [\d,.]+ ms · (\w+)$", text, re.M)
        assert heads == ["ok", "ok", "failed"]
        assert text.endswith("\n3 stories: 2 ok, 1 failed.\n")
        suites = Xml.parse(junit).getroot()
        assert (suites.get("tests"), suites.get("failures")) == ("6", "1")
        assert [suite.get("failures") for suite in suites] == ["0", "0", "1"]
        document = json.loads(fine(run("event", "run", *files, "-p", root, "--json"), 1))
        told = [(Path(each["file"]).name, each["ok"]) for each in document["stories"]]
        assert told == [("c.yaml", True), ("a.yaml", True), ("b.YML", False)]
        numbers = [each["steps"][0]["firings"][0]["id"] for each in document["stories"]]
        assert numbers == [1, 1, 1]

    def test_none_of_several_runs_unless_all_can_be_meant(
        self, run: Run, root: Path, folder: Path, tmp_path: Path
    ) -> None:
        (folder / "0.yaml").write_text("name: x\nsteps: [", "utf-8")
        (folder / "z.yaml").write_text("name: x\nsteps:\n- ticket.creat\n- x.y\n", "utf-8")
        said = refused(run("event", "run", folder, "-p", root))
        assert "2 of 4 stories cannot be run:" in said
        assert all(
            f"  {folder}/{place}" in said for place in ("0.yaml:2:", "z.yaml:3:3", "z.yaml:4:3")
        )
        empty = tmp_path / "empty"
        empty.mkdir()
        assert "There is no story in" in refused(run("event", "run", empty, "-p", root))

    def test_one_of_an_event_that_there_is_not(self, run: Run, root: Path, story: Path) -> None:
        text = story.read_text("utf-8")
        story.write_text(text.replace("ticket.assign", "ticket.asign"), "utf-8")
        says = f"{story}:10:5: There is no event"
        assert says in refused(run("event", "run", story, "-p", root))

    def test_its_schema_is_printed(self, run: Run) -> None:
        assert json.loads(fine(run("event", "schema")))["required"] == ["name", "steps"]


def test_fuzz_tells_each_failure_with_its_story(run: Run, root: Path, tmp_path: Path) -> None:
    words = ["--plugin", "hello-world", "--seed", "1", "--examples", "60", "--out", tmp_path]
    result = run("event", "fuzz", *words, "-p", root)
    text = fine(result, 1)
    assert "hello-world/nothing on comment_content" in text
    assert re.search(r"^\d+ failures? in \d+ examples, [\d.]+ s\.$", result.stderr, re.M)
    (saved,) = list(tmp_path.glob("*.yaml"))[:1]
    assert run("event", "run", saved, "-p", root).returncode == 1
    assert "There is no plugin 'x'" in refused(run("event", "fuzz", "--plugin", "x", "-p", root))
