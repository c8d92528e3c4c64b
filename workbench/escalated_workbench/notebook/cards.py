"""What the workbench returns, each as HTML for a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from escalated_core.analysis.blame import Comparison, Pair
from escalated_core.analysis.firings import Firings
from escalated_core.analysis.tabular import Named, Records
from escalated_core.errors import WorkbenchError
from escalated_core.helpdesk.references import ReferenceKind
from escalated_core.host.desk import HelpDesk
from escalated_core.plugins.ui import UiItem, UiRegistry
from escalated_core.records import (
    Callback,
    Change,
    Effect,
    ErrorRecord,
    Finding,
    Firing,
    Happened,
    Hook,
    Import,
    Parameter,
    Plugin,
    Reload,
    Step,
)
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    FrozenSetSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    RelativeSnapshot,
    SetSnapshot,
    TupleSnapshot,
)
from escalated_workbench.debugging import Run
from escalated_workbench.notebook import cells
from escalated_workbench.notebook.columns import COLUMNS
from escalated_workbench.notebook.moments import MOMENTS
from escalated_workbench.notebook.replays import REPLAYS
from escalated_workbench.notebook.sheet import facts, part, title
from escalated_workbench.notebook.stops import STOPS
from escalated_workbench.notebook.stories import STORIES
from escalated_workbench.notebook.tables import SHOWN, listed
from escalated_workbench.notebook.whatifs import WHATIFS
from escalated_workbench.report.firings import (
    change_list,
    effect_list,
    error_box,
    firing_section,
    step_list,
)
from escalated_workbench.report.markup import tag, text, value
from escalated_workbench.wording import counted, here, milliseconds
from escalated_workbench.workbench import Workbench

WORLD: tuple[ReferenceKind, ...] = ("ticket", "comment", "user", "department", "tag")
IMPORTS = 5
"""Imports of a plugin that are shown."""
TICKETS = 10
"""Tickets that the help desk shows."""


def card(record: Any) -> str:
    """A record as HTML."""
    kind = next(kind for kind in type(record).__mro__ if kind in CARDS)
    return CARDS[kind](record)


def _row(record: Any) -> str:
    return listed(type(record), [record])


def _records(records: Records[Any]) -> str:
    return listed(records.kind, records)


def _named(records: Named[Any]) -> str:
    return listed(records.kind, records.values())


def _workbench(workbench: Workbench) -> str:
    findings = counted(len(workbench.findings), "finding")
    told = facts(
        "open" if Workbench.current() is workbench else "closed",
        f"profile {text(workbench.profile)}",
        f"seed {workbench.seed}",
        counted(len(workbench.trace), "firing"),
        findings,
    )
    root = tag("bdi", text(here(workbench.root)))
    return title("Workbench on ", root) + told + listed(Plugin, workbench.plugins.values())


def _firings(firings: Firings) -> str:
    """A trace or a session: the latest firings."""
    rows, _ = firings.rows(max(firings.finished - SHOWN, 0))
    found = (firings.get(number) for number in sorted(row.id for row in rows))
    latest = [firing for firing in found if firing is not None]
    note = ""
    if len(latest) < len(firings):
        words = f"The latest {len(latest):,}. Others are found by query()."
        note = tag("p", words, class_="quiet")
    return title(counted(len(firings), "firing")) + listed(Firing, latest) + note


def _firing(firing: Firing) -> str:
    return tag("div", firing_section(firing, linked=False), _caused(firing))


def _caused(firing: Firing) -> str:
    """The firings that a firing caused, as far as the workbench that recorded it is open."""
    workbench = Workbench.current()
    if workbench is None or workbench.trace.get(firing.id) != firing:
        return ""
    children = workbench.trace.children(firing.id)
    return part("Caused", listed(Firing, children)) if children else ""


def _happened(happened: Happened) -> str:
    caused = part("Caused", listed(Firing, happened.firings))
    return firing_section(happened.event, linked=False) + caused


def _step(step: Step) -> str:
    return step_list([step])


def _change(change: Change) -> str:
    return change_list((change,))


def _effect(effect: Effect) -> str:
    return effect_list([effect], is_open=True)


def _comparison(comparison: Comparison) -> str:
    if comparison.same:
        return tag("p", "Both firings are the same.", class_="quiet")
    parts = (
        ("Arguments", change_list((*comparison.args, *comparison.kwargs))),
        ("Callbacks", listed(Pair, comparison.steps) if comparison.steps else ""),
        ("Result", change_list(comparison.result)),
    )
    return "".join(part(heading, content) for heading, content in parts if content)


def _plugin(plugin: Plugin) -> str:
    # Only here: it brings much that a script which shows nothing does not need.
    from escalated_workbench.measures import is_heavy

    loaded = f"loaded in {milliseconds(plugin.load_ns)}" if plugin.load_ns else ""
    told = facts(
        cells.status(plugin),
        text(plugin.source),
        f"load {plugin.generation}" if plugin.generation else "",
        text(loaded),
        f"by {tag('bdi', text(plugin.author))}" if plugin.author else "",
    )
    name = title(
        tag("bdi", text(plugin.slug)), tag("span", f" {text(plugin.version)}", class_="plugin")
    )
    about = tag("p", tag("bdi", text(plugin.description))) if plugin.description else ""
    place = tag("p", tag("bdi", text(plugin.path)), class_="place")
    parts = [name, told, about, place]
    if plugin.error is not None:
        parts.append(error_box(plugin.error))
    if plugin.findings:
        parts.append(part("Findings", listed(Finding, plugin.findings)))
    if is_heavy(plugin):
        parts.append(part("Slowest imports", listed(Import, plugin.imports[:IMPORTS])))
    return "".join(parts)


def _reload(reload: Reload) -> str:
    parts = [_row(reload)]
    if reload.error is not None:
        parts.append(error_box(reload.error))
    if reload.output:
        parts.append(part("Output", tag("pre", text(reload.output), class_="output")))
    return "".join(parts)


def _hook(hook: Hook) -> str:
    documented = hook.documented
    about = documented.category if documented else "not documented"
    parts = [title(cells.hook(hook)), facts(text(hook.kind), text(about))]
    if documented:
        parts.append(tag("p", text(documented.purpose)))
        if documented.parameters:
            parts.append(listed(Parameter, documented.parameters))
    heard = listed(Callback, hook.callbacks) if hook.callbacks else ""
    quiet = tag("p", "Nobody listens.", class_="quiet")
    return "".join(parts) + (part("Callbacks, in their order", heard) if heard else quiet)


def _run(run: Run[Any]) -> str:
    """Where it is stopped; at its end what came of it."""
    stop = run.stop
    try:
        return card(run.result if stop is None else stop)
    except WorkbenchError as error:
        return tag("p", text(error), class_="quiet")


def _helpdesk(desk: HelpDesk) -> str:
    """How many rows there are, and the first tickets."""
    try:
        rows = {kind: desk.rows(kind) for kind in WORLD}
    except WorkbenchError as error:
        return tag("p", text(error), class_="quiet")
    told = facts(*(counted(len(found), kind) for kind, found in rows.items()))
    more = f'The first {TICKETS}; rows("ticket") has all.'
    note = tag("p", text(more), class_="quiet") if len(rows["ticket"]) > TICKETS else ""
    return title("Help desk") + told + listed(dict, rows["ticket"][:TICKETS]) + note


def _interface(ui: UiRegistry) -> str:
    items = [*ui.menu_items(), *ui.widgets(), *ui.components()]
    return title("Interface") + listed(UiItem, items)


CARDS: dict[Any, Callable[[Any], str]] = {
    **dict.fromkeys(COLUMNS, _row),
    **dict.fromkeys((ListSnapshot, DictSnapshot, TupleSnapshot, SetSnapshot), value),
    **dict.fromkeys((FrozenSetSnapshot, ObjectSnapshot, RelativeSnapshot), value),
    Records: _records,
    Named: _named,
    Workbench: _workbench,
    Firings: _firings,
    Firing: _firing,
    Happened: _happened,
    Step: _step,
    Change: _change,
    Comparison: _comparison,
    Effect: _effect,
    ErrorRecord: error_box,
    Plugin: _plugin,
    Hook: _hook,
    Reload: _reload,
    HelpDesk: _helpdesk,
    Run: _run,
    UiRegistry: _interface,
    **REPLAYS,
    **STORIES,
    **MOMENTS,
    **STOPS,
    **WHATIFS,
}
"""By the class of what is shown."""
