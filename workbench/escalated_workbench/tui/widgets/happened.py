"""An event of the help desk in the inspector: what it was given, what it caused and asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content

from escalated_core.helpdesk.events.catalogue import events
from escalated_core.records import Firing
from escalated_core.trace.trace import Trace
from escalated_workbench.playback import Recorded
from escalated_workbench.tui.look import OUTCOME_STYLES, part
from escalated_workbench.tui.widgets.rehearsal import name_of, short_text
from escalated_workbench.tui.widgets.values import MUTED, Line, said
from escalated_workbench.wording import OUTCOME_GLYPHS, counted, in_milliseconds, short

QUERIES, WIDE = 40, 300
"""Queries that are listed, and characters of each."""
LOOKED_AT = 500
"""Firings after an event that are looked through for those it caused."""


def title_of(event: str) -> str:
    """What an event is, in words; empty if it is not documented."""
    found = events().get(event)
    return found.title if found is not None else ""


def caused_by(trace: Trace | Recorded, event: Firing) -> list[Firing]:
    """The firings that an event caused itself, as far as they are kept, in order."""
    # Those inside of it have the numbers that follow: to go through all would hold up a key.
    end = event.started_at + event.duration_ns / 1e9
    caused: list[Firing] = []
    for number in range(event.id + 1, event.id + 1 + LOOKED_AT):
        firing = trace.get(number)
        if firing is not None and firing.started_at > end:
            break
        if firing is not None and firing.parent_id == event.id:
            caused.append(firing)
    return caused


def lines(event: Firing, caused: Iterable[Firing]) -> list[Line]:
    """All there is to say about an event."""
    return [
        said(title_of(event.hook) or "This event is not documented.", ""),
        *_parameters(event),
        *_failure(event),
        *_caused(list(caused)),
        *_queries(event),
    ]


def _parameters(event: Firing) -> list[Line]:
    given = list(event.kwargs.items())
    if not given:
        return [said("nothing was said about it: all was chosen")]
    told = [said("what was said about it")]
    for name, value in given:
        known = name_of(value) if hasattr(value, "fields") else short(value, WIDE)
        told.append(Line(Content.assemble(part(f"  {name}  ", "$text-accent"), part(known))))
    return told


def _failure(event: Firing) -> list[Line]:
    return [said(f"✖ {event.error}", "$text-error")] if event.error is not None else []


def _caused(caused: Sequence[Firing]) -> list[Line]:
    if not caused:
        return [said("it fired no hook")]
    told = [said(f"it fired {counted(len(caused), 'hook')}")]
    for firing in caused:
        glyph = OUTCOME_GLYPHS[firing.outcome] if firing.steps else "·"
        style = OUTCOME_STYLES[firing.outcome] if firing.steps else MUTED
        who = counted(len(firing.steps), "callback") if firing.steps else "nobody listens"
        error = f" {firing.error}" if firing.error is not None else ""
        content = Content.assemble(
            part(f"  {glyph} ", style),
            part(f"{firing.hook}  "),
            part(f"#{firing.id} {firing.kind} · {who} · ", MUTED),
            part(f"{in_milliseconds(firing.duration_ns)} ms", MUTED),
            part(f"{' · changed' * firing.changed}", "$text-warning"),
            part(short_text(error, WIDE), "$text-error"),
        )
        told.append(Line(content))
    return told


def _queries(event: Firing) -> list[Line]:
    calls = [call for step in event.steps for call in step.calls if call.kind == "query"]
    if not calls:
        return [said("the help desk asked its database nothing")]
    number = f"{len(calls):,} quer{'y' if len(calls) == 1 else 'ies'}"
    told = [said(f"the help desk's own {number}")]
    for call in calls[:QUERIES]:
        took = f"  {in_milliseconds(call.duration_ns):>6} "
        text = short_text(call.text, WIDE)
        told.append(Line(Content.assemble(part(took, MUTED), part(text))))
    if len(calls) > QUERIES:
        told.append(said(f"  … {len(calls) - QUERIES} more"))
    return told
