"""A whole session as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from escalated_core.records import Finding, Firing
from escalated_core.sessions.lines import Header, SessionPlugin
from escalated_core.snapshots.redaction import masked_firing
from escalated_workbench.report.firings import anchor, firing_section, outcome
from escalated_workbench.report.markup import style, tag, text
from escalated_workbench.report.styles import colours
from escalated_workbench.wording import counted, milliseconds

if TYPE_CHECKING:
    from escalated_core.analysis.query import Query

ROWS = 5_000
"""Firings listed in the table."""
DETAILS = 300
"""Firings shown in full: those with errors first, then the changed, then the slowest."""
SLOWEST = 5


class Recorded(Protocol):
    """What a report is made of, such as a `Session`."""

    @property
    def header(self) -> Header: ...
    @property
    def findings(self) -> list[Finding]: ...
    def __iter__(self) -> Iterator[Firing]: ...


class Recording:
    """Firings at hand, to make a report of."""

    def __init__(
        self, header: Header, firings: Iterable[Firing], findings: Iterable[Finding] = ()
    ) -> None:
        self.header = header
        self.findings = list(findings)
        self._firings = list(firings)

    def __iter__(self) -> Iterator[Firing]:
        return iter(self._firings)


class _Row(NamedTuple):
    """What the table and the summary show of a firing."""

    id: int
    parent_id: int | None
    depth: int
    hook: str
    kind: str
    outcome: str
    steps: int
    changed: bool
    duration_ns: int
    plugins: tuple[str, ...]
    error: str

    @property
    def weight(self) -> tuple[bool, bool, int]:
        return self.outcome != "ok", self.changed, self.duration_ns


def report(session: Recorded, query: Query | None = None) -> str:
    """The page of a session, or of its firings that a query matches. Secrets are masked.

    At most `ROWS` firings are listed and `DETAILS` shown in full; the page says what is left out.
    """
    rows = [_row(firing) for firing in _chosen(session, query)]
    full = {row.id for row in heapq.nlargest(DETAILS, rows, key=lambda row: row.weight)}
    children: dict[int, list[tuple[int, str]]] = {}
    for row in rows:
        if row.parent_id in full and row.id in full:
            children.setdefault(row.parent_id or 0, []).append((row.id, row.hook))
    sections = [
        firing_section(_rooted(masked_firing(firing), full), children.get(firing.id, ()))
        for firing in _chosen(session, query)
        if firing.id in full
    ]
    title = f"Session of {_moment(session.header.started_at)}"
    content = [
        tag("header", tag("h1", text(title)), _ran_with(session.header), _where(query)),
        tag(
            "main",
            _summary(rows, full, session.header.plugins),
            _findings(session.findings),
            _table(rows, full),
            *_full(sections),
        ),
        tag("footer", tag("p", "Written by escalated-workbench. Secrets are masked.")),
    ]
    return _document(title, content)


def _chosen(session: Recorded, query: Query | None) -> Iterable[Firing]:
    return session if query is None else (each for each in session if query.matches(each))


def _row(firing: Firing) -> _Row:
    error = firing.error
    return _Row(
        firing.id,
        firing.parent_id,
        firing.depth,
        firing.hook,
        firing.kind,
        firing.outcome,
        len(firing.steps),
        firing.changed,
        firing.duration_ns,
        tuple(dict.fromkeys(step.plugin or "host" for step in firing.steps)),
        error.type if error else "",
    )


def _rooted(firing: Firing, full: set[int]) -> Firing:
    """The firing without a parent that the page does not show."""
    return firing if firing.parent_id in full else replace(firing, parent_id=None)


def _document(title: str, content: list[str]) -> str:
    head = tag(
        "head",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        tag("title", text(title)),
        f"<style>\n{colours(':root')}{style('records.css')}{style('page.css')}</style>",
    )
    skip = tag("a", "To the firings", href="#firings", class_="skip")
    return f'<!doctype html>\n<html lang="en">{head}<body>{skip}{"".join(content)}</body></html>\n'


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, OSError, ValueError):
        return "an unknown time"


def _ran_with(header: Header) -> str:
    versions = " · ".join(f"{name} {number}" for name, number in header.versions.items())
    facts = f"{versions} · profile {header.profile} · seed {header.seed}"
    plugins = ", ".join(f"{each.slug} {each.version}".strip() for each in header.plugins)
    return (
        tag("p", text(facts), class_="facts")
        + tag("p", tag("bdi", text(header.root)), class_="place")
        + (tag("p", "Plugins: ", text(plugins), class_="facts") if plugins else "")
    )


def _where(query: Query | None) -> str:
    return "" if query is None else tag("p", "Only firings where ", tag("code", text(query)))


def _summary(rows: list[_Row], full: set[int], plugins: Iterable[SessionPlugin]) -> str:
    outcomes = Counter(row.outcome for row in rows)
    failed = len(rows) - outcomes["ok"]
    numbers = [
        ("hooks fired", len(rows), ""),
        ("with errors", failed, "error" if failed else ""),
        ("that changed a value", sum(row.changed for row in rows), ""),
        ("callbacks run", sum(row.steps for row in rows), ""),
    ]
    cards = [
        tag("li", tag("b", f"{number:,}", class_=kind or None), " ", words)
        for words, number, kind in numbers
    ]
    return tag(
        "section",
        tag("h2", "Summary"),
        tag("ul", *cards, class_="cards"),
        _slowest(rows, full),
        _imports(plugins),
        aria_label="Summary",
    )


def _slowest(rows: list[_Row], full: set[int]) -> str:
    chosen = heapq.nlargest(SLOWEST, rows, key=lambda row: row.duration_ns)
    return _bars("Slowest", [(_named(row, full), row.duration_ns) for row in chosen])


def _imports(plugins: Iterable[SessionPlugin]) -> str:
    found = [(each, plugin.slug) for plugin in plugins for each in plugin.imports]
    chosen = heapq.nlargest(SLOWEST, found, key=lambda one: one[0].duration_ns)
    named = [(text(f"import {each.name} · {slug}"), each.duration_ns) for each, slug in chosen]
    return _bars("Slowest imports", named)


def _bars(title: str, times: list[tuple[str, int]]) -> str:
    """Markup with nanoseconds, the longest first."""
    if not times:
        return ""
    most = max(times[0][1], 1)
    items = [
        tag(
            "li",
            tag("span", name, class_="name"),
            tag("span", text(milliseconds(took)), class_="time"),
            tag("div", tag("div", style=f"width:{100 * took / most:.1f}%"), class_="bar"),
        )
        for name, took in times
    ]
    return tag("h3", title) + tag("ol", *items, class_="slowest")


def _named(row: _Row, full: set[int]) -> str:
    name = f"#{row.id} {row.hook}"
    return tag("a", text(name), href=f"#{anchor(row.id)}") if row.id in full else text(name)


def _findings(findings: list[Finding]) -> str:
    if not findings:
        return ""
    items = [tag("li", text(finding), class_=finding.severity) for finding in findings]
    return tag(
        "section",
        tag("h2", "Findings"),
        tag("ul", *items, class_="findings"),
        aria_label="Findings",
    )


def _table(rows: list[_Row], full: set[int]) -> str:
    head = ("Firing", "Kind", "Outcome", "Steps", "Plugins", "Time")
    lines = [_line(row, full) for row in rows[:ROWS]]
    said = ""
    if len(rows) > len(full):
        said += f"{len(full):,} of {counted(len(rows), 'firing')} are shown in full below: "
        said += "those with errors first, then those that changed a value, then the slowest. "
    if len(rows) > ROWS:
        said += f"Only the first {ROWS:,} are listed; {len(rows) - ROWS:,} are left out."
    table = tag(
        "table",
        tag("thead", tag("tr", *(tag("th", word, scope="col") for word in head))),
        tag("tbody", *lines),
    )
    return tag(
        "section",
        tag("h2", "Firings", id="firings"),
        tag("p", said, class_="note") if said else "",
        tag("div", table, class_="wide", tabindex="0", role="region", aria_label="Firings")
        if rows
        else tag("p", "Nothing was fired.", class_="quiet"),
        aria_labelledby="firings",
    )


def _line(row: _Row, full: set[int]) -> str:
    deep = f"padding-left:{min(row.depth, 8) + 0.5:g}em" if row.depth else None
    changed = tag("span", " ~", title="changed the value") if row.changed else ""
    error = f" {tag('code', text(row.error))}" if row.error else ""
    cells = [
        tag("th", _named(row, full), changed, scope="row", style=deep),
        tag("td", text(row.kind)),
        tag("td", outcome(row.outcome), error),
        tag("td", f"{row.steps:,}", class_="number"),
        tag("td", tag("bdi", text(", ".join(row.plugins)))),
        tag("td", text(milliseconds(row.duration_ns)), class_="number"),
    ]
    return tag("tr", *cells, class_=row.outcome)


def _full(sections: list[str]) -> list[str]:
    if not sections:
        return []
    return [tag("section", tag("h2", "In full", id="full"), *sections, aria_labelledby="full")]
