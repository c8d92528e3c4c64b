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
        self._wrapper: Any = None
        self._thread: threading.Thread | None = None
        self._image: sqlite3.Connection | None = None
        self._taken: tuple[Any, ...] = ()
        """What tells the database as it was when the image was taken."""
        self._clean: tuple[Any, ...] = ()
        """What tells the copy when nobody has written to it."""

    def enter(self) -> Callable[[], None]:
        """Have this context, and threads it starts, work on a copy of what there is now.

        The undo gives the thread its own connection back; the context is to be thrown away.
        """
        real: Any = connections[DEFAULT_DB_ALIAS]
        real.ensure_connection()
        _scratch.set(self)
        taken = _state(real.connection)
        if taken != self._taken or self._image is None:
            self._image = sqlite3.connect(":memory:", check_same_thread=False)
            real.connection.backup(self._image)
            self._taken, self._clean = taken, ()
        self._be_as(self._image)
        connections[DEFAULT_DB_ALIAS] = self._wrapper

        def undo() -> None:
            connections[DEFAULT_DB_ALIAS] = real

        return undo

    def _be_as(self, image: sqlite3.Connection) -> None:
        """Have the copy hold what an image does."""
        if self._is_usable():
            if self._clean == _state(self._wrapper.connection):
                return
            try:
                image.backup(self._wrapper.connection)
                self._clean = _state(self._wrapper.connection)
                return
            except sqlite3.Error:  # a thread is in the middle of it
                pass
        self.file = str(self._folder / f"scratch-{next(self._numbers)}.sqlite3")
        self._wrapper, self._thread = connection(DEFAULT_DB_ALIAS), threading.current_thread()
        self._wrapper.ensure_connection()
        image.backup(self._wrapper.connection)
        self._clean = _state(self._wrapper.connection)

    def _is_usable(self) -> bool:
        wrapper = self._wrapper
        return (
            wrapper is not None
            and self._thread is threading.current_thread()
            and wrapper.connection is not None
            and not wrapper.in_atomic_block
            and not wrapper.connection.in_transaction
            and wrapper.get_autocommit()
        )


def connection(alias: str) -> Any:
    """Django's wrapper for a new connection: to the copy in a context that works on one.

    In the place of `connections.create_connection`, for whatever thread needs one.
    """
    made: Any = type(connections).create_connection(connections, alias)
    scratch = _scratch.get()
    if scratch is not None:
        made.settings_dict = {**made.settings_dict, "NAME": scratch.file}
    return made


def is_scratch() -> bool:
    """Whether this context works on a copy."""
    return _scratch.get() is not None


def keep_apart(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Refuse queries to the real database in a context that works on a copy.

    For `execute_wrappers`: a pool's thread may have a connection from before.
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
