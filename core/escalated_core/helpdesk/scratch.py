"""A copy of the help desk's database that code works on which is only tried out."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.utils import ConnectionHandler

NAME = "scratch"
"""What the names of its files begin with."""

_scratch: ContextVar[Scratch | None] = ContextVar("helpdesk_scratch", default=None)


class Scratch:
    """The copy; methods run on the thread that tries things out.

    Args:
        folder: where its files may lie; they go with it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self.file = ""
        """The newest file: what is made anew lies in another, as threads may go on with this."""
        self._wrappers = threading.local()
        self._image: sqlite3.Connection | None = None
        self._taken: tuple[Any, ...] = ()
        """What tells the database as it was when the image was taken."""
        self._clean: tuple[Any, ...] = ()
        """What tells the copy when nobody has written to it."""

    def enter(self) -> None:
        """Have this context, and threads it starts, work on a copy of what there is now.

        The context is to be thrown away.
        """
        real: Any = connections[DEFAULT_DB_ALIAS]
        real.ensure_connection()
        taken = _state(real.connection)
        if taken != self._taken or self._image is None:
            self._image = sqlite3.connect(":memory:", check_same_thread=False)
            real.connection.backup(self._image)
            self._taken, self._clean = taken, ()
        _scratch.set(self)
        self._be_as(self._image)

    def wrapper(self) -> Any:
        """Django's wrapper of a connection to the copy for the thread that asks."""
        known: Any = getattr(self._wrappers, "newest", None)
        if known is None or known.settings_dict["NAME"] != self.file:
            made: Any = connections.create_connection(DEFAULT_DB_ALIAS)
            made.settings_dict = {**made.settings_dict, "NAME": self.file}
            known = self._wrappers.newest = made
        return known

    def _be_as(self, image: sqlite3.Connection) -> None:
        """Have the copy hold what an image does."""
        wrapper = self._usable()
        if wrapper is not None:
            if self._clean == _state(wrapper.connection):
                return
            try:
                image.backup(wrapper.connection)
                self._clean = _state(wrapper.connection)
                return
            except sqlite3.Error:  # a thread is in the middle of it
                pass
        self.file = str(self._folder / f"{NAME}-{next(self._numbers)}.sqlite3")
        wrapper = self.wrapper()
        wrapper.ensure_connection()
        image.backup(wrapper.connection)
        self._clean = _state(wrapper.connection)

    def _usable(self) -> Any:
        """This thread's wrapper, if it is as a new one would be."""
        wrapper: Any = self.wrapper() if self.file else None
        if wrapper is None or wrapper.connection is None or wrapper.in_atomic_block:
            return None
        busy = wrapper.connection.in_transaction or not wrapper.get_autocommit()
        return None if busy else wrapper


class Connections(ConnectionHandler):
    """Django's connections: those to the copy in a context that works on one."""

    def __getitem__(self, alias: str) -> Any:
        scratch = _scratch.get()
        return super().__getitem__(alias) if scratch is None else scratch.wrapper()


def is_scratch() -> bool:
    """Whether this context works on a copy."""
    return _scratch.get() is not None


def keep_apart(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Refuse queries to the real database in a context that works on a copy.

    For `execute_wrappers`: a plugin may have kept a cursor.
    """
    scratch = _scratch.get()
    if scratch is not None and context["connection"].settings_dict["NAME"] != scratch.file:
        raise OperationalError("what is tried out works on a copy, and this is not it")
    return execute(sql, params, many, context)


def _state(raw: sqlite3.Connection) -> tuple[Any, ...]:
    """Differs when somebody has written since, on this connection or another."""
    (data,) = raw.execute("PRAGMA data_version").fetchone()
    (schema,) = raw.execute("PRAGMA schema_version").fetchone()
    return id(raw), raw.total_changes, data, schema
