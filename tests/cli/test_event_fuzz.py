"""The verb `event fuzz`: what it says while it looks, and what is left when it is stopped."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

CODE = """
from escalated.hooks import *


@on_filter("comment_content")
def shorten(text, *_):
    if len(text) >= 900:
        raise ValueError("too long")
    return text
"""


@pytest.fixture
def root(copied: Callable[..., Path]) -> Path:
    root = copied("hello-world")
    (root / "hello-world" / "plugin.py").write_text(CODE, "utf-8")
    return root


def test_interrupted_it_tells_and_saves_what_it_has_found(
    start: Callable[..., subprocess.Popen[str]], root: Path, tmp_path: Path
) -> None:
    words = ["--examples", "100000", "--out", tmp_path, "--json"]
    with start("event", "fuzz", *words, "-p", root) as process:
        assert process.stderr is not None
        news = next(line for line in process.stderr if line.startswith("Found"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    why = "shorten on comment_content raises ValueError: too long"
    assert re.fullmatch(rf"Found in example \d+: {why}\. Making it small\.\n", news)
    assert process.returncode == 130, err
    assert err.endswith("Interrupted.\n")
    told = json.loads(out)
    (bug,) = told["bugs"]
    assert told["interrupted"]
    assert [bug["path"]] == [str(path) for path in tmp_path.glob("*.yaml")]
    assert bug["message"] == f"{why}."


def test_only_the_beginning_of_a_long_text_is_shown(run: Run, root: Path, tmp_path: Path) -> None:
    words = ["--seed", "1", "--examples", "90", "--out", tmp_path, "--plain"]
    result = run("event", "fuzz", *words, "-p", root)
    assert result.returncode == 1, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) < 300
    (body,) = (line for line in lines if "body:" in line)
    assert body.endswith("x... (912 characters)")
    (saved,) = tmp_path.glob("*.yaml")
    assert f"body: {'x' * 900}\n" in saved.read_text("utf-8")
    assert "\r" not in result.stderr
