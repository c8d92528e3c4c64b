"""What came of a story, and what fuzzing found, as HTML for a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from escalated_core.records import Firing
from escalated_core.stories.fuzz_result import Bug, FuzzResult
from escalated_core.stories.result import StepResult, StoryResult
from escalated_workbench.notebook import cells
from escalated_workbench.notebook.sheet import facts, part, title
from escalated_workbench.notebook.tables import listed
from escalated_workbench.report.markup import tag, text
from escalated_workbench.wording import counted, milliseconds


def _failed(words: str) -> str:
    first, _, rest = words.partition("\n")
    source = tag("pre", text(rest)) if rest.strip() else ""
    return tag("div", tag("p", text(first)), source, class_="failure")


def _story(result: StoryResult) -> str:
    told = facts(
        cells.story_status("ok" if result.ok else "failed"),
        f"profile {text(result.profile)}",
        f"seed {result.seed}",
        text(milliseconds(result.duration_ns)),
    )
    failures = "".join(map(_failed, result.failures))
    return (
        title("Story ", tag("bdi", text(result.name)))
        + told
        + failures
        + listed(StepResult, result.steps)
    )


def _step(step: StepResult) -> str:
    fired = part("Fired", listed(Firing, step.firings)) if step.firings else ""
    why = _failed(step.failure) if step.failure else ""
    return listed(StepResult, [step]) + why + fired


def _fuzz(result: FuzzResult) -> str:
    told = facts(
        cells.story_status("ok" if result.ok else "failed"),
        counted(result.examples, "example"),
        f"seed {result.seed}",
        f"{result.seconds:.1f} s",
    )
    found = "".join(map(_bug, result.bugs))
    return title("Fuzzed ", tag("bdi", text(result.plugin or "all plugins"))) + told + found


def _bug(bug: Bug) -> str:
    named = f"{bug.kind}: {bug.callback} of {bug.plugin} on {bug.hook}"
    where = tag("p", tag("bdi", text(f"{bug.file}:{bug.line}")), class_="place")
    story = tag("details", tag("summary", "The smallest story"), tag("pre", text(bug.text)))
    message = tag("p", tag("b", text(named)), f" {text(bug.message)}")
    return tag("div", message, where, story, class_="failure")


STORIES: dict[Any, Callable[[Any], str]] = {
    StoryResult: _story,
    StepResult: _step,
    FuzzResult: _fuzz,
    Bug: _bug,
}
"""By the class of what is shown."""
