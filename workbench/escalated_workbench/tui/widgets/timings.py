"""What took how long as lines and sections."""

# Textual leaves the parameter of App open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from escalated_core.analysis.timing import ENOUGH, By, Timing, TimingChange, Verdict
from escalated_core.records import Import, Location, Plugin
from escalated_workbench.measures import (
    BUCKETS,
    Measured,
    Order,
    bar,
    importing,
    is_heavy,
    spark,
)
from escalated_workbench.tui.look import owner_style, part
from escalated_workbench.wording import counted, in_milliseconds, milliseconds

TIGHT, ROOMY = 60, 100
"""Columns from which there is room for the bars of time, and from which for those of share."""
IMPORTS = 4
"""Imports of a plugin that are named."""
BAR = 4
COUNT, TIME = 7, 7
VERDICTS: dict[Verdict, tuple[str, str]] = {
    "slower": ("▲ slower", "$text-error"),
    "faster": ("▼ faster", "$text-success"),
    "same": ("= same", "$foreground-muted"),
    "unsure": ("? unsure", "$text-warning"),
}
GUIDE = "The guide: keep plugin.py lightweight. Import it in the function that needs it."


class TimingList(OptionList):
    """One line for each callback, plugin or hook; those over the budget are marked."""

    HELP = """\
Own time is what something took without the firings that it caused: its median (`p50`), what 19 of
20 stay within (`p95`), the longest (`max`) and its share of all. The bars on the right are medians
over the session, from left to right. `!` marks what took longer than the budget at least once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Its firings", id="timing.enter"),
        Binding("j", "cursor_down", "Down", show=False, id="timing.down"),
        Binding("k", "cursor_up", "Up", show=False, id="timing.up"),
    ]

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, markup=False, compact=True)
        self._shown_lines: list[Measured | None] = []

    @property
    def measured(self) -> Measured | None:
        """What the cursor is on."""
        index = self.highlighted
        return (
            self._shown_lines[index]
            if index is not None and index < len(self._shown_lines)
            else None
        )

    def show(self, found: Sequence[Measured], by: By, order: Order, slow_ns: int) -> None:
        """Draw these lines, with the cursor on what it was on, or on the first."""
        kept = self.measured
        width = self.scrollable_content_region.width - 1
        self._shown_lines = list(found)
        if order in ("p95", "max"):
            over = sum(_ordering(each.timing, order) > slow_ns for each in found)
            # Where everything or nothing is over it, the line would part nothing.
            if 0 < over < len(found):
                self._shown_lines.insert(over, None)
        self.set_options(
            Option(line(each, by, slow_ns, width))
            if each
            else Option(_budget(slow_ns), disabled=True)
            for each in self._shown_lines
        )
        keys = [each.timing.key if each else None for each in self._shown_lines]
        if keys:
            at = keys.index(kept.timing.key) if kept and kept.timing.key in keys else 0
            self.highlighted = at if self._shown_lines[at] else at + 1


def head(by: By, width: int) -> Content:
    """The names of the columns above the lines."""
    times = "".join(f"{name:>{TIME}}" for name in ("p50", "p95", "max"))
    words = f"{'count':>{COUNT}}{times}  share"
    words += " " * (BAR + 1) if width >= ROOMY else ""
    words += f" {'over time':<{BUCKETS}}" if width >= TIGHT else ""
    names = {"callback": "callback, plugin, hook", "plugin": "plugin", "hook": "hook"}
    name = Content.assemble(part(f"  {names[by]}, ms"))
    room = max(width - len(words), 0)
    return Content.assemble(name.truncate(room, ellipsis=True, pad=True), part(words))


def line(measured: Measured, by: By, slow_ns: int, width: int) -> Content:
    """One line, filling `width` columns."""
    timing = measured.timing
    times = (timing.p50_ns, timing.p95_ns, timing.max_ns)
    numbers = f"{timing.count:>{COUNT},}" + "".join(f"{_ms(t):>{TIME}}" for t in times)
    pieces = [part(numbers), part(f"{timing.share:>7.0%}")]
    if width >= ROOMY:
        pieces.append(part(f" {bar(timing.share, BAR):<{BAR}}", "$text-accent"))
    if width >= TIGHT:
        pieces.append(part(f" {spark(measured.line)}", "$text-accent"))
    rest = Content.assemble(*pieces)
    slow = timing.max_ns > slow_ns
    name = Content.assemble(part("! " if slow else "  ", "bold $text-warning"), *_name(timing, by))
    room = max(width - rest.cell_length, 0)
    return Content.assemble(name.truncate(room, ellipsis=True, pad=True), rest)


def details(timing: Timing, by: By, slow_ns: int) -> Content:
    """All there is to say about a line."""
    where = f"  {Location(timing.file, timing.line)}" if timing.file else ""
    total = f"{milliseconds(timing.own_ns)} of its own, {milliseconds(timing.total_ns)} in total"
    failed = f" · {timing.errors:,} failed" if timing.errors else ""
    things = "firing" if by == "hook" else "step"
    over = f" · {timing.over:,} of {counted(timing.count, things)} over {budget(slow_ns)}"
    return Content.assemble(
        *_name(timing, by),
        part(f"{where}\n", "$foreground-muted"),
        part(total),
        part(failed, "$text-error"),
        part(over, "$text-warning" if timing.over else "$foreground-muted"),
    )


def budget(slow_ns: int) -> str:
    """`50 ms`."""
    return f"{slow_ns // 1_000_000:,} ms"


def changes(found: Mapping[str, Iterable[TimingChange]]) -> Content:
    """What became slower or faster, under a title each."""
    pieces: list[tuple[str, str]] = []
    for title, inside in found.items():
        pieces.append(part(f"{title}\n", f"bold {owner_style(title)}"))
        listed = list(inside)
        for change in listed:
            pieces += _change(change)
        if not listed:
            pieces.append(part("  Nothing ran in both.\n", "$foreground-muted"))
    return Content.assemble(*pieces)


def imports(plugins: Iterable[Plugin]) -> Content:
    """How long each plugin took to load, and which imports of it longest."""
    pieces: list[tuple[str, str]] = []
    for plugin in importing(plugins):
        pieces.append(part(f"{plugin.slug:<20} ", owner_style(plugin.slug)))
        pieces.append(part(f"{milliseconds(plugin.load_ns):>10} to load\n"))
        pieces += [part(f"  {_import(each)}\n") for each in plugin.imports[:IMPORTS]]
        left = len(plugin.imports) - IMPORTS
        if left > 0:
            pieces.append(part(f"  … {counted(left, 'more import')}\n", "$foreground-muted"))
        if is_heavy(plugin):
            pieces.append(part(f"  ! {GUIDE}\n", "$text-warning"))
    return Content.assemble(*pieces)


def _ms(nanoseconds: int) -> str:
    """Milliseconds that tell a step of microseconds from none."""
    value = nanoseconds / 1e6
    return f"{value:.3f}" if value < 10 else in_milliseconds(nanoseconds)


def _import(each: Import) -> str:
    inside = "" if each.duration_ns == each.own_ns else f", {milliseconds(each.own_ns)} itself"
    return f"import {each.name}  {milliseconds(each.duration_ns)}{inside}"


def _change(change: TimingChange) -> list[tuple[str, str]]:
    words, style = VERDICTS[change.verdict]
    pieces = [part(f"  {words:<9} ", f"bold {style}"), part(f"{change.key}  ")]
    old, new = change.before, change.after
    if old is None or new is None:
        told = "only before" if new is None else "only after"
    else:
        ratio = f"  {change.ratio:.2g}x" if change.ratio is not None else ""
        told = f"{_ms(old.p50_ns)} → {_ms(new.p50_ns)} ms{ratio}"
        if min(old.count, new.count) < ENOUGH:
            told += f"  ({old.count:,} and {new.count:,} steps; {ENOUGH} are enough)"
    return [*pieces, part(f"{told}\n", "$foreground-muted")]


def _name(timing: Timing, by: By) -> list[tuple[str, str]]:
    if by == "hook":
        return [part(timing.hook)]
    owner = part(timing.plugin or "host", owner_style(timing.plugin))
    if by == "plugin":
        return [owner]
    base = f"{timing.hook} ← {timing.plugin or 'host'}:{timing.callback}"
    # Callbacks of one name are numbered in the key.
    name = f"{timing.callback}{timing.key.removeprefix(base)} "
    return [part(name), owner, part(f" {timing.hook}", "$foreground-muted")]


def _ordering(timing: Timing, order: Order) -> int:
    return timing.p95_ns if order == "p95" else timing.max_ns


def _budget(slow_ns: int) -> Content:
    return Content.assemble(part(f"  ── above: over {budget(slow_ns)} ──", "$text-warning"))
