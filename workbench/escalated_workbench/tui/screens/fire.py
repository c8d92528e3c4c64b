"""Pick a hook and fire it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from escalated_core.errors import UsageError
from escalated_core.records import Hook, Kind
from escalated_workbench.arguments import arguments, example
from escalated_workbench.tui.look import part
from escalated_workbench.wording import counted


@dataclass(frozen=True)
class Shot:
    """What to fire: no arguments means that they are made from the catalogue."""

    hook: str
    kind: Kind
    args: tuple[Any, ...] = ()


class Choice(OptionList, can_focus=False):
    """The hooks to choose from; the arrows move in it while somebody types."""


class FireScreen(ModalScreen[Shot | None]):
    """Type to narrow the hooks down, `enter` fires the one under the cursor."""

    HELP = """\
Type a part of a hook's name; arrows move, `enter` fires. `tab` goes to the arguments: a JSON list
such as ["@ticket:2", null], in which rows of the help desk are named as on the command line; a
single argument needs no brackets. Left empty, documented hooks get arguments from the help desk."""

    DEFAULT_CSS = """
    FireScreen { align: center middle; }
    FireScreen > Vertical {
        width: 76; max-width: 96%; height: 80%; padding: 0 1;
        background: $surface; border: round $accent; border-title-color: $text-accent;
        border-subtitle-color: $text-accent;
    }
    FireScreen Choice {
        height: 1fr; border: none; background: $surface; padding: 0;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    FireScreen Choice > .option-list--option-highlighted {
        background: $block-cursor-blurred-background;
    }
    FireScreen Static { height: auto; color: $text-muted; }
    FireScreen Input { margin: 0 0 1 0; background: $boost; }
    FireScreen.-low > Vertical { height: 100%; max-width: 100%; }
    FireScreen.-low Input { margin: 0; }
    FireScreen.-low Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="fire.close"),
        Binding("down", "move(1)", "Down", show=False, priority=True, id="fire.down"),
        Binding("up", "move(-1)", "Up", show=False, priority=True, id="fire.up"),
    ]

    def __init__(self, hooks: list[Hook], wanted: str | None) -> None:
        super().__init__()
        # Hooks that somebody hears come first: those are the author's own.
        self._hooks = sorted(hooks, key=lambda hook: not hook.callbacks)
        self._shown: list[Hook] = []
        self._wanted = wanted

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Fire a hook"
            box.border_subtitle = "enter fires · tab arguments · escape closes"
            yield Input(
                placeholder="type a part of its name",
                id="name",
                compact=True,
                select_on_focus=False,
            )
            yield Choice(id="hooks", markup=False)
            yield Static(id="purpose", markup=False)
            yield Input(id="args", compact=True, select_on_focus=False)

    def on_mount(self) -> None:
        self._narrow("")
        names = [hook.name for hook in self._shown]
        if self._wanted in names:
            self.query_one(Choice).highlighted = names.index(self._wanted)
        self.query_one("#name", Input).focus()

    def on_key(self, event: events.Key) -> None:
        """Keys typed before the input has the focus are meant for it."""
        name = self.query_one("#name", Input)
        if self.focused is None and event.character and event.is_printable:
            event.stop()
            name.insert_text_at_cursor(event.character)

    @on(Input.Changed, "#name")
    def _typed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _fire(self) -> None:
        hook = self._hook
        if hook is None:
            return
        try:
            args = arguments(self.query_one("#args", Input).value)
        except UsageError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.dismiss(Shot(hook.name, hook.kind, args))

    @on(OptionList.OptionHighlighted)
    def _tell(self) -> None:
        hook = self._hook
        given = example(hook) if hook else ""
        # The words come first: what does not fit is the end of the example.
        hint = f"arguments, e.g. {given}" if given else "arguments"
        self.query_one("#args", Input).placeholder = hint
        if hook is None:
            self.query_one("#purpose", Static).update("No hook has such a name.")
        elif hook.documented:
            words = f"{hook.documented.signature}: {hook.documented.purpose}"
            self.query_one("#purpose", Static).update(Content.assemble(part(words)))
        else:
            need = " A filter needs a value: give it below." if hook.kind == "filter" else ""
            self.query_one("#purpose", Static).update(f"A plugin's own {hook.kind}.{need}")

    @property
    def _hook(self) -> Hook | None:
        index = self.query_one(Choice).highlighted
        return self._shown[index] if index is not None and index < len(self._shown) else None

    def _narrow(self, typed: str) -> None:
        words = typed.lower().split()
        self._shown = [
            hook
            for hook in self._hooks
            if "{slug}" not in hook.name and all(word in hook.name.lower() for word in words)
        ]
        options = self.query_one(Choice)
        options.set_options([Option(_line(hook)) for hook in self._shown])
        options.highlighted = 0 if self._shown else None
        self._tell()

    def action_move(self, lines: int) -> None:
        options = self.query_one(Choice)
        if self._shown:
            at = (options.highlighted or 0) + lines
            options.highlighted = max(0, min(at, len(self._shown) - 1))

    def action_close(self) -> None:
        self.dismiss(None)


def _line(hook: Hook) -> Content:
    heard = counted(len(hook.callbacks), "callback") if hook.callbacks else "nobody listens"
    return Content.assemble(
        part(f"{hook.kind:6} ", "$foreground-muted"),
        part(f"{hook.name}  ", "bold" if hook.callbacks else ""),
        part(heard, "$foreground-muted"),
    )
