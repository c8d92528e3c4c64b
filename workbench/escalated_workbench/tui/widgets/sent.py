"""What plugin code sent out, or would have: requests, mail, processes and connections."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

from textual.content import Content

from escalated_core.records import Effect
from escalated_workbench.tui.look import cut, owner_style, part
from escalated_workbench.tui.widgets.rehearsal import name_of, short_text
from escalated_workbench.tui.widgets.rows import local_time
from escalated_workbench.tui.widgets.values import MUTED, Piece
from escalated_workbench.wording import milliseconds, safe, short

BODY, WIDE = 2_000, 200
"""Characters shown of a body and of any other field."""
OWNER = 12
"""Columns for who sent it."""
TEXTS = ("body", "text", "html")
"""Fields that are written as they are."""
MARKS = {
    "sent": ("▶ sent", "$text-success"),
    "held": ("◌ held", "$text-warning"),
    "answered": ("◌ answered", "$text-warning"),
    "refused": ("✖ refused", "$text-error"),
}
VERDICTS = {
    "sent": ("▶ sent", "$text-success"),
    "held": ("◌ held, simulated", "$text-warning"),
    "answered": ("◌ answered by a rule, simulated", "$text-warning"),
    "refused": ("✖ refused", "$text-error"),
}
Pairs = list[tuple[object, object]]
NEVER = ("answer", "error", "method", "url")
"""What is told elsewhere."""


def pieces(effects: Iterable[Effect]) -> list[Piece]:
    """Each effect: where it went, whether it did, what was sent and what came back."""
    found: list[Piece] = []
    for effect in effects:
        word, style = VERDICTS[effect.verdict]
        found += [
            part(f"{word}  ", style),
            part(f"{short_text(effect.target, WIDE)}", "bold"),
            part(f"  {effect.kind} · {milliseconds(effect.duration_ns)}\n", MUTED),
        ]
        details = _dict(effect.details)
        for name, value in _ordered(details):
            if name not in NEVER and value not in (None, "", [], ()):
                found += _field(str(name), value)
        answer = details.get("answer")
        if answer is not None:
            found.append(part("  answer\n", MUTED))
            for name, value in _ordered(_dict(answer)):
                found += _field(f"  {name}", value)
        if details.get("error"):
            found.append(part(f"  ✖ {short_text(str(details['error']), WIDE)}\n", "$text-error"))
    return found


def line(effect: Effect) -> Content:
    """An effect in one line; where it went comes last, as it may be cut."""
    word, style = MARKS[effect.verdict]
    # A request has its method before the address.
    kind = "" if effect.kind == "http" else f"{effect.kind} "
    return Content.assemble(
        part(f"{local_time(effect.at):%H:%M:%S} ", MUTED),
        part(f"{word:10} ", style),
        part(f"{_outcome(effect):5} ", MUTED),
        part(f"{cut(effect.plugin or 'host', OWNER):{OWNER}} ", owner_style(effect.plugin)),
        part(kind + short_text(effect.target.replace("https://", "", 1), WIDE)),
    )


def _outcome(effect: Effect) -> str:
    """What came back, in a word."""
    details = _dict(effect.details)
    if details.get("error"):
        return "error"
    status = _dict(details.get("answer")).get("status", details.get("exit_code"))
    return cut(str(status), 5) if status is not None else "-"


def _ordered(fields: dict[str, Any]) -> list[tuple[str, Any]]:
    """What was said first, then what else there is, and headers at the end."""
    return sorted(fields.items(), key=lambda each: (each[0] not in TEXTS, each[0] == "headers"))


def _field(name: str, value: Any) -> list[Piece]:
    bare = name.strip()
    start = " " * (len(name) - len(bare) + 4)
    head, label = part(f"  {name}\n", MUTED), part(f"  {name}: ", MUTED)
    if isinstance(value, str) and bare in TEXTS:
        told = _pretty(value)
        rest = f"… {len(told) - BODY:,} more" if len(told) > BODY else ""
        lines = safe(told[:BODY]).replace("\n", f"\n{start}")
        return [head, part(f"{start}{lines}{rest}\n")]
    listed = cast("list[object]", value) if isinstance(value, list) and bare == "headers" else []
    # What is too long for a picture ends with a mark in place of a pair.
    if listed and all(isinstance(each, list | tuple) for each in listed):
        pairs = cast("Pairs", listed)
        return [head, *(part(f"{start}{name_of(key)}: {name_of(of)}\n") for key, of in pairs)]
    text = short_text(value, WIDE) if isinstance(value, str) else short(value, WIDE)
    return [label, part(f"{text}\n")]


def _pretty(text: str) -> str:
    """JSON with a line for each value; any other text as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _dict(picture: object) -> dict[str, Any]:
    return cast("dict[str, Any]", picture) if isinstance(picture, dict) else {}
