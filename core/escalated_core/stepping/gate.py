"""The gate: where one thread at a time waits until somebody says how to go on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

from escalated_core.errors import UsageError
from escalated_core.stepping.commands import Command, Continue
from escalated_core.stepping.stops import Answer, Stop


@dataclass(frozen=True, slots=True)
class Question:
    """Code to run on the thread that waits; `then` makes a command of its value, if asked to."""

    text: str
    then: Callable[[Any], Command] | None = None


Answering = Callable[[Question], tuple[Answer, Command | None]]
"""Runs a question's code; a command besides has the thread go on."""

LOOK_EVERY = 0.2
"""Seconds after which a thread that waits looks whether the main thread is still there."""


class Gate:
    """Holds threads at their stops, one at a time. Safe to use from any thread."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.revision = 0
        """Goes up with every stop and every command, for whoever polls."""
        self._attended = changed
        self._numbers = count(1)
        self._changed = threading.Condition()
        self._holder: int | None = None
        """The thread that waits at the stop."""
        self._stop: Stop | None = None
        self._command: Command | None = None
        self._asked: deque[tuple[Question, Future[Answer]]] = deque()
        self._asking: Future[Answer] | None = None
        self._attending: list[int] = []
        """The threads of those who attend."""
        self._closed = False
        self._waiting: list[str] = []

    @property
    def is_attended(self) -> bool:
        """Whether somebody is there who lets go on what has stopped."""
        # A process ends when its main thread has and no other one waits.
        is_alive = threading.main_thread().is_alive()
        return bool(self._attending) and not self._closed and is_alive

    @property
    def stop(self) -> Stop | None:
        """What waits right now."""
        return self._stop if self._command is None else None

    @property
    def waiting(self) -> list[str]:
        """Threads that have come to a stop of their own, while another waits."""
        return [*self._waiting]

    def attend(self) -> Callable[[], None]:
        """Answer for what stops from now on; after the undo nobody waits for that any more."""
        thread_id = threading.get_ident()
        with self._changed:
            self._attending.append(thread_id)
        self._attended()
        undone = threading.Lock()

        def leave() -> None:
            if undone.acquire(blocking=False):
                with self._changed:
                    self._attending.remove(thread_id)
                    self._changed.notify_all()
                self._attended()

        return leave

    def refuse_own(self) -> None:
        """Refuse what is to wait for plugin code, on a thread that has to let go on what stopped.

        Raises:
            UsageError: this thread attends, and something is stopped.
        """
        stop = self.stop
        if stop is not None and threading.get_ident() in self._attending:
            raise UsageError(
                f"This would wait for ever behind what is stopped: {stop}.",
                "Have that go on first, or finish() it; run(code) fires where it stands.",
            )

    def close(self) -> None:
        """Let go on what waits; nobody attends any more, whatever is undone later."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._attended()

    def wait(
        self, timeout: float | None = None, since: int = 0, unless: Callable[[], bool] = bool
    ) -> Stop | None:
        """The first stop after the one with number `since`; None if it does not come.

        Args:
            timeout: seconds to wait for it at most.
            unless: whether not to wait any longer; looked at when somebody calls `wake`.
        """

        def is_over() -> bool:
            return (self.stop is not None and self.stop.number > since) or unless()

        with self._changed:
            self._changed.wait_for(is_over, timeout)
            stop = self.stop
            return stop if stop is not None and stop.number > since else None

    def wake(self) -> None:
        """Have those who wait look again whether they still should."""
        with self._changed:
            self._changed.notify_all()

    def go(self, command: Command) -> None:
        """Have what waits go on; raises `UsageError` when nothing waits, or it cannot be done."""
        with self._changed:
            refused = self._require().refuses(command)
            if refused:
                raise UsageError(refused)
            self._command = command
            self._changed.notify_all()

    def ask(self, question: Question) -> Answer:
        """Run code on the thread that waits, however long it takes.

        Raises:
            UsageError: nothing waits, the command made of it cannot be done, or it went on.
        """
        future: Future[Answer] = Future()
        with self._changed:
            self._require()
            self._asked.append((question, future))
            self._changed.notify_all()
        return future.result()

    def hold(self, make: Callable[[int], Stop], answer: Answering) -> Command:
        """Wait, on the thread that calls, until somebody says how to go on."""
        self._take_turn(make)
        try:
            while True:
                with self._changed:
                    while not self._changed.wait_for(self._is_told, LOOK_EVERY):
                        continue
                    if self._command is not None or not self.is_attended:
                        return self._command or Continue()
                    question, self._asking = self._asked.popleft()
                command = self._answered(question, self._asking, answer)
                if command is not None:
                    return command
        finally:
            self.leave(threading.get_ident(), "It went on before this was run.")

    def leave(self, thread_id: int, why: str) -> None:
        """A thread waits no more, if it did; `why` is told those who wait for an answer of it."""
        with self._changed:
            if self._holder != thread_id:
                return
            self._stop = self._command = self._holder = None
            asking = [self._asking] if self._asking is not None else []
            for future in [*asking, *(each for _, each in self._asked)]:
                with suppress(InvalidStateError):  # it has been answered
                    future.set_exception(UsageError(why))
            self._asked.clear()
            self._tell()

    def _take_turn(self, make: Callable[[int], Stop]) -> None:
        thread = threading.current_thread()
        with self._changed:
            if self._holder is not None:
                self._waiting.append(thread.name)
                try:
                    self._changed.wait_for(lambda: self._holder is None)
                finally:
                    self._waiting.remove(thread.name)
            self._stop = make(next(self._numbers))
            self._holder = threading.get_ident()
            self._tell()

    def _answered(
        self, question: Question, future: Future[Answer], answer: Answering
    ) -> Command | None:
        """Answer a question; gives the command that it led to, if that can be done here."""
        answered, command = answer(question)
        stop = self._stop
        refused = stop.refuses(command) if stop is not None and command is not None else ""
        with suppress(InvalidStateError):  # whoever asked has been told that it was given up
            if not refused:
                with self._changed:
                    if command is not None and self._holder == threading.get_ident():
                        # Before whoever asked goes on, who would take this stop for the next.
                        self._command = command
                future.set_result(answered)
                return command
            future.set_exception(UsageError(refused))
        return None

    def _is_told(self) -> bool:
        return self._command is not None or bool(self._asked) or not self.is_attended

    def _require(self) -> Stop:
        if self.stop is None:
            raise UsageError("Nothing is stopped.", "Set a breakpoint and fire its hook.")
        return self.stop

    def _tell(self) -> None:
        self.revision += 1
        self._changed.notify_all()
