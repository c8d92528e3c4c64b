"""The plugin thread: the one thread that plugin code runs on, and the watch over it."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any, Generic, TypeVar

from escalated_core.errors import Abandoned, Interrupted, PluginError, WorkbenchError
from escalated_core.injection import take_back
from escalated_core.records import Activity, Finding
from escalated_core.scope import RUNNING, Scope
from escalated_core.stepping.console import OnlookerScope
from escalated_core.stepping.gate import Gate

Result = TypeVar("Result")

TICK = 0.05
"""Seconds between two looks of the watch at a running callback."""
INJECT_EVERY = 0.0005
"""Seconds between two injections into a callback that survives them."""
SWITCH_INTERVAL = 0.0005
"""Seconds a spinning callback may hold the interpreter before another thread gets its turn."""
SWITCH_INTERVAL_INJECTING = 0.00001
"""The same while injecting: code that catches everything has only few places that let one out."""
SIGNALS_EVERY = 0.2
"""Seconds after which somebody who waits for a job lets signals, such as ctrl+c, be handled."""
GIVING_WAY = 0.2
"""Seconds that code may run on which is only tried out while other jobs wait."""
PATIENCE = 1.0
"""Seconds of injections after which a thread is given up."""
CLOSING = 10.0
"""Seconds that closing waits at most: for code that no scope, and so no interruption, reaches."""


def stuck(gone: Abandoned) -> PluginError:
    """What to tell whoever waits for a job whose thread was given up."""
    cure = "Give loops and waits an end, also those in C code."
    return PluginError(Finding("plugin.stuck", "error", str(gone), cure))


class Job(Generic[Result]):
    """Something to do on the plugin thread; `wait` for what it returns or raises."""

    def __init__(self, name: str, work: Callable[[], Result]) -> None:
        self.name = name
        self._work = work
        self._done = threading.Event()
        self._result: Result | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - carried to whoever waits
            if self._done.is_set():
                return
            self._error = error
        self._done.set()

    def fail(self, error: BaseException) -> None:
        self._error = error
        self._done.set()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    @property
    def failure(self) -> BaseException | None:
        """What the job raised, once it is done."""
        return self._error

    def wait(self, timeout: float | None = None) -> Result:
        """The job's result; raises what it raised, or `TimeoutError`."""
        if timeout is None:
            # Not all at once: a signal just before a wait begins is handled only when it ends.
            while not self._done.wait(SIGNALS_EVERY):
                continue
        elif not self._done.wait(timeout):
            raise TimeoutError(f"{self.name} is not done yet")
        if self._error is not None:
            raise self._error
        return self._result  # pyright: ignore[reportReturnType] - set whenever there is no error


