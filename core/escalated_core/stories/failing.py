"""What failed while a step of a story went on, in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from escalated_core.records import Firing, Happened, Step


def failed(step: Step) -> bool:
    return step.outcome in ("error", "interrupted")


def failing(happened: Happened | None, firings: tuple[Firing, ...]) -> Iterator[str]:
    """One line for each callback that failed, with the place of it, and for the help desk.

    Args:
        happened: the event of the step; None if it did not happen.
        firings: the event and everything that it caused.
    """
    hooks = (firing for firing in firings if firing.kind != "event")
    for step in (step for firing in hooks for step in firing.steps):
        if failed(step):
            yield _told(step)
    if happened is not None and happened.error is not None and happened.event.kind == "event":
        yield f"help desk {_line(str(happened.error))}"


def _told(step: Step) -> str:
    error = step.error
    file, line = step.file, step.line
    if error is not None and error.file:
        file, line = error.file, error.line or 0
    what = str(error) if error is not None else f"{step.callback} was interrupted"
    place = f" {PurePath(file).name}:{line}" if file else ""
    return f"{step.plugin or 'host'}{place} {_line(what)}"


def _line(text: str) -> str:
    return text.partition("\n")[0]
