"""What an event would do: the hooks it would fire, what each would pass on, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from escalated_core.records import Rehearsed
from escalated_core.snapshots.snapshot import ObjectSnapshot
from escalated_workbench.composing import Documented
from escalated_workbench.tui.look import owner_style, part
from escalated_workbench.tui.widgets.values import MUTED, Piece, argument_name
from escalated_workbench.wording import counted, safe, short

WIDE, FIELD, FIELDS = 100, 300, 40
"""Characters shown of a name and of a field, and how many fields of a value are."""


def pieces(rehearsed: Sequence[Rehearsed], documented: Documented) -> list[Piece]:
    """Each hook with its arguments as the first callback would get them, and the callbacks."""
    found: list[Piece] = []
    for each in rehearsed:
        hook = documented(each.hook)
        names = tuple(parameter.name for parameter in hook.parameters) if hook else ()
        found += [part(each.hook, "bold"), part(f"  {each.kind}\n", MUTED)]
        for callback in each.callbacks:
            owner = callback.plugin
            found += [
                part(f"{callback.priority:>6g} ", MUTED),
                part(f"{callback.callback}  "),
                part(f"{owner or 'host'}\n", owner_style(owner)),
            ]
        if not each.callbacks:
            found.append(part("       nobody listens\n", MUTED))
        if each.args:
            found.append(part(f"  {_receivers(each)}\n", MUTED))
        for index, argument in enumerate(each.args):
            found += _argument(argument_name(index, names), argument)
    return found or [part("Nothing would be fired.", MUTED)]


def _receivers(rehearsed: Rehearsed) -> str:
    """Who receives the arguments."""
    count = len(rehearsed.callbacks)
    if count < 2:
        return "it receives" if count else "it would have received"
    return "each receives" if rehearsed.kind == "action" else "the first of them receives"


def summary(rehearsed: Sequence[Rehearsed]) -> str:
    """`2 hooks · 5 callbacks`."""
    callbacks = sum(len(each.callbacks) for each in rehearsed)
    return f"{counted(len(rehearsed), 'hook')} · {counted(callbacks, 'callback')}"


def name_of(picture: Any) -> str:
    """What tells a row of the help desk, else the value in one line."""
    if isinstance(picture, ObjectSnapshot) and isinstance(picture.fields, dict):
        fields: dict[Any, Any] = picture.fields
        for name in ("reference", "username", "slug"):
            if fields.get(name):
                return short_text(str(fields[name]), WIDE)
    if isinstance(picture, str):
        return short_text(picture, WIDE)
    return short(picture, WIDE)


def short_text(text: str, room: int) -> str:
    """A text in one line, without quotes; with a sign where it goes on."""
    line = safe(text[: room + 1].replace("\n", "⏎"))
    return line if len(text) <= room else f"{line[: room - 1]}…"


def told_time(value: datetime | timedelta) -> str:
    """A moment or a duration, to be read."""
    return value.isoformat(" ", "seconds") if isinstance(value, datetime) else str(value)


def _argument(name: str, picture: Any) -> list[Piece]:
    """An argument and, of rows and data, its fields."""
    fields = picture.fields if isinstance(picture, ObjectSnapshot) else picture
    head = picture.text if isinstance(picture, ObjectSnapshot) else ""
    found: list[Piece] = [part(f"    {name}  ", "$text-accent")]
    if not isinstance(fields, dict):
        return [*found, part(f"{short(picture, 200)}\n")]
    found.append(part(f"{head}\n"))
    shown = list(cast("dict[Any, Any]", fields).items())
    for key, value in shown[:FIELDS]:
        told = told_time(value) if isinstance(value, datetime | timedelta) else short(value, FIELD)
        found += [part(f"      {short_text(str(key), 30)}: ", MUTED), part(f"{told}\n")]
    if len(shown) > FIELDS:
        found.append(part(f"      … {len(shown) - FIELDS} more\n", MUTED))
    return found
