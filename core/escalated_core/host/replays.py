"""Recorded firings run again after a plugin was loaded anew: what did the save change?"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from time import time
from typing import TYPE_CHECKING

from escalated_core.errors import UsageError, WorkbenchError
from escalated_core.host.keeping import Keep, Kept, runs_of
from escalated_core.host.verdicts import Judging, Request
from escalated_core.records import Finding, Firing, Reload, ReplayProgress, SaveVerdict

if TYPE_CHECKING:
    from escalated_core.host.host import EmbeddedHost

KEPT = 100
"""Verdicts kept."""

Listener = Callable[[SaveVerdict], None]


class Replays:
    """Keeps telling firings, runs them again after each reload of a plugin, and tells what changed.

    Nothing of a replay lasts: it is recorded apart, effects are held, rows are copies. It runs
    after the new code is live, and gives way to whatever else there is to do.
    """

    def __init__(self, host: EmbeddedHost) -> None:
        self._host = host
        self.enabled = True
        """Whether reloads are followed by replays."""
        self._keep = Keep(host.trace)
        self._verdicts: deque[SaveVerdict] = deque(maxlen=KEPT)
        self._number = 0
        self._listeners: list[Listener] = []
        self._asked: deque[Request] = deque()
        self._running: Request | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        host.lifecycle.reloads.subscribe(self._reloaded)

    def __iter__(self) -> Iterator[SaveVerdict]:
        return iter([*self._verdicts])

    @property
    def last(self) -> SaveVerdict | None:
        """The newest verdict."""
        return self._verdicts[-1] if self._verdicts else None

    @property
    def progress(self) -> ReplayProgress | None:
        """How far the replay that is under way has come; None when none is."""
        running = self._running
        return running.progress if running is not None else None

    @property
    def kept(self) -> tuple[int, ...]:
        """The ids of the firings that would be run again, the oldest first."""
        with self._changed:
            return tuple(each.id for each in self._keep.look())

    def on_verdict(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each verdict, on another thread; returns the undo."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def wait(self, seconds: float = 10.0) -> SaveVerdict | None:
        """The newest verdict, once there is one for every reload so far; None without any.

        Raises:
            WorkbenchError: a replay is under way after so many seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_idle, seconds):
                raise WorkbenchError(
                    f"The replay has not come to its end in {seconds:g} s.",
                    "Wait longer, or set enabled to False.",
                )
        return self.last

    def replay(self, ids: Iterable[int] | None = None) -> SaveVerdict:
        """Run kept firings again now, all of them if not told, beside what is their baseline.

        Raises:
            UsageError: one of them is not kept, or this thread has to let go on what is stopped.
        """
        with self._changed:
            known = {each.id: each for each in self._keep.look()}
        wanted = [*known] if ids is None else [*ids]
        for number in wanted:
            if number not in known:
                cure = "Pin it in the trace, or choose one of `kept`."
                raise UsageError(f"The firing {number} is not kept for replays.", cure)
        return self._ask(Request("asked", chosen=[known[number] for number in wanted]))

    def replay_session(self, firings: Iterable[Firing]) -> SaveVerdict:
        """Run firings of a saved session again, beside what was saved.

        What the code of now does differently each time, by chance or the clock, is `unsteady`.
        """
        return self._ask(Request("session", chosen=[*map(Kept.of, runs_of(firings))]))

    def accept(self, verdict: SaveVerdict | None = None) -> int:
        """Have what the firings of a verdict, the newest if not told, do now be their baseline.

        Returns for how many that makes a difference.

        Raises:
            UsageError: there is no verdict yet.
        """
        chosen = verdict or self.last
        if chosen is None:
            raise UsageError("There is no verdict to accept.", "Save a plugin first.")
        count = 0
        for comparison in chosen.comparisons:
            known = comparison.recorded and self._keep.get(comparison.recorded.firing.id)
            is_news = comparison.changed or (known and known.id in chosen.drifted)
            if known and comparison.new is not None and is_news:
                known.accepted = comparison.new
                count += 1
        return count

    def undo(self, slug: str | None = None) -> None:
        """Run the code of the generation before again, until the plugin is saved next.

        Args:
            slug: which plugin; that of the newest verdict about one if not told.

        Raises:
            PluginError: it could not be loaded; what runs goes on running.
            UsageError: there is no such plugin, no generation before, or it was undone already.
        """
        saved = [each.plugin for each in self if each.plugin is not None]
        chosen = slug or (saved[-1] if saved else None)
        if chosen is None:
            raise UsageError("Nothing was saved that could be undone.", "Name a plugin.")
        lifecycle = self._host.lifecycle
        plugin = lifecycle.get(chosen)
        if plugin.undone is not None:
            what = f"{chosen} was undone already: generation {plugin.undone} of it runs again."
            raise UsageError(what, "Save it to go on.")
        if plugin.former is None:
            raise UsageError(f"{chosen} has no generation before this one.", "Save it, or reload.")
        self._host.command(f"going back in {chosen}", lambda: lifecycle.reload(chosen, "undo"))

    def close(self) -> None:
        """Replay no more; what is under way ends."""
        with self._changed:
            self._is_closed = True
            self._asked.clear()
            if self._running is not None:
                self._running.cancelled = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(5)

    @property
    def _is_idle(self) -> bool:
        return self._is_closed or (self._running is None and not self._asked)

    def _reloaded(self, reload: Reload) -> None:
        """A plugin was loaded, or was tried to be; on the plugin thread."""
        if not self.enabled or reload.trigger not in ("save", "command"):
            return
        request = Request(reload.trigger, reload.plugin, reload.generation)
        if reload.error is not None:
            self._publish(_failed(request, str(reload.error)))
            return
        if self._host.lifecycle.get(reload.plugin).running is None or reload.generation < 2:
            return
        with self._changed:
            for other in (self._running, *self._asked):
                if other is not None and other.plugin == reload.plugin:
                    other.cancelled = True
            self._enqueue(request)

    def _ask(self, request: Request) -> SaveVerdict:
        """Have it done, and wait."""
        self._host.stepper.gate.refuse_own()
        with self._changed:
            self._enqueue(request)
            while request.verdict is None and not self._is_closed:
                self._changed.wait(0.2)
        if request.verdict is None:
            raise WorkbenchError("The workbench was closed before the replay came to its end.")
        return request.verdict

    def _enqueue(self, request: Request) -> None:
        self._asked.append(request)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="replays", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked or self._is_closed)
                if self._is_closed:
                    return
                request = self._running = self._asked.popleft()
            try:
                verdict = Judging(self._host, request).verdict(self._keep)
            except Exception as fault:  # noqa: BLE001 - nobody else would tell of a fault of ours
                verdict = _fault(self._host, request, fault)
            request.verdict = self._publish(verdict)
            with self._changed:
                self._running = None
                self._changed.notify_all()

    def _publish(self, verdict: SaveVerdict) -> SaveVerdict:
        with self._changed:
            self._number += 1
            told = replace(verdict, number=self._number)
            self._verdicts.append(told)
            self._changed.notify_all()
        for listener in [*self._listeners]:
            listener(told)
        return told


def _fault(host: EmbeddedHost, request: Request, fault: Exception) -> SaveVerdict:
    """Report a fault of ours; it is the verdict's error, too."""
    error = f"the workbench failed: {fault!r}"
    message = f"The replay was not completed, {error}."
    cure = "This is a fault of the workbench: please report it."
    host.findings.report(Finding("workbench.fault", "error", message, cure, request.plugin))
    return _failed(request, error)


def _failed(request: Request, error: str) -> SaveVerdict:
    failed = SaveVerdict(0, request.cause, request.plugin, request.generation, "failed")
    return replace(failed, error=error, at=time())
