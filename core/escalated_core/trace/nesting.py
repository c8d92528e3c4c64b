"""Hooks that fire themselves: how deep they may, and where it ends when they do not stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import takewhile

from escalated_core.errors import NestedTooDeep
from escalated_core.trace.recording import OpenFiring

MAX_NESTING = 64
"""How deep one hook may fire itself."""
SUSPICIOUS_NESTING = 8
"""How deep a hook must have fired itself to be blamed for the end of Python's stack."""


def check_depth(firing: OpenFiring) -> None:
    """Raise `NestedTooDeep` when a firing is one too many of its hook inside each other."""
    levels = [outer for outer in ancestors(firing) if outer.hook == firing.hook]
    if len(levels) >= MAX_NESTING:
        raise _too_deep(levels, f"{len(levels)} levels deep")


def check_stack(firing: OpenFiring, error: BaseException) -> None:
    """Unwind nested firings that used up Python's stack before they reached the limit."""
    if type(error) is not RecursionError:
        return
    around = list(ancestors(firing))
    times = Counter(outer.hook for outer in around)
    hooks = [outer.hook for outer in around if times[outer.hook] >= SUSPICIOUS_NESTING]
    if hooks:
        levels = [outer for outer in around if outer.hook == hooks[-1]]
        how = f"{len(levels)} levels deep, and Python's stack was full"
        raise _too_deep(levels, how) from None


def ancestors(firing: OpenFiring) -> Iterator[OpenFiring]:
    """The firings around a firing, innermost first."""
    scope = firing.parent
    while scope is not None:
        outer: OpenFiring | None = scope.firing
        if outer is None:
            return
        yield outer
        scope = outer.parent


def _too_deep(levels: list[OpenFiring], how: str) -> NestedTooDeep:
    """The unwinding to the outermost of the firings of one hook, which is the last."""
    inside = takewhile(lambda outer: outer is not levels[-1], ancestors(levels[0]))
    ran = [outer.ran[-1] for outer in (levels[0], *inside) if outer.ran]
    names = ", ".join(dict.fromkeys(registration.name for registration in ran))
    message = f"{levels[0].hook} fired itself {how}, through {names}."
    return NestedTooDeep(levels[-1].id, f"{message} Fire it only under a condition that ends.")
