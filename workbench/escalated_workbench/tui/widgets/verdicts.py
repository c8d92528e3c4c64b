"""What a save changed, in words: the verdict in a line, and of each firing what differs."""

# Textual leaves the parameter of App open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from escalated_core.records import (
    VERDICTS,
    Change,
    Comparison,
    Difference,
    Firing,
    LeftOut,
    Pace,
    ReplayProgress,
    ReplayVerdict,
    Run,
    SaveVerdict,
)
from escalated_core.replay.alike import alike
from escalated_workbench.tui import look
from escalated_workbench.tui.look import owner_style, part
from escalated_workbench.tui.widgets.values import MUTED, SHOWN, Piece, change_line
from escalated_workbench.wording import VERDICT_GLYPHS, counted, milliseconds

STYLES: dict[ReplayVerdict, str] = {
    "raises": "$text-error",
    "value": "$text-warning",
    "removed": "$text-warning",
    "added": "$text-warning",
    "order": "$text-warning",
    "effect": "$text-warning",
    "fixed": "$text-success",
    "slower": "$text-warning",
    "same": MUTED,
    "unsteady": MUTED,
    "missing": MUTED,
}
CAUSES = {"save": "save", "command": "load", "asked": "replay", "session": "session"}
WORD = max(map(len, VERDICTS.values()))
"""Columns for the word of a verdict."""

Judged = Comparison | LeftOut


