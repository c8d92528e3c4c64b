"""The lifecycle of plugins: found, activated, reloaded, deactivated, uninstalled.

Everything here but `discover` runs on the plugin thread.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from escalated_core.errors import PluginError, UsageError
from escalated_core.plugins.discovery import Found, discover_installed, discover_local
from escalated_core.plugins.findings import Findings
from escalated_core.plugins.generations import Generations
from escalated_core.plugins.imports import digest_of, tries
from escalated_core.plugins.manifest import Manifest, ManifestReading, Versions, read_manifest
from escalated_core.plugins.memory import Memory
from escalated_core.plugins.plugin import Change, LivePlugin, load_finding, manifest_error
from escalated_core.plugins.reloads import Trigger
from escalated_core.records import Finding, Plugin


class Lifecycle:
    """The plugins of a root folder and the installed ones.

    Args:
        root: the folder that holds a folder for each local plugin.
        generations: loads plugins into the registries.
        fire: fires an action, e.g. `fire("plugin_loaded", slug, manifest)`.
        findings: where findings about plugins are held.
        memory: which plugins were active.
        versions: what the host claims to be.
    """

    def __init__(
        self,
        root: Path,
        generations: Generations,
        fire: Callable[..., None],
        findings: Findings,
        memory: Memory,
        versions: Versions,
    ) -> None:
        self.root = root
        self._generations = generations
        self.reloads = generations.reloads
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
            raise _unknown(slug, self._plugins)
        return self._plugins[slug]

    def discover(self) -> list[Found]:
        """Every plugin there is, in the order they load: local ones first, each by slug."""
        local = {found.slug: found for found in discover_local(self.root)}
        installed = discover_installed()
        for found in installed:
            if found.slug in local:
                message = f"The installed plugin {found.slug} is hidden by a folder of that name."
                file = str(found.manifest_path)
                cure = f"Rename the folder, or: pip uninstall {found.slug}"
                finding = Finding("discovery.hidden", "warning", message, cure, found.slug, file)
                self._findings.report(finding, "discovery")
        return [*local.values(), *(found for found in installed if found.slug not in local)]

    def add(self, found: Found, trigger: Trigger) -> None:
        """Take up a plugin that was found; a new local one is activated."""
        plugin = LivePlugin(found, self._generations.next_place())
        self._plugins[found.slug] = plugin
        if trigger != "start":
            self._plugins = dict(sorted(self._plugins.items(), key=_local_first))
        remembered = self._memory.get(found.slug)
        plugin.wanted = remembered == "active" or (remembered is None and found.source == "local")
        if plugin.wanted:
            self._bring_up(plugin, trigger)
        else:
            self._read_manifest(plugin)

    def activate(self, slug: str) -> None:
        """Load a plugin and run its activation hooks; nothing if it is active.

        Raises:
            PluginError: it could not be loaded; everything it registered was taken back.
        """
        plugin = self.get(slug)
        if plugin.status == "active":
            return
        plugin.wanted = True
        if not self._bring_up(plugin, "command"):
            raise self._error(plugin)

    def deactivate(self, slug: str, hooks: bool = True) -> None:
        """Run the deactivation hooks and take back everything the plugin registered."""
        plugin = self.get(slug)
        if plugin.status == "active" and hooks:
            self._fire_pair("plugin_deactivated", slug)
        if plugin.status != "inactive":
            self._generations.take_down(plugin, "command")
        plugin.wanted = False
        self._generations.stand(plugin, "inactive")
        self._memory.set(slug, "inactive")

    def reload(self, slug: str, trigger: Trigger = "command", files: tuple[str, ...] = ()) -> None:
        """Load the code again, to `undo` that before; if it fails, the last good one runs on.

        Raises:
            PluginError: the new code could not be loaded (unless because of a save).
            UsageError: the plugin is inactive (unless because of a save).
        """
        plugin = self.get(slug)
        if plugin.wanted:
            if not self._bring_up(plugin, trigger, files) and trigger != "save":
                raise self._error(plugin)
        elif trigger != "save":
            raise UsageError(f"{slug} is inactive.", "Activate it instead.")
        else:
            self._read_manifest(plugin)

    def changed(self, slug: str, change: Change) -> None:
        """Something happened to a folder of the root: take up what that means for its plugin."""
        known = self._plugins.get(slug)
        found = _look_for(self.root / slug, known)
        if known is None:
            if found is not None:
                self.add(found, "save")
        elif found is not None and known.found.source == "local":
            known.found = found
            if (files := known.unseen(change)) and not self._generations.stop(known, files, change):
                self.reload(slug, "save", files)
                known.loop.turned()
        elif found is not None:
            self.remove(slug)
            self.add(found, "save")
        elif known.found.source == "local":
            self.remove(slug)

    def remove(self, slug: str) -> None:
        """The plugin's folder is gone: take back everything, without its hooks."""
        plugin = self._plugins.pop(slug)
        self._generations.take_down(plugin, "removed")
        self._generations.forget(plugin)

    def uninstall(self, slug: str, hooks: bool = True) -> None:
        """Run the uninstall hooks and delete the plugin's folder (of a link, only the link).

        Raises:
            PluginError: it is an installed distribution, which pip uninstalls, it has no
                plugin.json, or its files cannot be deleted.
        """
        plugin = self.get(slug)
        _check_deletable(plugin.found)
        if hooks:
            self._fire_uninstalling(plugin)
        self.remove(slug)
        self._memory.set(slug, None)
        _delete(plugin.found)

    def close(self) -> None:
        """Unload everything, without hooks: the plugins stay as active as they were."""
        for plugin in self:
            self._generations.close(plugin)

    def _read_manifest(self, plugin: LivePlugin) -> Manifest | None:
        found = plugin.found
        reading = plugin.reading
        if reading is None or not _still_good(plugin, reading):
            plugin.manifest_read, reading = _read(found, self._versions)
            plugin.reading = reading
        self._findings.replace(found.slug, "manifest", (*found.findings, *reading.findings))
        plugin.error = None if reading.manifest else manifest_error(reading.fatal)
        # The last good manifest stays with the last good code; an error is shown beside it.
        if not plugin.running:
            plugin.manifest = reading.manifest
            self._generations.stand(plugin, "inactive" if reading.manifest else "failed")
        return reading.manifest

    def _bring_up(self, plugin: LivePlugin, trigger: Trigger, files: tuple[str, ...] = ()) -> bool:
        """Load, then fire what the lifecycle promises. False when it could not be loaded."""
        manifest = None if trigger == "undo" else self._read_manifest(plugin)
        if not self._generations.load(plugin, manifest, trigger, files):
            return False
        slug = plugin.slug
        activating = self._memory.get(slug) != "active"
        self._generations.stand(plugin, "active")
        self._memory.set(slug, "active")
        self._fire("plugin_loaded", slug, deepcopy(plugin.manifest.data if plugin.manifest else {}))
        if activating:
            self._fire_pair("plugin_activated", slug)
        return True

    def _fire_uninstalling(self, plugin: LivePlugin) -> None:
        was_active = plugin.status == "active"
        if not plugin.running and plugin.manifest is not None:
            self._generations.load(plugin, plugin.manifest, "command")
        if plugin.running:
            self._fire_pair("plugin_uninstalling", plugin.slug)
            if was_active:
                self._fire_pair("plugin_deactivated", plugin.slug)

    def _fire_pair(self, hook: str, slug: str) -> None:
        self._fire(hook, slug)
        self._fire(f"{hook}_{slug}")

    def _error(self, plugin: LivePlugin) -> PluginError:
        if plugin.reading is not None and plugin.reading.fatal is not None:
            return PluginError(plugin.reading.fatal)
        held = self._findings.of(plugin.slug, "load")
        why = next((f for f in held if f.severity == "error"), None)
        return PluginError(why or load_finding(plugin.slug, plugin.error or manifest_error(None)))


