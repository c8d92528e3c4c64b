"""Records as lines of text. Status reads without colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from escalated_core.hooks.registration import CORE_FOLDER
from escalated_core.records import (
    Call,
    Change,
    ErrorRecord,
    Finding,
    Firing,
    Frame,
    Hook,
    Location,
    LogLine,
    Plugin,
    Step,
)
from escalated_core.snapshots.diff import path_text
from escalated_workbench.wording import (
    OUTCOME_GLYPHS,
    STATUS_GLYPHS,
    apart,
    counted,
    milliseconds,
    safe,
    short,
)

OUTPUT_LINES = 20
"""Lines of output shown for one step; the JSON has all that was kept."""
MESSAGE_LINES = 8
"""Lines shown of one message: some hold a whole traceback."""
OUTER, INNER = 3, 5
"""Frames shown of an error that has many: where it came from, and where it happened."""
VALUE_WIDTH = 60
"""Characters of a value before and after a change."""
RESULT_WIDTH = 400
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
        names = ", ".join(
            parameter.name for parameter in (documented.parameters if documented else ())
        )
        # Not its own signature, which has a placeholder for the slug.
        signature = f"{hook.name}({names})" if documented else hook.name
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
        value = firing.args[0] if firing.args else None
        yield f"  result  {apart(value, firing.result, RESULT_WIDTH)[1]}"


def step_lines(step: Step) -> Iterator[str]:
    glyph = OUTCOME_GLYPHS[step.outcome]
    took = milliseconds(step.duration_ns)
    who = safe(f"{step.callback}  {step.plugin or 'host'}")
    yield f"  {step.priority:>5g} {glyph} {who}  {took}"
    for change in step.changes:
        yield f"          {_change(change)}"
    if step.mutated:
        yield "          ~ changed the value in place"
    for change in step.touched:
        yield f"          {_change(change)}  (an argument, in place)"
    if step.returned_none:
        yield "          ! returned None for a value"
    if step.surplus:
        left = counted(step.surplus, "argument")
        yield f"          i does not take the last {left}: escalated-django fails here"
    if step.error is not None:
        yield from _error_lines(step.error)
    yield from _said_lines(step)
    yield from _call_lines(step.calls)


def _call_lines(calls: Sequence[Call]) -> Iterator[str]:
    """How many queries and requests were made, and the requests themselves."""
    for kind, name in (("query", "database query"), ("http", "HTTP request")):
        made = [call for call in calls if call.kind == kind]
        if made:
            plural = "queries" if kind == "query" and len(made) > 1 else ""
            count = f"{len(made):,} database {plural}" if plural else counted(len(made), name)
            yield f"          > {count}, {milliseconds(sum(call.duration_ns for call in made))}"
    for call in calls[:OUTPUT_LINES]:
        if call.kind == "http":
            yield f"            {safe(call.text)}"


def _change(change: Change) -> str:
    """`~ subject: 'a' -> 'b'`, `+ tags[2]: 'vip'`, `- tags[2]: 'vip'`."""
    path = safe(path_text(change.path))
    if change.kind == "added":
        return f"+ {path}: {short(change.after, 2 * VALUE_WIDTH)}"
    if change.kind == "removed":
        return f"- {path}: {short(change.before, 2 * VALUE_WIDTH)}"
    before, after = apart(change.before, change.after, VALUE_WIDTH)
    return f"~ {path}: {before} -> {after}"


def _error_lines(error: ErrorRecord) -> Iterator[str]:
    """Its text and the way to it: one line for each frame, with the source."""
    yield _below(f"          ✖ {safe(str(error) + _where(error))}")
    frames = [_frame(frame) for frame in error.frames] if len(error.frames) > 1 else []
    if len(frames) > OUTER + INNER:
        frames = [*frames[:OUTER], "… more frames: --json has them", *frames[-INNER:]]
    yield from (f"            {frame}" for frame in frames)
    if error.cause is not None:
        yield _below(f"            after {safe(str(error.cause) + _where(error.cause))}")


def _frame(frame: Frame) -> str:
    source = dict(frame.source).get(frame.line, "").strip()
    return safe(f"{Location(frame.file, frame.line)} in {frame.function}  {source}").rstrip()


def _said_lines(step: Step) -> Iterator[str]:
    """What a callback printed and logged."""
    lines = step.output.splitlines()
    for line in lines[:OUTPUT_LINES]:
        yield f"          | {safe(line)}"
    if len(lines) > OUTPUT_LINES:
        more = counted(len(lines) - OUTPUT_LINES, "more line")
        yield f"          | … {more}: --json has the rest"
    logs = [log for log in step.logs if not _is_dispatcher_s(log)]
    for log in logs[:OUTPUT_LINES]:
        yield _below(f"          {log.level.lower():8} {safe(log.logger)}: {safe(log.message)}")
    if len(logs) > OUTPUT_LINES:
        more = counted(len(logs) - OUTPUT_LINES, "more log line")
        yield f"          … {more}: --json has the rest"
    if step.dropped:
        yield "          … more than is kept was printed or logged"


def _is_dispatcher_s(log: LogLine) -> bool:
    """Whether the dispatcher logged it: that a callback failed, which its step says anyway."""
    return log.logger == "escalated.hooks" and log.file.startswith(CORE_FOLDER)


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
