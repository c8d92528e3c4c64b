"""One firing as HTML: the ladder of its steps, with diffs, errors, output and timings."""

from __future__ import annotations

from collections.abc import Iterable

from escalated_core.analysis.arguments import touched
from escalated_core.records import (
    Call,
    Change,
    Effect,
    ErrorRecord,
    Firing,
    Frame,
    Location,
    LogLine,
    Step,
)
from escalated_core.snapshots.diff import path_text
from escalated_core.snapshots.text import text_changes
from escalated_workbench.report.markup import readable, tag, text, value
from escalated_workbench.wording import OUTCOME_GLYPHS, counted, milliseconds, short

CHANGES = 50
"""Changes of one step that are shown."""
LOGS = 100
"""Log lines and calls of one step that are shown."""

_SIGNS = {"added": "+", "removed": "−", "changed": "~"}
_TAGS = {"removed": "del", "added": "ins", "cut": "em"}


def anchor(firing_id: int) -> str:
    return f"firing-{firing_id}"


def outcome(word: str) -> str:
    """An outcome by glyph and word."""
    return tag("span", OUTCOME_GLYPHS.get(word, "?"), " ", text(word), class_=f"outcome {word}")


def firing_section(
    firing: Firing, children: Iterable[tuple[int, str]] = (), linked: bool = True
) -> str:
    """A firing in full; `children` are the id and hook of the firings that it caused.

    `linked` tells whether it stands on one page with these: without, it has no anchor, either.
    """
    link = _link if linked else _named
    name = f"#{firing.id} {tag('bdi', text(firing.hook))}"
    title = tag("h3", name, id=anchor(firing.id)) if linked else tag("p", name, class_="title")
    facts = [
        outcome(firing.outcome),
        text(firing.kind),
        text(milliseconds(firing.duration_ns)),
        f"by {tag('bdi', text(firing.cause))}",
        f"thread {tag('bdi', text(firing.thread))}",
    ]
    if firing.parent_id is not None:
        facts.append(link(firing.parent_id, f"in #{firing.parent_id}"))
    caused = [link(number, f"#{number} {hook}") for number, hook in children]
    if caused:
        facts.append(f"caused {', '.join(caused)}")
    heard = "" if firing.kind == "event" else tag("p", "Nobody listens.", class_="quiet")
    return tag(
        "article",
        title,
        tag("p", " · ".join(facts), class_="facts"),
        _arguments(firing),
        step_list(firing.steps, firing) if firing.steps else heard,
        _details("Result", value(firing.result)) if firing.kind == "filter" else "",
    )


def _link(number: int, words: str) -> str:
    return tag("a", text(words), href=f"#{anchor(number)}")


def _named(_: int, words: str) -> str:
    return text(words)


def _details(title: str, *content: str, is_open: bool = False) -> str:
    return tag(
        "details", tag("summary", text(title)), *content, **({"open": ""} if is_open else {})
    )


def _arguments(firing: Firing) -> str:
    shown = [tag("li", value(argument)) for argument in firing.args]
    named = value(firing.kwargs) if firing.kwargs else ""
    if not shown and not named:
        return ""
    count = len(shown) + (len(firing.kwargs) if named else 0)
    return _details(counted(count, "argument"), tag("ol", *shown) if shown else "", named)


def step_list(steps: Iterable[Step], firing: Firing | None = None) -> str:
    """Steps as a ladder; with their firing, each says when in it it ran."""
    return tag("ol", *(_step(step, firing) for step in steps), class_="steps")


def _step(step: Step, firing: Firing | None) -> str:
    place = step.defined_at or Location(step.file, step.line)
    head = [
        tag("span", text(f"{step.priority:g}"), class_="priority", title="priority"),
        outcome(step.outcome),
        tag("b", tag("bdi", text(step.callback))),
        tag("span", tag("bdi", text(step.plugin or "host")), class_="plugin"),
        tag("span", text(milliseconds(step.duration_ns)), class_="time"),
    ]
    where = tag("p", tag("bdi", text(place)), class_="place") if place.file else ""
    return tag(
        "li",
        tag("p", " ".join(head), class_="head"),
        _bar(step, firing.duration_ns) if firing else "",
        where,
        *_notes(step),
        change_list(step.changes),
        _touched(touched(firing, step) if firing else step.touched),
        error_box(step.error) if step.error else "",
        _output(step),
        _logs(step.logs),
        _calls(step.calls),
        effect_list(step.effects),
        _values(step) if _has_values(step, firing) else "",
        class_=f"step {step.outcome}",
    )


def _bar(step: Step, whole_ns: int) -> str:
    """When the step ran within the firing; the darker part is its own time."""
    whole = max(whole_ns, step.at_ns + step.duration_ns, 1)
    start, width = 100 * step.at_ns / whole, max(100 * step.duration_ns / whole, 0.4)
    own = 100 * min(step.own_ns / max(step.duration_ns, 1), 1) if step.own_ns else 100
    label = f"from {milliseconds(step.at_ns)}, {milliseconds(step.duration_ns)} long"
    if step.own_ns and step.own_ns < step.duration_ns:
        label += f", {milliseconds(step.own_ns)} of its own"
    style = f"margin-left:{min(start, 99.6):.2f}%;width:{min(width, 100):.2f}%"
    inner = tag("i", style=f"width:{own:.2f}%")
    bar = tag("div", inner, style=style)
    return tag("div", bar, class_="bar", role="img", aria_label=label, title=label)


def _notes(step: Step) -> list[str]:
    notes = [f"By hand: {step.note}."] if step.note else []
    if step.mutated:
        notes.append("Changed the value in place.")
    if step.returned_none:
        notes.append("Returned None for a value.")
    if step.surplus:
        notes.append(f"Takes {counted(step.surplus, 'argument')} fewer than the hook passes.")
    if step.dropped:
        notes.append(f"{step.dropped:,} characters or lines of output were not kept.")
    return [tag("p", text(note), class_="note") for note in notes]


