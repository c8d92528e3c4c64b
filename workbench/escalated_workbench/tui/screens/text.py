"""Screens that only show text: help for a pane, the history of reloads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from escalated_core.records import Reload
from escalated_workbench.tui import look
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.box import BoxScreen
from escalated_workbench.tui.widgets.status import reload_part, told


class TextScreen(BoxScreen[None]):
    """A box of text; `escape` closes it."""

    HELP = "Arrows scroll, escape closes."

    DEFAULT_CSS = "TextScreen > VerticalScroll { width: 84; max-height: 90%; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,question_mark", "close", "Close", id="text.close")
    ]

    def __init__(self, title: str, content: Content) -> None:
        super().__init__()
        self._title = title
        self._content = content

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = self._title
            box.border_subtitle = "escape closes"
            yield Static(self._content, markup=False)


def reload_history(reloads: Iterable[Reload]) -> Content:
    """The reloads, newest first, with what each added and removed."""
    pieces: list[Content | tuple[str, str]] = []
    for reload, word in reversed(told(reloads)):
        at = datetime.fromtimestamp(reload.at).astimezone()
        pieces.append(part(f"{at:%H:%M:%S}  ", "$foreground-muted"))
        pieces += [reload_part(reload, word), part(f"  {reload.trigger}\n", "$foreground-muted")]
        pieces += [part(f"    {file}\n", "$foreground-muted") for file in reload.files]
        pieces += [part(f"    + {name}\n", "$text-success") for name in reload.added]
        pieces += [part(f"    - {name}\n", "$text-error") for name in reload.removed]
        pieces += [part(f"    | {line}\n") for line in reload.output.splitlines()[:20]]
        pieces += [part(f"    {log.level.lower()} {log.message}\n") for log in reload.logs[:20]]
        if reload.error is not None:
            pieces += [look.error(reload.error), part("\n")]
    return Content.assemble(*pieces) if pieces else Content("Nothing was loaded yet.")


def help_text(words: str, keys: list[tuple[str, str]]) -> Content:
    """What a pane is, and the keys that work there."""
    plain = " ".join(words.replace("`", "").split())
    lines = [part(f"{key:>12}  ", "bold $text-accent") for key, _ in keys]
    texts = [part(f"{what}\n") for _, what in keys]
    pieces = [piece for pair in zip(lines, texts, strict=True) for piece in pair]
    return Content.assemble(part(f"{plain}\n\n"), *pieces)