def _unknown(slug: str, plugins: Iterable[str]) -> UsageError:
    known = list(plugins)
    near = get_close_matches(slug.lower(), known, n=1)
    meant = f"Did you mean {near[0]!r}? " if near else ""
    cure = f"{meant}Known plugins: {', '.join(known) or 'none'}."
    return UsageError(f"There is no plugin {slug!r}.", cure)


def _look_for(folder: Path, known: LivePlugin | None) -> Found | None:
    # Looking at one folder spares a save the reading of a thousand others.
    found = known.found if known is not None else None
    if found and found.root == folder and folder.is_dir():
        real = Path(os.path.realpath(folder)) if folder.is_symlink() else found.real
        return found if real == found.real else replace(found, real=real)
    return next((found for found in discover_local(folder.parent) if found.root == folder), None)


def _still_good(plugin: LivePlugin, reading: ManifestReading) -> bool:
    """Whether reading the manifest again would tell nothing new."""
    manifest, found = reading.manifest, plugin.found
    return (
        manifest is not None
        and plugin.manifest_read == digest_of(found.manifest_path)
        and (found.root / manifest.main_file).is_file()
    )


def _read(found: Found, versions: Versions) -> tuple[str | None, ManifestReading]:
    """Read a manifest that nobody is writing just now; returns its fingerprint as well."""
    read, reading = None, ManifestReading(None, ())
    for _ in tries(found.manifest_path, found.root):
        read = digest_of(found.manifest_path)
        reading = read_manifest(
            found.manifest_path, slug=found.slug, source=found.source, versions=versions
        )
        if reading.manifest is not None and digest_of(found.manifest_path) == read:
            break
    return read, reading


def _check_deletable(found: Found) -> None:
    """Raise `PluginError` for what is not ours to delete, or may be no plugin at all."""
    slug = found.slug
    if found.source == "composer":
        message = f"{slug} is an installed distribution and cannot be deleted here."
        cure = f"Run: pip uninstall {slug}"
        raise PluginError(Finding("uninstall.composer", "error", message, cure, slug))
    if not os.path.lexists(found.manifest_path):
        message = f"{found.root} has no plugin.json, so it may be no plugin."
        cure = "Nothing was deleted. If it is to go, delete it yourself."
        raise PluginError(Finding("uninstall.no-manifest", "error", message, cure, slug))


def _delete(found: Found) -> None:
    """Delete a plugin's folder; of a link only the link."""
    try:
        if found.root.is_symlink():
            found.root.unlink()
        else:
            shutil.rmtree(found.root)
    except OSError as error:
        message = f"{found.root} could not be deleted: {error.strerror or error}."
        cure = "Delete it yourself; its hooks have run."
        raise PluginError(
            Finding("uninstall.files", "error", message, cure, found.slug, str(found.root))
        ) from error


def _local_first(entry: tuple[str, LivePlugin]) -> tuple[bool, str]:
    return entry[1].found.source != "local", entry[0]
