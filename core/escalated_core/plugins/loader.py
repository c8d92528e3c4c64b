"""Loads one plugin as a transaction: all of it takes effect at one instant, or none of it."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Protocol

from escalated_core.errors import Interrupted, PluginError
from escalated_core.hooks.registry import HookRegistry, Stage
from escalated_core.plugins.discovery import Found
from escalated_core.plugins.imports import PluginFinder, PluginSpace, digest_of
from escalated_core.plugins.leftovers import Leftovers
from escalated_core.plugins.manifest import Manifest
from escalated_core.plugins.ui import UiItem, UiRegistry
from escalated_core.records import Callback, ErrorRecord, Finding, Frame, Location
from escalated_core.scope import Owner, Scope
from escalated_core.trace.capture import plugin_place, stack_of
from escalated_core.trace.tracebacks import error_record, source_around


class Surroundings(Protocol):
    """What the host does for plugin code while it is imported, and when it goes."""

    def importing(self, space: PluginSpace, top: str) -> None:
        """Plugin code is about to import `top` from outside of its folder."""
        ...

    def loading(self, space: PluginSpace) -> Callable[[], None]:
        """The plugin's modules are about to run; returns the undo, should they fail."""
        ...

    def loaded(self, space: PluginSpace) -> list[str]:
        """The plugin's modules have run; names the models whose tables are older than they."""
        ...

    def has_models(self, module: ModuleType) -> bool:
        """Whether a module defines things that cannot be defined twice, such as Django models."""
        ...

    def released(self, owner: Owner) -> None:
        """A generation is gone."""
        ...

    def forget(self, slug: str) -> None:
        """The plugin is gone, and what it keeps with the host goes too."""
        ...


@dataclass(frozen=True, slots=True)
class Load:
    """What came of loading a plugin. With an `error`, everything is as it was before."""

    owner: Owner
    space: PluginSpace
    scope: Scope
    error: ErrorRecord | None = None
    finding: Finding | None = None
    """What the error says of itself, if it knows better than its type and message."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    models: tuple[tuple[str, str], ...] = ()
    """What is not live of the models without a restart of the workbench, and their file."""


class LoadScope(Scope):
    """The scope that a plugin's modules run in; rolls back when its thread is given up."""

    __slots__ = ("_on_given_up",)

    def __init__(self, owner: Owner, on_given_up: Callable[[], None]) -> None:
        super().__init__(owner, f"loading {owner.slug}")
        self._on_given_up = on_given_up

    def given_up(self, innermost: Scope) -> None:  # noqa: ARG002 - whoever is stuck, it failed
        self._on_given_up()


