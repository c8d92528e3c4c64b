"""What came of stories, and of looking for those that fail, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from escalated_workbench.wording import counted, milliseconds, safe

if TYPE_CHECKING:
    from escalated_core.stories.fuzz_result import FuzzResult
    from escalated_core.stories.result import StepResult, StoryResult
    from escalated_workbench.cli.text import Style

GLYPHS = {"ok": "✔", "failed": "✖", "broken": "✖", "skipped": "◌"}
LONG = 200
"""Characters of a line that are shown; the file of a story has all of them."""


def story_lines(result: StoryResult, style: Style) -> Iterator[str]:
    """A line for each step with what failed in it, and beneath them what is not as expected."""
    steps = counted(len(result.steps), "step")
    status = "ok" if result.ok else "failed"
    name = safe(result.name or result.file)
    separator = ", " if style.plain else " · "
    yield separator.join((name, steps, milliseconds(result.duration_ns), status))
    for step in result.steps:
        yield _step_line(step, style)
        margin = "    " if style.plain else "        "
        yield from (f"{margin}failed: {safe(error)}" for error in step.errors)
    for failure in result.failures:
        yield safe(f"{style.mark('✖', 'error')} {failure}", len(failure) + 10)


def _step_line(step: StepResult, style: Style) -> str:
    times = f" (time {step.repetition})" if step.repetition > 1 else ""
    name = f"{step.name}{times}{', by the clock' if step.by_clock else ''}"
    words = (safe(name), milliseconds(step.duration_ns))
    if style.plain:
        return f"  step {step.number}: {', '.join((*words, step.status))}"
    return f"  {step.number:>3} {GLYPHS[step.status]} {'  '.join(words)}"


def fuzz_lines(found: FuzzResult, style: Style) -> Iterator[str]:
    """Each failure with its story."""
    for bug in found.bugs:
        yield f"{style.mark('✖', 'error')} {safe(f'{bug.plugin}/{bug.callback} on {bug.hook}')}"
        yield f"    {_short(str(bug))}"
        if bug.path:
            yield f"    {safe(bug.path)}"
        yield from (f"    {_short(line)}" for line in bug.text.rstrip().split("\n"))


def _short(line: str) -> str:
    """A line without most of a long text."""
    if len(line) <= LONG:
        return safe(line)
    return f"{safe(line[:LONG])}… ({len(line):,} characters)"


def fuzz_news(tried: int, message: str) -> str:
    """That something has been found."""
    return f"Found in example {tried:,}: {_short(message)} Making it small."


def fuzz_state(tried: int, bugs: int) -> str:
    """How far it is."""
    return f"{counted(tried, 'example')} tried, {counted(bugs, 'failure')} made small."


def fuzz_summary(found: FuzzResult) -> str:
    tried = counted(found.examples, "example")
    return f"{counted(len(found.bugs), 'failure')} in {tried}, {found.seconds:.1f} s."
