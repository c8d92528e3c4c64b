"""Events from the terminal: picked, put together, made to happen once or again and again."""

# Textual leaves the parameter of App open wherever a screen names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from escalated_core.errors import UsageError
from escalated_core.records import Event, Firing, Happened
from escalated_core.stepping.breakpoint import exactly
from escalated_workbench.tui.background import aside
from escalated_workbench.tui.stepping import Stepping
from escalated_workbench.tui.work import Commands
from escalated_workbench.wording import OUTCOME_GLYPHS, counted

if TYPE_CHECKING:
    from textual.screen import Screen

    from escalated_workbench.composing import Payload
    from escalated_workbench.payloads import Payloads
    from escalated_workbench.repeating import Repeating
    from escalated_workbench.tui.screens.compose import Draft, Order

KEPT = 1_000
"""Events whose payload is known exactly, to make them happen again."""


class Composer:
    """Drafts and payloads of events; `then` hears on the event loop of one that happened."""

    def __init__(
        self,
        screen: Screen[Any],
        stepping: Stepping,
        commands: Commands,
        then: Callable[[Firing], None],
    ) -> None:
        self._screen, self._wb, self._stepping = screen, stepping.wb, stepping
        self._commands, self._then = commands, then
        self._drafts: dict[str, Draft] = {}
        self._payloads: Payloads | None = None
        self._given: dict[int, Payload] = {}
        self._last: str | None = None
        self._repeating: Repeating | None = None
        self._order: Order | None = None

    @property
    def told(self) -> str:
        """What happens again and again at this moment, in words; empty if nothing does."""
        repeating, order = self._repeating, self._order
        if repeating is None or order is None or not repeating.is_running:
            return ""
        of = f" of {repeating.times:,}" if repeating.times else ""
        rate = f", {repeating.rate:g} a second" if repeating.rate else ""
        return f"↻ {order.event}: {repeating.done:,}{of}{rate}. Press x or escape to stop it."

    def pick(self, given: Payload | None = None) -> None:
        """Ask for an event, then for what is to be said about it.

        Args:
            given: rows by kind: only events that can be about one of them are to choose from.
        """
        # Only when it is asked for: most of a start is imports.
        from escalated_workbench.tui.screens.happenings import EventScreen

        def picked(name: str | None) -> None:
            if name is not None:
                self.open(name, given)

        about = given or {}
        known = [event for event in self._wb.events if not given or _told(event, about)]
        screen = EventScreen(known, self._wb.profile, self._last)
        self._screen.app.push_screen(screen, picked)

    def open(self, name: str, given: Payload | None = None) -> None:
        """Put an event together, with what was typed for it before and with what is given."""
        from escalated_workbench.tui.screens.compose import ComposeScreen, Draft

        event = next(each for each in self._wb.events if each.name == name)
        self._last = name
        draft = self._drafts.setdefault(name, Draft())
        if given:
            self._add(draft, _told(event, given))
        recent = self._remembered().of(name)
        screen = ComposeScreen(self._wb, event, draft, recent)
        self._screen.app.push_screen(screen, self._ordered)

    def again(self, firing: Firing, *, stepped: bool = False) -> None:
        """Make an event happen with what it was given before."""
        from escalated_workbench.composing import told
        from escalated_workbench.tui.screens.compose import Order

        event = next((each for each in self._wb.events if each.name == firing.hook), None)
        if event is not None:
            payload = self._given.get(firing.id)
            payload = told(firing, event) if payload is None else payload
            dry = firing.cause.endswith(" dry")
            self._happen(Order(event.name, payload, dry, stepped=stepped))

    def stop(self) -> bool:
        """Stop what happens again and again; False if nothing does."""
        repeating = self._repeating
        if repeating is None or not repeating.is_running:
            return False
        repeating.stop()
        return True

    def _ordered(self, order: Order | None) -> None:
        if order is None:
            return
        remembered = self._remembered()
        remembered.remember(order.event, order.payload)
        aside(self._screen, lambda: _kept(remembered), self._complain)
        if order.times == 1:
            self._happen(order)
        else:
            self._repeat(order)

    def _happen(self, order: Order) -> None:
        def work() -> None:
            happened = self._once(order)
            # What was stepped through is shown by what stopped there.
            if not order.stepped:
                self._screen.call_later(self._show, happened)

        if order.stepped:
            work = self._stepping.stopped(exactly(event=order.event), work)
        self._commands.do(work, order.event)

    def _show(self, happened: Happened) -> None:
        """Tell of what happened where it is not seen by itself."""
        self._then(happened.event)
        if self._screen.app.screen is not self._screen:
            words = f"{OUTCOME_GLYPHS[happened.outcome]} {happened.event.hook} happened: "
            words += f"{counted(len(happened), 'hook')} fired."
            severity = "information" if happened.outcome == "ok" else "warning"
            self._screen.notify(words, severity=severity, markup=False)

    def _once(self, order: Order) -> Happened:
        happened = self._wb.event(order.event, dry=order.dry, **order.payload)
        self._given[happened.event.id] = order.payload
        if len(self._given) > KEPT:
            self._given.pop(next(iter(self._given)), None)
        return happened

    def _repeat(self, order: Order) -> None:
        from escalated_workbench.repeating import Repeating

        self.stop()
        failed = 0

        def once() -> None:
            nonlocal failed
            failed += self._once(order).outcome != "ok"

        def ended(failure: BaseException | None) -> None:
            self._screen.call_later(say, failure)

        def say(failure: BaseException | None) -> None:
            words = f"{order.event} happened {counted(repeating.done, 'time')}"
            words += f", {failed:,} with errors." if failed else "."
            if failure is not None:
                self._screen.notify(f"{words} {failure}", severity="error", markup=False)
            else:
                self._screen.notify(words, markup=False)

        self._order = order
        repeating = self._repeating = Repeating(once, order.times, order.rate, ended)

    def _add(self, draft: Draft, given: Payload) -> None:
        """Put something into a draft, beside what was typed."""
        from escalated_workbench.composing import payload_of, text_of

        if draft.json is None:
            draft.payload = {**draft.payload, **given}
            return
        try:
            draft.json = text_of({**payload_of(draft.json), **given})
        except UsageError as error:
            self._complain(f"What was typed is no JSON, and was left alone: {error}")

    def _remembered(self) -> Payloads:
        if self._payloads is None:
            from escalated_workbench.payloads import Payloads

            self._payloads = Payloads(self._wb.root, self._wb.config.state_dir)
        return self._payloads

    def _complain(self, words: str) -> None:
        if words:
            self._screen.notify(words, severity="warning", markup=False)


def _told(event: Event, given: Payload) -> Payload:
    """What of some rows can be said about an event."""
    kinds = {parameter.type: parameter.name for parameter in event.parameters}
    return {kinds[kind]: name for kind, name in given.items() if kind in kinds}


def _kept(payloads: Payloads) -> str:
    """Write payloads; returns what went wrong."""
    try:
        payloads.keep()
    except OSError as error:
        return f"{payloads.path} cannot be written: {error.strerror or error}."
    return ""
