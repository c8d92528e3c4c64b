"""Pick a hook and fire it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from escalated_core.errors import UsageError
from escalated_core.records import Hook, Kind
from escalated_workbench.arguments import arguments, example
from escalated_workbench.tui.look import part
from escalated_workbench.tui.screens.picker import Entry, PickerScreen, keys
from escalated_workbench.wording import counted


@dataclass(frozen=True)
class Shot:
    """What to fire: no arguments means that they are made from the catalogue."""

    hook: str
    kind: Kind
    args: tuple[Any, ...] = ()
    stepped: bool = False
    """Whether it stops before its first callback."""


class FireScreen(PickerScreen[Hook, Shot | None]):
    """Type to narrow the hooks down, `enter` fires the one under the cursor."""

    HELP = """\
Type a part of a hook's name; arrows move, `enter` fires. `tab` goes to the arguments: a JSON list
such as ["@ticket:2", null], in which rows of the help desk are named as on the command line; a
single argument needs no brackets. Left empty, documented hooks get arguments from the help desk.
What a hook was given last stands there again. `ctrl+s` fires it stopped before its first callback,
to step through it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *keys("fire"),
        Binding("ctrl+s", "step", "Step", tooltip="Fire it and step through it", id="fire.step"),
    ]

    def __init__(self, hooks: list[Hook], wanted: str | None, given: dict[str, str]) -> None:
        """`given` has by hook what was written as its arguments last, and gets what is now."""
        # Hooks that somebody hears come first: those are the author's own.
        entries = [
            Entry(hook, hook.name, _line(hook))
            for hook in sorted(hooks, key=lambda hook: not hook.callbacks)
            if "{slug}" not in hook.name
        ]
        hint = "enter fires · ctrl+s steps · tab arguments · escape"
        super().__init__("Fire a hook", hint, entries, wanted)
        self._given = given
        self._filled_in = ""
        """What stands as arguments without having been typed."""

    def below(self) -> Iterable[Widget]:
        yield Input(id="args", compact=True, select_on_focus=False)

    def choose(self, item: Hook) -> None:
        self._fire(item, stepped=False)

    def action_step(self) -> None:
        if self.item is not None:
            self._fire(self.item, stepped=True)

    def _fire(self, item: Hook, *, stepped: bool) -> None:
        given = self.query_one("#args", Input)
        try:
            args = arguments(given.value)
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        if not args and _needs_value(item):
            given.focus()
            self.notify(f"Give {item.name} a value, as the plugin's own filter.", markup=False)
            return
        self._given[item.name] = given.value
        self.dismiss(Shot(item.name, item.kind, args, stepped))

    def tell(self, item: Hook | None) -> None:
        shown = example(item) if item else ""
        args = self.query_one("#args", Input)
        # The words come first: what does not fit is the end of the example.
        args.placeholder = f"arguments, e.g. {shown}" if shown else "arguments"
        if args.value == self._filled_in:
            self._filled_in = args.value = self._given.get(item.name, "") if item else ""
            args.cursor_position = len(args.value)
        if item is None:
            self.say("No hook has such a name.")
        elif item.documented:
            self.say(f"{item.documented.signature}: {item.documented.purpose}")
        else:
            need = " A filter needs a value: give it below." if _needs_value(item) else ""
            self.say(f"A plugin's own {item.kind}.{need}")


def _needs_value(hook: Hook) -> bool:
    """Whether nobody knows what a filter is to be given."""
    return hook.kind == "filter" and hook.documented is None


def _line(hook: Hook) -> Content:
    heard = counted(len(hook.callbacks), "callback") if hook.callbacks else "nobody listens"
    return Content.assemble(
        part(f"{hook.kind:6} ", "$foreground-muted"),
        part(f"{hook.name}  ", "bold" if hook.callbacks else ""),
        part(heard, "$foreground-muted"),
    )
