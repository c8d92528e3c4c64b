"""TOML that knows where each of its values stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

from escalated_core.errors import UsageError
from escalated_workbench.texts import read_text

Key = tuple[str, ...]


class Place(NamedTuple):
    """Where something stands in a file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file that has been read."""

    path: Path
    values: Mapping[str, Any]
    text: str

    def place(self, key: Key) -> Place:
        """Where a key stands, or else the table that it is in."""
        places = dict(_places(self.text))
        while key and key not in places:
            key = key[:-1]
        return places.get(key, Place(1, 1))

    def at(self, key: Key) -> str:
        """`file:line:column` of a key."""
        return "{}:{}:{}".format(self.path, *self.place(key))


def read(path: Path) -> Document:
    """Read a file.

    Raises:
        UsageError: it cannot be read, is not UTF-8 or no TOML; says at which line and column.
    """
    text = read_text(path).replace("\r\n", "\n")
    try:
        return Document(path, tomllib.loads(text), text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path}:{_told(str(error), text)}", "Texts stand in quotes.") from None


def _told(message: str, text: str) -> str:
    """What the parser says, with its place in front: `3:8: Invalid value.`"""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message)
    if found is None:
        return f"1:1: {message}."
    lines = text.split("\n")
    line, column = found[2] or len(lines), found[3] or len(lines[-1]) + 1
    return f"{line}:{column}: {found[1]}."


def _places(text: str) -> Iterator[tuple[Key, Place]]:
    """Every key with its place: the parser tells no places, but where a statement is complete."""
    table: Key = ()
    lines = text.split("\n")
    first = 0
    for end in range(1, len(lines) + 1):
        statement = "\n".join(lines[first:end])
        try:
            values = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        start = lines[first]
        place = Place(first + 1, len(start) - len(start.lstrip()) + 1)
        is_header = start.lstrip().startswith("[")
        keys = list(_keys(values))
        if is_header and keys:
            table = keys[-1]
            yield table, place
        for key in () if is_header else keys:
            yield (*table, *key), place
        first = end


def _keys(values: Any) -> Iterator[Key]:
    """The keys of nested tables, outer ones first."""
    if isinstance(values, list):
        for item in cast("list[Any]", values):
            yield from _keys(item)
    if isinstance(values, dict):
        for name, value in cast("dict[str, Any]", values).items():
            yield (name,)
            yield from ((name, *key) for key in _keys(value))
