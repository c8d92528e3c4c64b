"""Arguments of a hook with other values at some places in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, cast

from django.db import models, transaction

from escalated_core.errors import UsageError
from escalated_core.helpdesk.editing import edit
from escalated_core.helpdesk.events.values import row
from escalated_core.helpdesk.lookup import resolve
from escalated_core.helpdesk.references import KINDS, Reference
from escalated_core.records import CataloguedHook
from escalated_core.snapshots.paths import Path, parse_path, path_text

_NOTHING: Final = object()


def rows_given(hook: CataloguedHook, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The rows among whole arguments that are given, by parameter type: the rest must go with them.

    Raises:
        UsageError: there is no such row.
    """
    return {
        parameter.type: row(hook, parameter, overrides[parameter.name])
        for parameter in hook.parameters
        if parameter.type in KINDS and isinstance(overrides.get(parameter.name), _NAMES)
    }


_NAMES: Final = (int, str, Reference)
"""What names a row; anything else is passed as it is."""


def amended(
    hook: CataloguedHook | None,
    args: Sequence[Any],
    overrides: Mapping[str, Any],
    *,
    save: bool = True,
) -> tuple[Any, ...]:
    """The arguments with the overrides in them.

    Args:
        hook: what is documented about the hook.
        args: what it would pass; no container of theirs is changed.
        overrides: values by path. A path begins with the name of a parameter, or with the
            position of an argument as in `[0].subject`.
        save: whether fields of rows are written to the database, not only to the row in memory.

    Raises:
        UsageError: a path leads nowhere, or a value does not fit; nothing is written then.
    """
    given = list(args)
    with transaction.atomic():
        for text, value in overrides.items():
            path = parse_path(text)
            position = _position(hook, len(given), text, path)
            new = _named(hook, position, value) if len(path) == 1 else value
            given[position] = _with(given[position], path[1:], new, text, save)
    return tuple(given)


def _position(hook: CataloguedHook | None, count: int, text: str, path: Path) -> int:
    names = [parameter.name for parameter in hook.parameters] if hook else []
    first = path[0] if path else ""
    if isinstance(first, str) and first in names:
        first = names.index(first)
    if isinstance(first, str):
        near = get_close_matches(first, names, n=1, cutoff=0.5)
        known = f"It passes: {', '.join(names)}." if names else "Begin with a position, as in [0]."
        cure = f"Did you mean {near[0]!r}?" if near else known
        whose = hook.name if hook else "The hook"
        raise UsageError(f"{whose} passes no {first!r}.", cure)
    if not 0 <= first < count:
        raise UsageError(f"{text!r} leads to no argument.", f"There are {count}, from [0] on.")
    return first


def _named(hook: CataloguedHook | None, position: int, value: Any) -> Any:
    """The row that a whole argument is given as, or the value itself."""
    if hook is not None and position < len(hook.parameters):
        parameter = hook.parameters[position]
        if parameter.type in KINDS and isinstance(value, _NAMES) and not isinstance(value, bool):
            return row(hook, parameter, value)
    return resolve(value) if isinstance(value, Reference) else value


def _with(whole: Any, path: Path, new: Any, text: str, save: bool) -> Any:
    """A value with another one at a path inside of it; rows are changed in place."""
    if not path:
        return new
    part, rest = path[0], path[1:]
    if isinstance(whole, models.Model):
        name = str(part)
        before = getattr(whole, name, _NOTHING)
        # What it does not have is told by its fields.
        after = new if before is _NOTHING else _with(before, rest, new, text, save)
        if not (rest and after is before):
            edit(whole, {name: after}, save=save)
        return whole
    if isinstance(whole, Mapping):
        items = cast("Mapping[Any, Any]", whole)
        inside = items.get(part, _NOTHING)
        return {**items, part: _with(inside, rest, new, text, save)}
    if isinstance(whole, (list, tuple)) and isinstance(part, int):
        sequence = cast("Sequence[Any]", whole)
        if -len(sequence) <= part < len(sequence):
            changed = list(sequence)
            changed[part] = _with(changed[part], rest, new, text, save)
            return changed if isinstance(whole, list) else tuple(changed)
    raise UsageError(f"{text!r} cannot be set: nothing there holds {path_text((part, *rest))!r}.")
