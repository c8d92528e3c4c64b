"""The help desk as the object that a host drives.

Django is imported by `World.open` and what follows it, never at the top: models need configured
settings, and a process that never opens a world must not pay for Django.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import ModuleType
from typing import TYPE_CHECKING, Any

from escalated_core.errors import UsageError
from escalated_core.helpdesk.configuration import FIXED, configure_django
from escalated_core.helpdesk.references import Reference, ReferenceKind
from escalated_core.records import CataloguedHook, Event

if TYPE_CHECKING:
    from escalated_core.helpdesk.database import Database
    from escalated_core.helpdesk.events.happening import Hooks

Undo = Callable[[], None]

_turn = threading.Lock()
"""Held by the world that is open: settings and database are those of the whole process."""


class World:
    """The help desk's Django: settings overlaid, a fresh private database, undone at `close`.

    It runs on whichever thread calls, which must not be one that runs an event loop.

    Args:
        seed: which people, tickets and conversations the database starts with.
        settings: Django settings on top of the help desk's own, LOGGING included.

    Raises:
        UsageError: a setting is not in capitals, or is one that Django reads once per process.
    """

    def __init__(self, seed: int = 0, settings: Mapping[str, Any] | None = None) -> None:
        self.seed = seed
        self.settings = dict(settings or {})
        _check_settings(self.settings)
        self._database: Database | None = None
        self._undo = ExitStack()
        self._undo_models: dict[int, Undo] = {}

    @property
    def is_open(self) -> bool:
        return self._database is not None

    def open(self) -> None:
        """Set everything up; an open world is left as it is.

        Raises:
            UsageError: another world is open, somebody else has configured Django in this
                process, or LOGGING is not valid.
        """
        if self.is_open:
            return
        if not _turn.acquire(blocking=False):
            raise UsageError(
                "Another help desk is open in this process.", "Close it before you open the next."
            )
        with ExitStack() as undo:
            undo.callback(_turn.release)
            configure_django()
            _check_shapes(self.settings)
            from escalated_core.helpdesk.database import Database
            from escalated_core.helpdesk.overlay import overlaid

            undo.enter_context(overlaid(self.settings))
            database = Database(self.seed)
            undo.callback(database.close)
            undo.callback(self._remove_models)
            self._database = database
            self._undo = undo.pop_all()

    def close(self) -> None:
        """Undo everything, plugins' models included; a closed world is left as it is.

        Connections are closed in every thread; what was not committed there is lost.
        """
        self._database = None
        self._undo.close()

    def leave_transaction(self) -> None:
        """Roll back what code that was stopped, or forgot it, has left open on this thread."""
        self._opened().leave_transaction()

    def renew_connection(self) -> None:
        """Replace the connection, and its locks, of the thread that opened, or renewed, last.

        For the thread that takes over when the other was given up; that one's later use of the
        database is an error.
        """
        self._opened().renew()

    def enter_scratch(self) -> None:
        """Have this context work on a copy of the database, see `Scratch.enter`."""
        self._opened().scratch.enter()

    def resolve(self, reference: Reference) -> Any:
        """The live model that a reference names.

        Raises:
            UsageError: there is no such kind or key; names those there are.
        """
        self._opened()
        from escalated_core.helpdesk.lookup import resolve

        return resolve(reference)

    def rows(self, kind: ReferenceKind) -> list[dict[str, Any]]:
        """Every row of a kind as builtins: `key` is what a `Reference` takes, times are ISO 8601.

        Raises:
            UsageError: there is no such kind.
        """
        self._opened()
        from escalated_core.helpdesk.lookup import rows

        return rows(kind)

    def arguments_for(
        self, hook: CataloguedHook, given: Mapping[str, Any] | None = None
    ) -> tuple[Any, ...]:
        """Live arguments for a documented hook that belong together; nothing is written.

        Args:
            hook: what to make arguments for.
            given: live values or references, by parameter type, that the rest must go with.

        Raises:
            UsageError: a reference or a parameter type is unknown, or no row is left to use.
        """
        self._opened()
        from escalated_core.helpdesk.samples import Scene

        return Scene(given or {}).arguments_for(hook)

    def amended(
        self, hook: CataloguedHook | None, args: tuple[Any, ...], overrides: Mapping[str, Any]
    ) -> tuple[Any, ...]:
        """Arguments of a hook, made if there are none, with other values in them."""
        self._opened()
        from escalated_core.helpdesk.amending import amended, rows_given

        if hook is not None and not args:
            args = self.arguments_for(hook, rows_given(hook, overrides))
        return amended(hook, args, overrides)

    def values(self, event: Event, given: Mapping[str, Any]) -> dict[str, Any]:
        """What an event was given, as live rows and values, by parameter.

        Raises:
            UsageError: a parameter is unknown, a value is of the wrong type, or names no row.
        """
        self._opened()
        from escalated_core.helpdesk.events.values import values_of

        return values_of(event, given)

    def happen(
        self, event: Event, values: Mapping[str, Any], hooks: Hooks, *, dry: bool = False
    ) -> Reference | None:
        """Make an event happen; returns the row it is about, see `happen.happen`."""
        self._opened()
        from escalated_core.helpdesk.events.happen import happen

        return happen(event, values, hooks, dry=dry)

    def edit(self, reference: Reference, fields: Mapping[str, Any]) -> None:
        """Write other values into a row; no hook is fired.

        Raises:
            UsageError: there is no such row or field, or the value does not fit it.
        """
        self._opened()
        from escalated_core.helpdesk.editing import edit

        edit(reference, fields)

    def reset(self, story_seed: int | None = None) -> None:
        """Have the help desk's own rows as at first; for a story all rows, see `Database`."""
        self._opened().reset(story_seed)

    def install_models(self, slug: str, package: str, module: ModuleType) -> Undo:
        """Make a plugin's package a Django application, before its models are imported.

        The label is the slug with `-` as `_`. Installing a slug again shares the application
        with the first; the last undo removes it, its models and its tables, so a plugin that is
        only inactive should stay installed.

        Raises:
            PluginError: the label cannot be one, or is taken.
        """
        self._opened()
        from escalated_core.helpdesk.plugin_models import install_models

        remove = install_models(slug, package, module)

        def undo() -> None:
            self._undo_models.pop(id(undo), None)
            # While the world closes, its tables go with their file.
            remove(self.is_open)

        self._undo_models[id(undo)] = undo
        return undo

    def create_tables(self, label: str) -> list[str]:
        """Make the missing tables of a plugin's models; returns their names, sorted."""
        self._opened()
        from escalated_core.helpdesk.plugin_models import create_tables

        return create_tables(label)

    def _opened(self) -> Database:
        if self._database is None:
            raise UsageError("The help desk is not open.", "Open it first.")
        return self._database

    def _remove_models(self) -> None:
        for undo in list(self._undo_models.values()):
            undo()


