"""What only IPython does: lists of records as tables, errors without our frames, a live watch."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, cast
from weakref import WeakKeyDictionary

import escalated_core
import escalated_workbench
from escalated_core.errors import WorkbenchError
from escalated_workbench.notebook.sheet import sheet
from escalated_workbench.notebook.tables import KINDS, listed
from escalated_workbench.report.markup import tag, text
from escalated_workbench.watching import Watching
from escalated_workbench.wording import counted, here

LATEST = 5
"""Reloads that a watch shows."""

_OURS = tuple(
    str(Path(str(each.__file__)).parent) for each in (escalated_core, escalated_workbench)
)


def several(items: Any) -> str | None:
    """Records of one kind as HTML; None for anything else, which IPython writes as text."""
    kind = cast("Any", type(items))
    if kind not in (list, tuple):
        # IPython asks the formatter of a class before what a subclass says itself.
        own = getattr(kind, "_repr_html_", None)
        return own(items) if own else None
    first = cast("Any", type(items[0])) if items else None
    if first not in KINDS or any(type(each) is not first for each in items):
        return None
    return sheet(listed(first, items))


def told(error: WorkbenchError) -> list[str]:
    """An error for IPython: where the user's code was, and the message with the cure."""
    others = (*_OURS, str(Path(str(import_module("IPython").__file__)).parent))
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(others)
    ]
    lines = [
        f"line {frame.lineno}: {linecache.getline(frame.filename, frame.lineno or 0).strip()}"
        for frame in frames
    ]
    return [*lines, f"{type(error).__name__}: {error}"]


def display(watching: Watching) -> None:
    """Show a watch in a cell, and show it there again after each reload; there is one such cell."""
    # IPython is no dependency, but it is there: it called this.
    shown: Any = import_module("IPython.display").display
    undo = _SHOWN.pop(watching, None)
    if undo is not None:
        undo()
    handle: Any = shown(_content(watching), raw=True, display_id=True)

    def renew(_: object) -> None:
        # The kernel may be going while a save arrives, and a reload must not fail for that.
        with suppress(Exception):
            handle.update(_content(watching), raw=True)

    _SHOWN[watching] = watching.subscribe(renew)


def _content(watching: Watching) -> dict[str, str]:
    saved, root = watching.reloads, here(watching.root)
    words = f"Watching {root} · {counted(len(saved), 'reload')}"
    said = tag("p", "Saves in ", tag("bdi", text(root)), " are loaded at once.", class_="title")
    none = tag("p", "Nothing was saved yet.", class_="quiet")
    shown = listed(saved.kind, saved[-LATEST:]) if saved else none
    return {"text/plain": words, "text/html": sheet(said + shown)}


_SHOWN: WeakKeyDictionary[Watching, Callable[[], None]] = WeakKeyDictionary()
"""How to leave the cell that shows a watch as it is."""
