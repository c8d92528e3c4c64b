"""One row of the help desk: its fields, of which most can be edited, and its conversation."""

# Textual leaves the parameter of App open wherever a widget names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from escalated_core.errors import UsageError
from escalated_core.helpdesk.references import Reference, ReferenceKind
from escalated_workbench.composing import Row
from escalated_workbench.desk_fields import EDITABLE, POINTS_TO, choices, typed
from escalated_workbench.tui.look import part
from escalated_workbench.tui.widgets.values import MUTED
from escalated_workbench.wording import counted, safe

NAME = 22
LONG = 2_000
"""Columns for names, and characters shown of a text."""
HIDDEN = ("key", "id")


class Target(NamedTuple):
    """A field of a row that can be edited."""

    kind: ReferenceKind
    key: int
    field: str
    value: Any


class Fields(OptionList):
    """The fields of a row, then what was said about it; `enter` edits the one under the cursor."""

    HELP = """\
The fields of the row and, of a ticket, its conversation. Those with `▸` can be edited: `enter`
begins, `enter` again writes the value, `escape` leaves it. No hook is fired by that: `e` has
something happen instead."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Edit", tooltip="Edit this field", id="details.edit"),
        Binding("j", "cursor_down", "Down", show=False, id="details.down"),
        Binding("k", "cursor_up", "Up", show=False, id="details.up"),
    ]


class Edit(Input):
    """What is typed for a field."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave it", tooltip="Leave the field as it is", id="edit.close")
    ]

    def action_leave(self) -> None:
        details = next(each for each in self.ancestors if isinstance(each, Details))
        details.close()


class Details(Vertical):
    """Shows one row; what is typed for a field is kept until it is written or left."""

    DEFAULT_CSS = """
    Details Fields {
        height: 1fr; border: none; padding: 0; background: $surface; background-tint: transparent;
    }
    Details Fields:focus { border: none; padding: 0; }
    Details Fields:focus > .option-list--option-highlighted,
    Details Fields > .option-list--option-highlighted {
        background: $block-cursor-blurred-background; color: $foreground; text-style: none;
    }
    Details Fields:focus > .option-list--option-highlighted { text-style: bold; }
    Details Fields > .option-list--option-disabled { color: $text-muted; }
    Details #editing { height: auto; display: none; background: $panel; }
    Details.-editing #editing { display: block; }
    Details #editing Static { height: auto; padding: 0 1; color: $text-muted; }
    Details #editing Edit { height: 1; border: none; padding: 0 1; background: $boost; }
    """

    @dataclass
    class Edited(Message):
        """Somebody wants a field to have another value."""

        target: Target
        text: str

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._targets: list[Target | None] = []
        self._target: Target | None = None
        self._shown: tuple[ReferenceKind, int] | None = None

    def compose(self) -> ComposeResult:
        yield Fields(markup=False)
        with Vertical(id="editing"):
            yield Static(id="what", markup=False)
            yield Edit(compact=True, select_on_focus=False)
            yield Static(id="wrong", markup=False)

    def show(self, kind: ReferenceKind, row: Row | None, comments: Iterable[Row]) -> None:
        """Show a row, with the cursor where it was if it is the same."""
        fields = self.query_one(Fields)
        shown = (kind, row["key"]) if row is not None else None
        index = fields.highlighted if shown == self._shown else None
        if shown != self._shown:
            self.close(focus=False)
        self._shown = shown
        lines = _lines(kind, row, list(comments)) if row is not None else []
        self._targets = [target for _, target in lines]
        self.border_title = Content.assemble(part(_title(kind, row)))
        fields.clear_options()
        fields.add_options([Option(content, disabled=not target) for content, target in lines])
        first = next((at for at, target in enumerate(self._targets) if target), None)
        same = index is not None and index < len(lines) and self._targets[index] is not None
        fields.highlighted = index if same else first

    def say(self, error: UsageError) -> None:
        """Say why a value was not written; it can be mended."""
        self.query_one("#wrong", Static).update(Content.assemble(part(f"✖ {error}", "$text-error")))

    def close(self, focus: bool = True) -> None:
        """Leave the field as it is."""
        self._target = None
        self.remove_class("-editing")
        if focus:
            self.query_one(Fields).focus()

    @on(OptionList.OptionSelected)
    def _begin(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        target = self._targets[event.option_index]
        if target is None:
            return
        self._target = target
        self.add_class("-editing")
        known = choices(target.kind, target.field)
        hint = f": {', '.join(known)}" if known else ""
        hint = hint or (": a name, or nothing" if target.field in POINTS_TO else "")
        what = f"{target.field} of {Reference(target.kind, target.key)}{hint}"
        self.query_one("#what", Static).update(Content.assemble(part(what)))
        self.query_one("#wrong", Static).update("enter writes it, escape leaves it")
        edit = self.query_one(Edit)
        edit.value = typed(target.value)
        edit.cursor_position = len(edit.value)
        edit.focus()

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        if self._target is not None:
            self.post_message(self.Edited(self._target, event.value))


def _title(kind: ReferenceKind, row: Row | None) -> str:
    if row is None:
        return "Nothing is selected"
    name = row.get("reference") if kind == "ticket" else None
    return str(name or Reference(kind, row["key"]))


def _lines(
    kind: ReferenceKind, row: Row, comments: Sequence[Row]
) -> list[tuple[Content, Target | None]]:
    """What is shown, each with what can be edited there."""
    lines: list[tuple[Content, Target | None]] = []
    for name, value in row.items():
        if name in HIDDEN:
            continue
        can_be = name in EDITABLE[kind]
        target = Target(kind, row["key"], name, value) if can_be else None
        content = Content.assemble(
            part("▸ " if can_be else "  ", "$text-accent"),
            part(f"{name:{NAME}} ", MUTED),
            part(_told(value)),
        )
        lines.append((content, target))
    if kind == "ticket":
        words = counted(len(comments), "comment") if comments else "Nobody has said anything yet."
        lines.append((Content.assemble(part(f"\n{words}", MUTED)), None))
    for comment in comments:
        note = " · internal note" if comment["is_internal_note"] else ""
        head = f"{comment['author'] or 'a guest'} · {comment['created_at'][:16]}{note}\n"
        body = Content.assemble(part(head, "$text-accent"), part(_told(comment["body"])))
        lines.append((body, Target("comment", comment["key"], "body", comment["body"])))
    return lines


def _told(value: Any) -> str:
    """A value to be read; a long text is cut with a sign."""
    if value is None or value == "":
        return "—"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "—"  # pyright: ignore[reportUnknownArgumentType]
    text = str(value)
    return safe(text) if len(text) <= LONG else f"{safe(text[:LONG])}… {len(text) - LONG:,} more"
