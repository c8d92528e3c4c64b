"""Findings that only running shows: what a finished step says about its plugin."""

from __future__ import annotations

from collections.abc import Iterator

from escalated_core.records import Finding, Severity
from escalated_core.trace.recording import OpenStep


def findings(step: OpenStep, documented: str | None) -> Iterator[Finding]:
    """Judge one step; `documented` is the hook's documented call, if there is one."""
    hook, name = step.registration.hook, step.registration.name
    if step.outcome == "interrupted":
        message = f"{name} on {hook} did not come to an end: {step.error}."
        yield _finding(step, "callback.stuck", "error", message, "Give loops and waits an end.")
    elif step.error is not None:
        message = f"{name} on {hook} raised {step.error}"
        cure = "Mend the line; the chain went on without the callback."
        yield _finding(step, "callback.raised", "error", message, cure)
    if step.returned_none:
        message = f"{name} on the filter {hook} returned None for a value."
        yield _finding(
            step, "filter.returned-none", "warning", message, "Return the value at its end."
        )
    if step.surplus:
        call = documented or f"{hook} with {len(step.firing.args)} arguments"
        message = f"{step.registration.signature} takes fewer arguments than {call}."
        cure = "escalated-django drops none and fails here: take them all, or *args."
        yield _finding(step, "callback.surplus-arguments", "info", message, cure)


def _finding(step: OpenStep, code: str, severity: Severity, message: str, cure: str) -> Finding:
    file, line = step.registration.blamed.file, step.registration.blamed.line
    if step.error is not None and step.error.file is not None:
        file, line = step.error.file, step.error.line or line
    return Finding(code, severity, message, cure, step.registration.slug, file, line)
