"""The query language of the filter box: `hook:ticket_* outcome:error -plugin:billing printer`.

A query is terms that must all hold. A timeline row decides most of them; where it cannot, the
answer is None and the whole firing is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from escalated_core.analysis.query_keys import KEYS, TEXT, Key, Test
from escalated_core.errors import UsageError
from escalated_core.records import Firing, Row

_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_TERM: Final = re.compile(rf'(?:{_QUOTED}|[^\s"]|(?P<open>".*))+', re.S)
_PARTS: Final = re.compile(r'(?P<sign>-?)(?:(?P<key>[^":]*):)?(?P<values>.*)', re.S)
_KEY: Final = re.compile(r'[^\s":]*:?')
_VALUE: Final = re.compile(rf'(?:{_QUOTED}|[^\s,"]|".*)*', re.S)
_VALUES: Final = re.compile(rf"(?:^|,)(?P<value>{_VALUE.pattern})", re.S)
_OPERATORS: Final = ("AND", "NOT", "OR")


@dataclass(frozen=True, slots=True)
class Term:
    """`-key:value,value`; without a key, text to search for."""

    key: str
    values: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        sign = "-" if self.negated else ""
        if not self.key:
            return sign + _spelt(self.values[0], r'[\s":]|^-|^(?:AND|NOT|OR)$')
        return f"{sign}{self.key}:{','.join(_spelt(value) for value in self.values)}"


class _Tests(NamedTuple):
    on_rows: tuple[Test, ...]
    on_firings: tuple[Test, ...]


@dataclass(frozen=True)
class Query:
    """Terms that a firing must all meet; without terms, every firing does.

    `now`, in seconds since the epoch, is what `since:` and `until:` count from; by default the
    present.
    """

    terms: tuple[Term, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Query:
        """The query that `text` spells.

        Raises:
            UsageError: a term is no query; names the term, its column (from 1) and the cure.
        """
        return cls(tuple(_term(match) for match in _TERM.finditer(text)))

    def __str__(self) -> str:
        """The normal form, which parses to an equal query."""
        return " ".join(map(str, self.terms))

    def matches(self, firing: Firing, now: float | None = None) -> bool:
        """Whether the firing meets every term."""
        return all(test(firing, now) for test in self._tests.on_firings)

    def matches_row(self, row: Row, now: float | None = None) -> bool | None:
        """What `matches` says of the row's firing, or None where only the firing tells."""
        answer: bool | None = True
        for test in self._tests.on_rows:
            found = test(row, now)
            if found is None:
                answer = None
            elif not found:
                return False
        return answer

    def filter(self, firings: Iterable[Firing]) -> list[Firing]:
        """Those that match, in order; `now` is when the newest of them began."""
        given = list(firings)
        now = max((firing.started_at for firing in given), default=None)
        return [firing for firing in given if self.matches(firing, now)]

    @cached_property
    def _tests(self) -> _Tests:
        # Text last: most firings are out before all that they hold is searched.
        terms = sorted(self.terms, key=lambda term: not term.key)
        pairs = [KEYS.get(term.key, TEXT).tests(term.values, term.negated) for term in terms]
        return _Tests(tuple(row for row, _ in pairs), tuple(firing for _, firing in pairs))


def completions(text: str, cursor: int, known: Mapping[str, Iterable[str]]) -> list[str]:
    """What may stand at `term_at(text, cursor)`: keys, or values of the key that is there.

    Values that begin with what is before the cursor come first, then those that contain it.

    Args:
        text: the query so far; it need not parse.
        cursor: how many characters are before it.
        known: values by key, such as the hooks of the catalogue under `hook`.
    """
    start, word, _ = _under(text, cursor)
    parts = _parts(text[start:cursor])
    typed = _unquoted(text[word:cursor]).lower()
    if parts["key"] is None:
        return [f"{parts['sign']}{key}:" for key in KEYS if key.startswith(typed)]
    key = parts["key"].lower()
    if key not in KEYS:
        return []
    offered = dict.fromkeys([*known.get(key, ()), *KEYS[key].offers])
    near = [each for each in offered if typed in each.lower() and typed != each.lower()]
    near.sort(key=lambda each: not each.lower().startswith(typed))
    return [text[start:word] + _spelt(each) for each in near]


