"""Errors of the workbench itself: one root, few kinds, each with its cure."""

from __future__ import annotations

from escalated_core.records import Finding


class WorkbenchError(Exception):
    """Anything the workbench refuses or cannot do. `cure` says what would help."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(f"{message} {cure}".strip())
        self.message = message
        self.cure = cure


class UsageError(WorkbenchError):
    """The caller asked for something that does not exist or cannot be meant."""


class PluginError(WorkbenchError):
    """A plugin that was called by name cannot do what was asked; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class Unwind(BaseException):
    """Base of what ends plugin code from outside; plugin code is not meant to catch it."""


class Interrupted(Unwind):
    """Injected into a callback that ran over its time limit or was interrupted by the user."""


class Abandoned(Unwind):
    """Raised in a thread that was given up, as soon as it asks the workbench for anything."""


class NestedTooDeep(Unwind):
    """One hook fired itself too often; ends every level up to the outermost firing of it."""

    def __init__(self, firing_id: int, message: str) -> None:
        super().__init__(message)
        self.firing_id = firing_id
