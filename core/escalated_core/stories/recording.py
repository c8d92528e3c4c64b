"""Stories told from what was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from escalated_core.errors import UsageError
from escalated_core.helpdesk.events.catalogue import events, row_kind
from escalated_core.records import EventParameter, Firing, Profile
from escalated_core.snapshots.pictures import DictSnapshot, ObjectSnapshot, plain
from escalated_core.stories.bare import Unwritable, recorded
from escalated_core.stories.judging import simple
from escalated_core.stories.moments import spelt
from escalated_core.stories.references import escaped
from escalated_core.stories.story import At, Story, StoryStep
from escalated_core.stories.values import ROW_TYPES
from escalated_core.stories.writing import write_story

_MAKING: Final = {
    "ticket.create": ("ticket_created",),
    "comment.create": ("comment_created", "reply_created"),
    "comment.note": ("comment_created", "internal_note_added"),
    "user.create": ("user_created",),
}
"""The hooks whose first argument is the row that an event has made."""
_NAMED: Final = ("reference", "username", "slug")
"""The fields that name a row more readably than its number."""

_Row = tuple[str, Any]


def record_story(
    firings: Iterable[Firing], name: str, since: int, profile: Profile, seed: int
) -> str:
    """The text of a story with what was made to happen, see `Workbench.record_story`.

    Rows that the events have made are referred to, others are named. Time passes as it did, in
    whole seconds; what deadlines caused are steps like the others. A bare hook whose arguments
    cannot be written is a comment.

    Raises:
        UsageError: there is no event, or one whose values were not recorded.
    """
    kept = [firing for firing in firings if firing.id > since]
    told = [firing for firing in kept if firing.kind == "event" or _is_bare(firing)]
    if not told:
        raise UsageError("No event has been recorded.", "Make one happen: event(...).")
    made = dict(_made(told, kept))
    names: dict[_Row, str] = {}
    steps: list[StoryStep] = []
    notes: dict[int, list[str]] = {}
    last = start = _moment(told[0])
    for event in told:
        now = _moment(event)
        try:
            steps.append(_step(event, now - last, names))
        except Unwritable as why:
            note = f"fire {event.hook} is left out: {why}."
            notes.setdefault(len(steps), []).append(note)
            continue
        last = max(last, now)
        if event.id in made:
            row = made[event.id]
            names[row] = f"{row[0]}{sum(known[0] == row[0] for known in names) + 1}"
            steps[-1] = _with_id(steps[-1], names[row])
    if not steps:
        cure = "Fire hooks with rows and plain values."
        raise UsageError(f"Nothing can be told: {notes[0][0]}", cure)
    return write_story(Story(name, tuple(steps), start, profile, seed, warning=None), notes)


def _is_bare(firing: Firing) -> bool:
    """Whether a hook was fired by itself."""
    by_hand = firing.cause.partition(":")[0] in ("workbench", "again")
    return firing.kind != "event" and firing.parent_id is None and by_hand


def _moment(event: Firing) -> datetime:
    return datetime.fromtimestamp(int(event.started_at), UTC)


def _made(told: Iterable[Firing], kept: Iterable[Firing]) -> Iterator[tuple[int, _Row]]:
    """The rows that events have made, by the id of the event."""
    by_id = {event.id: event for event in told}
    for firing in kept:
        event = by_id.get(firing.parent_id or 0)
        if event is None or firing.hook not in _MAKING.get(event.hook, ()):
            continue
        number = _field(firing.args[0], "id") if firing.args else None
        if number is not None:
            yield event.id, (row_kind(event.hook) or "", number)


def _step(event: Firing, gap: timedelta, names: Mapping[_Row, str]) -> StoryStep:
    at = At(text=f"+{spelt(gap)}") if gap >= timedelta(seconds=1) else At()
    if event.kind != "event":
        return recorded(event, at, names)
    if not isinstance(event.kwargs, DictSnapshot):
        message = f"The values of {event.hook} (firing {event.id}) were not recorded."
        raise UsageError(message, "Record values, and have it happen again.")
    given = cast("Mapping[str, Any]", event.kwargs)
    known = {each.name: each for each in events()[event.hook].parameters}
    return StoryStep(
        event=event.hook,
        given={name: _value(event, known[name], value, names) for name, value in given.items()},
        at=at,
        dry=event.cause.endswith(" dry"),
    )


def _value(event: Firing, parameter: EventParameter, value: Any, names: Mapping[_Row, str]) -> Any:
    kind = ROW_TYPES.get(parameter.type)
    if kind is not None and isinstance(value, ObjectSnapshot):
        number = _field(value, "id")
        if (kind, number) in names:
            return f"${{{names[kind, number]}}}"
        called = (_field(value, name) for name in _NAMED)
        return next((each for each in called if each), number)
    if _is_cut(value):
        message = f"{parameter.name!r} of {event.hook} is too large to be recorded as a whole."
        raise UsageError(message, "Leave that event out: since=...")
    return escaped(simple(plain(value)))


def _is_cut(value: Any) -> bool:
    """Whether a snapshot shows only a part of what there was."""
    if isinstance(value, ObjectSnapshot):
        return value.kind == "truncated"
    if isinstance(value, Mapping):
        return any(_is_cut(item) for item in cast("Mapping[Any, Any]", value).values())
    if isinstance(value, (list, tuple)):
        return any(_is_cut(item) for item in cast("list[Any]", value))
    return False


def _field(row: Any, name: str) -> Any:
    fields = row.fields if isinstance(row, ObjectSnapshot) else None
    return fields.get(name) if fields is not None else None


def _with_id(step: StoryStep, name: str) -> StoryStep:
    return StoryStep(event=step.event, given=step.given, id=name, at=step.at, dry=step.dry)
