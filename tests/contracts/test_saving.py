"""What was recorded can be asked alike of the live trace and of the file it was saved to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from escalated_core.errors import UsageError
from escalated_core.sessions.session import read
from escalated_workbench import Workbench
from escalated_workbench.playback import Playback
from escalated_workbench.saving import save_report

Open = Callable[..., Workbench]
Write = Callable[..., Path]

CODE = """
from escalated.hooks import *

add_action("alpha_rotates", lambda settings: settings.update(api_key="sesame-new"))

def tidy(data, ticket):
    data["subject"] = data["subject"].strip()
    do_action("alpha_tidied", data)
    return data

add_filter("ticket_data", tidy)
add_action("alpha_tidied", lambda data: print("tidied", data["subject"]))
add_action("alpha_fails", lambda word: 1 / 0)
"""


@pytest.fixture
def fired(write: Write, open_workbench: Open) -> Workbench:
    write("alpha", CODE)
    workbench = open_workbench()
    workbench.fire("ticket_data", {"subject": " Fire "}, workbench.helpdesk.ticket(1))
    workbench.fire("alpha_fails", "word", kind="action")
    return workbench


def test_a_saved_session_answers_as_the_trace_does(fired: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    assert fired.save(path) == len(fired.trace)
    with read(path) as session:
        assert list(session) == list(fired.trace)
        assert sorted(session.rows()[0]) == sorted(fired.trace.rows()[0])
        assert session.findings == fired.findings
        assert session.reloads == fired.reloads
        for query in (
            "hook:ticket_*",
            "outcome:error",
            "wrote:subject",
            "says:tidied",
            "depth:1..",
        ):
            assert session.query(query) == fired.trace.query(query) != []
        assert session.timings("plugin") == fired.trace.timings("plugin")
        numbers = [firing.id for firing in session][-2:]
        assert session.compare(*numbers) == fired.trace.compare(*numbers)
        written = [(firing.id, step) for firing, step, _ in session.wrote("subject")]
        assert written == [(firing.id, step) for firing, step, _ in fired.trace.wrote("subject")]
        assert session.speedscope() == fired.trace.speedscope()


def test_secrets_stay_out_of_the_file(fired: Workbench, tmp_path: Path) -> None:
    fired.fire("ticket_data", {"subject": "x", "api_key": "sesame-open"}, None)
    (step,) = fired.fire("alpha_rotates", {"api_key": "sesame-old"}).steps
    assert [change.after for change in step.touched] == ["sesame-new"]
    path = tmp_path / "a.session"
    fired.save(path)
    assert "sesame" not in path.read_text("utf-8").replace("alpha_fails", "")


def test_a_playback_shows_what_was_there_and_runs_nothing(fired: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "a.session.gz"
    fired.save(path)
    fired.close()
    with Playback(path) as playback:
        assert list(playback.plugins) == ["alpha"]
        assert (playback.root, playback.profile) == (fired.root, "guide")
        heard = {hook.name: [c.callback for c in hook.callbacks] for hook in playback.hooks}
        assert heard["ticket_data"] == ["tidy"]
        with pytest.raises(UsageError, match="nothing of it runs"):
            playback.fire("ticket_data")


def test_a_session_tells_how_long_imports_took(
    write: Write, open_workbench: Open, tmp_path: Path
) -> None:
    write("alpha", "import helper", "helper.py", "import colorsys")
    workbench = open_workbench()
    imports = workbench.plugins["alpha"].imports
    path, older, page = (tmp_path / name for name in ("a.session", "b.session", "a.html"))
    workbench.save(path)
    with Playback(path) as playback:
        assert playback.plugins["alpha"].imports == imports != ()
    save_report(path, page)
    assert f"import {imports[0].name} · alpha" in page.read_text("utf-8")

    header, rest = path.read_text("utf-8").split("\n", 1)
    content = json.loads(header)
    for plugin in content["plugins"]:
        del plugin["imports"]
    older.write_text(f"{json.dumps(content)}\n{rest}", "utf-8")
    with Playback(older) as playback:
        assert playback.plugins["alpha"].imports == ()


def test_a_firing_that_is_not_there_is_named(fired: Workbench) -> None:
    with pytest.raises(UsageError, match="no firing 99999"):
        fired.trace.require(99999)


def test_the_profile_for_speedscope_is_json(fired: Workbench) -> None:
    assert json.loads(json.dumps(fired.trace.speedscope()))["profiles"]


def test_a_file_of_somebody_elses_is_never_overwritten(fired: Workbench, tmp_path: Path) -> None:
    own = tmp_path / "plugin.py"
    own.write_text("import os")
    with pytest.raises(UsageError, match="was not written by the workbench"):
        fired.save(own)
    assert own.read_text() == "import os"
    for _ in range(2):
        fired.save(tmp_path / "a.session")


def test_arguments_changed_in_place_are_found_by_their_position(fired: Workbench) -> None:
    firing = fired.fire("alpha_rotates", {"api_key": "old"})
    assert fired.trace.query("wrote:[0].api_key") == [firing]
    with pytest.raises(UsageError, match="wrote takes a path"):
        fired.trace.query("wrote:tags[")