def change_list(changes: tuple[Change, ...]) -> str:
    """What changed, path by path, with what it was and what it became."""
    if not changes:
        return ""
    shown = [_change(change) for change in changes[:CHANGES]]
    if len(changes) > CHANGES:
        shown.append(tag("li", f"… {counted(len(changes) - CHANGES, 'more change')}"))
    return tag("ul", *shown, class_="changes")


def _touched(changes: tuple[Change, ...]) -> str:
    if not changes:
        return ""
    return tag("p", "Changed in place of its arguments:", class_="note") + change_list(changes)


def _change(change: Change) -> str:
    sign = tag("span", _SIGNS[change.kind], class_="sign", title=change.kind)
    label = f"{sign} {tag('code', text(path_text(change.path)))} "
    if isinstance(change.before, str) and isinstance(change.after, str):
        return tag("li", label, _text_change(change.before, change.after), class_=change.kind)
    parts: list[str] = []
    if change.kind != "added":
        parts.append(tag("del", text(short(change.before, 400))))
    if change.kind != "removed":
        parts.append(tag("ins", text(short(change.after, 400))))
    return tag("li", label, " → ".join(parts), class_=change.kind)


def _text_change(before: str, after: str) -> str:
    if before == after:  # two secrets, each masked
        return tag("span", f"{text(before)} → {text(after)}")
    runs = text_changes(readable(before), readable(after))
    shown = [tag(_TAGS.get(run.kind, "span"), text(run.text)) for run in runs]
    is_other = not any(run.kind == "equal" for run in runs)
    return tag("span", (" → " if is_other else "").join(shown), class_="inside")


def error_box(error: ErrorRecord) -> str:
    """An exception with the source of its frames, the innermost first and open."""
    title = tag("p", tag("b", text(error.type)), f": {text(error.message)}" * bool(error.message))
    last = len(error.frames) - 1
    frames = [_frame(frame, index == last) for index, frame in enumerate(error.frames)]
    cause = ""
    if error.cause is not None:
        cause = tag("p", "It was caused by", class_="quiet") + error_box(error.cause)
    return tag("div", title, *reversed(frames), cause, class_="failure")


def _frame(frame: Frame, is_open: bool) -> str:
    name = f"{Location(frame.file, frame.line)} in {frame.function}"
    lines = [
        tag("span", f"{number:>5} ", text(source) or " ", class_="at" if is_at else None)
        for number, source in frame.source
        for is_at in (number == frame.line,)
    ]
    source = tag("pre", "\n".join(lines), class_="source") if lines else ""
    return _details(name, source, _locals(frame), is_open=is_open)


def _locals(frame: Frame) -> str:
    if not frame.locals:
        return ""
    rows = [
        tag("tr", tag("th", text(name), scope="row"), tag("td", text(short(found, 400))))
        for name, found in frame.locals
    ]
    return tag("table", tag("caption", "Values where it stopped"), *rows, class_="locals")


def _output(step: Step) -> str:
    if not step.output:
        return ""
    shown = tag("pre", text(step.output), class_="output")
    return _details("Output", shown, is_open=step.output.count("\n") <= 12)


def _logs(logs: tuple[LogLine, ...]) -> str:
    if not logs:
        return ""
    lines = [
        tag("li", tag("b", text(log.level)), " ", text(f"{log.logger}: {log.message}"))
        for log in logs[:LOGS]
    ]
    if len(logs) > LOGS:
        lines.append(tag("li", f"… {len(logs) - LOGS:,} more"))
    # What the hooks log of an error is the error that stands above.
    is_open = len(logs) <= 5 and any(log.logger != "escalated.hooks" for log in logs)
    shown = tag("ul", *lines, class_="logs")
    return _details(counted(len(logs), "log line"), shown, is_open=is_open)


def _calls(calls: tuple[Call, ...]) -> str:
    if not calls:
        return ""
    lines = [
        tag("li", tag("code", text(call.text)), " ", text(milliseconds(call.duration_ns)))
        for call in calls[:LOGS]
    ]
    if len(calls) > LOGS:
        lines.append(tag("li", f"… {len(calls) - LOGS:,} more"))
    queries = sum(call.kind == "query" for call in calls)
    named = f"{queries:,} of the database, {len(calls) - queries:,} over HTTP"
    return _details(f"{counted(len(calls), 'call')}: {named}", tag("ul", *lines, class_="calls"))


def effect_list(effects: Iterable[Effect], is_open: bool = False) -> str:
    """What was sent out, or would have been: what the workbench answered itself is marked."""
    shown = [_effect(effect, is_open) for effect in effects]
    return tag("ul", *shown, class_="effects") if shown else ""


def _effect(effect: Effect, is_open: bool) -> str:
    verdict = tag("span", text(effect.verdict), class_="plugin")
    if effect.simulated:
        verdict += " " + tag("span", "simulated", class_="simulated")
    head = [tag("b", text(effect.kind)), tag("code", text(effect.target)), verdict]
    summary = tag("summary", *(f"{each} " for each in head), text(milliseconds(effect.duration_ns)))
    shown = tag("details", summary, value(effect.details), **({"open": ""} if is_open else {}))
    return tag("li", shown)


def _has_values(step: Step, firing: Firing | None) -> bool:
    if firing is not None:
        return firing.kind == "filter"
    return step.before is not None or step.after is not None


def _values(step: Step) -> str:
    if step.before is step.after:
        return _details("Value", value(step.before))
    both = tag("div", value(step.before), value(step.after), class_="both")
    return _details("Value before and after", both)
