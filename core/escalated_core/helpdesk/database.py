"""The private SQLite file of one open world, and every connection made to it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from weakref import WeakSet

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.signals import connection_created

from escalated_core.helpdesk.seed import sow
from escalated_core.helpdesk.tables import create_missing
from escalated_core.trace.calls import query_wrapper

_FILE = "helpdesk.sqlite3"

_given_up: WeakSet[threading.Thread] = WeakSet()
"""Threads that had a connection, lost it, and must not get another unless they open a world."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A connection, with Django's wrapper around it, of the thread that made it."""

    thread: threading.Thread
    wrapper: Any
    raw: sqlite3.Connection


class Database:
    """A fresh, seeded database, to be used by the thread that opens it and any it starts."""

    def __init__(self, seed: int) -> None:
        image = _image(seed)
        self._folder = TemporaryDirectory(prefix="escalated-workbench-", ignore_cleanup_errors=True)
        self.path = Path(self._folder.name, _FILE)
        self.path.write_bytes(image)
        self._held: list[_Held] = []
        self._lock = threading.Lock()
        self._thread = threading.current_thread()
        _given_up.discard(self._thread)
        connection_created.connect(self._hold)
        _use(self.path)

    def renew(self) -> None:
        """Take over from the thread that opened: its connection and its locks are gone for good."""
        _forget_connection()
        old, self._thread = self._thread, threading.current_thread()
        self._cut(lambda thread: thread is old)
        _given_up.add(old)
        _given_up.discard(self._thread)

    def close(self) -> None:
        """Close the connections of every thread and delete the file.

        Threads that are still running stay out of the databases that follow; only the main
        thread, which is nobody's in particular, may look into the next.
        """
        connection_created.disconnect(self._hold)
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
        self._cut(lambda thread: thread is new.thread or not thread.is_alive())
        with self._lock:
            self._held.append(new)
        if query_wrapper not in connection.execute_wrappers:
            connection.execute_wrappers.append(query_wrapper)

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


@lru_cache(maxsize=16)
def _image(seed: int | None) -> bytes:
    """The bytes of a database with all tables, seeded unless `seed` is None."""
    with TemporaryDirectory(prefix="escalated-workbench-") as folder:
        path = Path(folder, _FILE)
        if seed is not None:
            path.write_bytes(_image(None))
        _use(path)
        try:
            with transaction.atomic():
                if seed is None:
                    create_missing(apps.get_models(include_auto_created=True))
                    emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)
                else:
                    sow(seed)
        finally:
            _use(None)
        return path.read_bytes()
