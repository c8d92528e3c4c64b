"""`fire` with arguments that are given: in order, by name, within one, or all in a file."""

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
    root = copied("triage", "hello-world")
    code = (
        "from escalated.hooks import add_filter\nadd_filter('own_hook', lambda value, _: value)\n"
    )
    (root / "hello-world" / "plugin.py").write_text(code, "utf-8")
    return root


@pytest.fixture(scope="module")
def arguments(run: Run, root: Path) -> Callable[..., list[Any]]:
    """What a hook was fired with."""

    def call(hook: str, *words: object, **more: Any) -> list[Any]:
        result = run("fire", hook, *words, "-p", root, "--json", **more)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)["firing"]["args"]

    return call


@pytest.fixture(scope="module")
def refused(run: Run, root: Path) -> Callable[..., str]:
    def call(*words: object, **more: Any) -> str:
        result = run("fire", *words, "-p", root, **more)
        assert (result.returncode, result.stdout) == (2, ""), result.stderr
        assert "Traceback" not in result.stderr
        return result.stderr

    return call


Arguments = Callable[..., list[Any]]
Refused = Callable[..., str]


class TestInOrderAndByName:
    def test_what_is_not_given_goes_with_what_is(self, arguments: Arguments) -> None:
        ticket, user = arguments("ticket_created", "-a", "ticket=5")
        assert ticket["fields"]["reference"] == "ESC-00005"
        assert user["fields"]["id"] == ticket["fields"]["requester_id"]
        (ticket, user) = arguments("ticket_created", "-a", "ticket=ESC-00005", "-a", "user=null")
        assert (ticket["fields"]["reference"], user) == ("ESC-00005", None)

    def test_values_within_an_argument(self, arguments: Arguments) -> None:
        changes = [
            "data.tags[0]=vip", 'data.metadata={"plan": "gold"}', "data.subject=Hello = you",
            "ticket.subject=Other", "ticket.requester.email=a@example.org",
        ]  # fmt: skip
        words = [part for change in changes for part in ("--set", change)]
        data, ticket = arguments("ticket_data", "--arg", "ticket=3", *words)
        assert (data["tags"][0], data["metadata"]["plan"]) == ("vip", "gold")
        assert (data["subject"], ticket["fields"]["subject"]) == ("Hello = you", "Other")

    def test_of_a_hook_that_is_not_documented(self, arguments: Arguments) -> None:
        words = ["-a", '{"a": [1, {"b": 2}]}', "-a", "x=y", "--set", '[0].a[1].b="z"']
        assert arguments("own_hook", *words) == [{"a": [1, {"b": "z"}]}, "x=y"]

    def test_fields_are_written_to_the_help_desk(self, run: Run, copied: Copy) -> None:
        root = copied("triage")
        (root / "triage" / "plugin.py").write_text(
            "from escalated.hooks import add_action\n"
            "def told(ticket, user):\n"
            "    ticket.refresh_from_db()\n"
            "    print(ticket.subject)\n"
            "add_action('ticket_created', told)\n",
            "utf-8",
        )
        assert (
            "| Hello"
            in run("fire", "ticket_created", "--set", "ticket.subject=Hello", "-p", root).stdout
        )

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            ("-a tiket=3", "'ticket_created' has no parameter 'tiket'. Did you mean 'ticket'?"),
            ("-a xyz=3", "It passes: ticket, user."),
            ("-a ticket=99", "There is no ticket 99. There is: ticket 1 to 30."),
            ("-a ticket=nobody", "There is no ticket 'nobody' for ticket_created."),
            ("--set ticket.subjet=x", "A ticket has no field 'subjet'. Did you mean 'subject'?"),
            ("--set ticket.status=done", "Value 'done' is not a valid choice."),
            ("--set ticket.assigned_to=99", "There is no user 99."),
            ("--set ticket.metadata.a.b=1", "cannot be set: nothing there holds"),
            ("--set ticket..subject=1", "is no path"),
            ("--set ticket", "'ticket' has no '=' between path and value."),
            ("--set [7]=1", "'[7]' leads to no argument. There are 2, from [0] on."),
            ("--set ticket.subject={x", "is not JSON"),
        ],
    )
    def test_what_cannot_be_meant(self, refused: Refused, words: str, says: str) -> None:
        assert says in refused("ticket_created", *words.split())


