"""The selected firing: its steps as a ladder, and what one step received, changed and said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static, TabbedContent, TabPane
from textual.widgets.option_list import Option

from escalated_core.records import CataloguedHook, Firing, Location, Step
from escalated_core.snapshots.diff import path_text
from escalated_core.snapshots.snapshot import ObjectSnapshot
from escalated_workbench.tui import look
from escalated_workbench.tui.look import OUTCOME_STYLES, owner_style, part
from escalated_workbench.wording import OUTCOME_GLYPHS, in_milliseconds, milliseconds, short

Piece = tuple[str, str] | Content

CHANGE_SIGNS = {"added": ("+", "$text-success"), "removed": ("-", "$text-error")}
NAME_WIDTH = 22
"""Columns for names in the ladder."""
LINES = 2_000
"""Lines of output shown; the record has what was kept of the rest."""


class Ladder(OptionList):
    """The steps of a firing in running order."""

    HELP = """\
The callbacks that ran, in order: priority, how it ended, milliseconds, name, plugin, and what it
did to the value (`~2` two changes, `*` changed in place, `None` returned nothing). The tabs beside
it tell about the step under the cursor."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="ladder.down"),
        Binding("k", "cursor_up", "Up", show=False, id="ladder.up"),
    ]


class Page(VerticalScroll, can_focus=True):
    """A tab's content, scrolled by keys."""

    HELP = "What the selected step received, changed, said, or why it failed. Arrows scroll."

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show(self, pieces: Iterable[Piece]) -> None:
        self.query_one(Static).update(Content.assemble(*pieces))
        self.scroll_home(animate=False)


