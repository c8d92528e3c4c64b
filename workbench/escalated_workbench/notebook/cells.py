"""What stands in a cell of a table: records and parts of them as HTML, each in a line or a few."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from escalated_core.analysis.blame import Pair
from escalated_core.analysis.timing import Timing, TimingChange
from escalated_core.plugins.ui import UiItem
from escalated_core.records import (
    VERDICTS,
    Callback,
    CataloguedHook,
    Comparison,
    Difference,
    Effect,
    Event,
    Finding,
    Firing,
    Hook,
    Location,
    Plugin,
    Rehearsed,
    Reload,
    Standing,
    Trial,
    Turnover,
)
from escalated_core.stories.result import StepResult
from escalated_workbench.report.firings import change_list, outcome
from escalated_workbench.report.markup import tag, text
from escalated_workbench.wording import (
    SEVERITY_GLYPHS,
    STATUS_GLYPHS,
    counted,
    in_milliseconds,
    short,
)

LISTED = 8
"""Names in one cell."""
STORY_LOOKS = {
    "ok": ("✔", "ok"),
    "failed": ("✖", "error"),
    "broken": ("✖", "error"),
    "skipped": ("◌", "skipped"),
}


def named(name: str) -> Callable[[Any], str]:
    """A cell with an attribute as text."""
    return lambda record: tag("bdi", text(getattr(record, name) or ""))


def code(name: str) -> Callable[[Any], str]:
    return lambda record: tag("code", text(getattr(record, name)))


def ms(name: str) -> Callable[[Any], str]:
    """A cell with an attribute that is a duration."""
    return lambda record: text(in_milliseconds(getattr(record, name)))


def number(name: str) -> Callable[[Any], str]:
    return lambda record: f"{getattr(record, name):,g}"


def loaded(plugin: Plugin) -> str:
    """How long loading took, if it was loaded."""
    return text(in_milliseconds(plugin.load_ns)) if plugin.load_ns else "—"


def length(name: str) -> Callable[[Any], str]:
    return lambda record: f"{len(getattr(record, name)):,}"


def at(name: str) -> Callable[[Any], str]:
    """A cell with an attribute that is a place."""
    return lambda record: tag("bdi", text(getattr(record, name)), class_="place")


def owner(record: Any) -> str:
    return tag("bdi", text(record.plugin or "host"), class_="plugin")


def line(record: Any) -> str:
    """Where in a file something is: `plugin/plugin.py:12`."""
    return tag("bdi", text(Location(record.file, record.line)), class_="place")


def answered(effect: Effect) -> str:
    """What became of something that was sent; a mark where the workbench answered."""
    mark = f" {tag('span', 'simulated', class_='simulated')}" if effect.simulated else ""
    return text(effect.verdict) + mark


def passed(rehearsed: Rehearsed) -> str:
    """What a hook would get."""
    return tag("code", text(", ".join(short(each, 60) for each in rehearsed.args)))


def story_status(word: str) -> str:
    """The status of a story's step, by glyph and word."""
    glyph, look = STORY_LOOKS[word]
    return tag("span", f"{glyph} {word}", class_=f"outcome {look}")


def step_status(step: StepResult) -> str:
    return story_status(step.status)


def met(step: StepResult) -> str:
    """How many expectations are met."""
    count = sum(each.ok for each in step.expectations)
    return f"{count} of {len(step.expectations)}" if step.expectations else "—"


def one_line(words: str, limit: int = 120) -> str:
    """The first line of a text, cut."""
    first = words.partition("\n")[0]
    return first if len(first) <= limit else f"{first[: limit - 1]}…"


def status(plugin: Plugin | Standing) -> str:
    """A plugin's status by glyph and word."""
    look = {"active": "ok", "failed": "error"}.get(plugin.status, "skipped")
    words = f"{STATUS_GLYPHS.get(plugin.status, '◌')} {plugin.status}"
    stale = tag("span", " last good", class_="note") if plugin.stale else ""
    return tag("span", words, class_=f"outcome {look}") + stale


