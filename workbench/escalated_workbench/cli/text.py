"""Records as lines of text. Status reads without colour, and if need be without glyphs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from escalated_core.analysis.arguments import touched
from escalated_core.hooks.registration import CORE_FOLDER
from escalated_core.records import (
    Change,
    ErrorRecord,
    Event,
    Finding,
    Firing,
    Frame,
    Happened,
    Hook,
    Location,
    LogLine,
    Plugin,
    Profile,
    Reload,
    Step,
)
from escalated_core.snapshots.diff import path_text
from escalated_core.snapshots.secrets import masked_text
from escalated_workbench.wording import (
    CHANGE_GLYPHS,
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


class Style(NamedTuple):
    """How records are written."""

    plain: bool = False
    """Whether words stand in the place of glyphs and columns, as screen readers want it."""
    slow_ns: float | None = None
    """From when on a step counts as slow, if that is to be told."""

    def table(self, rows: Iterable[Sequence[str]]) -> Iterator[str]:
        """Rows with their columns aligned; the last column is not padded."""
        kept = [tuple(safe(cell) for cell in row) for row in rows]
        if self.plain:
            yield from (", ".join(filter(None, map(str.strip, row))) for row in kept)
            return
        widths = [max(map(len, column)) for column in zip(*kept, strict=True)]
        for row in kept:
            cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
            yield "  ".join([*cells, row[-1]]).rstrip()

    def sign(self, glyph: str, word: str = "") -> str:
        """What stands in a cell of its own."""
        return word if self.plain else glyph

    def mark(self, glyph: str, word: str) -> str:
        """What stands in front of words."""
        return f"{word}:" if self.plain else glyph


GLYPHS = Style()


def plugin_lines(plugins: Iterable[Plugin], style: Style = GLYPHS) -> Iterator[str]:
    yield from style.table(
        (
            style.sign(STATUS_GLYPHS[plugin.status]),
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


def hook_lines(hooks: Iterable[Hook], style: Style = GLYPHS) -> Iterator[str]:
    for hook in hooks:
        documented = hook.documented
        names = ", ".join(
            parameter.name for parameter in (documented.parameters if documented else ())
        )
        # Not its own signature, which has a placeholder for the slug.
        signature = safe(f"{hook.name}({names})" if documented else hook.name)
        purpose = documented.purpose if documented else "not documented"
        plain = f"{hook.kind} {signature}: {purpose}"
        yield plain if style.plain else f"{hook.kind:6}  {signature}  - {purpose}"
        for callback in hook.callbacks:
            place = safe(str(Location(callback.file, callback.line)))
            place += f" ({safe(callback.note)})" if callback.note else ""
            who = (safe(callback.callback), callback.plugin or "host")
            if style.plain:
                yield f"  {', '.join((*who, f'priority {callback.priority:g}', place))}"
            else:
                yield f"        {callback.priority:>6g}  {'  '.join(who)}  {place}"


def firing_lines(firing: Firing, style: Style = GLYPHS) -> Iterator[str]:
    took = milliseconds(firing.duration_ns)
    said = (safe(firing.hook), firing.kind, took, firing.outcome)
    yield (
        f"Firing {firing.id}: {', '.join(said)}"
        if style.plain
        else (f"#{firing.id} {' · '.join(said)}")
    )
    steps = [step for step in firing.steps if firing.kind != "event" or step.outcome != "ok"]
    if not firing.steps:
        yield "  nobody listens"
    for step in steps:
        yield from step_lines(firing, step, style)
    if firing.kind == "filter":
        value = firing.args[0] if firing.args else None
        result = apart(value, firing.result, RESULT_WIDTH, RESULT_WIDTH // 4)[1]
        yield f"  result{':' if style.plain else ' '} {result}"


def firings_lines(firings: Iterable[Firing], style: Style = GLYPHS) -> Iterator[str]:
    """Firings in order; of one that fired itself without end only the outermost."""
    inside: dict[int, int] = {}
    left_out: Counter[int] = Counter()
    told: list[Firing] = []
    for firing in firings:
        outermost = inside.get(firing.parent_id or 0)
        if outermost is not None:
            inside[firing.id] = outermost
            left_out[outermost] += 1
            continue
        told.append(firing)
        if firing.error is not None and firing.error.type == "NestedTooDeep":
            inside[firing.id] = firing.id
    for firing in told:
        yield from firing_lines(firing, style)
        if left_out[firing.id]:
            yield f"  … {counted(left_out[firing.id], 'firing')} inside of it: --json has them"


def step_lines(firing: Firing, step: Step, style: Style = GLYPHS) -> Iterator[str]:
    took = milliseconds(step.duration_ns)
    if style.slow_ns is not None and step.own_ns >= style.slow_ns:
        took += ", slow"
    who = (safe(step.callback), step.plugin or "host")
    if style.plain:
        yield f"  {', '.join((step.outcome, *who, f'priority {step.priority:g}', took))}"
    else:
        glyph = OUTCOME_GLYPHS[step.outcome]
        yield f"  {step.priority:>5g} {glyph} {'  '.join(who)}  {took}"
    if step.note:
        yield f"          {style.mark('◌', 'by hand')} {safe(step.note)}"
    yield from (f"          {line}" for line in _effect_on_value(firing, step, style))
    if step.error is not None:
        yield from _error_lines(step.error, style)
    yield from _said_lines(step, style)
    yield from _sent_lines(step, style)


def _effect_on_value(firing: Firing, step: Step, style: Style) -> Iterator[str]:
    for change in step.changes:
        yield change_line(change, style)
    if step.mutated:
        yield f"{'' if style.plain else '~ '}changed the value in place"
    for change in touched(firing, step):
        yield f"{change_line(change, style)}  (an argument, in place)"
    if step.returned_none:
        yield f"{style.mark('!', 'warning')} returned None for a value"
    if step.surplus:
        left = counted(step.surplus, "argument")
        note = style.mark("i", "note")
        yield f"{note} does not take the last {left}: escalated-django fails here"


def _sent_lines(step: Step, style: Style) -> Iterator[str]:
    """How many queries and requests were made, and what was sent out, or would have been."""
    mark = "" if style.plain else "> "
    for kind, name in (("query", "database query"), ("http", "HTTP request")):
        made = [call for call in step.calls if call.kind == kind]
        if made:
            plural = "queries" if kind == "query" and len(made) > 1 else ""
            count = f"{len(made):,} database {plural}" if plural else counted(len(made), name)
            yield f"          {mark}{count}, {milliseconds(sum(each.duration_ns for each in made))}"
    # A build's log is read by many, so its addresses are masked as those of calls are.
    targets = [masked_text(effect.target) for effect in step.effects]
    for call in step.calls[:OUTPUT_LINES]:
        if call.kind == "http" and not call.text.startswith(tuple(targets)):
            yield f"            {safe(call.text)}"
    for effect, target in list(zip(step.effects, targets, strict=True))[:OUTPUT_LINES]:
        yield f"            {effect.verdict}: {effect.kind} {safe(one_line(target))}"
    if len(step.effects) > OUTPUT_LINES:
        more = counted(len(step.effects) - OUTPUT_LINES, "more effect")
        yield f"            … {more}: --json has the rest"


def change_line(change: Change, style: Style = GLYPHS) -> str:
    """`~ subject: 'a' -> 'b'`, `+ tags[2]: 'vip'`, `- tags[2]: 'vip'`."""
    path = safe(path_text(change.path))
    word = change.kind if style.plain else CHANGE_GLYPHS[change.kind]
    if change.kind == "added":
        return f"{word} {path}: {short(change.after, 2 * VALUE_WIDTH)}"
    if change.kind == "removed":
        return f"{word} {path}: {short(change.before, 2 * VALUE_WIDTH)}"
    before, after = apart(change.before, change.after, VALUE_WIDTH)
    return f"{word} {path}: {before} {'to' if style.plain else '->'} {after}"


def _error_lines(error: ErrorRecord, style: Style) -> Iterator[str]:
    """Its text and the way to it: one line for each frame, with the source."""
    yield _below(f"          {style.mark('✖', 'error')} {safe(str(error) + _where(error))}")
    frames = list(_frame_lines(error.frames)) if len(error.frames) > 1 else []
    if len(frames) > OUTER + INNER:
        frames = [*frames[:OUTER], "… more frames: --json has them", *frames[-INNER:]]
    yield from (f"            {frame}" for frame in frames)
    if error.cause is not None:
        yield _below(f"            after {safe(str(error.cause) + _where(error.cause))}")


def _frame_lines(frames: Iterable[Frame]) -> Iterator[str]:
    """One line for each, and one for all that are the same."""
    for line, same in groupby(map(_frame, frames)):
        count = sum(1 for _ in same)
        yield line
        if count > 1:
            yield f"… and {counted(count - 1, 'time')} more"


def _frame(frame: Frame) -> str:
    source = dict(frame.source).get(frame.line, "").strip()
    return safe(f"{Location(frame.file, frame.line)} in {frame.function}  {source}").rstrip()


def _said_lines(step: Step, style: Style) -> Iterator[str]:
    """What a callback printed and logged."""
    mark = style.mark("|", "printed")
    lines = step.output.splitlines()
    for line in lines[:OUTPUT_LINES]:
        yield f"          {mark} {safe(line)}"
    if len(lines) > OUTPUT_LINES:
        more = counted(len(lines) - OUTPUT_LINES, "more line")
        yield f"          {mark} … {more}: --json has the rest"
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


def happened_lines(happened: Happened, nested: Iterable[Firing], style: Style) -> Iterator[str]:
    """An event, what it fired, and what that fired in its turn."""
    yield from firing_lines(happened.event, style)
    if not happened.firings:
        yield "  no hook is fired"
    caused = sorted((*happened.firings, *nested), key=lambda each: each.id)
    yield from firings_lines(caused, style)


def event_lines(event: Event, profile: Profile, style: Style) -> Iterator[str]:
    """An event with all it takes and fires."""
    yield f"{event.name}: {event.title}" if style.plain else f"{event.name}  - {event.title}"
    for parameter in event.parameters:
        choices = f" One of {', '.join(parameter.choices)}." if parameter.choices else ""
        name = f"{parameter.name} ({parameter.type})"
        words = f"{parameter.description}{choices}"
        yield f"  {name}: {words}" if style.plain else f"  {name:28}  {words}"
    hooks = [
        f"{hook[:-1]} (if something changed)" if hook.endswith("?") else hook
        for hook in event.hooks[profile]
    ]
    yield f"  fires {', '.join(hooks) or 'no hook'}"


def reload_lines(reload: Reload, style: Style = GLYPHS) -> Iterator[str]:
    """What a save or a command did to a plugin."""
    took = milliseconds(reload.duration_ns)
    what = "removed" if reload.trigger == "removed" else f"loaded, generation {reload.generation}"
    status = "ok" if reload.ok else "error"
    said = f"{safe(reload.plugin)}, {what}, {took}, {status}"
    yield (
        f"Reload {reload.number}: {said}"
        if style.plain
        else (f"{OUTCOME_GLYPHS[status]} {said.replace(', ', '  ')}")
    )
    for word, glyph, names in (("added", "+", reload.added), ("removed", "-", reload.removed)):
        for name in names:
            yield f"    {word if style.plain else glyph} {safe(name)}"
    if reload.error is not None:
        yield from _error_lines(reload.error, style)
    for line in reload.output.splitlines()[:OUTPUT_LINES]:
        yield f"          {style.mark('|', 'printed')} {safe(line)}"
