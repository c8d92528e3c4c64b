"""Rows of the help desk as the trace has seen them: in arguments and values of hooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from escalated_core.analysis.arguments import states
from escalated_core.errors import UsageError, meant
from escalated_core.records import Change, Firing, Snapshot
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
)

DEEP = 6
"""How far inside of values rows are looked for."""

NAMED = 10
"""Rows that are named where another one is asked for."""


@dataclass(frozen=True, slots=True)
class PastRow:
    """A row of the help desk, or of a plugin's model, as it was pictured."""

    kind: str
    """Of its model, such as `ticket`."""
    key: str
    fields: DictSnapshot
    firing_id: int
    """The firing that shows it like this."""
    step: int | None = None
    """After which step of it; None for when it began."""
    callback: str = ""
    """What ran in that step."""
    changes: tuple[Change, ...] = ()
    """What that step changed in it."""

    def __getitem__(self, name: str) -> Snapshot:
        return self.fields[name]

    def __repr__(self) -> str:
        return f"PastRow({self.kind} {self.key}, {self.seen})"

    @property
    def seen(self) -> str:
        """`#212 after tag_vip`, `#212 as it began`."""
        when = "as it began" if self.step is None else f"after {self.callback}"
        return f"#{self.firing_id} {when}"


def rows_in(firing: Firing, step: int | None) -> list[PastRow]:
    """The rows that a firing shows when it begins, or after a step."""
    shown = _shown(firing, step)
    if step is None:
        return [PastRow(*row, firing.id) for row in shown]
    before = {row[:2]: row[2] for row in _shown(firing, step - 1 if step else None)}
    callback = firing.steps[step].callback
    return [
        PastRow(kind, key, fields, firing.id, step, callback, _changed(before, kind, key, fields))
        for kind, key, fields in shown
    ]


def args_at(firing: Firing, step: int | None) -> tuple[Snapshot, ...]:
    """The arguments when a firing begins, or after a step; first the value, of a filter."""
    if step is None:
        return firing.args
    args = states(firing)[step + 1]
    return (firing.steps[step].after, *args[1:]) if firing.kind == "filter" else args


def shows(firing: Firing, step: int | None, kind: str, key: str) -> bool:
    """Whether a firing shows a row when it begins, or after a step."""
    return any(shown[:2] == (kind, key) for shown in _shown(firing, step))


def unseen(
    moments: Iterable[tuple[Firing, int | None]], name: str, kind: str, key: str
) -> UsageError:
    """That none of the moments, up to the one of that name, shows a row; with those that are."""
    seen: dict[str, dict[str, None]] = {}
    for moment in moments:
        for other, number, _ in _shown(*moment):
            seen.setdefault(other, {})[number] = None
    told = f"Nothing recorded up to {name} shows"
    if not seen:
        cure = "Rows are known from the arguments and values of hooks."
        return UsageError(f"{told} {kind} {key}: there is no row in it.", cure)
    if kind not in seen:
        cure = meant(kind, seen, "Rows that are shown are of")
        return UsageError(f"{told} a row of the kind {kind!r}.", cure)
    keys = [*seen[kind]]
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return UsageError(f"{told} {kind} {key}.", f"It shows {kind} {', '.join(keys[:NAMED])}{more}.")


def _changed(
    before: dict[tuple[str, str], DictSnapshot], kind: str, key: str, fields: DictSnapshot
) -> tuple[Change, ...]:
    earlier = before.get((kind, key))
    return () if earlier is None else changes(earlier, fields)


def _shown(firing: Firing, step: int | None) -> list[tuple[str, str, DictSnapshot]]:
    """Kind, key and fields of each row, once."""
    found: dict[tuple[str, str], DictSnapshot] = {}
    for picture in _models([*args_at(firing, step), firing.kwargs], 0):
        kind, key = _name(picture)
        if key and picture.fields is not None:
            found.setdefault((kind, key), picture.fields)
    return [(*name, fields) for name, fields in found.items()]


def _models(values: Iterable[Any], depth: int) -> Iterator[ObjectSnapshot]:
    for value in values:
        inside: Iterable[Any] = ()
        if isinstance(value, ObjectSnapshot):
            if value.kind == "model":
                yield value
            inside = value.fields.values() if value.fields is not None else ()
        elif isinstance(value, DictSnapshot):
            inside = value.values()
        elif isinstance(value, (ListSnapshot, TupleSnapshot, SetSnapshot)):
            inside = value
        if inside and depth < DEEP:
            yield from _models(inside, depth + 1)


def _name(picture: ObjectSnapshot) -> tuple[str, str]:
    """Kind and key; a row that was never saved has no key."""
    _, _, key = picture.text.partition(" ")
    return picture.type.rpartition(".")[2].lower(), key
