"""Arguments of hooks and parameters of events as people write them, read by what they are for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, cast

from escalated_core.errors import UsageError
from escalated_core.helpdesk.events.catalogue import require_event, require_parameter
from escalated_core.helpdesk.references import KINDS, Reference
from escalated_core.records import EventParameter, Hook
from escalated_workbench.arguments import argument, why
from escalated_workbench.texts import json_or_text, read_text

_NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_ROW = re.compile(rf"@({'|'.join(KINDS)}):(\d+)")


@dataclass(frozen=True, slots=True)
class Given:
    """What was said about the arguments of a firing: in order, by name, or within one."""

    positional: tuple[Any, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """By path, see `Workbench.fire`."""

    def require_names(self, hook: Hook) -> None:
        """Raise `UsageError` for a name that is none of the hook's parameters."""
        for name in self.overrides:
            _require_name(hook, name)

    def with_argument(self, hook: Hook, word: str) -> Given:
        """With one more argument: the next one, or as `ticket=3` by its name.

        Raises:
            UsageError: the hook has no such parameter, or the value cannot be meant.
        """
        found = _NAMED.fullmatch(word)
        if found is None or hook.documented is None:
            return replace(self, positional=(*self.positional, argument(word)))
        _require_name(hook, found[1])
        return self._overriding(found[1], argument(found[2]))

    def with_change(self, hook: Hook, change: str) -> Given:
        """With another value at a path; raises `UsageError` for what is no `path=value`."""
        path, value = _path_value(change)
        name = re.match(r"[A-Za-z_]\w*", path)
        if name is not None:
            _require_name(hook, name[0])
        return self._overriding(path, value)

    def completed(self, hook: Hook) -> Given:
        """Those in order by their names, where the hook passes more: the rest can be made."""
        names = [each.name for each in hook.documented.parameters] if hook.documented else []
        if not self.positional or len(self.positional) >= len(names):
            return self
        named = dict(zip(names, self.positional, strict=False))
        return Given((), {**named, **self.overrides})

    def _overriding(self, path: str, value: Any) -> Given:
        # What is said later is applied later.
        others = {key: given for key, given in self.overrides.items() if key != path}
        return replace(self, overrides={**others, path: value})


def path_values(changes: tuple[str, ...]) -> dict[str, Any]:
    """What `path=value` words say; raises `UsageError` for other words."""
    return dict(map(_path_value, changes))


def _path_value(change: str) -> tuple[str, Any]:
    path, equals, value = change.partition("=")
    if not equals:
        cure = "Write it like ticket.subject=Hello."
        raise UsageError(f"{change!r} has no '=' between path and value.", cure)
    return path, argument(value)


def is_named(word: str) -> bool:
    """Whether an argument is given by its name, as in `ticket=3`."""
    return _NAMED.fullmatch(word) is not None


def read_payload(path: str) -> Given:
    """All arguments as JSON from a file: by name in an object, or in a list; `-` is standard input.

    `"@ticket:1"` is a row of the help desk.

    Raises:
        UsageError: it cannot be read, or is no JSON; says at which line and column.
    """
    name = "standard input" if path == "-" else path
    content = _json(read_text(path), name)
    if isinstance(content, list):
        return Given(tuple(map(_row_or_value, cast("list[Any]", content))))
    if isinstance(content, dict):
        items = cast("dict[str, Any]", content).items()
        return Given((), {key: _row_or_value(value) for key, value in items})
    raise UsageError(
        f"{name} must hold an object of arguments by name, or a list of them, not {content!r:.60}.",
        'Write it like {"ticket": "@ticket:3"}.',
    )


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{name}:{error.lineno}:{error.colno}"
        raise UsageError(
            f"{place}: this is not JSON: {why(error, False)}.", "Mend it there."
        ) from None
    except RecursionError:
        raise UsageError(f"{name} is nested too deep.", "Give it fewer levels.") from None


def event_values(name: str, words: tuple[str, ...]) -> dict[str, Any]:
    """What `name=value` words say about an event, each read as what its parameter is.

    Raises:
        UsageError: there is no such event or parameter, or a value cannot be meant.
    """
    event = require_event(name)
    values: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        parameter = require_parameter(event, key)
        if not equals:
            cure = f"Write it like {key}=..."
            raise UsageError(f"{word!r} has no '=' between name and value.", cure)
        values[key] = _event_value(parameter, text)
    return values


def _event_value(parameter: EventParameter, text: str) -> Any:
    if parameter.type in KINDS:
        if text.startswith("@"):
            return argument(text)
        return None if text == "null" else int(text) if text.isdecimal() else text
    if parameter.type == "list" and not text.startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if parameter.type in ("list", "json", "number"):
        return argument(text)
    # Text and choices are what they are, digits too.
    return text


def story_values(words: tuple[str, ...]) -> dict[str, Any]:
    """What `key=value` words say about a story; raises `UsageError` for other words."""
    values: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not (key and equals):
            raise UsageError(f"{word!r} has no '=' between key and value.", "Write k=v.")
        values[key] = json_or_text(text)
    return values


def _row_or_value(value: Any) -> Any:
    """The row that a text such as `@ticket:1` names, or the value itself."""
    found = _ROW.fullmatch(value) if isinstance(value, str) else None
    return Reference(cast("Any", found[1]), int(found[2])) if found else value


def _require_name(hook: Hook, name: str) -> None:
    names = [each.name for each in hook.documented.parameters] if hook.documented else []
    if name not in names:
        near = get_close_matches(name, names, n=1, cutoff=0.5)
        passes = f"It passes: {', '.join(names)}." if names else "Give its arguments in order."
        cure = f"Did you mean {near[0]!r}?" if near else passes
        raise UsageError(f"{hook.name!r} has no parameter {name!r}.", cure)
