"""Records as lines of text. Status reads without colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from escalated_core.records import ErrorRecord, Finding, Firing, Hook, Location, Plugin, Step
from escalated_core.snapshots.diff import path_text
from escalated_workbench.wording import (
    OUTCOME_GLYPHS,
    STATUS_GLYPHS,
    counted,
    milliseconds,
    safe,
    short,
)

OUTPUT_LINES = 20
"""Lines of output shown for one step; the JSON has all that was kept."""
MESSAGE_LINES = 8
"""Lines shown of one message: some hold a whole traceback."""
PROBLEM_WIDTH = 200
"""Characters of an error shown in a list; `check` shows all of it."""


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows with their columns aligned; the last column is not padded."""
    kept = [tuple(safe(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
    for row in kept:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        yield "  ".join([*cells, row[-1]]).rstrip()


def plugin_lines(plugins: Iterable[Plugin]) -> Iterator[str]:
    yield from table(
        (
            STATUS_GLYPHS[plugin.status],
            plugin.slug,
            plugin.version,
            plugin.status,
            plugin.badge or plugin.source,
            _problem(plugin),
        )
        for plugin in plugins
    )


def _problem(plugin: Plugin) -> str:
    if plugin.error is not None:
        return f"{one_line(str(plugin.error))}{_where(plugin.error)}"
    if plugin.findings:
        return counted(len(plugin.findings), "finding")
    return one_line(plugin.name)


def one_line(text: str) -> str:
    line, *more = text[: PROBLEM_WIDTH + 1].splitlines() or [""]
    return f"{line[:PROBLEM_WIDTH]}…" if more or len(line) > PROBLEM_WIDTH else line


def _where(error: ErrorRecord) -> str:
    frame = error.frame
    return f"  ({Location(frame.file, frame.line)})" if frame else ""


def hook_lines(hooks: Iterable[Hook]) -> Iterator[str]:
    for hook in hooks:
        documented = hook.documented
        signature = documented.signature if documented else hook.name
        purpose = documented.purpose if documented else "not documented"
        yield f"{hook.kind:6}  {safe(signature)}  - {purpose}"
        for callback in hook.callbacks:
            place = Location(callback.file, callback.line)
            who = safe(f"{callback.callback}  {callback.plugin or 'host'}")
            yield f"        {callback.priority:>6g}  {who}  {safe(str(place))}"


def firing_lines(firing: Firing) -> Iterator[str]:
    took = milliseconds(firing.duration_ns)
    yield f"#{firing.id} {safe(firing.hook)} · {firing.kind} · {took} · {firing.outcome}"
    if not firing.steps:
        yield "  nobody listens"
    for step in firing.steps:
        yield from step_lines(step)
    if firing.kind == "filter":
        yield f"  result  {short(firing.result, 400)}"


def step_lines(step: Step) -> Iterator[str]:
    glyph = OUTCOME_GLYPHS[step.outcome]
    took = milliseconds(step.duration_ns)
    who = safe(f"{step.callback}  {step.plugin or 'host'}")
    yield f"  {step.priority:>5g} {glyph} {who}  {took}"
    for change in step.changes:
        before, after = short(change.before, 60), short(change.after, 60)
        yield f"          ~ {safe(path_text(change.path))}: {before} -> {after}"
    if step.mutated:
        yield "          ~ changed the value in place"
    if step.returned_none:
        yield "          ! returned None for a value"
    if step.error is not None:
        yield _below(f"          ✖ {safe(str(step.error) + _where(step.error))}")
    lines = step.output.splitlines()
    for line in lines[:OUTPUT_LINES]:
        yield f"          | {safe(line)}"
    if len(lines) > OUTPUT_LINES or step.dropped:
        more = f"{max(len(lines) - OUTPUT_LINES, 0):,} more lines"
        kept = f", {step.dropped:,} characters or log lines not kept" if step.dropped else ""
        yield f"          | … {more}{kept}"
    for log in step.logs[:OUTPUT_LINES]:
        yield _below(f"          {log.level.lower():8} {safe(log.logger)}: {safe(log.message)}")
    if len(step.logs) > OUTPUT_LINES:
        yield f"          … {len(step.logs) - OUTPUT_LINES:,} more log lines"


def _below(text: str) -> str:
    """Text of a few lines, the further ones further in."""
    lines = text.split("\n")
    if len(lines) > MESSAGE_LINES + 1:
        more = f"… {counted(len(lines) - MESSAGE_LINES, 'more line')}"
        lines = [*lines[:MESSAGE_LINES], more]
    return f"\n{' ' * 12}".join(lines)


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        yield safe(str(finding))
