"""HTML that is put together of escaped text, and values written over several lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from typing import Any

from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
    canonical,
)
from escalated_workbench.wording import safe, short

TEXT_CAP = 8_000
"""Characters shown of one text."""
LINES_CAP = 200
"""Lines shown of one value."""
DEPTH = 20
"""Levels of a value that are opened."""
WIDTH = 72
"""Characters up to which a value stands in one line."""

_MARKS = {0x061C: "\\u061c", 0x200E: "\\u200e", 0x200F: "\\u200f", 0xFFFE: "\\ufffe"}
_MARKS[0xFFFF] = "\\uffff"
_BRACKETS: tuple[tuple[type, str], ...] = (
    (ListSnapshot, "[]"),
    (TupleSnapshot, "()"),
    (SetSnapshot, "{}"),
    (DictSnapshot, "{}"),
)


def readable(text: str, limit: int = TEXT_CAP) -> str:
    """Text of others with its control characters visible, and a mark where it was cut."""
    rest = len(text) - limit
    more = f"… {rest:,} more characters" if rest > 0 else ""
    return safe(text, limit).translate(_MARKS) + more


def text(value: object) -> str:
    """Any text as HTML."""
    return escape(readable(str(value)))


def tag(name: str, *content: str, **attributes: object) -> str:
    """An element around HTML; an attribute that is None is left out, `class_` is `class`."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{given}>{''.join(content)}</{name}>"


def style(name: str) -> str:
    """A style sheet of this package."""
    return files("escalated_workbench.report").joinpath(name).read_text("utf-8")


def value(picture: Any) -> str:
    """A snapshot as preformatted HTML."""
    return tag("pre", escape("\n".join(_capped(value_lines(picture)))), class_="value")


def value_lines(picture: Any, indent: int = 0, label: str = "") -> Iterator[str]:
    """A snapshot as lines for reading: short parts in one line, others indented below."""
    space = "  " * indent
    if isinstance(picture, str) and (len(picture) > WIDTH or "\n" in picture):
        lines = f'{readable(picture)}"""'.split("\n")
        yield f'{space}{label}"""{lines[0]}'
        yield from (f"{space}   {line}" for line in lines[1:])
        return
    whole = readable(short(picture, WIDTH + 1))
    name, inside = _opened(picture)
    brackets = next((pair for kind, pair in _BRACKETS if isinstance(inside, kind)), "")
    is_whole = len(whole) <= WIDTH and not name
    if is_whole or not brackets or not inside or indent > DEPTH:
        yield f"{space}{label}{whole}"
        return
    yield f"{space}{label}{name}{brackets[0]}"
    for key, item in _parts(inside):
        yield from value_lines(item, indent + 1, key)
    yield f"{space}{brackets[1]}"


def _opened(picture: Any) -> tuple[str, Any]:
    """What a value is called in front of its brackets, and what stands between them."""
    if not isinstance(picture, ObjectSnapshot):
        return "", picture
    inside = picture.of if picture.fields is None else picture.fields
    return f"{readable(picture.text, WIDTH)} ", inside


def _parts(inside: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(inside, DictSnapshot):
        return ((f"{readable(short(key, WIDTH))}: ", item) for key, item in inside.items())
    items = sorted(inside, key=canonical) if isinstance(inside, SetSnapshot) else inside
    return (("", item) for item in items)


def _capped(lines: Iterable[str]) -> Iterator[str]:
    for count, line in enumerate(lines):
        if count == LINES_CAP:
            yield "… more is not shown"
            return
        yield line
