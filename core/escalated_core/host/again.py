"""Recorded firings made to happen again: their arguments alive, with other values in them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Final, cast

from escalated_core.analysis.arguments import documented, names_of, spelt
from escalated_core.helpdesk.references import Reference, ReferenceKind
from escalated_core.helpdesk.world import World
from escalated_core.host.event_run import EventRun
from escalated_core.records import Firing
from escalated_core.replay.rebuilding import MissingError, Rebuilt, rebuilt
from escalated_core.snapshots.paths import Path, parse_path, path_text
from escalated_core.snapshots.pictures import ObjectSnapshot

NO_CHANGES: Final[Mapping[str, Any]] = {}


class RecordedRows:
    """Rows and queries as they were recorded; the help desk is opened when one is asked for."""

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    def recall(
        self, row: ObjectSnapshot, fields: Mapping[str, Any], unknown: Collection[str]
    ) -> tuple[Any, str]:
        self._world()
        from escalated_core.helpdesk.recalled import recall

        return recall(row, fields, unknown)

    def requery(self, query: ObjectSnapshot) -> Any:
        self._world()
        from escalated_core.helpdesk.recalled import requery

        return requery(query)


class _References(RecordedRows):
    """Rows by their names: an event happens to them as they are now."""

    def recall(
        self, row: ObjectSnapshot, fields: Mapping[str, Any], unknown: Collection[str]
    ) -> tuple[Any, str]:
        del unknown
        kind = row.type.rpartition(".")[2].lower()
        return Reference(cast("ReferenceKind", kind), fields["id"]), ""


def recalled(
    firing: Firing, world: Callable[[], World], changes: Mapping[str, Any] = NO_CHANGES
) -> Rebuilt:
    """Live arguments as a firing of a hook had them; on the plugin thread.

    Rows have the values they had then, in memory only: nothing is written.

    Args:
        firing: the record.
        world: gives the help desk, opened.
        changes: other values by path, as for `fire`.

    Raises:
        MissingError: arguments cannot be made anew; names all of them.
        UsageError: a change leads nowhere, or does not fit.
    """
    names = names_of(firing.hook, firing.profile)
    paths = {text: spelt(parse_path(text), names) for text in changes}
    found = _rebuilt(firing, world, paths.values())
    if not changes:
        return found
    world()
    from escalated_core.helpdesk.amending import amended

    hook = documented(firing.hook, firing.profile)
    named = {text for text, path in paths.items() if path and path[0] in found.kwargs}
    others = {text: value for text, value in changes.items() if text not in named}
    args = amended(hook, found.args, others, save=False)
    kwargs = _with(found.kwargs, {text: changes[text] for text in changes if text in named})
    return replace(found, args=args, kwargs=kwargs)


def recalled_event(
    firing: Firing, world: Callable[[], World], changes: Mapping[str, Any] = NO_CHANGES
) -> EventRun:
    """An event that is to happen again, to the rows as they are now; on the plugin thread.

    Args:
        firing: its record.
        world: gives the help desk, opened.
        changes: other values, by parameter or by a path inside of one.

    Raises:
        MissingError: a value cannot be made anew.
        UsageError: there is no such event or parameter, or a change leads nowhere.
    """
    world()
    found = rebuilt(firing, _References(world), [parse_path(text) for text in changes])
    given = _with(found.kwargs, changes)
    return EventRun(firing.hook, given, dry=firing.cause.endswith(" dry"))


def _rebuilt(firing: Firing, world: Callable[[], World], given: Collection[Path]) -> Rebuilt:
    rows = RecordedRows(world)
    try:
        return rebuilt(firing, rows, given)
    except MissingError:
        world()  # classes of the help desk are there once it is open
        return rebuilt(firing, rows, given)


def _with(named: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Named values with others in their places; the help desk is open."""
    from escalated_core.helpdesk.amending import amended

    inside = {path_text((0, *parse_path(text))): value for text, value in changes.items()}
    (found,) = amended(None, (named,), inside, save=False)
    return found
