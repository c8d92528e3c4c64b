"""What a shell offers after `tab`, and what that must not cost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Copy = Callable[..., Path]

CODE = """
raise SystemExit("no plugin runs while a shell completes")

@on_action("billing.paid")
def paid(invoice): ...
"""


@pytest.fixture(scope="module")
def root(copied: Copy) -> Path:
    root = copied("triage", "hello-world")
    (root / "triage" / "plugin.py").write_text(CODE, "utf-8")
    (root / "triage" / "odd.py").write_bytes(b"add_filter('\xff')")
    return root


@pytest.fixture(scope="module")
def offered(run: Callable[..., Any], root: Path) -> Callable[..., list[str]]:
    """`offered("fire ticket_")` is what a shell would offer for the last word."""

    def complete(line: str, cwd: Path = root) -> list[str]:
        words = f"escalated-workbench {line}"
        env = {
            "_ESCALATED_WORKBENCH_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        }
        result = run(cwd=cwd, env=env)
        assert (result.returncode, result.stderr) == (0, "")
        return [each.partition(",")[2] for each in result.stdout.split()]

    return complete


@pytest.mark.parametrize(
    ("line", "due"),
    [
        ("fi", ["fire"]),
        ("event ", ["list", "show", "run", "fuzz", "schema"]),
        ("fire ticket_u", ["ticket_updated"]),
        ("fire billing", ["billing.paid"]),
        ("fire plugin_activated_", ["plugin_activated_hello-world", "plugin_activated_triage"]),
        ("fire ticket_created --arg u", ["user="]),
        ("event run ticket.re", ["ticket.resolve", "ticket.reopen"]),
        (
            "event run ticket.priority --param priority=",
            ["low", "medium", "high", "urgent", "critical"],
        ),
        ("deactivate ", ["hello-world", "triage"]),
        ("event fuzz --plugin t", ["triage"]),
        ("fire x --break plugin:t", ["plugin:triage"]),
        ("fire x --break event:ticket.re", ["event:ticket.resolve", "event:ticket.reopen"]),
        ("fire x --break category:c", ["category:comment"]),
        ("watch --break when=s", ["slow"]),
        ("event run x --break billing", ["billing.paid"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("event run nothing --param ", []),
    ],
)
def test_names_are_offered(offered: Callable[..., list[str]], line: str, due: list[str]) -> None:
    assert [name.rpartition("=")[2] or name for name in offered(line)] == due


def test_outside_of_a_project_nothing_fails(
    offered: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert offered("deactivate ", tmp_path) == []
    assert offered("fire ticket_u", tmp_path) == ["ticket_updated"]


def test_neither_django_nor_the_terminal_is_imported(root: Path) -> None:
    code = f"""
import os, sys
os.chdir({str(root)!r})
asked = dict(COMP_WORDS="ew fire t", COMP_CWORD="2")
os.environ.update(_ESCALATED_WORKBENCH_COMPLETE="zsh_complete", **asked)
from escalated_workbench.cli.main import cli
try:
    cli.main([], "escalated-workbench", complete_var="_ESCALATED_WORKBENCH_COMPLETE")
finally:
    print([name for name in ("django", "faker", "textual", "rich") if name in sys.modules])
"""
    words = [sys.executable, "-c", code]
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(words, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert result.stdout.splitlines()[-1] == "[]", result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_takes_its_script(run: Callable[..., Any], shell: str, tmp_path: Path) -> None:
    result = run("completion", shell)
    assert (result.returncode, result.stderr) == (0, "")
    assert "_ESCALATED_WORKBENCH_COMPLETE" in result.stdout
    if shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(result.stdout, "utf-8")
        subprocess.run([shell, "-n", script], check=True, timeout=30)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_with_it(run: Callable[..., Any], root: Path, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(run("completion", "bash").stdout, "utf-8")
    command = tmp_path / "escalated-workbench"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m escalated_workbench "$@"\n', "utf-8")
    command.chmod(0o755)
    lines = (
        f"source {tmp_path}/script",
        "COMP_WORDS=(escalated-workbench deactivate t) COMP_CWORD=2",
        f"_escalated_workbench_completion {command}",
        'echo "${COMPREPLY[@]}"',
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    options: Any = {"cwd": root, "env": env, "capture_output": True, "text": True}
    told = subprocess.run(["bash", "-c", "\n".join(lines)], check=True, timeout=60, **options)
    assert (told.stdout, told.stderr) == ("triage\n", "")


def test_the_schema_is_printed(run: Callable[..., Any]) -> None:
    published = Path(__file__).parents[2] / "docs" / "workbench-1.schema.json"
    assert json.loads(run("schema").stdout) == json.loads(published.read_text("utf-8"))
