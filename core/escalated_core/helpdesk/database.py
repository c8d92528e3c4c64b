"""The private SQLite file of one open world, and every connection made to it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from weakref import WeakSet

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.signals import connection_created
from django.db.utils import ConnectionHandler

from escalated_core.errors import UsageError
from escalated_core.helpdesk.scratch import Connections, Scratch, is_scratch, keep_apart
from escalated_core.helpdesk.seed import sow
from escalated_core.helpdesk.tables import create_missing
from escalated_core.trace.calls import query_wrapper

_FILE = "helpdesk.sqlite3"
_TABLES = "SELECT name FROM {}.sqlite_master WHERE type = 'table'"
_LOCK_PATIENCE_MS = 3_000
"""How long a write waits for another thread's: less than a callback's time limit, so that who
waits is told of the lock."""

_given_up: WeakSet[threading.Thread] = WeakSet()
"""Threads that had a connection, lost it, and must not get another unless they open a world."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A connection, with Django's wrapper around it, of the thread that made it."""

    thread: threading.Thread
    wrapper: Any
    raw: sqlite3.Connection

    def let_go(self) -> None:
        """Have the wrapper know that its connection was closed: it makes a new one when it can."""
        if self.wrapper.in_atomic_block:
            self.wrapper.closed_in_transaction = self.wrapper.needs_rollback = True
        else:
            self.wrapper.connection = None


class Database:
    """A fresh, seeded database, to be used by the thread that opens it and any it starts."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        image = _image(seed)
        self._folder = TemporaryDirectory(prefix="escalated-workbench-", ignore_cleanup_errors=True)
        self.path = Path(self._folder.name, _FILE)
        self.path.write_bytes(image)
        self._held: list[_Held] = []
        self._kept: bytes | None = None
        self.scratch = Scratch(Path(self._folder.name))
        self._lock = threading.Lock()
        self._thread = threading.current_thread()
        _given_up.discard(self._thread)
        connection_created.connect(self._hold)
        connections.__class__ = Connections
        _use(self.path)

    def leave_transaction(self) -> None:
        """Give this thread another connection if its own is in the middle of a transaction."""
        connection: Any = connections[DEFAULT_DB_ALIAS]
        raw: sqlite3.Connection | None = connection.connection
        # Who is stopped in between leaves the one in a transaction and the other not.
        if connection.in_atomic_block or (raw is not None and raw.in_transaction):
            _forget_connection()

    def renew(self) -> None:
        """Take over from the thread that opened: its connection and its locks are gone for good."""
        _forget_connection()
        old, self._thread = self._thread, threading.current_thread()
        self._cut(lambda thread: thread is old)
        _given_up.add(old)
        _given_up.discard(self._thread)

    def reset(self, story_seed: int | None = None) -> None:
        """Have every table of the help desk as it was at first; those of plugins are not touched.

        With a seed, every table as a story finds it: the help desk's as that seed has them, those
        of plugins as when a story first found any, or empty if they are newer. What the calling
        thread has not committed is lost.
        """
        if story_seed is not None:
            self._begin_story(story_seed)
        else:
            self._refill(_image(self._seed), of_plugins=False)

    def _begin_story(self, seed: int) -> None:
        if self._has_tables_of_plugins():
            if self._kept is None:
                self._kept = self._content()
            self._refill(self._kept, of_plugins=True)
        self._refill(_image(seed), of_plugins=False)

    def _has_tables_of_plugins(self) -> bool:
        connection: Any = connections[DEFAULT_DB_ALIAS]
        return not _own_tables().issuperset(connection.introspection.table_names())

    def _content(self) -> bytes:
        """All tables as the calling thread has committed them."""
        connections[DEFAULT_DB_ALIAS].close()
        return self.path.read_bytes()

    def _refill(self, image: bytes, *, of_plugins: bool) -> None:
        """Have the rows of an image instead: the help desk's own, or all the others.

        Raises:
            UsageError: another thread writes to the database, and does so again when cut off.
        """
        pristine = self.path.with_suffix(".pristine")
        pristine.write_bytes(image)
        connection = connections[DEFAULT_DB_ALIAS]
        connection.close()
        # What they have begun would keep this one waiting, and is about rows that go.
        for held in self._cut(lambda thread: thread is not threading.current_thread()):
            held.let_go()
        connection.ensure_connection()
        raw: sqlite3.Connection = connection.connection
        try:
            # Rows of plugins may point to rows that are gone for a moment.
            raw.execute("PRAGMA foreign_keys=OFF")
            raw.execute("ATTACH ? AS pristine", [str(pristine)])
            raw.execute("BEGIN IMMEDIATE")
            _replace_rows(raw, of_plugins)
            raw.commit()
        except sqlite3.OperationalError as error:
            message = f"The help desk's rows cannot be put back: {error}."
            raise UsageError(message, "Wait until no thread of a plugin writes.") from error
        finally:
            connection.close()
            pristine.unlink()
            ContentType.objects.clear_cache()

    def close(self) -> None:
        """Close the connections of every thread and delete the file.

        Threads that are still running stay out of the databases that follow; only the main
        thread, which is nobody's in particular, may look into the next.
        """
        connection_created.disconnect(self._hold)
        connections.__class__ = ConnectionHandler
        _use(None)
        for held in self._cut(lambda _: True):
            if held.thread is threading.main_thread():
                held.wrapper.connection = None
            elif held.thread is not threading.current_thread():
                _given_up.add(held.thread)
        self._folder.cleanup()

    def _hold(self, connection: Any, **_: Any) -> None:
        """Keep a new connection, so that it can be closed whatever its thread does."""
        new = _Held(threading.current_thread(), connection, connection.connection)
        if new.thread in _given_up:
            _cut(new.raw)
            return
        # The file dies with the world, so nothing needs to survive a crash.
        new.raw.execute("PRAGMA synchronous=OFF")
        new.raw.execute(f"PRAGMA busy_timeout={_LOCK_PATIENCE_MS}")
        if not is_scratch():
            self._cut(lambda thread: thread is new.thread or not thread.is_alive())
            with self._lock:
                self._held.append(new)
        if query_wrapper not in connection.execute_wrappers:
            connection.execute_wrappers += [keep_apart, query_wrapper]

    def _cut(self, which: Callable[[threading.Thread], bool]) -> list[_Held]:
        """Close the connections of some threads; returns them."""
        with self._lock:
            doomed = [held for held in self._held if which(held.thread)]
            self._held = [held for held in self._held if not which(held.thread)]
        for held in doomed:
            _cut(held.raw)
        return doomed


def _cut(raw: sqlite3.Connection) -> None:
    """Close a connection that another thread may be using; what it had not committed is lost."""
    # A closed connection, or one whose thread is in the middle of it: both are as good as gone.
    with suppress(sqlite3.Error):
        raw.interrupt()
        raw.rollback()
    with suppress(sqlite3.Error):
        raw.close()


def _use(path: Path | None) -> None:
    """Point Django, in every thread, to a database file, or to none."""
    _forget_connection()
    connections.settings[DEFAULT_DB_ALIAS]["NAME"] = str(path) if path else ""
    ContentType.objects.clear_cache()


def _forget_connection() -> None:
    """Close this thread's connection, whatever state it is in; the next use makes a new one."""
    connections[DEFAULT_DB_ALIAS].close()
    del connections[DEFAULT_DB_ALIAS]