def in_transaction() -> bool:
    """Whether this thread has a transaction of the open world's database open."""
    from django.db import connection

    return connection.in_atomic_block


def lay_over(settings: Mapping[str, Any]) -> Undo:
    """Lay settings over those of the open world, until undone; LOGGING is only looked at.

    Raises:
        UsageError: one is not valid.
    """
    _check_settings(settings)
    _check_shapes(settings)
    from django.test.utils import override_settings

    override: Any = override_settings(**settings)
    override.enable()
    return override.disable


def _check_settings(settings: Mapping[str, Any]) -> None:
    for name in settings:
        if not name.isupper():
            raise UsageError(
                f"'{name}' cannot be a Django setting.", f"Did you mean {name.upper()}?"
            )
        if name in FIXED:
            raise UsageError(
                f"The setting {name} is the help desk's own and cannot be changed.",
                f"Leave out {', '.join(sorted(FIXED))}.",
            )
    if not isinstance(settings.get("LOGGING", {}), Mapping):
        raise UsageError("The setting LOGGING must be a dict.", "See the guide, 'Debugging'.")


def _check_shapes(settings: Mapping[str, Any]) -> None:
    """Raise `UsageError` for a dict or list of Django's that was given as something else."""
    from django.conf import global_settings

    for name, value in settings.items():
        default = getattr(global_settings, name, None)
        for kinds, wanted in (((dict,), "a dict"), ((list, tuple), "a list")):
            if isinstance(default, kinds) and not isinstance(value, kinds):
                cure = f"Django's own is {default!r}."
                raise UsageError(f"The setting {name} must be {wanted}, not {value!r}.", cure)
