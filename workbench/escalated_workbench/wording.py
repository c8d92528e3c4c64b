"""Words, glyphs and units that every front end writes the same way."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from escalated_core.snapshots.snapshot import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
)

if TYPE_CHECKING:
    from escalated_core.analysis.moments import Link, Since
    from escalated_core.records import Standing

OUTCOME_GLYPHS = {"ok": "✔", "error": "✖", "skipped": "◌", "interrupted": "■"}
STATUS_GLYPHS = {"active": "✔", "inactive": "◌", "failed": "✖"}
FATE_GLYPHS = {"same": " ", "reloaded": "~", "gone": "-", "new": "+"}
"""What became of a callback of then."""
CHANGE_GLYPHS = {"added": "+", "removed": "-", "changed": "~"}
VERDICT_GLYPHS = {
    "raises": "✖",
    "value": "~",
    "removed": "-",
    "added": "+",
    "order": "⇅",
    "effect": "▶",
    "fixed": "✔",
    "slower": "▲",
    "same": "=",
    "unsteady": "?",
    "missing": "◌",
}
SEVERITY_GLYPHS = {"error": "✖", "warning": "!", "info": "i"}

COMPARED = 10_000
"""Characters of two values that are looked through for their difference."""

_BIDI_CONTROLS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
_VISIBLE: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"},
    0x7F: "\u2421",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
    **{code: f"\\u{code:04x}" for code in (*_BIDI_CONTROLS, *range(0xD800, 0xE000))},
}


def safe(text: str, limit: int = 10_000) -> str:
    """Text of others made harmless to a terminal: control codes become visible."""
    return text[:limit].translate(_VISIBLE).expandtabs(4)


def milliseconds(nanoseconds: int) -> str:
    """`0.11 ms`, `1,204 ms`: one unit for every duration."""
    return f"{in_milliseconds(nanoseconds)} ms"


def in_milliseconds(nanoseconds: int) -> str:
    """The same without the unit, for columns that name it once or not at all."""
    value = nanoseconds / 1e6
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def here(path: Path) -> str:
    """A path as a person here would write it: from the working directory, or from home."""
    for base, prefix in ((Path.cwd(), ""), (Path.home(), "~/")):
        if path != base and path.is_relative_to(base):
            return f"{prefix}{path.relative_to(base)}"
    return str(path)


def counted(number: int, thing: str) -> str:
    """`1 finding`, `1,204 findings`."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


def fate_words(link: Link) -> str:
    """What became of a callback since, in words; nothing if it is as it was."""
    if link.now is None:
        return "gone now"
    if link.then is None:
        return "came since"
    return f"now of generation {link.now.generation}" if link.fate == "reloaded" else ""


def standing_words(standing: Standing | None) -> str:
    """`1.2.0, generation 3, active`."""
    if standing is None:
        return "removed"
    status = "active, but its newest code fails" if standing.stale else standing.status
    words = [standing.version, f"generation {standing.generation}" * bool(standing.generation)]
    return ", ".join(filter(None, [*words, status]))


def since_words(since: Since) -> str:
    """`Since then 2 callbacks came, 1 went, 4 got newer code.`"""
    counts = {
        "came": len(since.came),
        "went": len(since.went),
        "got newer code": len(since.reloaded),
    }
    told = [f"{count:,} {what}" for what, count in counts.items() if count]
    if not told:
        return "The same callbacks are registered now."
    number, _, what = told[0].partition(" ")
    told[0] = f"{number} callback{'s' * (number != '1')} {what}"
    return f"Since then {', '.join(told)}."


def short(picture: Any, limit: int = 80) -> str:
    """A snapshot in one line of at most `limit` characters, for reading."""
    text = safe(_literal(picture, limit))
    text = text.replace("\n", "⏎")
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def apart(before: Any, after: Any, limit: int = 80, head: int = 0) -> tuple[str, str]:
    """Two snapshots as `short` writes them, cut so that their first difference is seen.

    `head` characters of their beginning are seen, too; below a third of `limit`.
    """
    texts = [safe(_literal(picture, COMPARED)).replace("\n", "⏎") for picture in (before, after)]
    longest = max(map(len, texts))
    pairs = enumerate(zip(*texts, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), min(map(len, texts)))
    if longest <= limit or same == longest:
        return short(before, limit), short(after, limit)
    first = max(min(same - limit // 3, longest - limit + 1), 0)
    one, other = (_window(text, first, limit, head) for text in texts)
    return one, other


def _window(text: str, first: int, limit: int, head: int) -> str:
    shown = f"{text[:head]}…{text[first + head + 1 :]}" if first else text
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def _literal(picture: Any, room: int) -> str:
    if isinstance(picture, str):
        return repr(picture[: room + 1])
    if isinstance(picture, ObjectSnapshot):
        return picture.text[: room + 1]
    if isinstance(picture, DictSnapshot):
        return _joined("{", [(f"{_literal(k, room)}: ", v) for k, v in picture.items()], "}", room)
    for kind, brackets in ((ListSnapshot, "[]"), (TupleSnapshot, "()"), (SetSnapshot, "{}")):
        if isinstance(picture, kind):
            return _joined(brackets[0], [("", item) for item in picture], brackets[1], room)
    return _scalar(picture)


def _scalar(picture: Any) -> str:
    if isinstance(picture, (date, time)):
        return picture.isoformat()
    return str(picture) if isinstance(picture, (timedelta, UUID, Decimal)) else repr(picture)


def _joined(start: str, items: list[tuple[str, Any]], end: str, room: int) -> str:
    text = start
    for count, (label, item) in enumerate(items):
        text += f"{', ' if count else ''}{label}{_literal(item, room)}"
        if len(text) > room:
            return text
    return text + end