def parameters(documented: CataloguedHook | None) -> str:
    names = ", ".join(each.name for each in documented.parameters) if documented else ""
    return tag("span", f"({text(names)})", class_="plugin") if documented else ""


def owned(callback: Callback) -> str:
    """A callback with its priority and its owner."""
    return " ".join(
        (
            tag("span", f"{callback.priority:g}", class_="priority"),
            tag("bdi", text(callback.callback)),
            owner(callback),
            tag("em", text(callback.note), class_="note") if callback.note else "",
        )
    )


def problems(plugin: Plugin) -> str:
    """What is wrong with a plugin, in a word or a line."""
    if plugin.error is not None:
        return tag("span", text(one_line(str(plugin.error))), class_="outcome error wrapped")
    found = [each.severity for each in plugin.findings]
    told = [counted(found.count(each), each) for each in ("error", "warning") if each in found]
    return text(", ".join(told))


def hook(hook: Hook) -> str:
    """A hook's name with what it passes, if that is documented."""
    return tag("bdi", text(hook.name)) + parameters(hook.documented)


def listeners(hook: Hook | Rehearsed) -> str:
    """Who listens, in running order."""
    return "".join(tag("div", owned(each)) for each in hook.callbacks) or "—"


def fired(firing: Firing) -> str:
    """The hook that was fired, as deep as it is nested; a mark if something was changed."""
    indent = f"padding-left:{min(firing.depth, 8):g}em" if firing.depth else None
    changed = tag("span", " ~", title="changed the value") if firing.changed else ""
    return tag("span", tag("bdi", text(firing.hook)), changed, style=indent)


def went(firing: Firing) -> str:
    """The outcome, with the error's type."""
    error = tag("code", text(firing.error.type)) if firing.error else ""
    return f"{outcome(firing.outcome)} {error}"


def owners(firing: Firing) -> str:
    return tag("bdi", text(", ".join(firing.row().plugins)))


def said(finding: Finding) -> str:
    """What is wrong, and what would help."""
    cure = tag("p", text(finding.cure), class_="quiet") if finding.cure else ""
    return tag("span", text(finding.message)) + cure


def found_at(finding: Finding) -> str:
    """Where it is wrong, and the code that docs/findings.md explains."""
    place = tag("div", tag("bdi", text(finding.place)), class_="place")
    return place + tag("div", tag("code", text(finding.code)), class_="plugin")


def severity(finding: Finding) -> str:
    words = f"{SEVERITY_GLYPHS[finding.severity]} {finding.severity}"
    return tag("span", words, class_=f"outcome {finding.severity}")


def reloaded(reload: Reload) -> str:
    """What a load added and removed, or why it failed."""
    if reload.error is not None:
        words = one_line(str(reload.error))
        return tag("span", f"✖ {text(words)}", class_="outcome error wrapped")
    parts = [
        tag(kind, text(name), class_="chip")
        for kind, names in (("ins", reload.added), ("del", reload.removed))
        for name in names[:LISTED]
    ]
    more = len(reload.added) + len(reload.removed) - len(parts)
    listed = " ".join(parts) + (f" … {more:,} more" if more else "")
    return listed or tag("span", "the same as before", class_="plugin")


def clock(record: Reload | Effect | Turnover) -> str:
    """When it was, in local time."""
    return text(datetime.fromtimestamp(record.at).astimezone().strftime("%H:%M:%S"))


def because(reload: Reload) -> str:
    """What made it happen, and which files."""
    names = ", ".join(file.replace("\\", "/").rpartition("/")[2] for file in reload.files[:3])
    return text(reload.trigger) + (f" {tag('bdi', text(names), class_='place')}" if names else "")


def share(timing: Timing) -> str:
    width = f"width:{100 * timing.share:.1f}%"
    return f"{timing.share:.0%}" + tag("div", tag("div", style=width), class_="bar")


