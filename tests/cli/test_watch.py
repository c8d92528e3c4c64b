"""The verb `watch`: saves and firings as text and as lines of JSON, until somebody ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

Process = subprocess.Popen[str]
Start = Callable[..., Process]
Copy = Callable[..., Path]

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "workbench-1.schema.json").read_text())
WATCHED = Draft202012Validator({"$ref": "#/$defs/watched", "$defs": SCHEMA["$defs"]})
CODE = (
    "from escalated.hooks import on_action\n@on_action('user_login')\ndef {0}(user): print('{0}')\n"
)


@pytest.fixture
def root(copied: Copy) -> Path:
    root = copied("triage", "hello-world")
    (root / "triage" / "plugin.py").write_text(CODE.format("first"), "utf-8")
    return root


def save(root: Path, code: str) -> None:
    """As editors do: a new file in the place of the old one."""
    new = root / "triage" / "plugin.py~"
    new.write_text(code, "utf-8")
    new.rename(root / "triage" / "plugin.py")


def lines_of(process: Process) -> Iterator[Any]:
    assert process.stdout is not None
    for line in process.stdout:
        document = json.loads(line)
        assert [error.message[:200] for error in WATCHED.iter_errors(document)] == []
        yield document


def until(lines: Iterator[Any], wanted: Callable[[Any], Any]) -> Any:
    """The next document that is wanted."""
    return next(document for document in lines if wanted(document))


def login(document: Any) -> bool:
    return document["type"] == "firing" and document["firing"]["hook"] == "user_login"


def test_saves_and_firings_are_lines_of_json(start: Start, root: Path) -> None:
    with start("watch", "--jsonl", "--event", "user.login", "-p", root) as process:
        lines = lines_of(process)
        opened = next(lines)
        assert (opened["type"], opened["root"]) == ("opened", str(root))
        assert [plugin["slug"] for plugin in opened["plugins"]] == ["hello-world", "triage"]
        firing = until(lines, login)["firing"]
        assert (firing["steps"][0]["output"], firing["cause"]) == ("first\n", "event:user.login")

        save(root, CODE.format("second"))
        reload = until(lines, lambda each: each["type"] == "reload")["reload"]
        assert (reload["plugin"], reload["trigger"], reload["generation"]) == ("triage", "save", 2)
        assert until(lines, login)["firing"]["steps"][0]["output"] == "second\n"

        save(root, "def broken(:\n")
        reload = until(lines, lambda each: each["type"] == "reload")["reload"]
        assert (reload["ok"], reload["error"]["type"]) == (False, "SyntaxError")
        # The last code that could be loaded goes on.
        assert until(lines, login)["firing"]["steps"][0]["output"] == "second\n"

        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "Interrupted.\n")


def test_text_says_the_same(start: Start, root: Path) -> None:
    with start("watch", "--fire", "user_login", "--plain", "-p", root) as process:
        assert process.stdout is not None
        told = list(takewhile(lambda line: "printed: first" not in line, process.stdout))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    text = "".join(told)
    assert re.search(
        r"^\d\d:\d\d:\d\d Reload 2: triage, loaded, generation 1, .* ms, ok$", text, re.M
    )
    assert re.search(r"^    added user_login ← first \(10\)$", text, re.M)
    assert re.search(r"^  ok, first, triage, priority 10, [\d.]+ ms$", text, re.M)
    watching = f"Watching {root}: 2 plugins, ctrl+c ends."
    assert (process.returncode, err.splitlines()) == (130, [watching, "Interrupted."])


def test_text_says_where_what_a_save_changed_begins(start: Start, root: Path) -> None:
    hooks = ["ticket_data", "user_permissions", "comment_content", "ticket_list_query"]
    code = "from escalated.hooks import on_filter\n" + "".join(
        f"@on_filter('{hook}')\ndef {hook}(value, *rest): return {{'is': value, 'seen': 16}}\n"
        for hook in hooks
    )
    save(root, code)
    fired = [f"--fire={hook}" for hook in (hooks[0], *hooks)]
    with start("watch", *fired, "-p", root) as process:
        assert process.stdout is not None
        lines = iter(process.stdout)
        assert any(f"{hooks[-1]} · filter" in line for line in lines)
        save(root, code.replace("16", "99"))
        assert any(line.endswith("~ triage: 5 value changed\n") for line in lines)
        told = "".join(takewhile(lambda line: line != "    and 1 firing more\n", lines))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert re.fullmatch(
        r"    #\d+ ticket_data, and 1 more like it\n"
        r"      triage:ticket_data value changed  \(triage/plugin.py:2\)\n"
        r"          ~ seen: 16 -> 99\n"
        r"    #\d+ user_permissions\n      triage:user_permissions .*\n          ~ .*\n"
        r"    #\d+ comment_content\n      triage:comment_content .*\n          ~ .*\n",
        told,
    )


def test_it_ends_quietly_when_nobody_reads(shell: Callable[[str], Any], root: Path) -> None:
    result = shell(f"workbench watch --jsonl -p {root} | head -1")
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["type"] == "opened"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_plugin_that_loops_does_not_hold_it_up(
    start: Start, root: Path, tmp_path: Path, number: signal.Signals
) -> None:
    meeting = tmp_path / "meeting"
    os.mkfifo(meeting)
    loop = f"    open({str(meeting)!r}, 'w').close()\n    while True: pass\n"
    save(root, CODE.format("first").replace(" print('first')\n", f"\n{loop}"))
    words = ("watch", "--fire", "user_login", "--time-limit", "60", "--jsonl", "-p", root)
    with start(*words) as process:
        meeting.read_bytes()
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "Interrupted.\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--event", "user.log"], "Did you mean 'user.login'?"),
        (["--fire", "user_log"], "Did you mean 'user_login'?"),
    ],
)
def test_what_cannot_be_meant(
    run: Callable[..., Any], root: Path, words: list[str], says: str
) -> None:
    result = run("watch", *words, "-p", root)
    assert (result.returncode, result.stdout) == (2, "")
    assert says in result.stderr
