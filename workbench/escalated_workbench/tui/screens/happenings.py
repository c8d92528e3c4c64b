"""Pick an event of the help desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from escalated_core.records import Event, Profile
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.fire import Choice

NAME_WIDTH = 18
"""Columns for the names of events."""


class EventScreen(ModalScreen[str | None]):
    """Type to narrow the events down; dismissed with the name of the chosen one."""

    HELP = """\
Everything that can happen at the help desk, with the hooks that it fires. Type a part of a name, of
a title or of a hook; arrows move, `enter` goes on to what can be said about it."""

    DEFAULT_CSS = """
    EventScreen { align: center middle; }
    EventScreen > Vertical {
        width: 76; max-width: 96%; height: 80%; padding: 0 1;
        background: $surface; border: round $accent; border-title-color: $text-accent;
        border-subtitle-color: $text-accent;
    }
    EventScreen Choice {
        height: 1fr; border: none; background: $surface; padding: 0;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    EventScreen Choice > .option-list--option-highlighted {
        background: $block-cursor-blurred-background;
    }
    EventScreen * {
        scrollbar-size-vertical: 1; scrollbar-background: $surface;
        scrollbar-background-hover: $surface; scrollbar-color: $panel-lighten-2;
    }
    EventScreen Static { height: 3; color: $text-muted; }
    EventScreen Input { margin: 0 0 1 0; background: $boost; }
    EventScreen.-low > Vertical { height: 100%; max-width: 100%; }
    EventScreen.-low Input { margin: 0; }
    EventScreen.-low Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="event.close"),
        Binding("down", "move(1)", "Down", show=False, priority=True, id="event.down"),
        Binding("up", "move(-1)", "Up", show=False, priority=True, id="event.up"),
    ]

    def __init__(self, known: Sequence[Event], profile: Profile, wanted: str | None) -> None:
        super().__init__()
        # Those that fire nothing under this profile come last.
        self._events = sorted(known, key=lambda event: not event.hooks[profile])
        self._profile: Profile = profile
        self._shown: list[Event] = []
        self._wanted = wanted

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "What happens at the help desk"
            box.border_subtitle = "enter goes on · escape closes"
            yield Input(placeholder="type a part of its name", compact=True, select_on_focus=False)
            yield Choice(markup=False)
            yield Static(markup=False)

    def on_mount(self) -> None:
        self._narrow("")
        names = [event.name for event in self._shown]
        if self._wanted in names:
            self.query_one(Choice).highlighted = names.index(self._wanted)
        self.query_one(Input).focus()

    def on_key(self, event: events.Key) -> None:
        """Keys typed before the input has the focus are meant for it."""
        if self.focused is None and event.character and event.is_printable:
            event.stop()
            self.query_one(Input).insert_text_at_cursor(event.character)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _choose(self) -> None:
        event = self._event
        if event is not None:
            self.dismiss(event.name)

    @on(OptionList.OptionHighlighted)
    def _tell(self) -> None:
        event = self._event
        words = "No event has such a name."
        if event is not None:
            takes = ", ".join(parameter.name for parameter in event.parameters) or "nothing"
            words = f"{event.title}. {_fires(event, self._profile)}. It takes {takes}."
        self.query_one(Static).update(Content.assemble(part(words)))

    @property
    def _event(self) -> Event | None:
        index = self.query_one(Choice).highlighted
        return self._shown[index] if index is not None and index < len(self._shown) else None

    def _narrow(self, typed: str) -> None:
        words = typed.casefold().split()
        self._shown = [
            event
            for event in self._events
            if all(word in _searched(event, self._profile) for word in words)
        ]
        options = self.query_one(Choice)
        options.set_options([Option(_line(event, self._profile)) for event in self._shown])
        options.highlighted = 0 if self._shown else None
        self._tell()

    def action_move(self, lines: int) -> None:
        options = self.query_one(Choice)
        if self._shown:
            at = (options.highlighted or 0) + lines
            options.highlighted = max(0, min(at, len(self._shown) - 1))

    def action_close(self) -> None:
        self.dismiss(None)


def _searched(event: Event, profile: Profile) -> str:
    return f"{event.name} {event.title} {' '.join(event.hooks[profile])}".casefold()


def _fires(event: Event, profile: Profile) -> str:
    hooks = [
        f"{hook[:-1]} if that changes it" if hook.endswith("?") else hook
        for hook in event.hooks[profile]
    ]
    return f"It fires {', '.join(hooks)}" if hooks else f"It fires no hook under {profile}"


def _line(event: Event, profile: Profile) -> Content:
    fires = bool(event.hooks[profile])
    return Content.assemble(
        part(f"{event.name:{NAME_WIDTH}} ", "bold" if fires else ""),
        part(event.title if fires else f"{event.title} · fires nothing", "$foreground-muted"),
    )
