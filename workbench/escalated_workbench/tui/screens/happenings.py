"""Pick an event of the help desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content

from escalated_core.records import Event, Profile
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.picker import Entry, PickerScreen, keys

NAME_WIDTH = 18
"""Columns for the names of events."""


class EventScreen(PickerScreen[Event, str | None]):
    """Type to narrow the events down; dismissed with the name of the chosen one."""

    HELP = """\
Everything that can happen at the help desk, with the hooks that it fires. Type a part of a name, of
a title or of a hook; arrows move, `enter` goes on to what can be said about it."""

    DEFAULT_CSS = "EventScreen Static { height: 3; }"
    BINDINGS: ClassVar[list[BindingType]] = keys("event")

    def __init__(self, known: Sequence[Event], profile: Profile, wanted: str | None) -> None:
        # Those that fire nothing under this profile come last.
        entries = [
            Entry(event, event.name, _line(event, profile), _words(event, profile))
            for event in sorted(known, key=lambda event: not event.hooks[profile])
        ]
        title = "What happens at the help desk"
        super().__init__(title, "enter goes on · escape closes", entries, wanted)
        self._profile: Profile = profile

    def choose(self, item: Event) -> None:
        self.dismiss(item.name)

    def tell(self, item: Event | None) -> None:
        if item is None:
            self.say("No event has such a name.")
        else:
            takes = ", ".join(parameter.name for parameter in item.parameters) or "nothing"
            self.say(f"{item.title}. {_fires(item, self._profile)}. It takes {takes}.")


def _words(event: Event, profile: Profile) -> str:
    return f"{event.title} {' '.join(event.hooks[profile])}"


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
