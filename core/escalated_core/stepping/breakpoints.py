"""Where firings stop: the breakpoints that are set."""

from __future__ import annotations

import threading
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import count
from typing import Any, Final

from escalated_core.errors import UsageError, meant
from escalated_core.stepping.breakpoint import PLACES, Breakpoint
from escalated_core.stepping.spelling import read_breakpoint

CLOSED: Final = ("category", "event")
"""Those of whose names no others come to be."""

Names = Callable[[str, str], Iterable[str]]
"""The names that there are so far for a field of a breakpoint; of `callback`, those of the plugins
that fit a pattern."""


class Breakpoints(Mapping[int, Breakpoint]):
    """All breakpoints by number, changed from any thread; read as they are at one moment."""

    def __init__(self, changed: Callable[[], None], names: Names) -> None:
        self._all: dict[int, Breakpoint] = {}
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._changed = changed
        self._names = names

    def add(self, breakpoint: Breakpoint | str | None = None, **what: Any) -> int:  # noqa: A002 - it is
        """Stop there from now on; returns the number that removes it.

        Args:
            breakpoint: where, also as `spelling` reads it, such as `triage:tag_*`; other values
                of it may be given besides.
            what: where, see `Breakpoint`.

        Raises:
            UsageError: it cannot be meant, or there is no such category or event. Other names may
                come to be, see `unknown`.
        """
        unknown = [name for name in what if name not in Breakpoint.__dataclass_fields__]
        if unknown:
            known = meant(unknown[0], Breakpoint.__dataclass_fields__)
            raise UsageError(f"A breakpoint has no {unknown[0]!r}.", known)
        if isinstance(breakpoint, str):
            breakpoint = read_breakpoint(breakpoint)  # noqa: A001 - it is
        made = replace(breakpoint, **what) if breakpoint is not None else Breakpoint(**what)
        for field, near in self._unknown(made, CLOSED).items():
            raise UsageError(f"There is no {field} {getattr(made, field)!r}.", near)
        with self._lock:
            number = next(self._numbers)
            self._all = {**self._all, number: made}
        self._changed()
        return number

    def unknown(self, asked: Breakpoint) -> dict[str, str]:
        """The fields with a name that there is not so far, such as `callback`.

        With each goes the cure: the nearest name, or else all there are.
        """
        return self._unknown(asked, PLACES)

    def told(self, asked: Breakpoint) -> str:
        """In words: `plugin cleaner tagg (no such callback so far)`."""
        unknown = " and ".join(self.unknown(asked))
        return f"{asked}{unknown and f' (no such {unknown} so far)'}"

    def remove(self, number: int) -> None:
        """Do not stop there any more; raises `UsageError` for a number that there is not."""
        if not self.discard(number):
            cure = meant(number, map(str, self._all)) or "There is none."
            raise UsageError(f"There is no breakpoint {number}.", cure)

    def discard(self, number: int) -> bool:
        """Do not stop there any more; whether it was there until now."""
        with self._lock:
            was_there = number in self._all
            self._all = {key: each for key, each in self._all.items() if key != number}
        self._changed()
        return was_there

    def clear(self) -> None:
        """Stop nowhere any more."""
        with self._lock:
            self._all = {}
        self._changed()

    def items(self) -> ItemsView[int, Breakpoint]:
        return self._all.items()

    def __getitem__(self, number: int) -> Breakpoint:
        return self._all[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return f"Breakpoints({', '.join(f'{n}: {self.told(each)}' for n, each in self.items())})"

    def _unknown(self, asked: Breakpoint, fields: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for field in fields:
            pattern = getattr(asked, field)
            plugin = "*" if "plugin" in found else asked.plugin or "*"
            names = sorted({*self._names(field, plugin)}) if pattern else []
            if pattern and not any(fnmatchcase(name, pattern) for name in names):
                found[field] = meant(pattern, names)
        return found
