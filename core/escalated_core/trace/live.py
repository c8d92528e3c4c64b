"""Findings that only running shows: what a finished step says about its plugin."""

from __future__ import annotations

from collections.abc import Iterator

from escalated_core.hooks.registration import Registration
from escalated_core.records import Finding, Severity
from escalated_core.trace.recording import Notes, OpenFiring


def findings(firing: OpenFiring, notes: Notes, documented: str | None) -> Iterator[Finding]:
    """Judge the newest step; `documented` is the hook's documented call, if there is one."""
    registration, hook = firing.ran[-1], firing.hook
    if registration.is_played:
        return
    name = registration.name
    if notes.outcome == "interrupted":
        message = f"{name} on {hook} did not come to an end: {notes.error}."
        cure = "Give loops and waits an end."
        yield _finding(registration, notes, "callback.stuck", "error", message, cure)
    elif notes.error is not None:
        message = f"{name} on {hook} raised {notes.error}"
        cure = "Mend the line; the chain went on without the callback."
        yield _finding(registration, notes, "callback.raised", "error", message, cure)
    if notes.returned_none:
        message = f"{name} on the filter {hook} returned None for a value."
        cure = "Return the value at its end."
        yield _finding(registration, notes, "filter.returned-none", "warning", message, cure)
    if notes.surplus:
        call = documented or f"{hook} with {len(firing.args)} arguments"
        message = f"{registration.signature} takes fewer arguments than {call}."
        cure = "escalated-django drops none and fails here: take them all, or *args."
        yield _finding(registration, notes, "callback.surplus-arguments", "info", message, cure)


def _finding(
    registration: Registration, notes: Notes, code: str, severity: Severity, message: str, cure: str
) -> Finding:
    file, line = registration.blamed.file, registration.blamed.line
    if notes.error is not None and notes.error.file is not None:
        file, line = notes.error.file, notes.error.line or line
    return Finding(code, severity, message, cure, registration.slug, file, line)
