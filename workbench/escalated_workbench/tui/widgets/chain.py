"""The chain of a stopped firing: what ran, what is next, what is coming."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from escalated_core.records import Callback, Step
from escalated_core.snapshots.paths import path_text
from escalated_core.stepping.stops import Stop
from escalated_workbench.tui.look import OUTCOME_STYLES, owner_style, part
from escalated_workbench.tui.widgets.values import MUTED, SIGNS, Piece
from escalated_workbench.wording import OUTCOME_GLYPHS, short

NAME_WIDTH, OWNER_WIDTH = 22, 14
"""Columns for names and owners, at most."""
ASIDE = 4
"""Characters for which no line of their own is needed."""
NEXT = "▸"
BY_HAND = "✎"
END = "the end of the chain"


class ChainList(OptionList):
    """Steps and callbacks in the order they run; the cursor may be on any of them."""

    HELP = """\
The chain as it runs this time: what ran with its outcome, owner and what it changed (or what was
done by hand), `▸` what is next, and what is coming. `n` runs the next callback, `k` leaves it out,
`i` changes the value first, `p` gives an answer in its place. `s` goes through its lines, `d` into
what it fires, `o` out of it; `c` runs on to the next breakpoint, `x` to the end past all. The
arrows move the cursor: on an earlier step its record is shown, and `u` runs it again from there;
a callback that is coming is put earlier or later by `-` and `+`, for this run. `!` opens a console
where it waits. `escape` hides all this and leaves it stopped; `s` brings it back."""
    DEFAULT_CSS = """
    ChainList { text-wrap: nowrap; text-overflow: ellipsis; background: $surface; padding: 0; }
    ChainList > .option-list--option-highlighted,
    ChainList:focus > .option-list--option-highlighted {
        background: $block-cursor-blurred-background; color: $foreground; text-style: bold;
    }
    """

    def show(self, stop: Stop, cursor: int, tall: bool) -> None:
        """Show a stop, with the cursor on that row; `tall` has two lines for what a step did."""
        with self.prevent(OptionList.OptionHighlighted):
            self.set_options([Option(each) for each in rungs(stop, tall)])
            self.highlighted = min(cursor, self.option_count - 1)
        self.call_after_refresh(self.centre)

    def on_resize(self) -> None:
        self.call_after_refresh(self.centre)

    def centre(self) -> None:
        """Have the row under the cursor in sight with those before and after it."""
        y = (self.highlighted or 0) - self.scrollable_content_region.height // 2
        self.scroll_to(y=max(y, 0), animate=False, immediate=True)


def rungs(stop: Stop, tall: bool) -> list[Content]:
    """A rung for each step, for the callback under way or the end, and for what is coming."""
    firing, coming = stop.firing, stop.coming
    under_way = [stop.doing] if stop.doing is not None else []
    listed: list[Step | Callback] = [*firing.steps, *under_way, *coming]
    named = [each for each in listed if not _is_edit(each)]
    name = min(max((len(each.callback) for each in named), default=0), NAME_WIDTH)
    owner = min(max((len(each.plugin or "host") for each in named), default=0), OWNER_WIDTH)
    lines: list[Content] = []
    for index, each in enumerate(listed):
        said: list[Piece] = []
        if isinstance(each, Step):
            said = _did(each)
        elif each is stop.doing and stop.line is not None:
            said = [part(f"at line {stop.line.line}", "$text-accent")]
        mark = NEXT if index == len(firing.steps) else ""
        head = _edit(each) if _is_edit(each) else _rung(each, mark, name, owner)
        is_apart = tall and len(Content.assemble(*said)) > ASIDE
        lines.append(Content.assemble(*head, *([part(f"\n{'':9}")] if is_apart else []), *said))
    if len(listed) == len(firing.steps):
        lines.append(Content.assemble(part(f"{NEXT}      {END}", "bold $text-accent")))
    return lines


def _is_edit(each: Step | Callback) -> bool:
    """Whether it is something done by hand that stands for no callback."""
    return isinstance(each, Step) and bool(each.note) and each.note == each.callback


def _edit(each: Step | Callback) -> list[Piece]:
    note = each.note if isinstance(each, Step) else ""
    return [part(f"       {BY_HAND} ", "$text-accent"), part(f"{note}  ", "italic")]


def _rung(each: Step | Callback, mark: str, name: int, owner: int) -> list[Piece]:
    step = each if isinstance(each, Step) else None
    glyph = OUTCOME_GLYPHS[step.outcome] if step is not None else " "
    return [
        part(f"{mark:1}", "bold $text-accent"),
        part(f"{each.priority:>5g} ", MUTED),
        part(f"{glyph} ", OUTCOME_STYLES[step.outcome] if step is not None else ""),
        part(f"{_cut(each.callback, name):{name}} ", "bold" if mark else ""),
        part(f"{_cut(each.plugin or 'host', owner):{owner}} ", owner_style(each.plugin)),
    ]


def _did(step: Step) -> list[Piece]:
    """What a step did, what may be cut off last."""
    pieces: list[Piece] = []
    if step.note and not _is_edit(step):
        pieces.append(part(f"{step.note} ", "italic $text-accent"))
    if step.error is not None:
        return [*pieces, part(f"{step.error}".partition("\n")[0], "$text-error")]
    if step.returned_none:
        pieces.append(part("answered None ", "$text-warning"))
    if step.mutated or step.touched:
        pieces.append(part("* in place ", "$text-warning"))
    for change in (*step.changes, *step.touched)[:1]:
        sign, style = SIGNS[change.kind]
        where = path_text(change.path) if change.path else "the value"
        now = "" if change.kind == "removed" else f" {short(change.after, 40)}"
        pieces += [part(f"{sign} {where}", style), part(now, MUTED)]
    more = len(step.changes) + len(step.touched) - 1
    if more > 0:
        pieces.append(part(f"  +{more} more", MUTED))
    return pieces or ([part("=", MUTED)] if step.outcome == "ok" else [])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
