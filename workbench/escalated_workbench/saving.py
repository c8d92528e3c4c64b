"""Writing what was recorded to files: the session, the report of one, a profile."""

from __future__ import annotations

import json
import os
import platform
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from escalated_core.analysis.firings import Firings
from escalated_core.errors import UsageError
from escalated_core.records import Firing
from escalated_core.sessions.lines import Header, Saved, SessionPlugin
from escalated_core.sessions.session import read, write

if TYPE_CHECKING:
    from escalated_workbench.playback import Shown
    from escalated_workbench.workbench import Workbench

Tell = Callable[[int, int], None]
"""Called now and then with how many firings are done, and of how many; may raise `Cancelled`."""


def nobody(done: int, total: int) -> None:
    """Does not want to be told."""
    del done, total


WRITTEN = (b'"escalated-workbench-session/', b"<!doctype html", b"<svg", b"\x1f\x8b")
"""How files begin that may be written again: sessions, pages, pictures, compressed ones."""
ELSEWHERE = "See that it may be written and that there is room, or name another file."
EVERY = 100
"""Firings between two calls of `Tell`."""


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """Somebody does not want it any more; what was begun is taken back."""


def session_name(moment: datetime) -> str:
    """The name of a session file unless somebody gives another."""
    return f"session-{moment:%Y%m%d-%H%M%S}.session"


def story_name(moment: datetime) -> str:
    """The name of a story file unless somebody gives another."""
    return f"story-{moment:%Y%m%d-%H%M%S}.yaml"


def report_name(session: Path) -> Path:
    """The page that stands beside a session file."""
    return session.with_name(f"{session.name.removesuffix('.gz').removesuffix('.session')}.html")


def save_session(shown: Shown, path: str | os.PathLike[str], tell: Tell = nobody) -> int:
    """Write all that is recorded, without its secrets; returns how many firings that are.

    Raises:
        UsageError: the file cannot be written.
        Cancelled: by `tell`; no file is left behind.
    """
    # Only here: each of the two modules names the other.
    from escalated_workbench.playback import Playback

    header = shown.trace.header if isinstance(shown, Playback) else _header(shown)
    count = 0

    def records() -> Iterator[Saved]:
        nonlocal count
        yield from [*shown.reloads, *shown.history, *shown.findings]
        yield from [effect for effect in shown.outbox if effect.step is None]
        for count, firing in enumerate(telling(shown.trace, tell), 1):  # noqa: B007 - it is told
            yield firing

    write(path, header, records())
    return count


def save_unasked(shown: Shown, path: Path) -> int:
    """The same where nobody can be asked: a file that is somebody else's is refused.

    Raises:
        UsageError: as above, or the file was not written by the workbench.
    """
    require_ours(target(str(path)))
    return save_session(shown, path)


def save_report(session: str | os.PathLike[str], target: Path) -> int:
    """Write the page of a session file; returns how many firings the session has.

    Raises:
        UsageError: a file cannot be read or written.
    """
    # Only here: a session is saved more often than reported.
    from escalated_workbench.report import report

    with read(session) as recorded:
        write_text(target, report(recorded))
        return len(recorded)


def save_story(workbench: Workbench, path: Path) -> str:
    """Write the events of the trace as a story called like its file; returns how to run it.

    Raises:
        UsageError: there is no event to be told, or the file cannot be written.
    """
    write_text(path, workbench.record_story(path.stem))
    return f"escalated-workbench event run {shlex.quote(str(path))}"


def is_of_plugins(shown: Shown, path: Path) -> bool:
    """Whether a file is in the plugins folder."""
    return path.resolve().is_relative_to(Path(shown.root).resolve())


def save_profile(firings: Sequence[Firing], target: Path) -> None:
    """Write firings as a profile for https://www.speedscope.app.

    Raises:
        UsageError: the file cannot be written.
    """
    # Only here: few want it.
    from escalated_core.analysis.speedscope import speedscope

    write_text(target, json.dumps(speedscope(firings), allow_nan=False))


def write_text(path: Path, content: str) -> None:
    """Write a file; raises `UsageError` when that cannot be done."""
    target(str(path))
    try:
        path.write_text(content, "utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", ELSEWHERE) from None


def require_ours(path: Path) -> None:
    """Raise `UsageError` for a file that is there and was not written by the workbench."""
    try:
        with path.open("rb") as file:
            start = file.read(200).lower()
    except OSError:
        return
    if start and not any(mark in start for mark in WRITTEN):
        raise UsageError(
            f"{path} exists and was not written by the workbench.",
            "Name another file, or delete it first.",
        )


def target(typed: str) -> Path:
    """The file that somebody means.

    Raises:
        UsageError: it is no name of a file, or its folder is not there.
    """
    if not typed.strip():
        raise UsageError("The file has no name.", "Type one.")
    path = Path(typed.strip()).expanduser()
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder.", "Add the name of a file.")
        if not path.parent.is_dir():
            raise UsageError(f"There is no folder {path.parent}.", "Make it, or name another.")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", ELSEWHERE) from None
    return path


def telling(firings: Firings, tell: Tell) -> Iterator[Firing]:
    """The firings, with word of how many have been given."""
    expected = len(firings)
    for done, firing in enumerate(firings):
        if done % EVERY == 0:
            tell(done, max(expected, done))
        yield firing
    tell(expected, expected)


def _header(workbench: Workbench) -> Header:
    from escalated_workbench import __version__

    versions = {"workbench": __version__, "python": platform.python_version()}
    with suppress(PackageNotFoundError):
        versions["django"] = version("django")
    return Header(
        versions=versions,
        profile=workbench.profile,
        seed=workbench.seed,
        root=str(workbench.root),
        started_at=workbench.started_at,
        plugins=tuple(map(SessionPlugin.of, workbench.plugins.values())),
    )
