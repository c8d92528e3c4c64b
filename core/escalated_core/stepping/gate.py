"""The gate: where one thread at a time waits until somebody says how to go on."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
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


class Gate:
    """Holds threads at their stops, one at a time. Safe to use from any thread."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.revision = 0
        """Goes up with every stop and every command, for whoever polls."""
        self._attended = changed
        self._numbers = count(1)
        self._changed = threading.Condition()
        self._turn = threading.Lock()
        self._stop: Stop | None = None
        self._command: Command | None = None
        self._asked: deque[tuple[Question, Future[Answer]]] = deque()
        self._attending = 0
        self._closed = False
        self._waiting: list[str] = []

    @property
    def is_attended(self) -> bool:
        """Whether somebody is there who lets go on what has stopped."""
        return self._attending > 0 and not self._closed

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
        with self._changed:
            self._attending += 1
        self._attended()
        undone = threading.Lock()

        def leave() -> None:
            if undone.acquire(blocking=False):
                with self._changed:
                    self._attending -= 1
                    self._changed.notify_all()
                self._attended()

        return leave

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
                raise UsageError(refused, "Look at what is coming.")
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
        name = threading.current_thread().name
        self._waiting.append(name)
        with self._turn:
            self._waiting.remove(name)
            with self._changed:
                self._stop = make(next(self._numbers))
                self._tell()
            with self._ended():
                while True:
                    with self._changed:
                        self._changed.wait_for(self._is_told)
                        if self._command is not None or not self.is_attended:
                            return self._command or Continue()
                        question, future = self._asked.popleft()
                    command = _answered(self._stop, question, future, answer)
                    if command is not None:
                        return command

    @contextmanager
    def _ended(self) -> Generator[None]:
        """Whatever ends it, nothing waits afterwards."""
        try:
            yield
        finally:
            with self._changed:
                self._stop = self._command = None
                for _, future in self._asked:
                    future.set_exception(UsageError("It went on before this was run."))
                self._asked.clear()
                self._tell()

    def _is_told(self) -> bool:
        return self._command is not None or bool(self._asked) or not self.is_attended

    def _require(self) -> Stop:
        if self.stop is None:
            raise UsageError("Nothing is stopped.", "Set a breakpoint and fire its hook.")
        return self.stop

    def _tell(self) -> None:
        self.revision += 1
        self._changed.notify_all()


def _answered(
    stop: Stop, question: Question, future: Future[Answer], answer: Answering
) -> Command | None:
    """Answer a question; gives the command that it led to, if that can be done here."""
    try:
        answered, command = answer(question)
        refused = stop.refuses(command) if command is not None else ""
    except BaseException as error:
        future.set_exception(error)
        raise
    if refused:
        future.set_exception(UsageError(refused, "Look at what is coming."))
        return None
    future.set_result(answered)
    return command