def _replace_rows(raw: sqlite3.Connection, of_plugins: bool) -> None:
    own = _own_tables()
    known = {table for (table,) in raw.execute(_TABLES.format("pristine"))}
    tables = {table for (table,) in raw.execute(_TABLES.format("main"))}
    # Rows that are inserted count on in `sqlite_sequence`: it comes last.
    for table in sorted(tables, key=lambda table: table == "sqlite_sequence"):
        if table in _SHARED:
            which = "WHERE " + "NOT " * of_plugins + f"({_SHARED[table]})"
        elif (table in own) is of_plugins:
            continue
        else:
            which = ""
        raw.execute(f'DELETE FROM main."{table}" {which.format("main", *_own_names())}')
        if table in known:
            rows = f'SELECT * FROM pristine."{table}" {which.format("pristine", *_own_names())}'
            raw.execute(f'INSERT INTO main."{table}" {rows}')


_SHARED: Final = {
    "sqlite_sequence": "name IN ({1})",
    "django_content_type": "app_label IN ({2})",
    "auth_permission": "content_type_id IN "
    "(SELECT id FROM {0}.django_content_type WHERE app_label IN ({2}))",
}
"""Tables with rows of the help desk beside those of plugins: which are the help desk's, given the
schema, the names of its tables and the labels of its applications."""


@cache
def _own_names() -> tuple[str, str]:
    """The help desk's tables and the labels of its applications, as lists in SQL."""
    raw = sqlite3.connect(":memory:")
    try:
        raw.deserialize(_image(None))
        labels = {label for (label,) in raw.execute("SELECT app_label FROM django_content_type")}
    finally:
        raw.close()
    tables, apps_ = (
        ", ".join(f"'{each}'" for each in sorted(of)) for of in (_own_tables(), labels)
    )
    return tables, apps_


@cache
def _own_tables() -> frozenset[str]:
    """The tables that are the help desk's own."""
    raw = sqlite3.connect(":memory:")
    try:
        raw.deserialize(_image(None))
        return frozenset(table for (table,) in raw.execute(_TABLES.format("main")))
    finally:
        raw.close()


@lru_cache(maxsize=16)
def _image(seed: int | None) -> bytes:
    """The bytes of a database with all tables, seeded unless `seed` is None."""
    with TemporaryDirectory(prefix="escalated-workbench-") as folder:
        path = Path(folder, _FILE)
        if seed is not None:
            path.write_bytes(_image(None))
        before = connections.settings[DEFAULT_DB_ALIAS]["NAME"]
        _use(path)
        try:
            with transaction.atomic():
                if seed is None:
                    create_missing(apps.get_models(include_auto_created=True))
                    emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)
                else:
                    sow(seed)
        finally:
            _use(Path(before) if before else None)
        return path.read_bytes()
