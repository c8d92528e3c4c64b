"""How long the imports of a plugin take, module by module, as `python -X importtime` tells it.

Every import that has something to load, whether by a statement or by `importlib`, goes through
one function of Python's import machinery. It is replaced while something is measured: modules,
their loaders and specs stay as they are.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter_ns
from typing import Any

from escalated_core.records import Import
from escalated_core.scope import CURRENT, Scope

_machinery: dict[str, Any] = vars(importlib.import_module("_frozen_importlib"))
_find_and_load: Callable[[str, Any], Any] = _machinery["_find_and_load"]


class _Open:
    """An import under way; moments are of a clock that stands still while the host works."""

    __slots__ = ("began_ns", "nested_ns", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.nested_ns = 0
        self.began_ns = perf_counter_ns() - scope.nested_ns


class ImportTimes:
    """What was imported by a stretch of code."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._done: list[tuple[str, int, int, int]] = []

    @property
    def imports(self) -> list[Import]:
        """Every module, in the order in which they were done: an importer follows its imports."""
        return [Import(*done) for done in self._done]

    def slowest(self, count: int) -> list[Import]:
        """The imports that took longest, longest first.

        Imports within one package are told as one, whose own time is that of all of them:
        `pandas` rather than hundreds of its modules.
        """
        found: list[Import] = []
        around: list[tuple[str, int]] = []
        for name, duration, own, depth in reversed(self._done):
            del around[depth:]
            package = next((n for outer, n in reversed(around) if _akin(outer, name)), len(found))
            if package == len(found):
                found.append(Import(name, duration, 0, depth))
            found[package] = replace(found[package], own_ns=found[package].own_ns + own)
            around.append((name, package))
        return sorted(found, key=lambda each: -each.duration_ns)[:count]

    def measure(self, name: str, import_: Any, scope: Scope) -> Any:
        """Import a module. What takes time here, each import of every plugin pays for."""
        entry = _Open(scope)
        stack = self._open
        stack.append(entry)
        try:
            return _find_and_load(name, import_)
        finally:
            duration = perf_counter_ns() - scope.nested_ns - entry.began_ns
            stack.pop()
            if stack and stack[-1].scope is scope:
                stack[-1].nested_ns += duration
            self._done.append((name, duration, duration - entry.nested_ns, len(stack)))


_measured: dict[int, ImportTimes] = {}
"""By thread."""
_lock = threading.Lock()


@contextmanager
def measured_imports() -> Generator[ImportTimes]:
    """Measure the imports that code of the current scope makes on this thread.

    Imports by the host, outside of any scope, are its own affair and do not count.
    """
    thread, times = threading.get_ident(), ImportTimes()
    with _lock:
        before = _measured.get(thread)
        _measured[thread] = times
        _machinery["_find_and_load"] = _measuring
    try:
        yield times
    finally:
        with _lock:
            if before is not None:
                _measured[thread] = before
            else:
                _measured.pop(thread, None)
            # A thread that was given up may be among them for as long as the process lives.
            if not _measured:
                _machinery["_find_and_load"] = _find_and_load


def _measuring(name: str, import_: Any) -> Any:
    times = _measured.get(threading.get_ident())
    scope = CURRENT.get() if times is not None else None
    if times is None or scope is None or name in sys.modules:
        return _find_and_load(name, import_)
    return times.measure(name, import_, scope)


def _akin(one: str, other: str) -> bool:
    """Whether one is the other, or a module of the package that the other is."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


for _function in (_measuring, ImportTimes.measure):
    # Tracebacks and the stack levels of warnings pass over files of this name, as they shall.
    _function.__code__ = _function.__code__.replace(co_filename="<frozen importlib._bootstrap>")