class Loader:
    """Loads and unloads plugins into one hook registry and one UI registry."""

    def __init__(
        self,
        registry: HookRegistry,
        ui: UiRegistry,
        finder: PluginFinder,
        around: Surroundings,
    ) -> None:
        self.registry = registry
        self.ui = ui
        self.leftovers = Leftovers()
        self._finder = finder
        self._around = around

    def load(
        self,
        found: Found,
        manifest: Manifest,
        owner: Owner,
        old: PluginSpace | None,
        on_given_up: Callable[[Load], None],
        before: Mapping[str, bytes] | None = None,
    ) -> Load:
        """Load a plugin aside; on success it takes the place of its `old` generation.

        `on_given_up` is told, on another thread, when this never returns. `before` are older
        sources to be run in place of those on the disk.
        """
        space = self._space(found, manifest, before)
        swap = _Swap(self._finder, space, old)
        shown = self.ui.of(found.slug)
        kept = swap.keep(filter(self._around.has_models, swap.old_modules.values()))
        undo = self._around.loading(space)

        def roll_back(error: ErrorRecord, finding: Finding | None = None) -> Load:
            swap.undo()
            undo()
            self._let_go(owner)
            return Load(owner, space, scope, error, finding)

        scope = LoadScope(owner, lambda: on_given_up(roll_back(_stuck(scope, space.main))))
        try:
            with self.registry.stage(owner) as stage:
                scope.run(space.execute)
                older = self._around.loaded(space)
        except BaseException as error:
            if scope.abandoned:
                raise
            finding = error.finding if isinstance(error, PluginError) else None
            return roll_back(_why(error, scope), finding)
        models = _not_live(kept, older, str(space.main))
        return self._commit(Load(owner, space, scope, models=models), stage, shown)

    def _space(
        self, found: Found, manifest: Manifest, before: Mapping[str, bytes] | None
    ) -> PluginSpace:
        main = found.root / manifest.main_file
        importing = self._around.importing
        return PluginSpace(found.slug, found.root, main, found.files, importing, before)

    def note_patches(self, load: Load) -> None:
        """Note what the code of a load replaced elsewhere, to be told once it is gone."""
        self.leftovers.patched(load.owner, load.space.patched(), list(load.space.sources))

    def unload(self, owner: Owner, space: PluginSpace) -> list[str]:
        """Take back everything of a plugin; returns what went."""
        gone = [describe(callback) for callback in self.registry.discard(owner.slug)]
        gone += [describe_item(item) for item in self.ui.of(owner.slug)]
        space.remove_modules()
        self._finder.spaces.pop(space.package, None)
        self._let_go(owner)
        return gone

    def forget(self, slug: str) -> None:
        """An unloaded plugin is gone for good."""
        self._around.forget(slug)

    def released(self, owner: Owner) -> None:
        """A newer generation has taken the place of this one."""
        self._around.released(owner)

    def _let_go(self, owner: Owner) -> None:
        """Let the world go on without a generation."""
        self.ui.discard(owner)
        self._around.released(owner)

    def _commit(self, load: Load, stage: Stage, shown: list[UiItem]) -> Load:
        came, went = stage.commit()
        self.ui.go_live(load.owner)
        before = [*map(describe, went), *map(describe_item, shown)]
        after = [*map(describe, came), *map(describe_item, self.ui.of(load.owner.slug))]
        added, removed = _without(after, before), _without(before, after)
        return replace(load, added=added, removed=removed)


class _Swap:
    """New modules in the place of the old ones in `sys.modules`, until `undo`."""

    def __init__(self, finder: PluginFinder, space: PluginSpace, old: PluginSpace | None) -> None:
        self._finder = finder
        self._space = space
        self._old = old
        self.old_modules = old.remove_modules() if old else {}
        self._old_lines = {
            file: linecache.cache[file]
            for file in (old.sources if old else ())
            if file in linecache.cache
        }
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
            self._space.names.add(name)
            ran = self._old.kept.get(file) or self._old.sources.get(file)
            now = digest_of(Path(file))
            self._space.kept[file], self._space.sources[file] = ran, now
            if now != ran:
                changed.append(file)
        return tuple(changed)

    def undo(self) -> None:
        self._space.remove_modules()
        sys.modules.update(self.old_modules)
        linecache.cache.update(self._old_lines)
        if self._old:
            self._finder.spaces[self._space.package] = self._old
        else:
            self._finder.spaces.pop(self._space.package, None)


def _why(error: BaseException, scope: Scope) -> ErrorRecord:
    """Why a load failed."""
    record = error_record(error)
    if isinstance(error, Interrupted):
        message = f"stopped after {scope.own_ns / 1e9:.1f} s while it was imported"
        return replace(record, type="Interrupted", message=message)
    return record


def _stuck(scope: Scope, main: Path) -> ErrorRecord:
    """Why a load was given up, with the line that its thread still is at."""
    place = plugin_place(stack_of(scope.thread_id)) or Location(str(main), 1)
    frame = Frame(place.file, place.line, "<module>", source_around(place.file, place.line))
    message = "stuck outside Python while it was imported; its thread was given up"
    return ErrorRecord("Interrupted", message, (frame,))


def _not_live(
    files: Iterable[str], tables: Iterable[str], main: str
) -> tuple[tuple[str, str], ...]:
    """What of a plugin's models only a restart brings in, each with its file."""
    changed = [(f"The change of {Path(file).name} is not live", file) for file in files]
    older = [(f"The table of the model {name} is older than it", main) for name in tables]
    return (*changed, *older)


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
