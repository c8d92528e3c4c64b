"""The lifecycle of plugins: found, activated, reloaded, deactivated, uninstalled.

Everything here runs on the plugin thread.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from time import time
from typing import Any

from escalated_core.errors import PluginError, UsageError
from escalated_core.plugins.discovery import Found, discover_installed, discover_local
from escalated_core.plugins.findings import Findings
from escalated_core.plugins.loader import Load, Loader
from escalated_core.plugins.manifest import Versions, read_manifest
from escalated_core.plugins.memory import Memory
from escalated_core.plugins.plugin import (
    LivePlugin,
    load_finding,
    manifest_error,
    needs_restart,
)
from escalated_core.plugins.reloads import Reloads, Trigger
from escalated_core.records import ErrorRecord, Finding, Plugin
from escalated_core.scope import Owner


class Lifecycle:
    """The plugins of a root folder and the installed ones.

    Args:
        root: the folder that holds a folder for each local plugin.
        loader: loads plugins into the registries.
        fire: fires an action, e.g. `fire("plugin_loaded", slug, manifest)`.
        findings: where findings about plugins are held.
        memory: which plugins were active.
        versions: what the host claims to be.
    """

    def __init__(
        self,
        root: Path,
        loader: Loader,
        fire: Callable[..., None],
        findings: Findings,
        memory: Memory,
        versions: Versions,
    ) -> None:
        self.root = root
        self.reloads = Reloads()
        self._loader = loader
        self._fire = fire
        self._findings = findings
        self._memory = memory
        self._versions = versions
        self._plugins: dict[str, LivePlugin] = {}

    def __iter__(self) -> Iterator[LivePlugin]:
        return iter(list(self._plugins.values()))

    def records(self) -> dict[str, Plugin]:
        """Every plugin as it stands, local ones first."""
        return {p.slug: p.record(self._findings.of(p.slug)) for p in self}

    def get(self, slug: str) -> LivePlugin:
        """Raises `UsageError` naming the known plugins when there is none of that name."""
        if slug not in self._plugins:
            known = ", ".join(self._plugins) or "none"
            raise UsageError(f"There is no plugin {slug!r}.", f"Known plugins: {known}.")
        return self._plugins[slug]

    def open(self) -> None:
        """Find every plugin and start the ones that are, or should become, active."""
        for found in discover_local(self.root):
            self.add(found, "start")
        for found in discover_installed():
            if found.slug in self._plugins:
                message = f"The installed plugin {found.slug} is hidden by a folder of that name."
                file = str(found.manifest_path)
                finding = Finding("discovery.hidden", "warning", message, "", found.slug, file)
                self._findings.report(finding, "discovery")
            else:
                self.add(found, "start")

    def add(self, found: Found, trigger: Trigger) -> None:
        """Take up a plugin that was found; a new local one is activated."""
        plugin = LivePlugin(found, self._loader.registry.next_place())
        self._plugins[found.slug] = plugin
        if found.source == "local":
            self._plugins = dict(sorted(self._plugins.items(), key=_local_first))
        remembered = self._memory.get(found.slug)
        plugin.wanted = remembered == "active" or (remembered is None and found.source == "local")
        self._read_manifest(plugin)
        if plugin.wanted:
            self._bring_up(plugin, trigger, activating=remembered is None)

    def activate(self, slug: str) -> None:
        """Load a plugin and run its activation hooks; nothing if it is active.

        Raises:
            PluginError: it could not be loaded; everything it registered was taken back.
        """
        plugin = self.get(slug)
        if plugin.status == "active":
            return
        plugin.wanted = True
        self._read_manifest(plugin)
        if not self._bring_up(plugin, "command", activating=True):
            raise self._error(plugin)

    def deactivate(self, slug: str) -> None:
        """Run the deactivation hooks and take back everything the plugin registered."""
        plugin = self.get(slug)
        if plugin.status == "active":
            self._fire_pair("plugin_deactivated", slug)
            self._take_down(plugin, "command")
        plugin.wanted = False
        plugin.status = "inactive"
        self._memory.set(slug, "inactive")

    def reload(self, slug: str, trigger: Trigger = "command", files: tuple[str, ...] = ()) -> None:
        """Load the plugin's code again; if that fails, its last good generation keeps running.

        Raises:
            PluginError: the new code could not be loaded (only when called as a command).
            UsageError: the plugin is inactive (only when called as a command).
        """
        plugin = self.get(slug)
        self._read_manifest(plugin)
        if plugin.wanted:
            activating = not plugin.running and self._memory.get(slug) is None
            if not self._bring_up(plugin, trigger, activating, files) and trigger == "command":
                raise self._error(plugin)
        elif trigger == "command":
            raise UsageError(f"{slug} is inactive.", "Activate it instead.")

    def remove(self, slug: str) -> None:
        """The plugin's folder is gone: take back everything, without its hooks."""
        plugin = self._plugins.pop(slug)
        self._take_down(plugin, "removed")
        self._findings.forget(slug)

    def uninstall(self, slug: str) -> None:
        """Run the uninstall hooks and delete the plugin's folder (of a link, only the link).

        Raises:
            PluginError: it is an installed distribution; the message says `pip uninstall`.
        """
        plugin = self.get(slug)
        if plugin.found.source == "composer":
            message = f"{slug} is an installed distribution and cannot be deleted here."
            cure = f"Run: pip uninstall {slug}"
            raise PluginError(Finding("uninstall.composer", "error", message, cure, slug))
        was_active = plugin.status == "active"
        if not plugin.running and plugin.manifest is not None:
            self._load(plugin, "command")
        if plugin.running:
            self._fire_pair("plugin_uninstalling", slug)
            if was_active:
                self._fire_pair("plugin_deactivated", slug)
        del self._plugins[slug]
        self._take_down(plugin, "removed")
        self._findings.forget(slug)
        self._memory.forget(slug)
        if plugin.found.root.is_symlink():
            plugin.found.root.unlink()
        else:
            shutil.rmtree(plugin.found.root)

    def close(self) -> None:
        """Unload everything, without hooks: the plugins stay as active as they were."""
        for plugin in self:
            if plugin.running:
                self._loader.unload(*plugin.running)

    def _read_manifest(self, plugin: LivePlugin) -> None:
        found = plugin.found
        reading = read_manifest(
            found.manifest_path, slug=found.slug, source=found.source, versions=self._versions
        )
        self._findings.replace(found.slug, "manifest", (*found.findings, *reading.findings))
        plugin.error = None if reading.manifest else manifest_error(reading.findings)
        if plugin.running:
            # The last good manifest stays with the last good code; the error is shown beside it.
            plugin.manifest = reading.manifest or plugin.manifest
        else:
            plugin.manifest = reading.manifest
            plugin.status = "inactive" if reading.manifest else "failed"

    def _bring_up(
        self, plugin: LivePlugin, trigger: Trigger, activating: bool, files: tuple[str, ...] = ()
    ) -> bool:
        """Load, then fire what the lifecycle promises. False when it could not be loaded."""
        if not self._load(plugin, trigger, files):
            return False
        slug = plugin.slug
        plugin.status = "active"
        manifest: dict[str, Any] = deepcopy(plugin.manifest.data) if plugin.manifest else {}
        self._fire("plugin_loaded", slug, manifest)
        if activating:
            self._fire_pair("plugin_activated", slug)
        self._memory.set(slug, "active")
        return True

    def _load(self, plugin: LivePlugin, trigger: Trigger, files: tuple[str, ...] = ()) -> bool:
        attempt = self.reloads.attempt(plugin, trigger, files)
        if plugin.error is not None or plugin.manifest is None:
            attempt.done()
            return False
        owner = Owner(plugin.slug, plugin.generation + 1, plugin.place)
        # What the new code is found to do while it is imported must outlive the old findings.
        before = self._findings.take(plugin.slug, "live")

        def finish(load: Load) -> None:
            if load.error is not None:
                self._findings.replace(plugin.slug, "live", before)
                self._failed(plugin, load.error)
            else:
                self._succeeded(plugin, load)
            attempt.done(load)

        load = self._loader.load(plugin.found, plugin.manifest, owner, plugin.space, finish)
        finish(load)
        return load.error is None

    def _failed(self, plugin: LivePlugin, error: ErrorRecord) -> None:
        plugin.error = error
        if not plugin.running:
            plugin.status = "failed"
        self._findings.replace(plugin.slug, "load", [load_finding(plugin.slug, error)])

    def _succeeded(self, plugin: LivePlugin, load: Load) -> None:
        old = plugin.owner
        plugin.owner, plugin.space = load.owner, load.space
        plugin.generation = load.owner.generation
        plugin.loaded_at = time()
        plugin.load_ns = load.scope.duration_ns
        changed = [
            f"{Path(f).name} holds models; its change is not live" for f in load.needs_restart
        ]
        left = self._loader.released(old) if old else []
        self._findings.replace(plugin.slug, "load", needs_restart(plugin.slug, [*changed, *left]))

    def _take_down(self, plugin: LivePlugin, trigger: Trigger) -> None:
        attempt = self.reloads.attempt(plugin, trigger)
        self._findings.forget(plugin.slug, "load", "live")
        gone: list[str] = []
        if plugin.running:
            gone, left = self._loader.unload(*plugin.running)
            self._findings.replace(plugin.slug, "load", needs_restart(plugin.slug, left))
        plugin.owner = plugin.space = plugin.error = None
        attempt.done(removed=tuple(gone))

    def _fire_pair(self, hook: str, slug: str) -> None:
        self._fire(hook, slug)
        self._fire(f"{hook}_{slug}")

    def _error(self, plugin: LivePlugin) -> PluginError:
        findings = self._findings.of(plugin.slug)
        fatal = next((f for f in findings if f.severity == "error"), None)
        return PluginError(fatal or load_finding(plugin.slug, plugin.error or manifest_error(())))


def _local_first(entry: tuple[str, LivePlugin]) -> tuple[bool, str]:
    return entry[1].found.source != "local", entry[0]
