"""YAML as stories are written: values with their places, by the rules of YAML 1.2's core schema.

`no`, `on` and `12:30` are text, dates are text, only `true` and `false` are booleans. Keys are
text. Aliases, tags, further documents and keys that occur twice are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from escalated_core.stories.slips import slip

MAX_SIZE: Final = 16_000_000
"""Characters of a file: what goes beyond is no story."""
MAX_DEPTH: Final = 50


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place, from 1; 0 for what is in no file.

    `value` is None, a bool, a number, text, a list of nodes, or a dict of `Entry` by key.
    """

    value: Any
    line: int = 0
    column: int = 0

    def plain(self) -> Any:
        """The value as builtins."""
        if self.items is not None:
            return [item.plain() for item in self.items]
        if self.entries is not None:
            return {key: entry.value.plain() for key, entry in self.entries.items()}
        return self.value

    @property
    def entries(self) -> dict[str, Entry] | None:
        """The entries of an object; None if it is none."""
        value: Any = self.value
        return cast("dict[str, Entry]", value) if type(value) is dict else None

    @property
    def items(self) -> list[Node] | None:
        """The items of a list; None if it is none."""
        value: Any = self.value
        return cast("list[Node]", value) if type(value) is list else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an object: its key as a node, for its place, and its value."""

    key: Node
    value: Node


class Malformed(Exception):  # noqa: N818 - made a problem of by whoever reads the file
    """It is no YAML, or none of the kind that is read here."""

    def __init__(self, message: str, line: int, column: int, cure: str = "") -> None:
        super().__init__(message)
        self.message, self.line, self.column, self.cure = message, line, column, cure


def read(text: str) -> Node:
    """The value of a YAML text.

    Raises:
        Malformed: with the first place that cannot be read.
    """
    if len(text) > MAX_SIZE:
        raise Malformed(
            f"It has {len(text):,} characters.", 1, 1, f"At most {MAX_SIZE:,} are read."
        )
    try:
        found: Any = _Loader(text).get_single_node()
    except ReaderError as error:
        line, column = _place(text, error.position)
        code = error.character if isinstance(error.character, int) else ord(error.character)
        message = f"The character U+{code:04X} cannot stand in a file."
        raise Malformed(message, line, column, f'Write "\\u{code:04x}" in double quotes.') from None
    except yaml.MarkedYAMLError as error:
        raise _malformed(error, text) from None
    except RecursionError:
        raise Malformed("It is nested too deep.", 1, 1) from None
    if found is None:
        raise Malformed("It is empty.", 1, 1, "A story has `steps`.")
    return _node(found, 0)


def from_plain(value: Any, line: int = 0, column: int = 0) -> Node:
    """A node for builtins that stand in no file."""
    if isinstance(value, dict):
        entries = cast("dict[Any, Any]", value)
        made = {
            str(key): Entry(Node(str(key), line, column), from_plain(item, line, column))
            for key, item in entries.items()
        }
        return Node(made, line, column)
    if isinstance(value, (list, tuple)):
        items = cast("list[Any]", value)
        return Node([from_plain(item, line, column) for item in items], line, column)
    return Node(value, line, column)


def _malformed(error: yaml.MarkedYAMLError, text: str) -> Malformed:
    known = slip(error, text)
    mark: Any = error.problem_mark or error.context_mark
    if known is not None:
        mark = error.context_mark if known.began and error.context_mark else mark
        return Malformed(known.message, mark.line + 1, mark.column + 1, known.cure)
    told = [each for each in (error.context, error.problem) if each]
    message = ", ".join(told) or "It is no YAML"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    cure = str(error.note) if error.note else ""
    return Malformed(f"{message[0].upper()}{message[1:]}.", line, column, cure)


def _place(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


class _Refused(yaml.MarkedYAMLError):
    """What YAML has and stories have not."""


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):  # pyright: ignore[reportUnsafeMultipleInheritance]
    """Composes nodes, and makes no objects of them."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = cast("Any", self).peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _refused(
                event,
                f"the alias *{event.anchor}",
                "Write the value out, or put the text in quotes.",
            )
        if getattr(event, "anchor", None):
            raise _refused(
                event, f"the anchor &{event.anchor}", "Leave it out, or put the text in quotes."
            )
        if getattr(event, "tag", None):
            raise _refused(
                event, f"the tag {event.tag}", "Leave it out, or put the text in quotes."
            )
        return super().compose_node(parent, index)


def _refused(event: Any, what: str, cure: str) -> _Refused:
    problem = f"{what} cannot stand in a story"
    return _Refused(problem=problem, problem_mark=event.start_mark, note=cure)


_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS: Final = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS: Final[tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...]] = (
    (re.compile(r"[-+]?[0-9]{1,4000}"), int),
    (re.compile(r"0o[0-7]{1,4000}"), partial(int, base=0)),
    (re.compile(r"0x[0-9a-fA-F]{1,4000}"), partial(int, base=0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
)


def _scalar(node: Any) -> Any:
    text: str = node.value
    if node.style is not None:  # quoted, or a block
        return text
    if text in _NULL:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    return next((make(text) for shape, make in _NUMBERS if shape.fullmatch(text)), text)


def _node(node: Any, depth: int) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if depth > MAX_DEPTH:
        raise Malformed("It is nested too deep.", line, column)
    if isinstance(node, yaml.ScalarNode):
        return Node(_scalar(node), line, column)
    if isinstance(node, yaml.SequenceNode):
        return Node([_node(item, depth + 1) for item in node.value], line, column)
    return Node(dict(_entries(node, depth)), line, column)


def _entries(node: Any, depth: int) -> Iterator[tuple[str, Entry]]:
    seen: dict[str, int] = {}
    for key, value in node.value:
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        if not isinstance(key, yaml.ScalarNode):
            raise Malformed("A key must be text.", line, column)
        name = str(key.value)
        if name in seen:
            message = f"The key {name!r} is here twice, first in line {seen[name]}."
            raise Malformed(message, line, column, "Leave one of them out.")
        seen[name] = line
        yield name, Entry(Node(name, line, column), _node(value, depth + 1))
