"""Errors of the workbench itself: one root, few kinds, each with its cure."""

from __future__ import annotations

from collections.abc import Iterable

from escalated_core.records import Finding


class WorkbenchError(Exception):
    """Anything the workbench refuses or cannot do. `cure` says what would help."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(f"{message} {cure}".strip())
        self.message = message
        self.cure = cure


class UsageError(WorkbenchError):
    """The caller asked for something that does not exist or cannot be meant.

    `parameter` names the parameter of an event that it is about; None if it is about none.
    """

    parameter: str | None = None


class PluginError(WorkbenchError):
    """A plugin that was called by name cannot do what was asked; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class UnusableError(WorkbenchError):
    """The help desk cannot go on with what came out of a filter."""

    def __init__(self, hook: str, message: str, cure: str) -> None:
        super().__init__(message, cure)
        self.hook = hook


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The name that is most like another one; None if none is near."""
    from difflib import get_close_matches  # only for a slip

    return next(iter(get_close_matches(str(name), known, n=1)), None)


def meant(name: object, known: Iterable[str], all_of: str = "There are") -> str:
    """The cure for a name that is unknown: the nearest, or else all of them."""
    names = list(dict.fromkeys(known))
    near = nearest(name, names)
    if near is not None:
        return f"Did you mean {near!r}?"
    return f"{all_of}: {', '.join(names)}." if names else ""


class Unwind(BaseException):
    """Base of what ends plugin code from outside; plugin code is not meant to catch it."""


class Interrupted(Unwind):
    """Injected into a callback that ran over its time limit or was interrupted by the user."""


class Skipped(Unwind):
    """In the place of a callback that somebody leaves out."""


class Abandoned(Unwind):
    """Raised in a thread that was given up, as soon as it asks the workbench for anything."""


class NestedTooDeep(Unwind):
    """One hook fired itself too often; ends every level up to the outermost firing of it."""

    def __init__(self, firing_id: int, message: str) -> None:
        super().__init__(message)
        self.firing_id = firing_id
