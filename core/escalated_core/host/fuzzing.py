"""Fuzzing: stories made by chance, run one after another until one shows a plugin's failure."""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Final

from escalated_core.errors import UsageError
from escalated_core.host.host import EmbeddedHost
from escalated_core.host.hunt import Budget, Hunt, Search, Shown
from escalated_core.host.stories import reload_all
from escalated_core.stories.fuzz_result import Bug, FuzzResult
from escalated_core.stories.payloads import heard_events, sequences, spelt_out
from escalated_core.stories.writing import write_story
from escalated_core.trace.trace import Trace

TIME_LIMIT: Final = 1.0
"""Seconds after which a callback counts as stuck meanwhile."""
KEPT: Final = 1_000
"""Firings of one example that are kept."""
HEADER: Final = "# Found by escalated-workbench: it fails until the plugin is mended.\n"


def fuzz(
    host: EmbeddedHost, plugin: str | None, seed: int, budget: Budget, out: Path | None
) -> FuzzResult:
    """Look for stories in which a plugin fails, and make each as small as it can be.

    What is recorded meanwhile is in no trace; nothing leaves the process. The help desk is as at
    first afterwards, the plugins are loaded anew. Interrupted (ctrl+c), it gives what it has found.

    Raises:
        UsageError: there is no such plugin, it is not active, or `out` cannot be written.
    """
    _check(host, plugin, budget, out)
    search = Search(host, plugin, seed, budget)
    with _prepared(host), _heeded(search):
        try:
            _look(search)
        except KeyboardInterrupt:
            search.interrupted = True
    bugs = list(search.known.values())
    if out is not None:
        bugs = [_saved(bug, out) for bug in bugs]
    took = monotonic() - search.began
    return FuzzResult(plugin, seed, search.tried, round(took, 3), tuple(bugs), search.interrupted)


def _check(host: EmbeddedHost, plugin: str | None, budget: Budget, out: Path | None) -> None:
    if budget.examples < 1 or (budget.seconds is not None and budget.seconds <= 0):
        raise UsageError("Nothing is found without any example.", "Give a number above 0.")
    if plugin is not None and host.lifecycle.get(plugin).status != "active":
        raise UsageError(f"{plugin} is not active.", "Activate it first.")
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=out).close()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UsageError(f"{out} cannot be written: {reason}.", "Name a folder.") from None


@contextmanager
def _prepared(host: EmbeddedHost) -> Generator[None]:
    """Stuck code is stopped soon, whatever the front end has decided."""
    thread = host.thread
    before = thread.time_limit, thread.automatic
    thread.time_limit, thread.automatic = min(before[0], TIME_LIMIT), True
    with host.stage.apart(Trace(capacity=KEPT)):
        try:
            yield
        finally:
            reload_all(host)
            host.command("beginning anew", lambda: host.stage.begin_anew(host.options.seed))
            thread.time_limit, thread.automatic = before


@contextmanager
def _heeded(search: Search) -> Generator[None]:
    """Ctrl+c is not lost where what it raises is swallowed, as in the garbage collector."""
    is_main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    before = {number: signal.getsignal(number) for number in numbers}

    def heed(number: int, frame: FrameType | None) -> None:
        search.interrupted = True
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, heed)
    try:
        yield
    finally:
        for number, handler in before.items():
            if callable(handler):
                signal.signal(number, handler)


def _look(search: Search) -> None:
    """Find every bug that is found within the budget."""
    profile = search.host.options.profile
    hooks = [
        registration.hook
        for _, _, chain in search.host.registry
        for registration in chain
        if search.plugin in (None, registration.slug)
    ]
    strategy = sequences(heard_events(hooks, profile))
    while not search.is_over:
        hunt = Hunt(search)
        try:
            hunt.go(strategy)
        finally:
            # Also what an interruption has left larger than it need be.
            if hunt.best is not None:
                search.known[hunt.best.symptom] = _bug(search, hunt, hunt.best)
        if hunt.best is None:
            break


def _bug(search: Search, hunt: Hunt, shown: Shown) -> Bug:
    place, symptom, steps = shown.place, shown.symptom, spelt_out(shown.steps)
    expecting = replace(steps[place], expected=(symptom.expected,))
    steps = (*steps[:place], expecting, *steps[place + 1 :])
    story = search.story(symptom.message.rstrip("."), steps)
    return Bug(
        kind=symptom.kind,
        plugin=symptom.plugin,
        callback=symptom.callback,
        hook=symptom.hook,
        message=symptom.message,
        file=symptom.file,
        line=symptom.line,
        story=story,
        text=HEADER + write_story(story),
        example=search.tried,
        shrinks=hunt.shrinks,
        seconds=round(monotonic() - hunt.began, 3),
    )


def _saved(bug: Bug, out: Path) -> Bug:
    try:
        path = _place(out, f"{bug.plugin}-{bug.kind}-{bug.callback.rpartition('.')[2]}", bug.text)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"{out} cannot be written: {reason}.", "Name another folder.") from None
    return replace(bug, path=str(path))


def _place(out: Path, name: str, text: str) -> Path:
    """The file that has the text: one that is there already, or a new one."""
    safe = "".join(each if each.isalnum() or each in "-_" else "-" for each in name)
    for number in range(1, 10_000):
        path = out / f"{safe}{f'-{number}' if number > 1 else ''}.yaml"
        if not path.exists():
            path.write_text(text, "utf-8", newline="\n")
            return path
        if path.is_file() and path.read_bytes() == text.encode():
            return path
    raise UsageError(f"{out} is full of stories named {safe}.", "Name another folder.")
