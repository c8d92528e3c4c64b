"""One firing on its way through its chain, stopped and redirected between two callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from escalated_core.hooks.registration import Registration
from escalated_core.hooks.registry import Chain
from escalated_core.records import Step
from escalated_core.snapshots.pictures import plain, same
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.stepping.by_hand import edited, given, skipped
from escalated_core.stepping.commands import (
    Back,
    Command,
    Down,
    Edit,
    Give,
    Into,
    Move,
    Next,
    Skip,
)
from escalated_core.trace.readout import step_of
from escalated_core.trace.recording import OpenFiring


class Stops(Protocol):
    """Where a walk waits."""

    def reason(self, walk: Walk) -> str:
        """Why a walk is to stop where it is; empty if it is not."""
        ...

    def hold(self, walk: Walk, reason: str) -> Command:
        """Wait until somebody says how to go on."""
        ...

    def looking_on(self, firing: OpenFiring) -> AbstractContextManager[None]:
        """What happens meanwhile takes no time of the firing's."""
        ...

    def ended(self, walk: Walk) -> None:
        """The chain has come to its end."""
        ...

    def by_line(self, walk: Walk, registration: Registration) -> Registration:
        """A callback as one that stops at its lines."""
        ...


class Walk:
    """Gives the recorder one callback after the other, as somebody wants them to run."""

    def __init__(
        self,
        stops: Stops,
        firing: OpenFiring,
        chain: Chain,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.firing = firing
        parent: Any = firing.parent
        self.outer: Walk | None = getattr(parent, "walk", None)
        """The walk of the firing that it is inside of."""
        self.args = args
        """What the next callback gets."""
        self.kwargs = kwargs
        self.coming: list[Registration] = list(chain)
        """The callbacks that have not run yet, in the order they will."""
        self.stepping = self.returning = False
        """Whether it stops before whatever comes next; whether the firing around it does then."""
        self.finishing = False
        """Whether nothing stops any more until the outermost firing has ended."""
        self._stops = stops
        self.meddled = ""
        """What changed in place what is passed on, other than a callback; empty if nothing."""
        self._ran: list[Registration | None] = []
        """Of each step the callback of the chain that it stands for; None for an edit."""
        self.running: Registration | None = None
        """The callback of the chain that is under way, or ran last; None for an edit."""
        self._got = [args]
        """What each step got, and what the next one will."""
        self._by_line = False
        self._reason: str | None = None
        """Why to stop, once a step has been recorded that is no callback's; None to ask."""
        self._command: Command | None = None
        """What to do then without stopping."""

    @property
    def outermost(self) -> Walk:
        """The walk of the outermost firing that it is inside of."""
        walk = self
        while walk.outer is not None:
            walk = walk.outer
        return walk

    @property
    def newest(self) -> Step | None:
        """The record of the step that has just come to its end."""
        return step_of(self.firing, len(self.firing.ran) - 1) if self.firing.ran else None

    @property
    def last(self) -> Registration | None:
        """The callback of the chain that has just run."""
        return self._ran[-1] if self._ran else None

    def went_on(self, answer: Any) -> None:
        if self.firing.kind == "filter":
            self.args = (answer, *self.args[1:])
        self._got.append(self.args)
        running = self.running
        self._ran.append(running)
        if running is not None and not self.firing.ran[-1].note:
            # What stops at its lines holds on to all of this.
            self.firing.ran[-1] = running

    def __iter__(self) -> Iterator[Registration]:
        while True:
            with self._stops.looking_on(self.firing):
                chosen = self._choose()
            if chosen is None:
                return
            yield chosen

    def _choose(self) -> Registration | None:
        """What runs next; None at the end."""
        self._leave_out_removed()
        reason, self._reason = self._reason, None
        if reason is None:
            reason = self._stops.reason(self)
            if self.meddled:
                return self._record_meddling(reason)
        while reason:
            command, self._command = self._command or self._stops.hold(self, reason), None
            if self.meddled and not isinstance(command, Edit):
                self._command = command
                return self._record_meddling(reason)
            removed = self._leave_out_removed()
            if removed and isinstance(command, Next | Into | Down | Skip | Give | Move):
                reason = f"removed meanwhile: {removed}"
                continue
            made = self._obey(command)
            if isinstance(made, Registration):
                self._reason = made.note
                return made
            reason = made
        if not self.coming:
            self._stops.ended(self)
            return None
        self.running = coming = self.coming.pop(0)
        by_line, self._by_line = self._by_line, False
        return self._stops.by_line(self, coming) if by_line else coming

    def _leave_out_removed(self) -> str:
        """Forget the callbacks that were removed meanwhile; names them, empty if none was."""
        names = ", ".join(each.name for each in self.coming if not each.alive)
        self.coming = [each for each in self.coming if each.alive]
        return names

    def _record_meddling(self, reason: str) -> Registration:
        """A step that has changed in place what the next callback would seem to have."""
        self._reason, note, self.meddled, self.running = reason, self.meddled, "", None
        return edited(self.firing.hook, self.args[0] if self.args else None, note)

    def _obey(self, command: Command) -> Registration | str:
        """Change what comes next: gives a step that is done by hand, or why to stop again."""
        match command:
            case Skip() | Give() | Edit():
                return self._by_hand(command)
            case Move(by, index):
                moved = self.coming.pop(index)
                self.coming.insert(max(0, index + by), moved)
                return f"{moved.name} moved"
            case Back(index):
                return self._back(index)
            case Into():
                self._by_line = True
            case _:
                pass
        return ""

    def _by_hand(self, command: Skip | Give | Edit) -> Registration:
        self.meddled = ""
        if isinstance(command, Edit):
            self.running = None
            return edited(self.firing.hook, command.value, command.note)
        self.running = replaced = self.coming.pop(0)
        return skipped(replaced) if isinstance(command, Skip) else given(replaced, command.value)

    def _back(self, index: int) -> Registration | str:
        """Have the callbacks from a step on run once more, with what it got then."""
        again = [each for each in self._ran[index:] if each is not None]
        name = f"back to before step {index + 1}"
        if self.firing.kind != "filter":
            self.coming = [*again, *self.coming]
            return name
        value, picture = self._got[index][0], self.firing.pictures[index]
        if not same(snapshot(value), picture):
            value = plain(picture)
        if not same(snapshot(value), picture):
            return f"Step {index + 1} cannot be gone back to: its value was changed in place."
        self.coming = [*again, *self.coming]
        self.running = None
        return edited(self.firing.hook, value, name)