class VerdictList(OptionList):
    """The firings that were run again, one in a line; those that changed first."""

    HELP = """\
What a save changed: recorded firings that run code of the plugin were run again by the new code,
with effects held and the database rolled back, and compared with the code before. Those that do
the same are hidden, and those that differ alike are one line with their number: `→` lists them, `←`
folds them up. Of the one under the cursor: the first step that differs, and what only follows from
it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Compare", tooltip="Both side by side", id="verdict.enter"),
        Binding("j", "cursor_down", "Down", show=False, id="verdict.down"),
        Binding("k", "cursor_up", "Up", show=False, id="verdict.up"),
        Binding("right", "open(True)", "List those alike", show=False, id="verdict.open"),
        Binding("left", "open(False)", "Fold those alike", show=False, id="verdict.fold"),
    ]

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, markup=False, compact=True)
        self._groups: list[list[Judged]] = []
        self._open: set[tuple[object, ...]] = set()
        """What those have in common that are all listed."""
        self._rows: list[Judged] = []

    @property
    def judged(self) -> Judged | None:
        """What the cursor is on, of a group the first."""
        index = self.highlighted
        return self._rows[index] if index is not None and index < len(self._rows) else None

    def show(self, judged: Sequence[Judged]) -> None:
        """List these, with the cursor on the firing it was on, or on the first."""
        kept = self.judged
        self._groups = alike(judged)
        self._fill(kept)

    def action_open(self, is_open: bool) -> None:
        """List all that differ like the one under the cursor, or only the first of them."""
        judged = self.judged
        if judged is None:
            return
        likeness = judged.likeness()
        (self._open.add if is_open else self._open.discard)(likeness)
        first = next(first for first, *_ in self._groups if first.likeness() == likeness)
        self._fill(judged if is_open else first)

    def _fill(self, chosen: Judged | None) -> None:
        """List the groups, with the cursor on this one."""
        numbers = [firing_id(each) for group in self._groups for each in group]
        room = len(str(max(numbers, default=0)))
        self._rows, lines = [], list[Content]()
        for first, *more in self._groups:
            is_open = first.likeness() in self._open
            rest = more if is_open else []
            self._rows += [first, *rest]
            lines += [line(first, room, len(more), is_open), *(inside(each, room) for each in rest)]
        self.set_options(Option(each) for each in lines)
        ids = [firing_id(each) for each in self._rows]
        if ids:
            wanted = firing_id(chosen) if chosen is not None else None
            self.highlighted = ids.index(wanted) if wanted in ids else 0


def firing_id(judged: Judged) -> int:
    """The id of the recorded firing."""
    return judged.firing_id if isinstance(judged, LeftOut) else _recorded(judged).firing.id


def line(judged: Judged, room: int, more: int = 0, is_open: bool = False) -> Content:
    """`~ value changed  #212 ticket_subject  ▸ 26 alike`, with so much room for the number."""
    if isinstance(judged, LeftOut):
        sign, word, style = "◌", "left out", MUTED
    else:
        verdict = judged.verdict
        sign, word, style = VERDICT_GLYPHS[verdict], VERDICTS[verdict], STYLES[verdict]
    alike_ones = f"  {'▾' if is_open else '▸'} {more + 1:,} alike" if more else ""
    return Content.assemble(
        part(f"{sign} {word:{WORD}} ", style),
        *_named(judged, room),
        part(alike_ones, "$text-accent"),
    )


def inside(judged: Judged, room: int) -> Content:
    """The same for one below the first of its sort."""
    return Content.assemble(part(" " * (WORD + 3)), *_named(judged, room))


def _named(judged: Judged, room: int) -> tuple[Piece, Piece]:
    hook = judged.hook if isinstance(judged, LeftOut) else judged.old.firing.hook
    return part(f"{f'#{firing_id(judged)}':>{room + 1}} ", MUTED), part(hook)


def was_run(verdict: SaveVerdict) -> bool:
    """Whether there was anything to run again."""
    return bool(verdict.comparisons or verdict.left_out)


def told_of(verdict: SaveVerdict) -> tuple[str, str]:
    """`~ save #14 triage: 1 value changed · 31 same`, styled by what is most telling of it."""
    head = f"{CAUSES[verdict.cause]} #{verdict.number}"
    head = f"{head} {verdict.plugin}" if verdict.plugin else head
    worst: ReplayVerdict = "same"
    if verdict.comparisons:
        worst = verdict.comparisons[0].verdict
    return part(f"{VERDICT_GLYPHS[worst]} {head}: {_counted(verdict)}", STYLES[worst])


def head(verdict: SaveVerdict, count: int, undone: int | None) -> Content:
    """The verdict in a line on top of its screen.

    `count` is how many there are, `undone` the generation that runs again since, if one does.
    """
    if verdict.state == "failed":
        plugin, name = verdict.plugin or "", CAUSES[verdict.cause]
        words = f"✖ {name} #{verdict.number} {plugin}: not replayed, running last good. "
        return Content.assemble(part(words, "$text-error"), part(verdict.error))
    ended = {"late": " · the time was up", "cancelled": " · a newer save came"}
    took = f" · {milliseconds(verdict.duration_ns)} · {verdict.number} of {count}"
    ending = part(ended.get(verdict.state, ""), "$text-warning")
    back = part(f"⟲ undone: running g{undone} again · " if undone else "", "$text-accent")
    words, style = told_of(verdict)
    said = part(words, MUTED if undone else style)
    return Content.assemble(back, said, ending, part(took, MUTED))


def running(progress: ReplayProgress) -> tuple[str, str]:
    """`◌ replaying 120/500`."""
    return part(f"◌ replaying {progress.done:,}/{progress.total:,}", "$text-warning")


def details(judged: Judged, has_drifted: bool, width: int) -> Content:
    """All there is to tell of one firing; `has_drifted` if its record differs for other reasons."""
    if isinstance(judged, LeftOut):
        return Content.assemble(part("◌ It was not run to its end.\n"), part(judged.why, MUTED))
    pieces: list[Piece] = [*_differences(judged, width)]
    if judged.pace is not None:
        pieces.append(_pace(judged.pace, judged.verdict))
    if judged.why:
        pieces.append(part(f"{VERDICT_GLYPHS[judged.verdict]} {VERDICTS[judged.verdict]}\n"))
        pieces.append(part(f"  {judged.why}\n", MUTED))
    if not pieces:
        pieces.append(part("= It does the same as before.\n", "$text-success"))
    if has_drifted:
        words = "drifted: it does something else than recorded, which is not due to this save\n"
        pieces.append(part(f"! {words}", "$text-warning"))
    pieces += [part(f"i not controlled: {each}\n", MUTED) for each in judged.uncontrolled]
    pieces += [part(f"i {each}\n", MUTED) for each in judged.notes]
    return Content.assemble(*pieces)


def before(comparison: Comparison) -> str:
    """What the old run is, in words."""
    is_record = comparison.recorded is None or comparison.old is comparison.recorded
    return "as recorded" if is_record else "the code before, run again"


def pair(comparison: Comparison) -> tuple[Firing, Firing] | None:
    """The two firings to be seen side by side: those where they begin to differ, else the whole."""
    new = comparison.new
    if new is None:
        return None
    origin = comparison.origin
    if origin is not None:
        one, other = comparison.firings_of(origin)
        if one is not None and other is not None:
            return one, other
    return comparison.old.firing, new.firing


def _counted(verdict: SaveVerdict) -> str:
    counts = [f"{count:,} {VERDICTS[name]}" for name, count in verdict.counts.items()]
    counts += [f"{len(verdict.left_out):,} left out"] if verdict.left_out else []
    counts += [f"{len(verdict.drifted):,} drifted"] if verdict.drifted else []
    return " · ".join(counts) or str(verdict)


def _differences(comparison: Comparison, width: int) -> Iterator[Piece]:
    """Where it begins to differ, each beginning followed by what comes from it."""
    found = comparison.differences
    begins = [index for index, each in enumerate(found) if each.follows is None]
    for number, start in enumerate(begins):
        words = "first step that differs" if number == 0 else "differs by itself, too"
        yield part(f"{words}\n", "bold $text-accent")
        yield from _difference(comparison, found[start], width)
        following = [each for each in found if each.follows == start]
        if following:
            yield part("follows from it\n", "bold $text-accent")
        for each in following:
            yield from _difference(comparison, each, 0)


def _difference(comparison: Comparison, difference: Difference, width: int) -> Iterator[Piece]:
    """One difference; with `width` columns for the source where it raises, 0 for none."""
    verdict = difference.verdict
    yield part(f"  {VERDICT_GLYPHS[verdict]} {VERDICTS[verdict]}  ", STYLES[verdict])
    who = difference.callback or f"{difference.hook} itself"
    yield part(who, "bold" if difference.follows is None else "")
    yield part(f" · {difference.plugin or 'host'}", owner_style(difference.plugin))
    yield part(f"  {_where(comparison, difference)}\n", MUTED)
    found = comparison.place_of(difference)
    if found is not None and difference.follows is None:
        yield part(f"    {found}\n", MUTED)
    yield from _changes(difference.changes)
    yield from _changes(difference.touched, "arguments, changed in place")
    yield from _errors(comparison, difference, width)
    yield from _changes(difference.effects, "effects")


def _where(comparison: Comparison, difference: Difference) -> str:
    one, other = comparison.firings_of(difference)
    firing = other or one
    root = comparison.old.firing.hook
    nested = firing is not None and firing.parent_id is not None and firing.hook != root
    inside = f" of {difference.hook}, fired within" if nested else ""
    index = difference.old_step if difference.new_step is None else difference.new_step
    if index is None or firing is None:
        return inside.removeprefix(" of ") if nested else ""
    moved = difference.verdict == "order" and difference.old_step is not None
    before = f", was {(difference.old_step or 0) + 1}" if moved else ""
    return f"step {index + 1} of {len(firing.steps)}{before}{inside}"


def _changes(found: Sequence[Change], title: str = "") -> Iterator[Piece]:
    if found and title:
        yield part(f"    {title}\n", MUTED)
    for change in found[:SHOWN]:
        yield from (part("    "), change_line(change).content, part("\n"))
    if len(found) > SHOWN:
        yield part(f"    … {counted(len(found) - SHOWN, 'more change')}\n", MUTED)


def _errors(comparison: Comparison, difference: Difference, width: int) -> Iterator[Piece]:
    before, now = difference.errors
    if before == now:
        return
    if before:
        yield part(f"    before: ✖ {before}\n", "$text-success" if not now else MUTED)
    if now:
        yield part(f"    now: ✖ {now}\n", "$text-error")
    step = comparison.step_of(difference)
    error = step.error if step is not None and now else None
    if error is not None and error.frame is not None and width:
        yield look.source(error.frame, width)


def _pace(pace: Pace, verdict: ReplayVerdict) -> Piece:
    """`▲ slower: 1.20 ms → 4.80 ms, in 8 of 8 runs`."""
    share = f"slower in {pace.slower_share:.0%} of {counted(pace.pairs, 'pair')} of runs"
    by_chance = f"by chance so in {pace.chance:.1%}"
    sign = VERDICT_GLYPHS["slower"] if pace.is_slower else "="
    style = STYLES["slower"] if verdict == "slower" else MUTED
    times = f"{milliseconds(pace.old_ns)} → {milliseconds(pace.new_ns)} (medians)"
    return part(f"{sign} {times}\n  {share}, {by_chance}\n", style)


def _recorded(comparison: Comparison) -> Run:
    return comparison.recorded or comparison.old