def term_at(text: str, cursor: int) -> tuple[int, int]:
    """Where the term under the cursor starts, and where its key or value there ends.

    An item of `completions` replaces what is between.
    """
    start, _, end = _under(text, cursor)
    return start, end


def _under(text: str, cursor: int) -> tuple[int, int, int]:
    """Where the term under the cursor starts, where its key or value there starts and ends."""
    cursor = min(cursor, len(text))
    ends = {match.end(): match.start() for match in _TERM.finditer(text, 0, cursor)}
    start = ends.get(cursor, cursor)
    parts = _parts(text[start:cursor])
    word = start + parts.start("values")
    if parts["key"] is None:
        end = _KEY.match(text, cursor)
    else:
        word += [match.start("value") for match in _VALUES.finditer(parts["values"])][-1]
        end = _VALUE.match(text, word)
    return start, word, end.end() if end else cursor


def _term(match: re.Match[str]) -> Term:
    written, column = match[0], match.start() + 1
    if match["open"]:
        raise _slip(written, column, "the quote is not closed.", 'Close it with ".')
    parts = _parts(written)
    negated = bool(parts["sign"])
    if parts["key"] is None:
        return Term("", (_text(parts["values"], written, column),), negated)
    name = parts["key"].lower()
    if name not in KEYS:
        raise _slip(written, column, f"there is no key {parts['key']!r}.", _cure(name, written))
    found = [_unquoted(each["value"]) for each in _VALUES.finditer(parts["values"])]
    values = tuple(_value(name, each, written, column) for each in found)
    return Term(name, values, negated)


def _text(value: str, written: str, column: int) -> str:
    if written in _OPERATORS:
        cure = f'Terms are joined by AND, values by a comma: hook:a,b. The text: "{written}".'
        raise _slip(written, column, "there are no operators between terms.", cure)
    text = _unquoted(value)
    if not text:
        raise _slip(
            written, column, "there is nothing to search for.", "Write a word, or delete it."
        )
    if value.startswith("-"):
        cure = f"Quote the text: {_quoted(written)}."
        raise _slip(written, column, "one minus negates a term.", cure)
    return text


def _value(name: str, value: str, written: str, column: int) -> str:
    key = KEYS[name]
    if not value:
        message = f"{name} needs {key.takes}."
        raise _slip(written, column, message, f"Write {name}:{key.example}.")
    value = value.lower() if value.lower() in key.offers else value
    try:
        key.read(value)
    except ValueError:
        message = f"{name} takes {key.takes}, not {value!r}."
        raise _slip(written, column, message, _value_cure(name, key, value)) from None
    return value


def _cure(name: str, written: str) -> str:
    """The nearest key, or all of them, and how to search for the text."""
    text = written.removeprefix("-") if len(written) > 1 else written
    quote = f"To search for the text, quote it: {_quoted(text)}."
    near = _nearest(name, KEYS)
    return f"Did you mean {near}:? {quote}" if near else f"{quote} Keys: {', '.join(KEYS)}."


def _value_cure(name: str, key: Key, value: str) -> str:
    near = _nearest(value, key.offers)
    return f"Did you mean {name}:{near}?" if near else f"Write {name}:{key.example}."


def _nearest(word: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches  # only for a slip

    return next(iter(get_close_matches(word.lower(), list(known), n=1)), None)


def _parts(written: str) -> re.Match[str]:
    match = _PARTS.match(written)
    assert match, "every text has parts, empty ones at least"
    return match


def _spelt(value: str, unsafe: str = r'[\s",]') -> str:
    """The value as it is written in a query, in quotes if something unsafe is in it."""
    return _quoted(value) if re.search(unsafe, value) else value


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _unquoted(written: str) -> str:
    """What a value with quoted parts, the last maybe still open, says."""
    return re.sub(
        r'"((?:[^"\\]|\\.)*)(?:"|$)',
        lambda part: re.sub(r'\\(["\\])', r"\1", part[1]),
        written,
        flags=re.S,
    )


def _slip(written: str, column: int, message: str, cure: str) -> UsageError:
    return UsageError(f"{written!r} at column {column}: {message}", cure)
