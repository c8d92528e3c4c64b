"""Breakpoints as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.stepping.breakpoint import Breakpoint
from escalated_core.stepping.spelling import read_breakpoint


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ticket_*", {"hook": "ticket_*"}),
        ("hook:ns:odd", {"hook": "ns:odd"}),
        ("triage:tag_*", {"plugin": "triage", "callback": "tag_*"}),
        ("plugin:triage", {"plugin": "triage"}),
        ("callback:tag_vip", {"callback": "tag_vip"}),
        ("category:lifecycle", {"category": "lifecycle"}),
        ("event:ticket.* plugin:triage", {"event": "ticket.*", "plugin": "triage"}),
        ("ticket_data triage:x", {"hook": "ticket_data", "plugin": "triage", "callback": "x"}),
        ("when=error", {"when": "error"}),
        ("x when=none", {"hook": "x", "when": "none"}),
        ("x path=tags[0]", {"hook": "x", "when": "changed", "path": "tags[0]"}),
        ("x when=changed", {"hook": "x", "when": "changed"}),
        ('path=a["b c"].d', {"when": "changed", "path": 'a["b c"].d'}),
        ("limit=50", {"when": "slow", "limit_ms": 50.0}),
        ("x when=slow limit=2.5ms", {"hook": "x", "when": "slow", "limit_ms": 2.5}),
        ("if value == 3", {"condition": "value == 3"}),
        ("x if 'if' in value", {"hook": "x", "condition": "'if' in value"}),
        ("iffy", {"hook": "iffy"}),
    ],
)
def test_it_says_where_and_when(text: str, meant: dict[str, Any]) -> None:
    assert read_breakpoint(text) == Breakpoint(**meant)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "says nothing to stop at. Write it like ticket_*"),
        ("a b", "'a b', column 3: the hook is said twice. Several places are several breakpoints."),
        ("a when=chnged", "column 3: There is no moment 'chnged' to stop at. Did you mean 'change"),
        ("a whn=none", "column 3: there is no 'whn'. Did you mean 'when'?"),
        ("plugin:", "column 1: nothing comes after plugin:. Write it like"),
        ("a if", "column 3: no condition comes after if. Write it like if value"),
        ("a if b =", "The condition 'b =' is no expression: invalid syntax. Write Python"),
        ("a IF b", "column 3: IF is no word. Write a small if before a condition."),
        ("a when = error", "column 3: a space parts when from what it is. Write it in one word"),
        ("a limit= 50", "column 3: a space parts limit from what it is. Write it in one word"),
        ("a plugin :b", "column 3: a space parts plugin from what it is. Write it in one word"),
        ("a limit=fast", "column 3: 'fast' is no number of milliseconds. Write milliseconds"),
        ("limit=-1", "column 1: '-1' is no number of milliseconds."),
        ("limit=nan", "column 1: 'nan' is no number of milliseconds."),
        ("a path=a..b", "column 3: 'a..b' is no path"),
        ("path=a when=none", "column 1: path counts for nothing beside when=none. It goes with"),
        ("when=slow", "does not say how slow. Say it in milliseconds, as in limit=50."),
    ],
)
def test_what_cannot_be_meant_names_its_column_and_the_cure(text: str, error: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_breakpoint(text)
    assert error in str(refused.value)
