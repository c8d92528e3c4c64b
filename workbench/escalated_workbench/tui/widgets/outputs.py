"""What a step printed and logged: levels, a filter, errors that were logged and swallowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from escalated_core.records import Firing, LogLine, Step
from escalated_workbench.tui.look import owner_style, part
from escalated_workbench.tui.widgets import sent
from escalated_workbench.tui.widgets.pages import Page
from escalated_workbench.tui.widgets.rows import local_time
from escalated_workbench.tui.widgets.values import MUTED, Piece
from escalated_workbench.wording import counted, milliseconds

LINES = 2_000
"""Lines shown of what a step printed; the record has what was kept of the rest."""
LEVELS = ("all", "info", "warning", "error")
"""The least level shown; of `all`, what was printed is shown, too."""
RANKS = {"DEBUG": 0, "INFO": 1, "WARNING": 2, "ERROR": 3, "CRITICAL": 3}
GLYPHS = {0: ("·", MUTED), 1: ("i", "$text-accent"), 2: ("!", "$text-warning")}
TRACEBACK = "Traceback (most recent call last):"
OWN_LOGGER = "escalated.hooks"
"""Where what ends a callback is logged: that is not swallowed."""
SLACK_NS = 50_000_000
"""By how much a clock that tells the time may be off one that measures."""
USUAL_THREADS = ("plugins", "MainThread")


def swallowed(step: Step) -> list[LogLine]:
    """Exceptions that a callback caught and logged."""
    return [log for log in step.logs if log.logger != OWN_LOGGER and TRACEBACK in log.message]


class OutputPage(Page):
    """Output and log lines; a level and a text hide the others."""

    HELP = """\
What the selected step printed and logged, in any thread that it started: the level, when after the
firing began, the logger, the message. `✖ logged` marks an exception that the callback caught and
logged. `v` shows only lines from a level on; `/` filters: lines without the text are hidden, and
counted. `escape` takes the filter away."""
    DEFAULT_CSS = """
    OutputPage Input { display: none; height: 1; border: none; padding: 0; }
    OutputPage Input.-open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "level", "Level", tooltip="The least level shown", id="output.level"),
        Binding("slash", "filter", "Filter", tooltip="Filter the output", id="output.filter"),
    ]

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id)
        self._told: tuple[Firing | None, Sequence[Step]] = None, ()
        self._least = 0

    def compose(self) -> ComposeResult:
        yield Filter(placeholder="only lines with this text; escape shows all", compact=True)
        yield Static(markup=False)

    def tell(self, firing: Firing | None, steps: Sequence[Step]) -> None:
        self._told = firing, steps
        self._draw()

    def action_level(self) -> None:
        self._least = (self._least + 1) % len(LEVELS)
        self._draw()

    def action_filter(self) -> None:
        typed = self.query_one(Filter)
        typed.add_class("-open")
        typed.focus()

    def close_filter(self) -> None:
        """Show every line again."""
        typed = self.query_one(Filter)
        typed.value = ""
        typed.remove_class("-open")
        self.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._draw()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus()

    def _draw(self) -> None:
        firing, steps = self._told
        text = self.query_one(Filter).value
        self.show(spoken(firing, steps, self._least, text) if firing else [])


class Filter(Input):
    """The text that lines must have to be shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False, id="filter.close"),
    ]

    def action_close(self) -> None:
        page = self.parent
        if isinstance(page, OutputPage):
            page.close_filter()


def spoken(firing: Firing, steps: Sequence[Step], least: int, text: str) -> list[Piece]:
    """What steps printed and logged, from a level on and with a text in it."""
    pieces: list[Piece] = []
    hidden = 0
    for step in steps:
        entries = list(_entries(step))
        shown = [entry for entry in entries if _is_wanted(entry, least, text.casefold())]
        hidden += len(entries) - len(shown)
        own: list[Piece] = []
        for entry in shown[:LINES]:
            is_printed = isinstance(entry, str)
            own += [part(f"{entry}\n")] if is_printed else _log(firing, step, entry)
        if len(shown) > LINES:
            own.append(part(f"… {len(shown) - LINES:,} more lines\n", MUTED))
        if step.dropped:
            over = f"… {step.dropped:,} characters, log lines or calls over the cap are not kept\n"
            own.append(part(over, "$text-warning"))
        if not least and not text:
            own += sent.pieces(step.effects)
        if own and len(steps) > 1:
            who = f"{step.callback} · {step.plugin or 'host'}\n"
            pieces.append(part(who, owner_style(step.plugin)))
        pieces += own
    return [*_heading(firing, least, hidden), *(pieces or _nothing(hidden))]


def _entries(step: Step) -> Iterator[str | LogLine]:
    """Printed lines and log lines in the order they were written."""
    done = 0
    for log in sorted(step.logs, key=lambda log: (log.after, log.at)):
        yield from step.output[done : log.after].splitlines()
        done = max(done, log.after)
        yield log
    yield from step.output[done:].splitlines()


def _is_wanted(entry: str | LogLine, least: int, text: str) -> bool:
    if isinstance(entry, str):
        return not least and text in entry.casefold()
    return _rank(entry) >= least and text in f"{entry.logger} {entry.message}".casefold()


def _rank(log: LogLine) -> int:
    """The place of a level in `LEVELS`; a level of somebody's own counts as info."""
    return RANKS.get(log.level, 1)


def _nothing(hidden: int) -> list[Piece]:
    return [] if hidden else [part("It printed and logged nothing.", MUTED)]


def _heading(firing: Firing, least: int, hidden: int) -> list[Piece]:
    """What is hidden, and which thread it ran on if not on the usual one."""
    words: list[str] = []
    if firing.thread not in USUAL_THREADS:
        words.append(f"thread {firing.thread}")
    if least:
        words.append(f"from {LEVELS[least]} on")
    if hidden:
        words.append(f"{counted(hidden, 'line')} hidden")
    return [part(f"{' · '.join(words)}\n", "$text-warning")] if words else []


def _log(firing: Firing, step: Step, log: LogLine) -> list[Piece]:
    glyph, style = GLYPHS.get(_rank(log), ("✖", "$text-error"))
    since = max(round((log.at - firing.started_at) * 1e9), 0)
    # The clock went on while it was stopped, its own time did not.
    goes_on = log.thread not in ("", firing.thread)
    fits = goes_on or since <= firing.duration_ns + SLACK_NS
    moment = f"+{milliseconds(since)}" if fits else f"{local_time(log.at):%H:%M:%S}"
    message = log.message.replace("\n", "\n    ")
    thread = f" {log.thread}" if log.thread not in ("", firing.thread) else ""
    word = "error logged" if log in swallowed(step) else log.level.lower()
    return [
        part(f"{glyph} {word:8} ", style),
        part(f"{moment}{thread} ", MUTED),
        part(f"{log.logger}: {message}\n"),
    ]
