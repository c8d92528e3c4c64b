"""A changed argument has one name, whichever way it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

CODE = """
from escalated.hooks import add_filter

def close(data, ticket):
    ticket["status"] = "closed"
    return data

add_filter("ticket_data", close)
"""


def test_an_argument_goes_by_its_name(
    run: Callable[..., object], copied: Callable[..., Path], tmp_path: Path
) -> None:
    root = copied("triage")
    (root / "triage" / "plugin.py").write_text(CODE, "utf-8")
    saved = tmp_path / "a.session"
    given = ["ticket_data", "-a", '{"subject": "x"}', "-a", '{"status": "open"}', "-p", root]
    told = run("fire", *given, "--save", saved).stdout
    assert "~ ticket.status: 'open' -> 'closed'  (an argument, in place)" in told
    (step,) = json.loads(run("fire", *given, "--json").stdout)["firing"]["steps"]
    assert step["touched"][0]["path"] == [1, "status"]
    for asked in ("wrote:ticket.status", "wrote:[1].status"):
        assert "ticket_data" in run("trace", saved, "--where", asked).stdout
