"""A value written by hand: as JSON, or as a Python expression where it is needed."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pprint import pformat
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea

from escalated_core.errors import UsageError
from escalated_core.records import Snapshot
from escalated_core.snapshots.pictures import plain, same
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.stepping.commands import Command
from escalated_core.stepping.gate import Question
from escalated_core.stepping.stops import Answer
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.box import BoxScreen
from escalated_workbench.tui.stepping import Stepping
from escalated_workbench.tui.widgets.json_area import JsonArea
from escalated_workbench.tui.widgets.values import MUTED, Piece

WIDTH = 60
"""Columns of Python that is written for somebody to edit."""


class WrongError(ValueError):
    """A text is no value; `line` and `column` count from 1, 0 is unknown."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line, self.column = line, column


class ValueArea(JsonArea):
    """The value that is written."""

    HELP = """\
The value as JSON, or, after `ctrl+t`, as a Python expression that is worked out where it waits,
with `_value`, `_before`, `_after` and `_args` as names, such as `{**_value, "status": "open"}`. It
is judged while you type; what is wrong is said below with its place. `ctrl+g` goes on with it,
`escape` leaves everything as it was."""


class ValueScreen(BoxScreen[None]):
    """Edits a value; what it is for is made a command of and given to the gate.

    `keep`, if given, has later runs go on with it as well.
    """

    DEFAULT_CSS = """
    ValueScreen > Vertical { width: 90; height: 80%; }
    ValueScreen ValueArea { height: 1fr; }
    ValueScreen #judged { height: auto; min-height: 3; max-height: 6; padding-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "apply", "Go on with it", priority=True, id="value-edit.apply"),
        Binding("ctrl+l", "keep", "Always", tooltip="Now and in later runs", id="value-edit.keep"),
        Binding("ctrl+t", "python", "JSON or Python", priority=True, id="value-edit.python"),
        Binding("escape", "close", "Close", id="value-edit.close"),
    ]

    def __init__(
        self,
        title: str,
        value: Snapshot,
        stepping: Stepping,
        make: Callable[[Any], Command],
        keep: Callable[[Any], object] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._stepping = title, stepping
        self._make, self._keep = make, keep
        self._json = json_of(value)
        self._is_python = self._json is None
        self._is_asking = False

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content.assemble(part(self._title))
            yield ValueArea(id="value")
            yield Static(id="judged", markup=False)

    def on_mount(self) -> None:
        self._area.text = "_value" if self._json is None else self._json
        self._area.focus()
        self._judge()

    @property
    def _area(self) -> ValueArea:
        return self.query_one(ValueArea)

    @on(TextArea.Changed)
    def _typed(self) -> None:
        self._judge()

    def action_python(self) -> None:
        """Write it the other way; a text that is not right yet stays as it is."""
        text = self._area.text
        try:
            if not self._is_python:
                text = "_value" if text == self._json else pformat(from_json(text), width=WIDTH)
            elif text.strip() == "_value":
                text = self._json or text
            else:
                text = json.dumps(ast.literal_eval(text.strip()), ensure_ascii=False, indent=2)
        except (WrongError, ValueError, TypeError, SyntaxError, RecursionError):
            self.notify("What is written cannot be written the other way.", markup=False)
            return
        self._is_python = not self._is_python
        self._area.text = text
        self._judge()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "keep" and self._keep is None:
            return False
        return super().check_action(action, parameters)

    def action_apply(self) -> None:
        self._apply(self._make)

    def action_keep(self) -> None:
        """Go on with it, and have it so in later runs too."""

        def kept(value: Any) -> Command:
            if self._keep is not None:
                self._keep(value)
            return self._make(value)

        self._apply(kept)

    def _apply(self, make: Callable[[Any], Command]) -> None:
        text = self._area.text
        if self._is_asking:
            return
        try:
            value = check_python(text) if self._is_python else from_json(text)
        except WrongError as wrong:
            if wrong.line:
                self._area.cursor_location = (wrong.line - 1, max(wrong.column - 1, 0))
            self._say(wrong)
            return
        if self._is_python:
            self._is_asking = True
            self._hint("It runs; if it takes long: escape, then x stops it.")
            self._stepping.ask(self, Question(text, make), self._answered)
            return
        try:
            self._stepping.wb.stepper.go(make(value))
        except UsageError as error:
            self._say(WrongError(str(error)))
        else:
            self.dismiss(None)

    def _answered(self, answer: Answer) -> None:
        self._is_asking = False
        if answer.error:
            self._say(WrongError(answer.error))
        else:
            self.dismiss(None)

    def _judge(self) -> None:
        way = "a Python expression" if self._is_python else "JSON"
        other = "JSON" if self._is_python else "Python"
        box = self.query_one(Vertical)
        always = " · ctrl+l always" if self._keep is not None else ""
        box.border_subtitle = f"{way} · ctrl+g goes on with it{always} · ctrl+t {other} · escape"
        text = self._area.text
        try:
            check_python(text) if self._is_python else from_json(text)
        except WrongError as wrong:
            self._say(wrong)
        else:
            self._say(None)

    def _say(self, wrong: WrongError | None) -> None:
        """Say what is wrong, with a caret below the place."""
        if wrong is None:
            hint = "✔ it can be read"
            if self._is_python:
                hint += "; _value, _before, _after, _args and _kwargs are names"
                hint += "" if self._json is not None else " (JSON cannot say all of this value)"
            self._hint(hint)
            return
        where = f"line {wrong.line}, column {wrong.column}: " if wrong.line else ""
        pieces: list[Piece] = [part(f"✖ {where}{wrong}\n", "$text-error")]
        lines = self._area.text.split("\n")
        if 0 < wrong.line <= len(lines):
            room = max(self._area.size.width - 4, 20)
            start = max(wrong.column - room, 0)
            line = lines[wrong.line - 1][start : start + room]
            pieces.append(part(f"  {line}\n", MUTED))
            pieces.append(part(f"  {'':{max(wrong.column - 1 - start, 0)}}^", "$text-error"))
        self.query_one("#judged", Static).update(Content.assemble(*pieces))

    def _hint(self, words: str) -> None:
        self.query_one("#judged", Static).update(Content.assemble(part(words, MUTED)))


def json_of(value: Snapshot) -> str | None:
    """A value as JSON that people can edit; None where JSON would make something else of it."""
    try:
        text = json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False)
        return text if same(snapshot(json.loads(text)), value) else None
    except (TypeError, ValueError, RecursionError):
        return None


def from_json(text: str) -> Any:
    """What a JSON text says; raises `WrongError`."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise WrongError(error.msg, error.lineno, error.colno) from None
    except (RecursionError, ValueError) as error:
        raise WrongError(str(error)) from None


def check_python(text: str) -> None:
    """Raise `WrongError` for what is no expression."""
    begun = len(text) - len(text.lstrip())
    try:
        compile(text.strip(), "<value>", "eval")
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        before = text[:begun]
        if line == 1:
            column += begun - (before.rfind("\n") + 1)
        raise WrongError(error.msg, line + before.count("\n"), column) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise WrongError(str(error)) from None
