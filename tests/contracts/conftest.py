"""What the contract tests share: waiting with a deadline, and processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

Until = Callable[[Callable[[], Any]], Any]
RunPython = Callable[[str], str]

DEADLINE = 15.0
"""Seconds after which what a test waits for is taken never to happen."""


@pytest.fixture
def until() -> Until:
    """`until(condition)` waits for it to be true and returns what it is then."""

    def wait(condition: Callable[[], Any]) -> Any:
        deadline = monotonic() + DEADLINE
        while not (found := condition()):
            assert monotonic() < deadline, "it never came true"
            sleep(0.002)
        return found

    return wait


@pytest.fixture
def run_python(tmp_path: Path) -> RunPython:
    """`run_python(code)` runs code in a process of its own and returns what it printed."""

    def run(code: str) -> str:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(code), "utf-8")
        done = subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
