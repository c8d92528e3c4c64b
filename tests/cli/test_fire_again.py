"""`fire --again`: a firing of a saved session, once more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Result = CompletedProcess[str]
Run = Callable[..., Result]
Copy = Callable[..., Path]

CODE = """
from escalated.hooks import *

class Foreign:
    pass

@on_filter("own_hook")
def own(value, *others):
    return apply_filters("inner", {**value, "seen": len(others)}, Foreign())

add_filter("inner", lambda value, _: value)
"""


@pytest.fixture(scope="module")
def root(copied: Copy) -> Path:
    root = copied("triage", "hello-world")
    (root / "hello-world" / "plugin.py").write_text(CODE, "utf-8")
    return root


@pytest.fixture(scope="module")
def session(run: Run, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with one hook that was fired, and one inside of it."""
    path = tmp_path_factory.mktemp("sessions") / "a.session"
    given = ["-a", '{"a": [1, {"b": 2}]}', "-a", "@ticket:3"]
    result = run("fire", "own_hook", *given, "-p", root, "--save", path)
    assert result.returncode == 0, result.stderr
    return path


@pytest.fixture(scope="module")
def ids(run: Run, session: Path) -> dict[str, int]:
    """The ids of firings by hook."""
    listed = json.loads(run("trace", session, "--json").stdout)
    return {firing["hook"]: firing["id"] for firing in listed["firings"]}


@pytest.fixture(scope="module")
def again(run: Run, root: Path, session: Path, ids: dict[str, int]) -> Callable[..., Any]:
    """What is printed when a hook of the session is fired again."""

    def call(hook: str, *words: object) -> Any:
        result = run(
            "fire", "--again", ids[hook], "--session", session, "-p", root, "--json", *words
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return call


def test_the_same_arguments(again: Callable[..., Any], ids: dict[str, int]) -> None:
    found = again("own_hook")
    value, ticket = found["firing"]["args"]
    assert value == {"a": [1, {"b": 2}]}
    assert ticket["fields"]["reference"] == "ESC-00003"
    assert found["firing"]["cause"] == f"again:{ids['own_hook']}"
    assert [each["hook"] for each in found["nested"]] == ["inner"]


def test_other_values(again: Callable[..., Any]) -> None:
    found = again("own_hook", "--set", "[0].a[1].b=[3]", "--set", "[1].subject=Fire")
    value, ticket = found["firing"]["args"]
    assert value == {"a": [1, {"b": [3]}]}
    assert ticket["fields"]["subject"] == "Fire"


def test_as_text(run: Run, root: Path, session: Path, ids: dict[str, int]) -> None:
    result = run("fire", "--again", ids["own_hook"], "--session", session, "-p", root)
    assert result.returncode == 0, result.stderr
    assert "own_hook" in result.stdout


def test_on_the_help_desk_of_then(run: Run, root: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.session"
    options = ("--seed", 7, "--profile", "escalated-django")
    first = run("fire", "ticket_created", *options, "-p", root, "--save", path, "--json")
    assert first.returncode == 0, first.stderr
    firing = json.loads(first.stdout)["firing"]
    again = ("fire", "--again", firing["id"], "--session", path, "-p", root, "--json")
    found = json.loads(run(*again).stdout)["firing"]
    assert found["profile"] == "escalated-django"
    assert found["args"][0]["fields"] == firing["args"][0]["fields"]
    found = json.loads(run(*again, "--profile", "guide").stdout)["firing"]
    assert found["profile"] == "guide"


def test_what_is_missing(run: Run, root: Path, session: Path, ids: dict[str, int]) -> None:
    words = ("fire", "--again", ids["inner"], "--session", session, "-p", root)
    result = run(*words)
    assert (result.returncode, result.stdout) == (2, "")
    assert "[1] (an object of escalated_plugins.hello-world.Foreign)" in result.stderr
    assert "Give other values for them: [1]=... ." in result.stderr
    assert run(*words, "--set", "[1]=null").returncode == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("fire --again 3", "--again ID and --session FILE go together."),
        ("fire --session {session}", "--again ID and --session FILE go together."),
        ("fire", "Missing argument 'HOOK'."),
        ("fire own_hook --again 3 --session {session}", "change them by --set"),
        ("fire --again 3 --session {session} -a 1", "change them by --set"),
        ("fire --again 9999 --session {session}", "There is no firing 9999"),
        ("fire --again 3 --session nowhere", "nowhere cannot be read"),
        ("fire --again 3 --session {session} --set x", "has no '='"),
    ],
)
def test_what_cannot_be_meant(run: Run, root: Path, session: Path, words: str, told: str) -> None:
    result = run(*words.format(session=session).split(), "-p", root)
    assert (result.returncode, result.stdout) == (2, ""), result.stderr
    assert told in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
