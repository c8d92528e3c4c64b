"""JSON with places: where in the text each value and each key was written."""

from __future__ import annotations

from json.decoder import JSONDecodeError, JSONDecoder
from typing import Any, NamedTuple, NoReturn

MAX_DEPTH = 100
"""Containers inside containers: deeper documents are refused, so no reader of them can overflow."""

_WHITESPACE = " \t\n\r"


class Span(NamedTuple):
    """Character offsets of one value; `key` is where its key begins, if it has one."""

    start: int
    end: int
    key: int | None = None

    def line_col(self, text: str) -> tuple[int, int]:
        """Line and column of the value in `text`, counted from 1."""
        return line_col(text, self.start)


class Parsed(NamedTuple):
    """A document: its value, the span of each value and the keys that were written again.

    Spans are keyed by JSON pointer (RFC 6901). Where a key is repeated the last one counts, as in
    `json`; `duplicates` holds the pointer and the offset of each repeated key.
    """

    value: Any
    spans: dict[str, Span]
    duplicates: list[tuple[str, int]]


def line_col(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character offset, counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def pointer(*path: str | int) -> str:
    """The JSON pointer of a path of keys and indices."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)


def parse(text: str) -> Parsed:
    """Parse one JSON document, as strictly as RFC 8259: no NaN, no Infinity.

    Raises `json.JSONDecodeError` for whatever `json.loads` refuses, and beyond `MAX_DEPTH`.
    """
    parser = _Parser(text)
    value, at = parser.value(0, "", None)
    at = parser.skip(at)
    if at != len(text):
        raise JSONDecodeError("Extra data", text, at)
    return Parsed(value, parser.spans, parser.duplicates)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_SCALARS = JSONDecoder(parse_constant=_refuse_constant)


class _Parser:
    """Walks the containers by itself and leaves strings, numbers and words to `json`."""

    def __init__(self, text: str) -> None:
        self.spans: dict[str, Span] = {}
        self.duplicates: list[tuple[str, int]] = []
        self._text = text

    def skip(self, at: int) -> int:
        """The offset of the first character at or after `at` that is not whitespace."""
        text, end = self._text, len(self._text)
        while at < end and text[at] in _WHITESPACE:
            at += 1
        return at

    def value(self, at: int, path: str, key: int | None) -> tuple[Any, int]:
        """The value at `at` and the offset behind it."""
        start = self.skip(at)
        char = self._text[start : start + 1]
        if char and char in "{[":
            if path.count("/") >= MAX_DEPTH:
                raise JSONDecodeError(f"Nested more than {MAX_DEPTH} levels", self._text, start)
            container = self._object if char == "{" else self._array
            found, end = container(start + 1, path)
        else:
            found, end = self._scalar(start)
        self.spans[path] = Span(start, end, key)
        return found, end

    def _object(self, at: int, path: str) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        at = self.skip(at)
        more = not self._text.startswith("}", at)
        while more:
            key = self._expect('"', at, "Expecting property name enclosed in double quotes")
            name, at = self._scalar(key)
            child = path + pointer(name)
            if name in found:
                self.duplicates.append((child, key))
            at = self._expect(":", at, "Expecting ':' delimiter") + 1
            found[name], at = self.value(at, child, key)
            more, at = self._more("}", at)
        return found, at + 1

    def _array(self, at: int, path: str) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = self.skip(at)
        more = not self._text.startswith("]", at)
        while more:
            item, at = self.value(at, f"{path}/{len(found)}", None)
            found.append(item)
            more, at = self._more("]", at)
        return found, at + 1

    def _scalar(self, at: int) -> tuple[Any, int]:
        try:
            return _SCALARS.raw_decode(self._text, at)
        except JSONDecodeError:
            raise
        except ValueError as error:  # a constant, or more digits than Python converts
            raise JSONDecodeError(str(error), self._text, at) from None

    def _expect(self, char: str, at: int, complaint: str) -> int:
        at = self.skip(at)
        if not self._text.startswith(char, at):
            raise JSONDecodeError(complaint, self._text, at)
        return at

    def _more(self, close: str, at: int) -> tuple[bool, int]:
        """Whether another item follows, and its offset or that of the closing bracket."""
        at = self.skip(at)
        if self._text.startswith(close, at):
            return False, at
        comma = self._expect(",", at, "Expecting ',' delimiter")
        at = self.skip(comma + 1)
        if self._text.startswith(close, at):
            raise JSONDecodeError(f"Trailing comma before {close!r}", self._text, comma)
        return True, at
