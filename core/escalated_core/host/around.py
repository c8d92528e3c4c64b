"""The help desk around the plugins: opened when first needed, and told what plugins do."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from time import perf_counter_ns
from types import ModuleType
from typing import TYPE_CHECKING, Any

from escalated_core.errors import PluginError
from escalated_core.helpdesk.configuration import check_django
from escalated_core.helpdesk.world import World, in_transaction
from escalated_core.plugins.imports import PACKAGE, PluginSpace
from escalated_core.plugins.own_writes import OwnWrites
from escalated_core.plugins.patches import SearchPath
from escalated_core.records import Finding
from escalated_core.scope import CURRENT, RUNNING, Owner, current_owner

if TYPE_CHECKING:
    from escalated_core.helpdesk.receivers import Receivers

Undo = Callable[[], None]

_NEEDS_NO_WORLD = frozenset({*sys.stdlib_module_names, "escalated", PACKAGE})


class Around:
    """Opens the help desk lazily: a plugin that imports no Django must not wait for it.

    What it imports inside functions imports Django, which the open world has configured.

    Raises:
        UsageError: somebody else has configured Django, or a setting cannot be one.
    """

    def __init__(
        self,
        seed: int,
        settings: Mapping[str, Any],
        own_writes: OwnWrites,
        report: Callable[[Finding], None],
    ) -> None:
        check_django()
        self._report = report
        self._world = World(seed, settings)
        self._own_writes = own_writes
        self._lock = threading.RLock()
        self._is_apart = False
        self._receivers: Receivers | None = None
        self._undo_receivers: Undo | None = None
        self._models: dict[str, Undo] = {}
        self._search: dict[str, SearchPath] = {}

    def apply_settings(self) -> None:
        """Open the help desk if it was given settings: they hold for all code of plugins.

        Raises:
            UsageError: a setting is not valid.
        """
        if self._world.settings:
            self.world()

    def world(self) -> World:
        """The help desk, opened."""
        with self._lock, _host_code():
            if self._undo_receivers is None:
                self._world.open()
                from escalated_core.helpdesk import pictures
                from escalated_core.helpdesk.receivers import Receivers

                pictures.register()
                self._receivers = Receivers(current_owner, self._report)
                self._undo_receivers = self._receivers.install()
                if self._is_apart:
                    self._world.enter_scratch()
        return self._world

    @contextmanager
    def silenced(self) -> Generator[None]:
        """The help desk is tried out: no plugin's receiver of a signal runs in this context."""
        with self._receivers.silenced() if self._receivers is not None else nullcontext():
            yield

    def in_transaction(self) -> bool:
        """Whether the thread that asks has a transaction of the help desk's database open."""
        return self._world.is_open and in_transaction()

    @contextmanager
    def apart(self) -> Generator[None]:
        """Have code of this context work on a copy of the database, also if it opens it.

        To be entered in a context that is thrown away.
        """
        if self._world.is_open:
            self._world.enter_scratch()
        self._is_apart = True
        try:
            yield
        finally:
            self._is_apart = False

    def renew(self) -> None:
        """A fresh plugin thread took over: give it a database connection of its own."""
        if self._world.is_open:
            self._world.renew_connection()

    def begin_job(self) -> None:
        """The plugin thread is about to do something else than before."""
        if self._world.is_open:
            self._world.leave_transaction()

    def close(self) -> None:
        with ExitStack() as undo:
            # Last, and whatever happens before: the next workbench needs it closed.
            undo.callback(self._world.close)
            if self._undo_receivers is not None:
                undo.callback(self._undo_receivers)
                self._undo_receivers = None
            for forget in self._models.values():
                undo.callback(forget)
            self._models.clear()

    def importing(self, space: PluginSpace, top: str) -> None:
        """Code of a plugin imports something from outside: it may be, or lead to, Django."""
        needs_no_world = top in _NEEDS_NO_WORLD
        # The help desk's database is one of `sqlite3`: with the world, it is imported anyway.
        if top == "sqlite3" or not needs_no_world:
            self._own_writes.follow_databases()
        if needs_no_world:
            return
        world = self.world()
        if space.slug not in self._models:
            try:
                with _host_code():
                    self._models[space.slug] = world.install_models(
                        space.slug, space.package, sys.modules[space.package]
                    )
            except PluginError:
                if _has_models_file(space):
                    raise

    def loading(self, space: PluginSpace) -> Undo:
        """Let the plugin's models be defined; the undo brings back those of before."""
        label, known = _label(space), space.slug in self._models
        undo_search = self._follow_search(space)
        before: dict[str, Any] = {}
        if self._world.is_open:
            from escalated_core.helpdesk.plugin_models import make_room

            before = make_room(label)

        def undo() -> None:
            undo_search()
            if self._world.is_open:
                from escalated_core.helpdesk.plugin_models import take_back

                take_back(label, before)
            if not known:
                self.forget(space.slug)

        return undo

    def _follow_search(self, space: PluginSpace) -> Undo:
        """Take out what the generation before added to `sys.path`, and follow what this one adds.

        The undo brings back the former and takes out the latter.
        """
        slug, old = space.slug, self._search.get(space.slug)
        put_back = old.take_out() if old else None
        search = self._search[slug] = SearchPath(space.package, space.folders[0])

        def undo() -> None:
            search.loaded()
            search.take_out()
            del self._search[slug]
            if old and put_back:
                put_back()
                self._search[slug] = old

        return undo

    def loaded(self, space: PluginSpace) -> list[str]:
        self._search[space.slug].loaded()
        if space.slug not in self._models:
            return []
        from escalated_core.helpdesk.plugin_models import differing_tables

        self._world.create_tables(_label(space))
        return differing_tables(_label(space))

    def has_models(self, module: ModuleType) -> bool:
        if not self._world.is_open:
            return False
        from escalated_core.helpdesk.plugin_models import defines_models

        return defines_models(module)

    def released(self, owner: Owner) -> None:
        if self._receivers is not None:
            self._receivers.disconnect_owner(owner)
        search = self._search.get(owner.slug)
        # Unless another generation is in the place of this one, the plugin itself is gone.
        if search and search.package not in sys.modules:
            search.take_out()
            del self._search[owner.slug]

    def forget(self, slug: str) -> None:
        undo = self._models.pop(slug, None)
        if undo is not None:
            undo()


@contextmanager
def _host_code() -> Generator[None]:
    """Not the plugin's, though it needs it: not to be interrupted, nor on the plugin's time."""
    thread_id = threading.get_ident()
    scope = RUNNING.pop(thread_id, None)
    token = CURRENT.set(None)
    started = perf_counter_ns()
    try:
        yield
    finally:
        CURRENT.reset(token)
        if scope is not None:
            scope.nested_ns += perf_counter_ns() - started
            RUNNING[thread_id] = scope


def _label(space: PluginSpace) -> str:
    return space.slug.replace("-", "_")


def _has_models_file(space: PluginSpace) -> bool:
    return any(
        Path(folder, name).exists() for folder in space.folders for name in ("models.py", "models")
    )