class PluginThread:
    """Runs jobs one after another, and gives up a thread that cannot be stopped.

    Args:
        on_start: called first on each new thread, also after one was given up.
        on_job: called before each job.
        on_stop: called last on the thread when the host closes.
        gate: where threads wait at a stop: what may wait for one is not stopped unasked, and
            whoever has to let it go on does not wait behind it.
    """

    def __init__(
        self,
        on_start: Callable[[], None],
        on_job: Callable[[], None],
        on_stop: Callable[[], None],
        gate: Gate,
    ) -> None:
        self.time_limit = 5.0
        """Seconds of its own time after which a callback counts as stuck."""
        self.automatic = True
        """Whether stuck code is interrupted without anybody asking."""
        self._on_start = on_start
        self._on_job = on_job
        self._on_stop = on_stop
        self._gate = gate
        self._jobs: queue.Queue[Job[Any] | None] = queue.Queue()
        self._job: Job[Any] | None = None
        self._stopping = False
        self._stopped = threading.Event()
        self._interrupting = threading.Lock()
        self._limit: float | None = None
        self.gave_way = False
        """Whether the job that was last to hurry was stopped because others waited."""
        self._switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(min(self._switch_interval, SWITCH_INTERVAL))
        self._thread = self._start()
        self._watch = threading.Thread(target=self._keep_watch, name="plugin-watch", daemon=True)
        self._watch.start()

    @property
    def is_current(self) -> bool:
        """Whether the code that asks runs on it."""
        return threading.current_thread() is self._thread

    @property
    def waiting(self) -> list[str]:
        """What is to be done next, in words, first what comes first."""
        with self._jobs.mutex:
            return [job.name for job in self._jobs.queue if job is not None]

    def submit(self, name: str, work: Callable[[], Result]) -> Job[Result]:
        """Queue a job; returns at once."""
        job = Job(name, work)
        if self._stopping:
            job.fail(WorkbenchError("The workbench is closed."))
        else:
            self._jobs.put(job)
        return job

    def call(self, name: str, work: Callable[[], Result]) -> Result:
        """Run a job and wait for it; called on the plugin thread, it runs at once.

        Raises:
            UsageError: what is stopped can only be let go on by the thread that asks.
        """
        if self.is_current:
            return work()
        self._gate.refuse_own()
        job = self.submit(name, work)
        try:
            return job.wait()
        except KeyboardInterrupt:
            # Whoever waits gives up, so nobody wants what plugin code goes on with.
            self.interrupt()
            raise

    @contextmanager
    def hurrying(self, limit: float | None) -> Generator[None]:
        """Stop code of this job, unasked, after so many seconds; sooner while others wait."""
        self.gave_way = False
        self._limit = self.time_limit if limit is None else min(limit, self.time_limit)
        try:
            yield
        finally:
            self._limit = None

    @property
    def activity(self) -> Activity | None:
        """What plugin code is running right now; None when none is."""
        scope = self._running()
        if scope is None:
            return None
        slug = scope.owner.slug if scope.owner else None
        firing = scope.firing
        doing = f"{scope.doing} on {firing.hook}" if firing else scope.doing
        seconds = scope.own_ns / 1e9
        return Activity(doing, slug, seconds, stuck=seconds > self.time_limit)

    def interrupt(self) -> bool:
        """Stop the plugin code that runs now; False when none does.

        Injects until the code ends; code that is stuck outside Python costs its thread.
        """
        scope = self._running()
        return scope is not None and self._stop_scope(scope, scope.turn)

    def close(self) -> None:
        """Stop everything: code that runs is interrupted, queued jobs fail."""
        self._stopping = True
        with suppress(queue.Empty):
            while (job := self._jobs.get_nowait()) is not None:
                job.fail(WorkbenchError("The workbench was closed before this could run."))
        self._jobs.put(None)
        deadline = monotonic() + CLOSING
        while (self._thread.is_alive() or _onlooker() is not None) and monotonic() < deadline:
            self._thread.join(TICK)
            if self._running() is not None:
                self.interrupt()
        self._stopped.set()
        self._watch.join(PATIENCE)
        sys.setswitchinterval(self._switch_interval)

    def _start(self) -> threading.Thread:
        thread = threading.Thread(target=self._work, name="plugins", daemon=True)
        thread.start()
        return thread

    def _work(self) -> None:
        me = threading.current_thread()
        try:
            self._on_start()
            while (job := self._jobs.get()) is not None:
                self._job = job
                self._on_job()
                job.run()
                if self._thread is not me:
                    return
                self._job = None
            self._on_stop()
        except Abandoned:
            return

    def _running(self) -> Scope | None:
        """The innermost scope that runs: at a stop of any thread, else on the plugin thread."""
        scope = _onlooker() or RUNNING.get(self._thread.ident or 0)
        return None if scope is None or scope.ended else scope

    def _keep_watch(self) -> None:
        # A tick, not a word with every job: a thread that wakes would delay the job's first step.
        while not self._stopped.wait(TICK):
            scope = self._running()
            # Read before the time: it must not be the next one's turn that is stopped for it.
            turn = scope.turn if scope is not None else None
            limit = hurry = self._limit
            if limit is not None and not self._jobs.empty():
                limit = min(limit, GIVING_WAY)
            stuck = scope is not None and scope.own_ns > (limit or self.time_limit) * 1e9
            waits = self._gate.stop is not None and _onlooker() is None
            asked = limit is not None or (self.automatic and not waits)
            if scope is not None and stuck and asked and not self._stopping:
                self.gave_way = hurry is not None and scope.own_ns < hurry * 1e9
                self._stop_scope(scope, turn)

    def _stop_scope(self, scope: Scope, turn: object) -> bool:
        with self._interrupting:
            interval = sys.getswitchinterval()
            sys.setswitchinterval(SWITCH_INTERVAL_INJECTING)
            try:
                with _unheard_of():
                    deadline = monotonic() + PATIENCE
                    while monotonic() < deadline:
                        if not scope.inject(turn):
                            return True
                        sleep(INJECT_EVERY)
                    return self._give_up(scope, turn)
            finally:
                sys.setswitchinterval(interval)

    def _give_up(self, scope: Scope, turn: object) -> bool:
        """Leave the thread behind as a daemon and go on with a fresh one."""
        innermost = self._running() or scope
        job = self._job if innermost.thread_id == self._thread.ident else None
        if not innermost.inject(turn if innermost is scope else innermost.turn):
            return True
        take_back()  # what the thread that is stuck never takes
        doing = innermost.doing
        innermost.abandon()
        if innermost.thread_id != self._thread.ident:  # it is another one's that was stopped
            return True
        self._job = self._limit = None
        self._thread.name = f"given up: {doing}"
        self._thread = self._start()
        if job is not None:
            job.fail(Abandoned(f"{doing} was given up: it was stuck outside Python."))
        return True


def _onlooker() -> Scope | None:
    """What runs because somebody has it run at a stop, on whatever thread."""
    for scope in [*RUNNING.values()]:
        around: Scope | None = scope
        while around is not None and not isinstance(around, OnlookerScope):
            around = around.parent
        if around is not None and not scope.ended and not scope.abandoned:
            return scope
    return None


@contextmanager
def _unheard_of() -> Generator[None]:
    """Interruptions that a destructor or the garbage collector swallowed are told to nobody."""
    told = sys.unraisablehook

    def tell(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type is not Interrupted:
            told(unraisable)

    sys.unraisablehook = tell
    try:
        yield
    finally:
        # Code of a plugin may have put in another one.
        if sys.unraisablehook is tell:
            sys.unraisablehook = told
