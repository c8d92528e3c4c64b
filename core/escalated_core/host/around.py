"""The help desk around the plugins: opened when first needed, and told what plugins do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from escalated_core.errors import PluginError
from escalated_core.plugins.imports import PACKAGE, PluginSpace
from escalated_core.scope import CURRENT, Owner, current_owner
from escalated_core.trace.capture import living_threads

if TYPE_CHECKING:
    from escalated_core.helpdesk.receivers import Receivers
    from escalated_core.helpdesk.world import World

Undo = Callable[[], None]

_NEEDS_NO_WORLD = frozenset({*sys.stdlib_module_names, "escalated", PACKAGE})


class Around:
    """Opens the help desk lazily: a plugin that imports no Django must not wait for it.

    All of it is called on the plugin thread.
    """

    def __init__(self, seed: int, settings: Mapping[str, Any]) -> None:
        self._seed = seed
        self._settings = settings
        self._world: World | None = None
        self._receivers: Receivers | None = None
        self._undo_receivers: Undo | None = None
        self._models: dict[str, Undo] = {}

    def world(self) -> World:
        """The help desk, opened."""
        if self._world is None:
            # Django and the fake-data library cost a quarter of a second: only when needed.
            from escalated_core.helpdesk.world import World

            token = CURRENT.set(None)
            try:
                world = World(self._seed, self._settings)
                world.open()
                # These import Django, which the open world has configured.
                from escalated_core.helpdesk import pictures
                from escalated_core.helpdesk.receivers import Receivers

                pictures.register()
                self._receivers = Receivers(current_owner)
                self._undo_receivers = self._receivers.install()
                self._world = world
            finally:
                CURRENT.reset(token)
        return self._world

    @property
    def is_open(self) -> bool:
        return self._world is not None

    def renew(self) -> None:
        """A fresh plugin thread took over: give it a database connection of its own."""
        if self._world is not None:
            self._world.renew_connection()

    def close(self) -> None:
        for undo in self._models.values():
            undo()
        self._models.clear()
        if self._undo_receivers is not None:
            self._undo_receivers()
        if self._world is not None:
            self._world.close()
            self._world = None

    def importing(self, space: PluginSpace, top: str) -> None:
        """Code of a plugin imports something from outside: it may be, or lead to, Django."""
        if top in _NEEDS_NO_WORLD:
            return
        world = self.world()
        if space.package not in self._models:
            try:
                module = sys.modules[space.package]
                self._models[space.package] = world.install_models(
                    space.slug, space.package, module
                )
            except PluginError:
                if _has_models_file(space):
                    raise

    def loaded(self, space: PluginSpace) -> None:
        if self._world is not None and space.package in self._models:
            self._world.create_tables(space.slug.replace("-", "_"))

    def has_models(self, module: ModuleType) -> bool:
        if self._world is None:
            return False
        from escalated_core.helpdesk.plugin_models import defines_models

        return defines_models(module)

    def released(self, owner: Owner) -> list[str]:
        if self._receivers is not None:
            self._receivers.disconnect_owner(owner)
        return [f"thread {name} still runs" for name in living_threads(owner)]

    def forget(self, space: PluginSpace) -> None:
        undo = self._models.pop(space.package, None)
        if undo is not None:
            undo()


def _has_models_file(space: PluginSpace) -> bool:
    return any(
        Path(folder, name).exists() for folder in space.folders for name in ("models.py", "models")
    )
