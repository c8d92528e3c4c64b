"""What the workbench returns, each in one line: beside the HTML, and where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from escalated_core.analysis.blame import Comparison
from escalated_core.analysis.firings import Firings
from escalated_core.analysis.moments import Moment
from escalated_core.analysis.timing import Timing
from escalated_core.host.desk import HelpDesk
from escalated_core.host.whatif import WhatIfs
from escalated_core.plugins.ui import UiRegistry
from escalated_core.records import (
    ErrorRecord,
    Finding,
    Firing,
    Happened,
    Hook,
    Plugin,
    Reload,
    Step,
    WhatIf,
    replays,
)
from escalated_core.stepping.stops import Stop
from escalated_core.stories.fuzz_result import FuzzResult
from escalated_core.stories.result import StoryResult
from escalated_workbench.wording import OUTCOME_GLYPHS, counted, milliseconds, safe, since_words


def line(record: Any) -> str:
    """A record in one line; its `repr` if that is fit to be read."""
    tell = next((TEXTS[kind] for kind in type(record).__mro__ if kind in TEXTS), repr)
    return safe(tell(record))


def _firing(firing: Firing) -> str:
    facts = [
        f"#{firing.id} {firing.hook}",
        f"{OUTCOME_GLYPHS[firing.outcome]} {firing.outcome}",
        counted(len(firing.steps), "step"),
        milliseconds(firing.duration_ns),
    ]
    return " · ".join(facts + ([str(firing.error)] if firing.error else []))


def _happened(happened: Happened) -> str:
    return f"{_firing(happened.event)} · caused {counted(len(happened.firings), 'firing')}"


def _step(step: Step) -> str:
    facts = [
        f"{OUTCOME_GLYPHS[step.outcome]} {step.callback}",
        step.plugin or "host",
        milliseconds(step.duration_ns),
        *([step.note] if step.note else []),
    ]
    changed = len(step.changes) + len(step.touched)
    facts += [counted(changed, "change")] if changed else []
    return " · ".join(facts + ([str(step.error)] if step.error else []))


def _plugin(plugin: Plugin) -> str:
    error = [str(plugin.error)] if plugin.error else []
    return " · ".join([f"{plugin.slug} {plugin.version}", plugin.status, *error])


def _hook(hook: Hook) -> str:
    signature = hook.documented.signature if hook.documented else hook.name
    return f"{signature} · {hook.kind} · {counted(len(hook.callbacks), 'callback')}"


def _firings(firings: Firings) -> str:
    return counted(len(firings), "firing")


def _reload(reload: Reload) -> str:
    facts = [f"#{reload.number} {reload.plugin}", reload.trigger, milliseconds(reload.duration_ns)]
    return " · ".join(facts + ([str(reload.error)] if reload.error else []))


def _timing(timing: Timing) -> str:
    p95 = f"p95 {milliseconds(timing.p95_ns)}"
    return " · ".join([timing.key, counted(timing.count, "run"), p95])


def _story(result: StoryResult) -> str:
    steps = counted(len(result.steps), "step")
    return "\n".join(
        [f"{result.name} · {'ok' if result.ok else 'failed'} · {steps}", *result.failures]
    )


def _fuzz(result: FuzzResult) -> str:
    tried = f"{counted(result.examples, 'example')} · {counted(len(result.bugs), 'failure')}"
    return "\n".join([tried, *map(str, result.bugs)])


TEXTS: dict[Any, Callable[[Any], str]] = {
    Firing: _firing,
    Happened: _happened,
    Step: _step,
    Plugin: _plugin,
    Hook: _hook,
    Firings: _firings,
    ErrorRecord: str,
    Finding: str,
    Reload: _reload,
    Timing: _timing,
    Comparison: lambda found: "The same" if found.same else "Different",
    replays.Comparison: repr,
    replays.Run: repr,
    WhatIf: str,
    WhatIfs: repr,
    StoryResult: _story,
    FuzzResult: _fuzz,
    HelpDesk: lambda _: "The help desk",
    Stop: lambda stop: f"#{stop.firing.id} {stop.firing.hook}, stopped {stop.where}",
    UiRegistry: lambda _: "The interface",
    Moment: lambda moment: f"{moment.name} · {since_words(moment.changed_since)}",
}
"""Those whose `repr` is long, or says nothing."""
