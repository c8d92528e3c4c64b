"""Paths into snapshots: how parts are named, written, read and looked up.

A path holds keys, indices, `id=` selectors of list items and members of sets, as Python writes
them where they are neither text nor a number.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from escalated_core.errors import UsageError
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
    same,
)

Path = tuple[str | int, ...]

ANY: Final = "*"
"""Stands for every part, in a path that is a pattern."""


class Missing:
    """What a path leads to where there is nothing."""

    def __repr__(self) -> str:
        return "(missing)"


MISSING: Final = Missing()

_PLAIN = re.compile(r'[^\s.\[\]"](?:[^.\[\]"]*[^\s.\[\]"])?')
_PART = re.compile(
    rf'(?P<dot>\.)?(?P<name>{_PLAIN.pattern})|\[(?:(?P<index>-?\d+|\*|True|False)|"(?P<quoted>(?:[^"\\]|\\.)*)")\]',
    re.DOTALL,
)
_INDICES: Final[dict[str, str | int]] = {ANY: ANY, "True": True, "False": False}


def path_text(path: Path) -> str:
    """`data.tags[2]`-like text of a path; the value itself is `value`.

    A key that could be read as anything else is quoted: `data["a.b"]`.
    """
    if path == ("value",):
        return '["value"]'
    text = ""
    for part in path:
        if isinstance(part, int) or part == ANY:
            text += f"[{part}]"
        elif _PLAIN.fullmatch(part):
            text += f".{part}" if text else part
        else:
            quoted = part.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{quoted}"]'
    return text or "value"


def parse_path(text: str) -> Path:
    """The path that `path_text` writes as `text`; `*` or `[*]` stands for any part.

    Raises:
        UsageError: it is no path.
    """
    if text in ("", "value"):
        return ()
    path: list[str | int] = []
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        # A dot stands between names and nowhere else.
        if found is None or (found["name"] is not None and bool(found["dot"]) is not bool(path)):
            raise UsageError(
                f"{text!r} is no path: it cannot be read from {text[at:][:20]!r} on.",
                'Write it like comments[0].body, comments[*].body or data["a.b"].',
            )
        if (name := found["name"]) is not None:
            path.append(name)
        elif (index := found["index"]) is not None:
            path.append(_INDICES[index] if index in _INDICES else int(index))
        else:
            path.append(re.sub(r"\\(.)", r"\1", found["quoted"], flags=re.DOTALL))
        at = found.end()
    return tuple(path)


def part_of(key: Any) -> str | int:
    """A key or a member of a set as it is named in a path."""
    if isinstance(key, (str, int)):
        return key
    return key.text if isinstance(key, ObjectSnapshot) else repr(key)


def parts(picture: Any) -> dict[str | int, Any]:
    """What a snapshot holds, by the parts of paths that lead there; empty for a leaf.

    Items of a list are named by their `id` if they have one of their own, else by their index.
    """
    if isinstance(picture, DictSnapshot):
        return {part_of(key): value for key, value in picture.items()}
    if isinstance(picture, (ListSnapshot, TupleSnapshot)):
        return _items(picture)
    if isinstance(picture, SetSnapshot):
        return {part_of(member): member for member in picture}
    if not isinstance(picture, ObjectSnapshot):
        return {}
    fields = {} if picture.fields is None else parts(picture.fields)
    return fields if is_named_tuple(picture) else parts(picture.of) | fields


def value_at(snapshot: Any, path: Path) -> Any:
    """What a path leads to in a snapshot; `MISSING` if nothing."""
    for part in path:
        items = snapshot.of if isinstance(snapshot, ObjectSnapshot) else snapshot
        if type(part) is int and isinstance(items, (ListSnapshot, TupleSnapshot)):
            snapshot = items[part] if -len(items) <= part < len(items) else MISSING
        else:
            snapshot = parts(snapshot).get(part, MISSING)
        if snapshot is MISSING:
            break
    return snapshot


def identities(items: Any) -> dict[str | int, Any] | None:
    """The items of a list by their `id=` selectors, if each has one of its own."""
    found: dict[str | int, Any] = {}
    for item in items:
        selector = _selector(item)
        if selector is None or selector in found:
            return None
        found[selector] = item
    return found


def _items(items: Any) -> dict[str | int, Any]:
    selectors = [_selector(item) for item in items]
    count = Counter(selectors)
    return {
        selector if selector is not None and count[selector] == 1 else index: item
        for index, (selector, item) in enumerate(zip(selectors, items, strict=True))
    }


def _selector(item: Any) -> str | None:
    fields = item.fields if isinstance(item, ObjectSnapshot) else item
    identity = fields.get("id") if isinstance(fields, DictSnapshot) else None
    return f"id={identity}" if isinstance(identity, (str, int)) else None


def is_named_tuple(picture: ObjectSnapshot) -> bool:
    """Whether the fields are names of what the tuple in `of` holds."""
    fields, of = picture.fields, picture.of
    if fields is None or not isinstance(of, TupleSnapshot) or len(fields) != len(of):
        return False
    return all(map(same, fields.values(), of))
