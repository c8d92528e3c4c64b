"""The verbs `trace` and `report`: session files on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from escalated_core.records import ErrorRecord, Firing, Step
from escalated_core.sessions.session import Header, write
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.snapshot import snapshot
from escalated_workbench.cli import sessions
from escalated_workbench.cli.main import failed
from escalated_workbench.cli.output import Output

HEADER = Header({"workbench": "0.1"}, "guide", 0, "/x", 1e9)
Call = Callable[..., Result]


def fired(number: int, hook: str, parent: int | None = None, error: str = "") -> Firing:
    before, after = snapshot("old"), snapshot("new")
    step = Step(
        "billing",
        "shout",
        "/billing/plugin.py",
        3,
        10,
        "error" if error else "ok",
        1_500_000,
        before,
        after,
        changes(before, after),
        error=ErrorRecord("ValueError", error) if error else None,
    )
    return Firing(
        number, hook, "filter", "workbench", parent, int(parent is not None), "plugins",
        (before,), snapshot({}), (step,), after, 1e9, 2_000_000,
    )  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.session"
    write(
        path, HEADER, [fired(1, "subject"), fired(2, "body", 1, "no\nprice"), fired(3, "subject")]
    )
    return path


@pytest.fixture
def call() -> Call:
    """Calls a verb as the command does, with its words."""

    def run(*words: object) -> Result:
        verb = {"trace": sessions.trace, "report": sessions.report}[str(words[0])]
        runner = CliRunner()
        # The streams are taken when an output is made: within the runner's isolation.
        with runner.isolation() as streams:
            output = Output()
            try:
                given = [str(word) for word in words[1:]]
                code = verb.main(given, str(words[0]), standalone_mode=False, obj=output)
            except Exception as error:  # noqa: BLE001 - as the command does
                code = failed(output, error)
            out, err = (stream.getvalue() for stream in streams[:2])
        return Result(runner, out, err, out + err, None, code or 0, None)

    return run


def test_a_line_per_firing(call: Call, file: Path) -> None:
    result = call("trace", file)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["#1", "#2", "#3"]
    assert "✔  subject" in lines[0]
    assert "2.00 ms" in lines[0]
    assert "✖    body" in lines[1]
    assert "ValueError: no…" in lines[1]
    assert result.stderr == "3 firings.\n"


def test_one_firing_in_full(call: Call, file: Path) -> None:
    result = call("trace", file, "--firing", 1)
    assert "#1 subject · filter · 2.00 ms · ok" in result.stdout
    assert "~ value: 'old' -> 'new'" in result.stdout


def test_json_and_json_lines_have_the_same_firings(call: Call, file: Path) -> None:
    document = json.loads(call("trace", file, "--json").stdout)
    assert document["verb"] == "trace"
    assert document["session"]["profile"] == "guide"
    lines = [json.loads(line) for line in call("trace", file, "--jsonl").stdout.splitlines()]
    assert document["firings"] == lines
    assert [line["id"] for line in lines] == [1, 2, 3]


def test_a_query_chooses(call: Call, file: Path, tmp_path: Path) -> None:
    assert call("trace", file, "--where", "hook:body").stdout.startswith("#2")
    assert call("trace", file, "--where", "hook:none").stdout == ""
    page = tmp_path / "out.html"
    assert call("report", file, "--where", "hook:body", "-o", page).exit_code == 0
    assert "#1 " not in page.read_text("utf-8")


def test_a_page_and_a_picture(call: Call, file: Path, tmp_path: Path) -> None:
    page, picture = tmp_path / "out.html", tmp_path / "out.svg"
    result = call("report", file, "-o", page)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{page}: 3 firings.\n"
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert call("report", file, "--firing", 2, "-o", picture).exit_code == 0
    assert picture.read_text("utf-8").startswith("<svg")
    assert call("report", file, "--firing", 2, "-o", page).exit_code == 0
    assert "#3 " not in page.read_text("utf-8")
    assert call("report", file, "-o", "-").stdout.startswith("<!doctype html>")
    assert json.loads(call("report", file, "-o", page, "--json").stdout)["firings"] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("trace", "FILE", "--firing", 9), "There is no firing 9 in"),
        (("trace", "FILE", "--firing", 1, "--where", "hook:body"), "does not match"),
        (("trace", "FILE", "--where", "hook:"), "Error: "),
        (("trace", "nowhere"), "nowhere cannot be read: No such file or directory."),
        (("report", "FILE", "-o", "/nowhere/out.html"), "There is no folder /nowhere."),
        (("report", "FILE", "-o", "out.png"), "Its name ends in .html, .htm, .svg."),
    ],
)
def test_what_cannot_be_done_is_said(
    call: Call, file: Path, words: tuple[object, ...], said: str
) -> None:
    result = call(*(file if word == "FILE" else word for word in words))
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_cut_line_is_said_and_left_out(call: Call, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])
    result = call("trace", file)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2
    assert "the last line was cut off" in result.stderr


def test_a_report_never_takes_the_place_of_the_session_or_of_other_files(
    file: Path, call: Call, tmp_path: Path
) -> None:
    before = file.read_bytes()
    refused = call("report", file, "-o", file)
    assert refused.exit_code == 2
    assert "is the session itself" in refused.stderr
    own = tmp_path / "plugin.py"
    own.write_text("import os")
    refused = call("report", file, "-o", own)
    assert refused.exit_code == 2
    assert "was not written by the workbench" in refused.stderr
    assert (file.read_bytes(), own.read_text()) == (before, "import os")
    page = tmp_path / "page.html"
    for _ in range(2):
        assert call("report", file, "-o", page).exit_code == 0
