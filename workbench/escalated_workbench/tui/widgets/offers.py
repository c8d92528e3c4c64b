"""What can be chosen for a field: rows of the help desk, or the values that there are."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from escalated_core.errors import WorkbenchError
from escalated_core.helpdesk.references import ReferenceKind
from escalated_workbench.composing import NOBODY, Row, kind_of, matching, row_label, row_name
from escalated_workbench.tui.background import aside
from escalated_workbench.tui.look import part
from escalated_workbench.tui.widgets.form import Field
from escalated_workbench.tui.widgets.rehearsal import short_text
from escalated_workbench.wording import counted
from escalated_workbench.workbench import Workbench

AT_MOST = 200
"""Rows that are offered at a time."""
NAME = 20
"""Columns for what is typed for a row."""


class Offers(OptionList, can_focus=False):
    """Rows are read once, when they are first needed, on a thread of their own."""

    DEFAULT_CSS = """
    Offers {
        height: auto; max-height: 5; border: none; background: $panel; padding: 0; display: none;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    Offers.-some { display: block; }
    Offers > .option-list--option-highlighted {
        background: $block-cursor-blurred-background; text-style: bold;
    }
    Offers > .option-list--option-disabled { color: $text-muted; }
    """

    def __init__(self, wb: Workbench, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, markup=False)
        self._wb = wb
        self._rows: dict[ReferenceKind, list[Row] | None] = {}
        self._field: Field | None = None
        self._offered: list[str] = []

    @property
    def taken(self) -> str | None:
        """What is typed for the one under the cursor."""
        index = self.highlighted
        return self._offered[index] if index is not None and index < len(self._offered) else None

    def look_for(self, field: Field | None) -> None:
        """Offer what fits what was typed into a field; None offers nothing."""
        self._field = field
        found = self._found(field) if field is not None else []
        typed = field.input.value.strip() if field is not None else ""
        is_one = any(name == typed for name, _ in found)
        self._offered = [name for name, _ in found[:AT_MOST]]
        self.clear_options()
        self.add_options([Option(_line(name, label)) for name, label in found[:AT_MOST]])
        if len(found) > AT_MOST:
            more = f"… {counted(len(found) - AT_MOST, 'more row')}: type to narrow them down"
            self.add_option(Option(Content.assemble(part(more)), disabled=True))
        self.highlighted = 0 if typed and not is_one and found else None
        self.set_class(bool(found) and not (is_one and len(found) == 1), "-some")

    def move(self, lines: int) -> bool:
        """Move the cursor; False if there is nothing to move among."""
        count = len(self._offered)
        if not count or not self.has_class("-some"):
            return False
        if self.highlighted is None:
            if lines < 0:
                return False
            self.highlighted = 0
        elif self.highlighted + lines < 0:
            self.highlighted = None
        else:
            self.highlighted = min(self.highlighted + lines, count - 1)
        return True

    def _found(self, field: Field) -> list[tuple[str, str]]:
        """What fits, with what tells it from others."""
        typed, parameter = field.input.value.strip(), field.parameter
        if parameter.choices:
            fitting = [each for each in parameter.choices if typed in each]
            return [(each, "") for each in (fitting or parameter.choices)]
        kind = kind_of(parameter)
        if kind is None:
            return []
        rows = self._of(kind)
        nobody = [(NOBODY, "")] if parameter.type == "user" and typed in NOBODY else []
        return nobody + [
            (row_name(kind, row), row_label(kind, row)) for row in matching(kind, rows, typed)
        ]

    def _of(self, kind: ReferenceKind) -> list[Row]:
        """The rows of a kind, or none as long as they are being read."""
        if kind not in self._rows:
            self._rows[kind] = None

            def work() -> list[Row]:
                try:
                    return self._wb.helpdesk.rows(kind)
                except WorkbenchError:
                    # Nothing to choose from then; what is typed is judged all the same.
                    return []

            def then(rows: list[Row]) -> None:
                self._rows[kind] = rows
                if self.is_attached:
                    self.look_for(self._field)

            aside(self, work, then)
        return self._rows[kind] or []


def _line(name: str, label: str) -> Content:
    return Content.assemble(
        part(f"{short_text(name, NAME):{NAME}} ", "bold"),
        part(short_text(label, 200), "$foreground-muted"),
    )
