"""The verb `replay`: a saved session against the plugins of now."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CODE = """
import random, time, uuid
from escalated.hooks import *

@on_filter("greet")
def greet(value, secret=None):
    return {{**value, "by": {0}, "luck": random.random() if {1} else 0}}
"""


@pytest.fixture
def session(write: Callable[..., Path], root: Path, run: Any, tmp_path: Path) -> Path:
    """A session in which a plugin greeted."""
    write("alpha", CODE.format("'one'", "False"))
    file = tmp_path / "morning.session"
    words = ("greet", "--arg", '{"name": "x"}', "--save", file, "-p", root)
    assert run("fire", *words).returncode == 0
    return file


def test_the_same(run: Any, session: Path, root: Path) -> None:
    result = run("replay", session, "-p", root)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    assert "same" in result.stderr


def test_what_changed_is_told_with_its_first_step(
    run: Any, session: Path, root: Path, write: Callable[..., Path]
) -> None:
    write("alpha", CODE.format("'two'", "False"))
    result = run("replay", session, "-p", root)
    assert result.returncode == 1, result.stderr
    assert "value changed" in result.stdout
    assert "alpha:greet" in result.stdout
    assert "by" in result.stdout
    document = json.loads(run("replay", session, "-p", root, "--json").stdout)
    assert document["verdict"]["counts"]["value"] == 1
    (found,) = [each for each in document["verdict"]["comparisons"] if each["verdict"] == "value"]
    assert found["differences"][0]["callback"] == "greet"


def test_against_another_folder(
    run: Any, session: Path, root: Path, tmp_path: Path, write: Callable[..., Path]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(root, other)
    write("alpha", CODE.format("'two'", "False"))
    assert run("replay", session, "--against", other, "-p", root).returncode == 0
    assert run("replay", session, "--against", root, "-p", other).returncode == 1


def test_what_could_not_be_loaded_is_told_with_its_line(
    run: Any, session: Path, root: Path, tmp_path: Path, write: Callable[..., Path]
) -> None:
    write("alpha", CODE.format("'one'", "False") + "\ndef (\n")
    for how in (["-p", root], ["--against", root]):
        result = run("replay", session, *how)
        assert result.returncode == 1
        assert "call removed" in result.stdout
        assert "alpha/plugin.py:9:5: error: alpha could not be loaded: Syntax" in result.stderr
    # Also where nothing that was recorded runs code of it.
    write("alpha", CODE.format("'one'", "False"))
    write("beta", "def (\n")
    result = run("replay", session, "-p", root)
    assert result.returncode == 1, result.stdout
    assert "beta could not be loaded" in result.stderr
    (tmp_path / "none").mkdir()
    result = run("replay", session, "--against", tmp_path / "none")
    assert result.returncode == 1
    assert f"No plugins in {tmp_path / 'none'}." in result.stderr


def test_a_session_that_ends_early_is_replayed_as_far_as_it_goes(
    run: Any, session: Path, root: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.session"
    *lines, last = session.read_bytes().splitlines(keepends=True)
    for content, told in ((lines, "3 same"), (lines[:1], "no firing is recorded")):
        cut.write_bytes(b"".join(content) + last[:-1][:50])
        result = run("replay", cut, "-p", root)
        assert result.returncode == 0, result.stderr
        assert f"{cut}: the last line was cut off; it is left out." in result.stderr
        assert f"{cut}: {told}." in result.stderr


def test_chance_is_no_change(
    run: Any, session: Path, root: Path, write: Callable[..., Path]
) -> None:
    write("alpha", CODE.format("'one'", "True"))
    result = run("replay", session, "-p", root)
    assert result.returncode == 0, result.stdout
    assert "cannot be reproduced" in result.stdout


def test_wrong_usage(run: Any, session: Path, root: Path, tmp_path: Path) -> None:
    assert run("replay").returncode == 2
    assert run("replay", tmp_path / "none", "-p", root).returncode == 2
    assert run("replay", session, "--against", tmp_path / "none").returncode == 2


def test_a_ticket_that_was_not_saved_yet_is_made_anew(
    run: Any, root: Path, tmp_path: Path, write: Callable[..., Path]
) -> None:
    code = """
    from escalated.hooks import on_filter
    @on_filter("ticket_data")
    def rate(data, ticket):
        return {**data, "priority": "high", "metadata": {"is": str(ticket.status)}}
    """
    write("alpha", code)
    file = tmp_path / "evening.session"
    assert run("event", "run", "ticket.create", "--save", file, "-p", root).returncode == 0
    result = run("replay", file, "-p", root)
    assert "missing" not in result.stdout + result.stderr
    assert result.stderr.endswith(": 5 same.\n")
    write("alpha", code.replace("high", "low"))
    assert run("replay", file, "-p", root).returncode == 1


def test_a_row_that_a_plugin_saves_is_there_in_the_replay(
    run: Any, root: Path, tmp_path: Path, write: Callable[..., Path]
) -> None:
    code = """
    from escalated.hooks import on_action
    @on_action("ticket_created")
    def touch(ticket, user):
        ticket.subject = "one"
        ticket.save()
    """
    write("alpha", code)
    file = tmp_path / "evening.session"
    assert run("event", "run", "ticket.create", "--save", file, "-p", root).returncode == 0
    result = run("replay", file, "-p", root)
    # The moment of the save alone is another.
    assert result.returncode == 0, result.stdout
    assert re.search(r"two runs of the same code differ: touch \S+\.updated_at$", result.stdout)
    write("alpha", code.replace("one", "two"))
    result = run("replay", file, "-p", root)
    assert result.returncode == 1
    assert ".subject: 'one' -> 'two'" in result.stdout
    assert "INSERT" not in result.stdout


def test_the_help_desk_is_that_of_the_session(
    run: Any, root: Path, tmp_path: Path, write: Callable[..., Path]
) -> None:
    code = """
    from escalated.hooks import on_filter
    from escalated_core.helpdesk.models import Ticket
    @on_filter("comment_content")
    def quote(body, comment):
        return Ticket.objects.last().subject
    """
    write("alpha", code)
    file = tmp_path / "seven.session"
    assert run("fire", "comment_content", "--seed", 7, "--save", file, "-p", root).returncode == 0
    assert run("replay", file, "-p", root).returncode == 0
    assert run("replay", file, "--seed", 8, "-p", root).returncode == 1
