"""The verb `watch`: saves and firings as they happen, without the terminal interface."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from time import localtime, strftime
from typing import TYPE_CHECKING

import click

from escalated_workbench.cli.completion import complete_event_name, complete_hook
from escalated_workbench.cli.options import Call, runs_plugins_on
from escalated_workbench.cli.stepping import Attend, Stepping, breaks

if TYPE_CHECKING:
    from escalated_core.records import Firing, Reload, SaveVerdict
    from escalated_workbench.cli.text import Style
    from escalated_workbench.workbench import Workbench

TICK = 0.1
"""Seconds between two looks for what threads of plugins fired, and for a reader that has gone."""


@click.command()
@click.option(
    "--fire",
    "hooks",
    multiple=True,
    metavar="HOOK",
    shell_complete=complete_hook,
    help="Fire it at first and after each save.",
)
@click.option(
    "--event",
    "events",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_event_name,
    help="Make it happen at first and after each save.",
)
@click.option("--jsonl", is_flag=True, help="Print one JSON document per line.")
@breaks
@runs_plugins_on
def watch(call: Call, hooks: tuple[str, ...], events: tuple[str, ...], jsonl: bool) -> int:
    """Follow saves and firings as text, until ctrl+c.

    Plugins are loaded again as they are saved. It ends as well when nobody reads its output.
    """
    from escalated_core.helpdesk.events.catalogue import require_event

    for name in events:
        require_event(name)
    stepping = Stepping(call)
    with call.workbench() as wb:
        for name in hooks:
            wb.require_hook(name)
        style = call.style(wb)
        teller = _as_json(call, wb) if jsonl else _as_text(call, wb, style)
        saved = threading.Event()
        wb.on_reload(lambda _: saved.set())
        wb.replays.on_verdict(lambda _: saved.set())
        wb.watch()
        happenings: list[Callable[[], object]] = [partial(wb.event, name) for name in events]
        happenings += [partial(wb.fire, name) for name in hooks]
        attend = stepping.attend(wb)
        _follow(call, _News(wb), teller, saved, lambda: _rehearse(call, attend, happenings))
    return 0


Teller = Callable[["Reload | Firing | SaveVerdict"], None]


def _follow(
    call: Call, news: _News, tell: Teller, saved: threading.Event, rehearse: Callable[[], None]
) -> None:
    """Tell what is new until nobody reads it any more."""
    rehearse()
    while call.output.is_read:
        was_saved = False
        for record in news:
            tell(record)
            was_saved = was_saved or getattr(record, "trigger", "") == "save"
        if was_saved:
            rehearse()
            continue
        saved.wait(TICK)
        saved.clear()


def _rehearse(call: Call, attend: Attend, happenings: list[Callable[[], object]]) -> None:
    """Have happen what is to happen after each save; nothing of it ends the watch."""
    from escalated_core.errors import WorkbenchError
    from escalated_workbench.wording import safe

    for happen in happenings:
        try:
            attend(happen)
        except WorkbenchError as error:
            call.output.say(safe(f"Error: {error}"))


class _News:
    """Reloads, firings and verdicts that have not been told yet, in the order they began."""

    def __init__(self, wb: Workbench) -> None:
        self._wb = wb
        self._finished = 0
        self._reload = self._verdict = 0

    def __iter__(self) -> Iterator[Reload | Firing | SaveVerdict]:
        reloads = [reload for reload in self._wb.reloads if reload.number > self._reload]
        if reloads:
            self._reload = reloads[-1].number
        rows, self._finished = self._wb.trace.rows(self._finished)
        found = [self._wb.trace.get(row.id) for row in rows]
        firings = [firing for firing in found if firing is not None]
        loaded = [(reload.at, reload.number, reload) for reload in reloads]
        fired = [(firing.started_at, firing.id, firing) for firing in firings]
        # Of one that could not be loaded its reload tells; of the others only if there was any.
        verdicts = [verdict for verdict in self._wb.replays if verdict.number > self._verdict]
        self._verdict = max([self._verdict, *(verdict.number for verdict in verdicts)])
        told = [(each.at, each.number, each) for each in verdicts if each.comparisons]
        # By time and number only: records have no order.
        yield from (
            each[-1] for each in sorted([*loaded, *fired, *told], key=lambda each: each[:2])
        )


def _as_text(call: Call, wb: Workbench, style: Style) -> Teller:
    from escalated_core.records import Firing, SaveVerdict
    from escalated_workbench.cli import text
    from escalated_workbench.cli.replaying import brief_lines
    from escalated_workbench.wording import counted, safe

    plugins = counted(len(wb.plugins), "plugin")
    call.output.say(safe(f"Watching {wb.root}: {plugins}, ctrl+c ends."))

    def tell(record: Reload | Firing | SaveVerdict) -> None:
        if isinstance(record, Firing):
            moment, lines = record.started_at, text.firing_lines(record, style)
        elif isinstance(record, SaveVerdict):
            moment, lines = record.at, brief_lines(record, style)
        else:
            moment, lines = record.at, text.reload_lines(record, style)
        first, *more = lines
        clock = strftime("%H:%M:%S", localtime(moment))
        call.output.data("\n".join([f"{clock} {first}", *more]))

    return tell


def _as_json(call: Call, wb: Workbench) -> Teller:
    from escalated_core.records import Firing, SaveVerdict
    from escalated_workbench.documents import FORMAT

    root, plugins = str(wb.root), list(wb.plugins.values())
    opened = {"profile": wb.profile, "root": root, "plugins": plugins}
    call.line_of_json({"type": "opened", "format": FORMAT, **opened})

    def tell(record: Reload | Firing | SaveVerdict) -> None:
        kind = "firing" if isinstance(record, Firing) else "reload"
        kind = "verdict" if isinstance(record, SaveVerdict) else kind
        call.line_of_json({"type": kind, kind: record})

    return tell
