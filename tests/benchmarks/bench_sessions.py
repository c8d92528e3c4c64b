"""What it takes to save what was recorded, and to open it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from escalated_workbench import Workbench
from escalated_workbench.playback import Playback
from escalated_workbench.saving import save_session

Measured = Callable[..., None]

FIRINGS = 2_000
CODE = """
from escalated.hooks import add_filter

def strip(data, ticket):
    return {**data, "subject": data["subject"].strip()}

def tag(data, ticket):
    return {**data, "tags": [*data["tags"], "vip"]}

def say(data, ticket):
    print("seen", data["subject"])
    return data

for callback in (strip, tag, say):
    add_filter("ticket_data", callback)
"""


def test_a_session_is_saved_and_opened(
    root: Path, write: Callable[..., Path], tmp_path: Path, measured: Measured
) -> None:
    write("triage", CODE)
    path = tmp_path / "a.session"
    with Workbench(root) as workbench:
        for number in range(FIRINGS):
            ticket = {
                "id": number,
                "subject": f" Re: {number} ",
                "tags": ["a"],
                "api_key": "sesame",
            }
            workbench.fire("ticket_data", ticket, workbench.helpdesk.ticket(1))
        began = perf_counter()
        count = save_session(workbench, path)
        saved = perf_counter() - began
    began = perf_counter()
    with Playback(path) as playback:
        opened = perf_counter() - began
        assert len(playback.trace) == count
    subject = (
        f"a session of {count:,} firings of 3 steps, {path.stat().st_size / count:,.0f} bytes each"
    )
    for what, took in (("saved, secrets masked", saved), ("opened", opened)):
        measured(subject, what, f"{took:.2f} s", f"{took / count * 1e5:.1f} s for 100,000")
