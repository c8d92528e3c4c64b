"""The terminal belongs to the interface: whatever plugins write, by whichever way, is caught."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

from escalated_core.trace.capture import Router
from escalated_core.trace.descriptors import guarded_descriptors


@contextmanager
def own_terminal(narrate: Callable[[str], None]) -> Generator[None]:
    """Keep the terminal for Textual, which draws on `sys.__stderr__` and measures `__stdout__`."""
    with guarded_descriptors(narrate) as real:
        before = sys.__stdout__, sys.__stderr__
        streams = Router(real.out), Router(real.err)
        sys.__stdout__, sys.__stderr__ = streams  # type: ignore[misc]
        try:
            yield
        finally:
            sys.__stdout__, sys.__stderr__ = before  # type: ignore[misc]


def terminal_descriptors() -> tuple[int, int]:
    """Descriptors of the real terminal, for a program that it is handed over to."""
    if sys.__stdout__ is None or sys.__stderr__ is None:
        raise OSError("there is no terminal")
    return sys.__stdout__.fileno(), sys.__stderr__.fileno()
