"""What of a step that has happened is a plugin's failure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from escalated_core.records import Firing, Step
from escalated_core.stories.fuzz_result import BugKind
from escalated_core.stories.judging import mutations
from escalated_core.stories.result import StepResult
from escalated_core.stories.story import Expected

SLOW_NS: Final = 250_000_000
"""What a callback may take of its own time before it is slow."""

_DUE: Final[dict[BugKind, Expected]] = {
    "stuck": Expected("errors", "", 0),
    "raises": Expected("errors", "", 0),
    "none": Expected("nones", "", 0),
    "mutates": Expected("mutations", "", 0),
    "breaks": Expected("outcome", "", "ok"),
    "slow": Expected("under", "", SLOW_NS / 1e9),
}


@dataclass(frozen=True)
class Symptom:
    """One failure; two are the same bug if they are equal."""

    kind: BugKind
    plugin: str
    callback: str
    hook: str
    what: str
    """Of an exception its class and its line; empty otherwise."""
    message: str = field(compare=False)
    file: str = field(compare=False)
    line: int = field(compare=False)

    @property
    def expected(self) -> Expected:
        """What a story expects that fails as long as the bug is there."""
        return _DUE[self.kind]


def symptoms(result: StepResult, plugin: str | None) -> Iterator[Symptom]:
    """The failures in one step of a story, of one plugin or of any."""
    for firing in result.firings:
        if firing.kind == "event":
            continue
        for step in firing.steps:
            if step.plugin is not None and plugin in (None, step.plugin):
                yield from _of_step(firing, step, step.plugin)
    yield from _of_event(result, plugin)


def _of_step(firing: Firing, step: Step, slug: str) -> Iterator[Symptom]:
    def found(
        kind: BugKind, message: str, what: str = "", at: tuple[str, int] = ("", 0)
    ) -> Symptom:
        place = at if at[0] else (step.file, step.line)
        text = f"{step.callback} on {firing.hook} {message}."
        return Symptom(kind, slug, step.callback, firing.hook, what, text, *place)

    error = step.error
    if step.outcome == "interrupted":
        yield found("stuck", "does not come to an end")
    elif error is not None:
        where = (error.file or "", error.line or 0)
        yield found("raises", f"raises {error}".rstrip("."), f"{error.type} {where}", where)
    elif step.returned_none:
        yield found("none", "returns None for a value")
    elif mutations(firing, step):
        yield found("mutates", "changes in place what is not its to change")
    elif step.own_ns > SLOW_NS:
        yield found("slow", f"takes more than {SLOW_NS // 1_000_000} ms")


def _of_event(result: StepResult, plugin: str | None) -> Iterator[Symptom]:
    """The help desk could not go on with what a filter gave."""
    happened = result.happened
    if happened is None or happened.error is None or happened.event.kind != "event":
        return
    filters = [firing for firing in happened if firing.kind == "filter"]
    writers = [step for step in (filters[-1].steps if filters else ()) if step.changes]
    if not writers or writers[-1].plugin is None or plugin not in (None, writers[-1].plugin):
        return
    step, hook = writers[-1], filters[-1].hook
    if step.returned_none:  # which is told of the callback already
        return
    text = f"{step.callback} on {hook} gives what {result.name} cannot go on with."
    yield Symptom("breaks", step.plugin or "", step.callback, hook, "", text, step.file, step.line)