class TestPayload:
    def test_all_arguments_from_a_file_or_a_pipe(
        self, arguments: Arguments, tmp_path: Path
    ) -> None:
        payload = {"user": None, "ticket": "@ticket:4"}
        file = tmp_path / "payload.json"
        file.write_text(f"\ufeff{json.dumps(payload)}", "utf-8")
        for told in (
            arguments("ticket_created", "--payload", file),
            arguments("ticket_created", "--payload", "-", input=json.dumps(payload)),
            arguments("ticket_created", "--payload", "-", input='["@ticket:4", null]'),
        ):
            assert (told[0]["fields"]["reference"], told[1]) == ("ESC-00004", None)

    def test_what_is_more_particular_counts(self, arguments: Arguments, tmp_path: Path) -> None:
        file = tmp_path / "payload.json"
        file.write_text('{"data": {"subject": "x", "tags": []}, "ticket": 4}', "utf-8")
        words = ["--payload", file, "-a", "ticket=5", "--set", "data.subject=y"]
        data, ticket = arguments("ticket_data", *words)
        assert (data, ticket["fields"]["id"]) == ({"subject": "y", "tags": []}, 5)

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b'{"ticket": 3,\n "user": x}', ":2:10: this is not JSON: expecting value."),
            (b'{"ticket": "\xff"}', ":1:13: the byte 0xFF is no UTF-8."),
            (b'"ticket"', " must hold an object of arguments by name, or a list of them"),
            (b'{"tiket": 3}', "has no parameter 'tiket'. Did you mean 'ticket'?"),
            (b"[" * 100_000, " is nested too deep."),
            (None, " cannot be read: No such file or directory."),
        ],
    )
    def test_one_that_cannot_be_meant(
        self, refused: Refused, tmp_path: Path, content: bytes | None, says: str
    ) -> None:
        file = tmp_path / "payload.json"
        if content is not None:
            file.write_bytes(content)
        assert says in refused("ticket_created", "--payload", file)


def test_plain_has_words_in_the_place_of_glyphs(run: Run, copied: Copy) -> None:
    root = copied("triage", "broken-raise", "broken-syntax")
    words = ["ticket_created", "-p", root]
    env = {"ESCALATED_WORKBENCH_PLAIN": "1", "FORCE_COLOR": "1"}
    told = [run("fire", *words, "--plain"), run("fire", *words, env=env)]
    for result in (*told, run("list", "-p", root, "--plain"), run("hooks", "-p", root, "--plain")):
        assert not set(result.stdout) & set("✔✖◌■·…⏎│─~|\x1b"), result.stdout
    text = told[0].stdout
    assert re.search(r"^Firing \d+: ticket_created, action, [\d.]+ ms, error$", text, re.M)
    assert re.search(r"^  error, \w+, broken-raise, priority 5, [\d.]+ ms$", text, re.M)
    assert "error: KeyError: 'platinum'" in text
    assert "words" not in run("--plain", cwd=root.parents[1]).stdout
    assert "use a verb" in run("--plain", cwd=root.parents[1]).stderr


def test_a_slow_step_says_so(run: Run, root: Path, tmp_path: Path) -> None:
    file = tmp_path / "escalated-workbench.toml"
    file.write_text("[workbench]\nslow = 1e-9\n", "utf-8")
    words = ["fire", "ticket_data", "-p", root]
    assert "ms, slow" in run(*words, "--config", file).stdout
    assert "slow" not in run(*words).stdout


def test_capture_lets_nothing_out(run: Run, copied: Copy) -> None:
    root = copied("triage")
    (root / "triage" / "plugin.py").write_text(
        "import urllib.request\n"
        "from escalated.hooks import add_action\n"
        "def send():\n"
        "    print(urllib.request.urlopen('http://127.0.0.1:9/x?token=abcdef').status)\n"
        "add_action('send', send)\n",
        "utf-8",
    )
    result = run("fire", "send", "-p", root, "--capture")
    assert "| 200" in result.stdout
    assert result.stdout.count("GET http://127.0.0.1:9/x?token=‹masked›\n") == 1
    assert "abcdef" not in result.stdout
    assert run("fire", "send", "-p", root).returncode == 1