class Inspector(Container):
    """Everything about one firing; `step` is the one the tabs tell about."""

    BORDER_TITLE = "Firing"
    DEFAULT_CSS = """
    Inspector { layout: vertical; }
    Inspector Ladder {
        height: auto; max-height: 40%; border: none; padding: 0; background: $surface;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    Inspector TabbedContent { height: 1fr; }
    Inspector TabPane { padding: 0; }
    Inspector Page { padding: 0 1; }
    Inspector #page-error { overflow-x: auto; }
    Inspector #page-error Static { width: auto; text-wrap: nowrap; }
    Inspector.-beside { layout: horizontal; }
    Inspector.-beside Ladder { width: 42%; height: 100%; max-height: 100%; }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.firing: Firing | None = None

    def compose(self) -> ComposeResult:
        yield Ladder(id="ladder", markup=False)
        with TabbedContent(id="pages"):
            for name in ("Value", "Args", "Output", "Error"):
                with TabPane(name, id=f"tab-{name.lower()}"):
                    yield Page(id=f"page-{name.lower()}")

    def on_mount(self) -> None:
        self.show(None, None)

    @property
    def step(self) -> Step | None:
        """The step under the cursor of the ladder."""
        index = self.query_one(Ladder).highlighted
        steps = self.firing.steps if self.firing else ()
        return steps[index] if index is not None and index < len(steps) else None

    @property
    def place(self) -> Location | None:
        """Where to look in the source: the failing line, else the callback."""
        step = self.step
        if step is None:
            return None
        if step.error is not None and step.error.frame is not None:
            return Location(step.error.frame.file, step.error.frame.line)
        return step.defined_at or Location(step.file, step.line)

    def show(self, firing: Firing | None, documented: CataloguedHook | None) -> None:
        """Show a firing; the cursor goes to its first failed, else first changing step."""
        again = firing is not None and self.firing is not None and firing.id == self.firing.id
        self.firing = firing
        self._documented = documented
        ladder = self.query_one(Ladder)
        kept = ladder.highlighted if again else None
        ladder.clear_options()
        self.border_subtitle = ""
        if firing is None:
            self.border_title = "Firing"
            ladder.add_option(Option("Select a firing to see its steps.", disabled=True))
        else:
            took = milliseconds(firing.duration_ns)
            self.border_title = Content.assemble(
                part(f"#{firing.id} {firing.hook} · {firing.kind} · {took}")
            )
            self.border_subtitle = Content.assemble(part(f"cause {firing.cause}"))
            ladder.add_options([Option(rung) for rung in _rungs(firing.steps)])
            if not firing.steps:
                ladder.add_option(Option("Nobody listens to this hook.", disabled=True))
        if firing is not None and firing.steps:
            ladder.highlighted = _telling(firing) if kept is None else kept
        self._tell()

    @on(OptionList.OptionHighlighted, "#ladder")
    def _tell(self) -> None:
        firing, step = self.firing, self.step
        self._page("args", _arguments(firing, self._documented) if firing else [])
        self._page("value", _value(firing, step) if firing else [])
        self._page("output", _output(step) if step else [])
        self._page("error", [look.error(step.error)] if step and step.error else _no_error())
        if step is not None and step.error is not None:
            self.query_one(TabbedContent).active = "tab-error"
        elif self.query_one(TabbedContent).active == "tab-error":
            self.query_one(TabbedContent).active = "tab-value"

    def _page(self, name: str, pieces: Iterable[Piece]) -> None:
        self.query_one(f"#page-{name}", Page).show(pieces)


def _telling(firing: Firing) -> int:
    """The index of the step worth a look: the first that failed, else that changed something."""
    failed = [index for index, step in enumerate(firing.steps) if step.outcome != "ok"]
    changing = [index for index, step in enumerate(firing.steps) if step.changes or step.mutated]
    return (failed or changing or [0])[0]


def _rungs(steps: Sequence[Step]) -> list[Content]:
    """The steps with their columns aligned."""
    name = min(max((len(step.callback) for step in steps), default=0), NAME_WIDTH)
    plugin = min(max((len(step.plugin or "host") for step in steps), default=0), NAME_WIDTH)
    return [_rung(step, name, plugin) for step in steps]


def _rung(step: Step, name: int, plugin: int) -> Content:
    marks = [f"~{len(step.changes)}"] if step.changes else []
    marks += ["*"] if step.mutated else []
    marks += ["None"] if step.returned_none else []
    marks += [""] if step.outcome == "ok" else [step.outcome]
    return Content.assemble(
        part(f"{step.priority:>4g} ", "$text-muted"),
        part(f"{OUTCOME_GLYPHS[step.outcome]} ", OUTCOME_STYLES[step.outcome]),
        part(f"{in_milliseconds(step.duration_ns):>6} ", "$text-muted"),
        part(f"{step.callback[:name]:{name}} "),
        part(f"{(step.plugin or 'host')[:plugin]:{plugin}} ", owner_style(step.plugin)),
        part(" ".join(marks), "$text-warning"),
    )


def _value(firing: Firing, step: Step | None) -> list[Piece]:
    if firing.kind == "action":
        return [part("An action passes no value on; its arguments are under Args.", "$text-muted")]
    if step is None:
        return [part("result  ", "$text-muted"), *_pretty(firing.result, "")]
    pieces: list[Piece] = []
    if step.mutated:
        pieces.append(part("* the value that came in was changed in place\n", "$text-warning"))
    if step.returned_none:
        pieces.append(part("! it returned None for a value\n", "$text-warning"))
    for change in step.changes:
        sign, style = CHANGE_SIGNS.get(change.kind, ("~", "$text-warning"))
        pieces.append(part(f"{sign} {path_text(change.path)}\n", f"bold {style}"))
        if change.kind != "added":
            pieces.append(part(f"    {short(change.before, 2_000)}\n", "$text-error"))
        if change.kind != "removed":
            pieces.append(part(f"    {short(change.after, 2_000)}\n", "$text-success"))
    if not step.changes:
        pieces.append(part("= the value was not changed\n", "$text-muted"))
    return [*pieces, part("\nafter this step\n", "$text-muted"), *_pretty(step.after, "")]


def _arguments(firing: Firing, documented: CataloguedHook | None) -> list[Piece]:
    names = [parameter.name for parameter in documented.parameters] if documented else []
    pieces: list[Piece] = []
    for index, argument in enumerate(firing.args):
        name = names[index] if index < len(names) else f"argument {index + 1}"
        pieces += [part(f"{name}  ", "bold $text-accent"), *_pretty(argument, "  "), part("\n")]
    for name, argument in firing.kwargs.items():
        pieces += [part(f"{name}=  ", "bold $text-accent"), *_pretty(argument, "  ")]
    return pieces or [part("No arguments.", "$text-muted")]


def _pretty(picture: object, indent: str) -> list[Piece]:
    """A snapshot with one line for each entry of its outermost level."""
    fields = picture.fields if isinstance(picture, ObjectSnapshot) else picture
    if not isinstance(fields, dict):
        return [part(f"{short(picture, 4_000)}\n")]
    pieces: list[Piece] = []
    if isinstance(picture, ObjectSnapshot):
        pieces.append(part(f"{picture.text}\n"))
    else:
        pieces.append(part("\n" if indent else ""))
    for name, value in fields.items():  # pyright: ignore[reportUnknownVariableType]
        pieces.append(part(f"{indent}{name}: ", "$text-muted"))
        pieces.append(part(f"{short(value, 1_000)}\n"))
    return pieces


def _output(step: Step) -> list[Piece]:
    lines = step.output.splitlines()
    pieces: list[Piece] = [part(f"{line}\n") for line in lines[:LINES]]
    if len(lines) > LINES:
        pieces.append(part(f"… {len(lines) - LINES:,} more lines\n", "$text-muted"))
    for log in step.logs:
        style = "$text-error" if log.level in ("ERROR", "CRITICAL") else "$text-accent"
        pieces += [part(f"{log.level.lower():8} ", style), part(f"{log.logger}: {log.message}\n")]
    if step.dropped:
        over = f"… {step.dropped:,} characters or log lines over the cap were not kept\n"
        pieces.append(part(over, "$text-warning"))
    return pieces or [part("It printed and logged nothing.", "$text-muted")]


def _no_error() -> list[Piece]:
    return [part("No error.", "$text-muted")]
