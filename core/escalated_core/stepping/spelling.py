"""Breakpoints as people write them: `ticket_* plugin:triage when=changed path=tags if CONDITION`.

A bare word is a hook, `plugin:callback` a callback of a plugin. All words together say where; those
with `=` say when, and all after `if` is a condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from escalated_core.errors import UsageError, meant
from escalated_core.stepping.breakpoint import PLACES, Breakpoint

MOMENTS: Final = ("when", "path", "limit")
EXAMPLES: Final = "Write it like ticket_*, triage:tag_vip, plugin:triage or event:ticket.create."

_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\S)+')
_SPACED = re.compile(r"[^\s:=]+(?:\s+[:=]|[:=]\s+\S)")
_NAMED = re.compile(r"([^:=\"\[]+)([:=])(.*)", re.DOTALL)

Said = tuple[str, Any, int]
"""A field of a breakpoint, its value, and the column in which it is said."""


def read_breakpoint(text: str) -> Breakpoint:
    """The breakpoint that a text means.

    Raises:
        UsageError: it cannot be meant; names the column, counted from 1.
    """
    fields: dict[str, Any] = {}
    for field, value, column in _said(text):
        if field in fields:
            cure = "Several places are several breakpoints."
            raise _wrong(text, column, f"the {field.removesuffix('_ms')} is said twice", cure)
        try:
            Breakpoint(**{field: value})
        except UsageError as error:
            raise _wrong(text, column, error.message.removesuffix("."), error.cure) from None
        fields[field] = value
    if not fields:
        raise UsageError(f"{text!r} says nothing to stop at.", EXAMPLES)
    if "path" in fields:
        fields.setdefault("when", "changed")
    if "limit_ms" in fields:
        fields.setdefault("when", "slow")
    _require_pairs(text, fields)
    return Breakpoint(**fields)


def _said(text: str) -> Iterator[Said]:
    for found in _WORD.finditer(text):
        word, column = found[0], found.start() + 1
        if word == "if":
            condition = text[found.end() :].strip()
            if not condition:
                cure = "Write it like if value['priority'] == 'urgent'."
                raise _wrong(text, column, "no condition comes after if", cure)
            yield "condition", condition, column
            return
        if word.lower() == "if":
            raise _wrong(text, column, f"{word} is no word", "Write a small if before a condition.")
        if _SPACED.match(text, found.start()):
            cure = "Write it in one word, like when=error."
            raise _wrong(text, column, f"a space parts {word.strip(':=')} from what it is", cure)
        yield from _meant(text, word, column)


def _meant(text: str, word: str, column: int) -> Iterator[Said]:
    """What one word says."""
    found = _NAMED.fullmatch(word)
    if found is None:
        yield "hook", word, column
        return
    name, sign, value = found.groups()
    if not value:
        raise _wrong(text, column, f"nothing comes after {name}{sign}", EXAMPLES)
    if name == "limit":
        yield "limit_ms", _milliseconds(text, value, column), column
    elif name in (*PLACES, *MOMENTS):
        yield name, value, column
    elif sign == "=":
        raise _wrong(text, column, f"there is no {name!r}", meant(name, (*MOMENTS, *PLACES)))
    else:
        yield "plugin", name, column
        yield "callback", value, column


def _milliseconds(text: str, value: str, column: int) -> float:
    try:
        found = float(value.removesuffix("ms"))
    except ValueError:
        found = -1.0
    if not found >= 0:
        cure = "Write milliseconds, as in limit=50."
        raise _wrong(text, column, f"{value!r} is no number of milliseconds", cure)
    return found


def _require_pairs(text: str, fields: dict[str, Any]) -> None:
    """Refuse what counts for nothing beside the moment that is said."""
    for field, moment in (("path", "changed"), ("limit_ms", "slow")):
        if field in fields and fields["when"] != moment:
            name = field.removesuffix("_ms")
            column = re.search(rf"\b{name}[:=]", text)
            raise _wrong(
                text,
                column.start() + 1 if column else 1,
                f"{name} counts for nothing beside when={fields['when']}",
                f"It goes with when={moment}.",
            )
    if fields.get("when") == "slow" and "limit_ms" not in fields:
        raise UsageError(
            f"{text!r} does not say how slow.", "Say it in milliseconds, as in limit=50."
        )


def _wrong(text: str, column: int, what: str, cure: str) -> UsageError:
    return UsageError(f"{text!r}, column {column}: {what}.", cure)
