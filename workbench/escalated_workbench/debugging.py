"""What a workbench does with stops: breakpoints, and firings that are stepped through."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from escalated_core.effects.policy import Mode, Policy
from escalated_core.errors import UsageError
from escalated_core.host.thread import SIGNALS_EVERY
from escalated_core.records import Firing, Happened, Kind
from escalated_core.stepping.breakpoint import Breakpoint, exactly
from escalated_core.stepping.breakpoints import Breakpoints
from escalated_core.stepping.commands import (
    Back,
    Command,
    Continue,
    Down,
    Edit,
    Give,
    Into,
    Move,
    Next,
    Out,
    Skip,
)
from escalated_core.stepping.gate import Gate, Question
from escalated_core.stepping.stops import Answer, Stop
from escalated_workbench.kernel import in_notebook

if TYPE_CHECKING:
    from escalated_core.host.host import EmbeddedHost

Result = TypeVar("Result")


class Debugging:
    """The part of a workbench that stops firings."""

    _host: EmbeddedHost
    fire: Callable[..., Firing]
    event: Callable[..., Happened]
    interrupt: Callable[[], bool]
    _newest_run: Run[Any] | None = None

    @property
    def breakpoints(self) -> Breakpoints:
        """Where firings stop while somebody attends, by number: `breakpoints.add(hook="x")`."""
        return self._host.stepper.breakpoints

    @property
    def stepper(self) -> Gate:
        """Where firings wait that have stopped, and what has them go on; see `step`."""
        return self._host.stepper.gate

    @property
    def waiting(self) -> list[str]:
        """What waits behind a stop, in words: other threads, and what is to be done next."""
        return [*self.stepper.waiting, *self._host.thread.waiting]

    def step(
        self,
        hook: str,
        *args: Any,
        kind: Kind | None = None,
        effects: Mode | Policy | None = None,
        overrides: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Run[Firing]:
        """Fire a hook as `fire` does, stopped before its first callback.

        Raises:
            UsageError: as `fire`.
        """
        given: dict[str, Any] = {"kind": kind, "effects": effects, "overrides": overrides}
        start = replace(exactly(hook=hook), once=True)
        return self.attended(lambda: self.fire(hook, *args, **given, **kwargs), start)

    def step_event(
        self,
        name: str,
        /,
        *,
        dry: bool = False,
        effects: Mode | Policy | None = None,
        **given: Any,
    ) -> Run[Happened]:
        """Make something happen as `event` does, stopped before anything has; go `down` from there.

        Raises:
            UsageError: as `event`.
        """
        start = replace(exactly(event=name), once=True)
        return self.attended(lambda: self.event(name, dry=dry, effects=effects, **given), start)

    def attended(self, work: Callable[[], Result], start: Breakpoint | None = None) -> Run[Result]:
        """Do something that fires hooks, stopped wherever a breakpoint is, and at `start`.

        Raises:
            UsageError: something that was begun here is stopped, so that this could never begin.
        """
        before = self._newest_run
        if in_notebook() and before is not None and before.holds_up():
            # A cell that is run again begins anew.
            before.finish()
        self.stepper.refuse_own()
        self._newest_run = Run(self, start, work)
        return self._newest_run

    def past_stops(self, work: Callable[[], Result]) -> Result:
        """Do something that fires, such as `lambda: wb.fire("x")`, past all that would stop it."""
        stepper = self._host.stepper

        def undisturbed() -> Result:
            with stepper.unheard():
                return work()

        return self._host.thread.call("firing past all stops", undisturbed)


class Run(Generic[Result]):
    """Something that is stepped through: each command gives the next stop, None at the end.

    Use it in a `with` block, or end it by `finish`. Interrupting whoever waits for it (ctrl+c)
    stops the callback that runs, and nothing stops it any more.
    """

    def __init__(
        self, workbench: Debugging, start: Breakpoint | None, work: Callable[[], Result]
    ) -> None:
        self._workbench = workbench
        self._gate = workbench.stepper
        self._breakpoints = workbench.breakpoints
        self._start = self._breakpoints.add(start) if start is not None else 0
        self._leave = self._gate.attend()
        self._began_on = threading.get_ident()
        self._work = work
        self._seen = self._gate.stop.number if self._gate.stop is not None else 0
        self._over = threading.Event()
        self._result: list[Result] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="stepped", daemon=True)
        self._thread.start()
        if self.stop is None:
            self.finish()

    @property
    def stop(self) -> Stop | None:
        """What waits, as soon as something does; None at the end."""
        found = None
        try:
            # Not all at once: a signal just before a wait begins is handled only when it ends.
            while found is None and not self._over.is_set():
                found = self._gate.wait(SIGNALS_EVERY, self._seen, self._over.is_set)
        except KeyboardInterrupt:
            # Whoever waits gives up, so nobody wants what plugin code goes on with.
            self._leave()
            self._workbench.interrupt()
            raise
        return found

    @property
    def result(self) -> Result:
        """What came of it; it has to be at its end."""
        return self.finish()

    def next(self) -> Stop | None:
        """Run the next callback, or line, and stop after it."""
        return self.go(Next())

    def into(self) -> Stop | None:
        """Stop at the first line of the next callback, or inside of what a line calls or fires."""
        return self.go(Into())

    def down(self) -> Stop | None:
        """Run the next callback, and stop in the first firing that it causes."""
        return self.go(Down())

    def out(self) -> Stop | None:
        """Run to the end of the function, or of the chain."""
        return self.go(Out())

    def go_on(self) -> Stop | None:
        """Run on to the next breakpoint."""
        return self.go(Continue())

    def skip(self) -> Stop | None:
        """Leave the next callback out."""
        return self.go(Skip())

    def edit(self, value: Any) -> Stop | None:
        """Go on with another value, which is a step of its own in the record."""
        return self.go(Edit(value))

    def give(self, value: Any) -> Stop | None:
        """Have the next callback answer this instead of running it."""
        return self.go(Give(value))

    def move(self, by: int, index: int = 0) -> Stop | None:
        """Run a coming callback so many places later, or earlier if `by` is negative."""
        return self.go(Move(by, index))

    def back(self, index: int) -> Stop | None:
        """Run the chain again from the step with this index, with the value as it was then."""
        return self.go(Back(index))

    def go(self, command: Command) -> Stop | None:
        """Have it go on; gives the next stop, None at the end.

        Raises:
            UsageError: nothing waits, or this cannot be done here.
        """
        stop = self.stop
        self._gate.go(command)
        self._seen = stop.number if stop is not None else self._seen
        return self.stop

    def run(self, text: str) -> Answer:
        """Run code where it waits: `value`, `args`, `hook`, `_before` and `_after` are names.

        So are the documented arguments of the hook, and the locals at a line, which may be bound
        anew. A value that it changes is gone on with.
        """
        return self._gate.ask(Question(text))

    def finish(self) -> Result:
        """Run to the end, past all that would stop it, and give what came of it."""
        self._leave()
        # Somebody else may attend, so that it stops all the same.
        while (stop := self.stop) is not None:
            with suppress(UsageError):
                self._gate.go(Continue())
            self._seen = stop.number
        self._thread.join()
        self._breakpoints.discard(self._start)
        if self._failure is not None:
            raise self._failure
        return self._result[0]

    def holds_up(self) -> bool:
        """Whether it is stopped, and only whoever asks can have it go on."""
        is_over = self._over.is_set() or self._gate.stop is None
        return not is_over and self._began_on == threading.get_ident()

    def _run(self) -> None:
        try:
            self._result.append(self._work())
        except BaseException as error:  # noqa: BLE001 - carried to whoever steps
            self._failure = error
        # What is fired from now on, whoever steps would wait for.
        self._leave()
        self._over.set()
        self._gate.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def __repr__(self) -> str:
        stop = None if self._over.is_set() else self._gate.stop
        return f"Run({'at its end' if stop is None else f'stopped in {stop}'})"