def subject(timing: Timing) -> str:
    """What was timed."""
    if timing.callback:
        on = tag("span", f"on {text(timing.hook)}", class_="plugin")
        return f"{tag('bdi', text(timing.callback))} {owner(timing)} {on}"
    return tag("bdi", text(timing.key))


def ratio(change: TimingChange) -> str:
    return f"{change.ratio:.2f}" if change.ratio is not None else ""


def side(name: str) -> Callable[[Any], str]:
    def cell(change: TimingChange) -> str:
        timing = cast("Timing | None", getattr(change, name))
        return text(in_milliseconds(timing.p50_ns)) if timing else "—"

    return cell


def verdict(change: TimingChange) -> str:
    look = {"slower": "error", "faster": "ok"}.get(change.verdict, "skipped")
    return tag("span", text(change.verdict), class_=f"outcome {look}")


def differs(pair: Pair) -> str:
    """What became of one callback."""
    moved = tag("p", "Ran in another place.", class_="quiet") if pair.moved else ""
    outcomes = ""
    if pair.outcomes[0] != pair.outcomes[1] and None not in pair.outcomes:
        outcomes = tag("p", " → ".join(outcome(each or "") for each in pair.outcomes))
    errors = [tag("p", text(each), class_="note") for each in dict.fromkeys(pair.errors) if each]
    return moved + outcomes + "".join(errors) + change_list(pair.changes)


def judged(record: Comparison | Difference) -> str:
    """A verdict, by words."""
    look = {"same": "ok", "fixed": "ok", "raises": "error"}.get(record.verdict, "skipped")
    return tag("span", text(VERDICTS[record.verdict]), class_=f"outcome {look}")


def where_differs(difference: Difference) -> str:
    """The callback, or the hook that was fired."""
    callback = [tag("bdi", text(difference.callback)), " on "] if difference.callback else []
    return "".join((*callback, tag("bdi", text(difference.hook))))


def follows(difference: Difference) -> str:
    """Which difference it comes from, counted from 1."""
    return "" if difference.follows is None else f"from {difference.follows + 1}"


def came_out(difference: Difference) -> str:
    """All that differs in one place."""
    errors = [tag("p", text(each), class_="note") for each in difference.errors if each]
    found = difference.changes, difference.touched, difference.effects
    return "".join(dict.fromkeys(errors)) + "".join(map(change_list, found))


def said_of_it(record: Any) -> str:
    """What a record says of itself."""
    return tag("bdi", text(one_line(str(record))))


def way(trial: Trial) -> str:
    """What is left out, or swapped."""
    between = f" without {', '.join(trial.between)}" if trial.between else ""
    return text(f"{trial.does} {', '.join(trial.callbacks)}{between}")


def affected(trial: Trial) -> str:
    """Which other callbacks do something else."""
    if not trial.steady:
        return tag("p", "It goes another way each time.", class_="note")
    return "".join(tag("div", said_of_it(each)) for each in trial.affected) or "—"


def ends(trial: Trial) -> str:
    """What differs in what comes out."""
    return "".join(map(change_list, (trial.result, trial.arguments, trial.effects))) or "—"


def takes(event: Event) -> str:
    return tag("bdi", text(", ".join(each.name for each in event.parameters)))


def causes(event: Event) -> str:
    """Its hooks, profile by profile where these differ."""
    by_hooks: dict[tuple[str, ...], list[str]] = {}
    for profile, hooks in event.hooks.items():
        by_hooks.setdefault(hooks, []).append(profile)
    lines = [
        tag("div", text(", ".join(hooks) or "none"), _profiles(profiles, len(by_hooks)))
        for hooks, profiles in by_hooks.items()
    ]
    return "".join(lines)


def _profiles(names: list[str], kinds: int) -> str:
    return tag("span", f" {text(', '.join(names))}", class_="plugin") if kinds > 1 else ""


def where(item: UiItem) -> str:
    return tag("bdi", text(" · ".join(filter(None, (item.page, item.section)))))
