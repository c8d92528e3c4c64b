"""What plugin code sent out, or would have: requests, mail, processes and connections."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from textual.content import Content

from escalated_core.records import Effect
from escalated_workbench.tui.look import owner_style, part
from escalated_workbench.tui.widgets.rehearsal import short_text
from escalated_workbench.tui.widgets.values import MUTED, Piece
from escalated_workbench.wording import counted, milliseconds, safe, short

BODY, WIDE = 2_000, 200
"""Characters shown of a body and of any other field."""
SHOWN = 100
"""Effects that the outbox shows."""
VERDICTS = {
    "sent": ("▶ sent", "$text-success"),
    "held": ("◌ simulated", "$text-warning"),
    "answered": ("◌ simulated, answered by a rule", "$text-warning"),
    "refused": ("✖ refused", "$text-error"),
}
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
        for name, value in details.items():
            if name not in NEVER and value not in (None, "", [], ()):
                found += _field(str(name), value)
        answer = details.get("answer")
        if answer is not None:
            found.append(part("  answer\n", MUTED))
            for name, value in _dict(answer).items():
                found += _field(f"  {name}", value)
        if details.get("error"):
            found.append(part(f"  ✖ {short_text(str(details['error']), WIDE)}\n", "$text-error"))
    return found


def outbox(effects: Iterable[Effect]) -> Content:
    """What was sent out lately, newest first, with who did it and when."""
    newest = list(effects)[::-1]
    if not newest:
        words = "Nothing was sent out yet: no request, no mail, no process, no connection."
        return Content(words)
    found: list[Piece] = []
    for effect in newest[:SHOWN]:
        at = datetime.fromtimestamp(effect.at).astimezone()
        where = f"  #{effect.firing_id}" if effect.firing_id is not None else ""
        found += [
            part(f"{at:%H:%M:%S}  ", MUTED),
            part(effect.plugin or "host", owner_style(effect.plugin)),
            part(f"{where}\n", MUTED),
            *pieces([effect]),
            part("\n"),
        ]
    if len(newest) > SHOWN:
        found.append(part(f"… {counted(len(newest) - SHOWN, 'older one')}\n", MUTED))
    return Content.assemble(*found)


def _field(name: str, value: Any) -> list[Piece]:
    label = part(f"  {name}: ", MUTED)
    if isinstance(value, str) and name.strip() in ("body", "text", "html"):
        cut = f"… {len(value) - BODY:,} more" if len(value) > BODY else ""
        text = safe(value[:BODY]).replace("\n", "\n    ")
        return [label, part(f"{text}{cut}\n")]
    return [label, part(f"{short(value, WIDE)}\n")]


def _dict(picture: object) -> dict[str, Any]:
    return cast("dict[str, Any]", picture) if isinstance(picture, dict) else {}
