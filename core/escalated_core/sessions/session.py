"""Sessions in files: a header line, then a line of JSON per firing, reload, finding and effect.

The format is described in docs/session.md. Secrets are masked on the way out. Firings are written
as they come and read when they are asked for, so neither end keeps them all in memory.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Final, Self, cast

from escalated_core.analysis.firings import Firings
from escalated_core.errors import UsageError
from escalated_core.hooks.history import History
from escalated_core.records import Effect, Finding, Firing, Reload, Row, Turnover
from escalated_core.sessions.lines import (
    Header,
    Saved,
    SessionPlugin,
    encoded,
    firing_of,
    line_of,
)
from escalated_core.snapshots.plain import to_plain
from escalated_core.snapshots.reading import from_plain

__all__ = ["FORMAT", "Header", "Session", "SessionPlugin", "SessionWriter", "read", "write"]

FORMAT: Final = "escalated-workbench-session/1"

_NAME, _, _VERSION = FORMAT.partition("/")
_START: Final = re.compile(rb'\{"firing": ?\{"id": ?(\d+), ?"parent_id": ?(\d+|null)[,}]')


class SessionWriter:
    """Writes a session record by record; whatever happens, what was added can be read.

    `target` is a path (`.gz` compresses) or a binary stream, which stays open.

    Raises:
        UsageError: the file cannot be written.
    """

    def __init__(self, target: str | os.PathLike[str] | IO[bytes], header: Header) -> None:
        self._lock = threading.Lock()
        self._owned = ExitStack()
        self._stream: IO[bytes]
        if isinstance(target, (str, os.PathLike)):
            self._stream = self._owned.enter_context(_opened(Path(target), "wb"))
        else:
            self._stream = target
        self._line({"format": FORMAT, **to_plain(header)})

    def add(self, record: Saved) -> None:
        """Write one record, without its secrets, through to the file."""
        self._line(line_of(record))

    def close(self) -> None:
        self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _line(self, content: dict[str, Any]) -> None:
        with self._lock:
            try:
                self._stream.write(encoded(content))
                self._stream.flush()
            except OSError as error:
                raise UsageError(f"The session cannot be written: {error.strerror}.") from None


def write(
    target: str | os.PathLike[str] | IO[bytes],
    header: Header,
    records: Iterable[Saved],
) -> None:
    """Write a whole session. A file of that name is replaced only once all is written.

    Raises:
        UsageError: the file cannot be written.
    """
    if not isinstance(target, (str, os.PathLike)):
        writer = SessionWriter(target, header)
        for record in records:
            writer.add(record)
        return
    path = Path(target)
    partial = path.with_name(f".partial-{path.name}")
    try:
        with SessionWriter(partial, header) as writer:
            for record in records:
                writer.add(record)
        partial.replace(path)
    except OSError as error:
        cure = "See that it may be written and that there is room, or name another file."
        raise UsageError(f"{path} cannot be written: {error.strerror}.", cure) from None
    finally:
        partial.unlink(missing_ok=True)


def read(path: str | os.PathLike[str]) -> Session:
    """The session in a file.

    Raises:
        UsageError: the file cannot be read, is no session, or comes from a newer workbench.
    """
    return Session(Path(path))


class Session(Firings):
    """A session in a file: iterates its firings by id, oldest first, reading each when it is due.

    `incomplete` tells that the last line was cut off, as when the writer was killed. A line that
    is broken otherwise raises `UsageError` with its number, when it is read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.incomplete = False
        self.reloads: list[Reload] = []
        self.findings: list[Finding] = []
        self.effects: list[Effect] = []
        """Those that belong to no step of a firing."""
        self._places: dict[int, tuple[int, int]] = {}
        """Of each firing by its id: where its line begins, and the line's number."""
        self._rows: list[Row] = []
        self._children: dict[int, list[int]] = {}
        self._lock = threading.Lock()
        self._stream = _opened(path, "rb")
        try:
            if path.suffix == ".gz":
                self._stream = self._unpacked(self._stream)
            self.header = self._header(self._stream.readline())
            self._index()
        except OSError as error:
            self._stream.close()
            raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
        except BaseException:
            self._stream.close()
            raise

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Firing]:
        return (self._read(number) for number in self.ids)

    @property
    def ids(self) -> list[int]:
        return self._ids

    @cached_property
    def _ids(self) -> list[int]:
        return sorted(self._places)

    @property
    def outbox(self) -> list[Effect]:
        """All effects, oldest first."""
        of_steps = (effect for firing in self for step in firing.steps for effect in step.effects)
        return sorted([*self.effects, *of_steps], key=lambda effect: effect.at)

    def rows(self, seen: int = 0, limit: int | None = None) -> tuple[list[Row], int]:
        stop = len(self) if limit is None else min(seen + limit, len(self))
        for number in self.ids[len(self._rows) : stop]:
            self._rows.append(self._read(number).row())
        return self._rows[seen:stop], stop

    def slugs(self) -> list[str]:
        return [plugin.slug for plugin in self.header.plugins]

    def get(self, firing_id: int) -> Firing | None:
        return self._read(firing_id) if firing_id in self._places else None

    def children(self, firing_id: int) -> list[Firing]:
        return [self._read(number) for number in sorted(self._children.get(firing_id, ()))]

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _unpacked(self, packed: IO[bytes]) -> IO[bytes]:
        """The content in a temporary file: compressed ones cannot be read here and there."""
        unpacked = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the session
        try:
            # As it comes: a longer read would lose what stands before the end that is missing.
            while part := cast("gzip.GzipFile", packed).read1(1 << 16):
                unpacked.write(part)
        except (EOFError, zlib.error):
            self.incomplete = True
        except gzip.BadGzipFile:
            unpacked.close()
            raise UsageError(f"{self.path} is no gzip file.") from None
        packed.close()
        unpacked.seek(0)
        return unpacked

    def _header(self, line: bytes) -> Header:
        if not line.strip():
            raise UsageError(f"{self.path} is empty." if not line else self._no_session)
        try:
            content = json.loads(line)
            name, _, version = content["format"].partition("/")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise UsageError(self._no_session) from None
        if name != _NAME or not version.isdecimal():
            raise UsageError(self._no_session)
        if int(version) > int(_VERSION):
            raise UsageError(
                f"{self.path} has format {name}/{version}; this workbench reads {FORMAT}.",
                "Update escalated-workbench to open it.",
            )
        try:
            return from_plain(content, Header)
        except ValueError as error:
            raise self._broken(1, error) from None

    @property
    def _no_session(self) -> str:
        return (
            f"{self.path} is no session of escalated-workbench: "
            f"its first line does not name the format {FORMAT}."
        )

    def _index(self) -> None:
        """Find where each firing is; everything else is read at once."""
        place, number = self._stream.tell(), 1
        for line in self._stream:
            number += 1
            found = _START.match(line)
            if found and line.endswith(b"\n"):
                self._note(int(found[1]), found[2], (place, number))
            elif line.strip():
                self._take(line, (place, number))
            place += len(line)

    def _note(self, number: int, parent: bytes, place: tuple[int, int]) -> None:
        if parent != b"null" and number not in self._places:
            self._children.setdefault(int(parent), []).append(number)
        self._places[number] = place

    def _take(self, line: bytes, place: tuple[int, int]) -> None:
        """A line that is no firing as this workbench writes it, or the last one."""
        try:
            content: Any = json.loads(line)
            if "firing" in content:
                firing = content["firing"]
                parent = firing.get("parent_id")
                self._note(int(firing["id"]), str(parent or "null").encode(), place)
            elif "reload" in content:
                self.reloads.append(from_plain(content["reload"], Reload))
            elif "turnover" in content:
                self.history = self.history or History()
                self.history.add(from_plain(content["turnover"], Turnover))
            elif "effect" in content:
                self.effects.append(from_plain(content["effect"], Effect))
            elif "finding" in content:
                self.findings.append(from_plain(content["finding"], Finding))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if line.endswith(b"\n"):
                raise self._broken(place[1], error) from None
            self.incomplete = True

    def _read(self, number: int) -> Firing:
        place, line_number = self._places[number]
        with self._lock:
            self._stream.seek(place)
            line = self._stream.readline()
        try:
            return firing_of(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise self._broken(line_number, error) from None

    def _broken(self, line: int, error: Exception) -> UsageError:
        what = f"it is not JSON ({error})" if isinstance(error, json.JSONDecodeError) else error
        return UsageError(f"{self.path}:{line}: The line is broken: {what}.")


def _opened(path: Path, mode: str) -> IO[bytes]:
    try:
        if path.suffix == ".gz":
            return cast("IO[bytes]", gzip.open(path, mode))
        return cast("IO[bytes]", path.open(mode))
    except OSError as error:
        what = "read" if mode == "rb" else "written"
        raise UsageError(f"{path} cannot be {what}: {error.strerror}.") from None
