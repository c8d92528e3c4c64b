"""Loads one plugin as a transaction: all of it takes effect at one instant, or none of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol

from escalated_core.hooks.registry import HookRegistry, Stage
from escalated_core.plugins.discovery import Found
from escalated_core.plugins.imports import PluginFinder, PluginSpace, digest
from escalated_core.plugins.manifest import Manifest
from escalated_core.plugins.ui import UiItem, UiRegistry
from escalated_core.records import Callback, ErrorRecord
from escalated_core.scope import Owner, Scope
from escalated_core.trace.tracebacks import error_record


class Surroundings(Protocol):
    """What the host does for plugin code while it is imported, and when it goes."""

    def importing(self, space: PluginSpace, top: str) -> None:
        """Plugin code is about to import `top` from outside of its folder."""
        ...

    def loaded(self, space: PluginSpace) -> None:
        """The plugin's modules have run; nobody sees its registrations yet."""
        ...

    def has_models(self, module: ModuleType) -> bool:
        """Whether a module defines things that cannot be defined twice, such as Django models."""
        ...

    def released(self, owner: Owner) -> list[str]:
        """A generation is gone; names what it left behind and only a restart undoes."""
        ...

    def forget(self, space: PluginSpace) -> None:
        """The plugin is gone altogether."""
        ...


@dataclass(frozen=True, slots=True)
class Load:
    """What came of loading a plugin. With an `error`, everything is as it was before."""

    owner: Owner
    space: PluginSpace
    scope: Scope
    error: ErrorRecord | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()
    """Files whose change only a restart of the workbench can bring in."""


class LoadScope(Scope):
    """The scope that a plugin's modules run in; rolls back when its thread is given up."""

    __slots__ = ("_on_given_up",)

    def __init__(self, owner: Owner, on_given_up: Callable[[], None]) -> None:
        super().__init__(owner, f"loading {owner.slug}")
        self._on_given_up = on_given_up

    def given_up(self) -> None:
        self._on_given_up()


class Loader:
    """Loads and unloads plugins into one hook registry and one UI registry."""

    def __init__(
        self, registry: HookRegistry, ui: UiRegistry, finder: PluginFinder, around: Surroundings
    ) -> None:
        self.registry = registry
        self.ui = ui
        self._finder = finder
        self._around = around

    def load(
        self,
        found: Found,
        manifest: Manifest,
        owner: Owner,
        old: PluginSpace | None,
        on_given_up: Callable[[Load], None],
    ) -> Load:
        """Load a plugin aside; on success it takes the place of its `old` generation.

        Args:
            on_given_up: is told, on another thread, when this call will never return.
        """
        main = found.root / manifest.main_file
        space = PluginSpace(found.slug, found.root, main, found.files, self._around.importing)
        swap = _Swap(self._finder, space, old)
        shown = self.ui.of(found.slug)

        def roll_back(error: ErrorRecord) -> Load:
            swap.undo()
            self.ui.discard(owner)
            self._around.released(owner)
            if old is None:
                self._around.forget(space)
            return Load(owner, space, scope, error)

        def given_up() -> None:
            stuck = "stuck outside Python while it was imported; its thread was given up"
            on_given_up(roll_back(ErrorRecord("Interrupted", stuck)))

        scope = LoadScope(owner, given_up)
        changed = swap.keep(filter(self._around.has_models, swap.old_modules.values()))
        try:
            with self.registry.stage(owner) as stage:
                scope.run(space.execute_main)
                self._around.loaded(space)
        except BaseException as error:
            if scope.abandoned:
                raise
            return roll_back(error_record(error))
        return self._commit(Load(owner, space, scope, needs_restart=changed), stage, shown)

    def unload(self, owner: Owner, space: PluginSpace) -> tuple[list[str], list[str]]:
        """Take back everything of a plugin; returns what went, and what only a restart undoes."""
        gone = [describe(callback) for callback in self.registry.discard(owner.slug)]
        gone += [describe_item(item) for item in self.ui.of(owner.slug)]
        self.ui.discard(owner)
        left = self._around.released(owner)
        space.remove_modules()
        self._finder.spaces.pop(space.package, None)
        self._around.forget(space)
        return gone, left

    def released(self, owner: Owner) -> list[str]:
        """What an older generation left behind after a newer took its place."""
        return self._around.released(owner)

    def _commit(self, load: Load, stage: Stage, shown: list[UiItem]) -> Load:
        came, went = stage.commit()
        self.ui.go_live(load.owner)
        before = [*map(describe, went), *map(describe_item, shown)]
        after = [*map(describe, came), *map(describe_item, self.ui.of(load.owner.slug))]
        return Load(
            load.owner,
            load.space,
            load.scope,
            added=_without(after, before),
            removed=_without(before, after),
            needs_restart=load.needs_restart,
        )


class _Swap:
    """New modules in the place of the old ones in `sys.modules`, until `undo`."""

    def __init__(self, finder: PluginFinder, space: PluginSpace, old: PluginSpace | None) -> None:
        self._finder = finder
        self._space = space
        self._old = old
        self.old_modules = old.remove_modules() if old else {}
        finder.spaces[space.package] = space

    def keep(self, modules: Iterable[ModuleType]) -> tuple[str, ...]:
        """Keep old modules that cannot run twice; returns the files of them that changed."""
        kept = {id(module) for module in modules}
        changed: list[str] = []
        for name, module in self.old_modules.items():
            file = getattr(module, "__file__", None)
            if id(module) not in kept or file is None or self._old is None:
                continue
            if name == self._space.package or file == str(self._space.main):
                continue
            sys.modules[name] = module
            self._space.sources[file] = self._old.sources.get(file, "")
            path = Path(file)
            if not path.is_file() or digest(path.read_bytes()) != self._space.sources[file]:
                changed.append(file)
        return tuple(changed)

    def undo(self) -> None:
        self._space.remove_modules()
        sys.modules.update(self.old_modules)
        if self._old:
            self._finder.spaces[self._space.package] = self._old
        else:
            self._finder.spaces.pop(self._space.package, None)


def describe(callback: Callback) -> str:
    """`ticket_created ← on_ticket_created (10)`."""
    return f"{callback.hook} ← {callback.callback} ({callback.priority:g})"


def describe_item(item: UiItem) -> str:
    """`menu item Billing (admin)`."""
    where = f"{item.page}, {item.section}" if item.page else item.section
    return f"{item.kind} {item.label} ({where})"


def _without(items: list[str], others: list[str]) -> tuple[str, ...]:
    """The items left when each of `others` is taken away once."""
    left = list(others)
    kept: list[str] = []
    for item in items:
        if item in left:
            left.remove(item)
        else:
            kept.append(item)
    return tuple(kept)
