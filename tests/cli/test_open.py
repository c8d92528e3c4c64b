"""The verb `open`: files that are no session are refused in one line, before anything is shown."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from escalated_core.sessions.session import FORMAT, Header, write

HEADER = Header({"workbench": "0.1"}, "guide", 0, "/x", 1e9)

Make = Callable[[Path], object]


def newer(path: Path) -> None:
    write(path, HEADER, [])
    path.write_text(path.read_text("utf-8").replace(FORMAT, f"{FORMAT[:-1]}99"), "utf-8")


def broken(path: Path) -> None:
    write(path, HEADER, [])
    firing = {"firing": {"id": 1, "parent_id": None, "hook": 7}}
    path.write_text(f"{path.read_text('utf-8')}{json.dumps(firing)}\n", "utf-8")


WRONG: dict[str, tuple[Make, str]] = {
    "missing": (lambda _: None, "cannot be read: No such file or directory."),
    "directory": (Path.mkdir, "cannot be read: Is a directory."),
    "empty": (lambda path: path.write_bytes(b""), "is empty."),
    "text": (lambda path: path.write_text("hello\n"), "is no session of escalated-workbench"),
    "json": (lambda path: path.write_text('{"a": 1}\n'), "is no session of escalated-workbench"),
    "binary": (lambda path: path.write_bytes(b"\x00\xff\xfe" * 99), "is no session of"),
    "newer": (newer, "Update escalated-workbench to open it."),
    "broken": (broken, "wrong.session:2: The line is broken"),
}


@pytest.mark.parametrize(("make", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused_in_one_line(
    make: Make, said: str, run: Callable[..., object], tmp_path: Path
) -> None:
    path = tmp_path / "wrong.session"
    make(path)
    result = run("open", path)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_what_is_not_compressed_but_called_so_is_refused(
    run: Callable[..., object], tmp_path: Path
) -> None:
    path = tmp_path / "wrong.session.gz"
    path.write_text("hello", "utf-8")
    result = run("open", path)
    assert result.returncode == 2
    assert result.stderr == f"Error: {path} is no gzip file.\n"


@pytest.mark.parametrize("name", ["a.session", "a.session.gz"])
def test_a_session_needs_a_terminal(name: str, run: Callable[..., object], tmp_path: Path) -> None:
    path = tmp_path / name
    write(path, HEADER, [])
    assert name.endswith(".gz") == (path.read_bytes()[:2] == gzip.compress(b"")[:2])
    result = run("open", path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "opens in a terminal" in result.stderr


def test_open_wants_one_file(run: Callable[..., object]) -> None:
    result = run("open")
    assert result.returncode == 2
    assert "Missing argument 'FILE'" in result.stderr
