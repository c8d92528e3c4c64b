"""Bare hooks in stories: their arguments as they are written, and as they were recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final, cast

from escalated_core.helpdesk.references import KINDS, Reference
from escalated_core.hooks.catalogue import catalogue_of
from escalated_core.records import Firing
from escalated_core.snapshots.pictures import ObjectSnapshot, plain
from escalated_core.stories.references import escaped
from escalated_core.stories.story import At, StoryStep

_ROW: Final = re.compile(rf"@({'|'.join(KINDS)}):([0-9]{{1,9}})")
_MODELS: Final = ("ticket", "user", "comment", "department", "tag")


class Unwritable(Exception):  # noqa: N818 - told by whoever writes the story
    """What was fired cannot be written; says why."""


def argument(value: Any) -> Any:
    """An argument of a bare hook: a row by itself is the live row, inside of others its id."""
    found = _ROW.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        return Reference(cast("Any", found[1]), int(found[2]))
    return value if isinstance(value, Reference) else _without_rows(value)


def _without_rows(value: Any) -> Any:
    if isinstance(value, Reference):
        return value.key
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: _without_rows(item) for key, item in entries.items()}
    if isinstance(value, list):
        return [_without_rows(item) for item in cast("list[Any]", value)]
    return value


def recorded(firing: Firing, at: At, names: Mapping[tuple[str, Any], str]) -> StoryStep:
    """The step that fires the same.

    Args:
        firing: of a hook that no event and no callback has fired.
        at: when the step happens.
        names: the ids of steps, by kind and number of the rows that they have made.

    Raises:
        Unwritable: an argument is no row, and nothing that JSON has; or nobody heard of it, and
            no story can fire that.
    """
    if not firing.steps and not catalogue_of(firing.profile).get(firing.hook):
        raise Unwritable("nobody listens to it, and it is not documented")
    args = [_written(f"argument {n}", each, names) for n, each in enumerate(firing.args, 1)]
    kwargs = {name: _written(name, each, names) for name, each in firing.kwargs.items()}
    kind = "filter" if firing.kind == "filter" else "action"
    return StoryStep(fire=firing.hook, args=tuple(args), kwargs=kwargs, kind=kind, at=at)


def _written(name: str, value: Any, names: Mapping[tuple[str, Any], str]) -> Any:
    row = _row(value)
    if row is not None:
        return f"${{{names[row]}}}" if row in names else f"@{row[0]}:{row[1]}"
    if not _is_simple(value) or isinstance(argument(value), Reference):
        what = f" ({value.text})" if isinstance(value, ObjectSnapshot) else ""
        raise Unwritable(f"{name}{what} cannot be written")
    return escaped(plain(value))


def _row(value: Any) -> tuple[str, Any] | None:
    """The kind and the number of a row of the help desk."""
    if not isinstance(value, ObjectSnapshot) or value.kind != "model" or not value.fields:
        return None
    kind, number = value.type.rpartition(".")[2].lower(), value.fields.get("id")
    return (kind, number) if kind in _MODELS and number is not None else None


def _is_simple(value: Any) -> bool:
    """Whether a story has the value as it is."""
    if isinstance(value, dict):
        entries = cast("dict[Any, Any]", value)
        return all(isinstance(k, str) and _is_simple(item) for k, item in entries.items())
    if isinstance(value, list):
        return all(map(_is_simple, cast("list[Any]", value)))
    if isinstance(value, float):
        return isfinite(value)
    return value is None or type(value) in (bool, int, str)
