"""Generations of plugins: each load and unload with its findings and its place in the history."""

from __future__ import annotations

import logging
from dataclasses import replace
from time import time

from escalated_core.hooks.catalogue import Catalogue
from escalated_core.plugins.doubts import doubts
from escalated_core.plugins.findings import Findings
from escalated_core.plugins.loader import Load, Loader
from escalated_core.plugins.manifest import Manifest
from escalated_core.plugins.plugin import Change, Former, LivePlugin, load_finding, needs_restart
from escalated_core.plugins.reloads import Reloads, Trigger
from escalated_core.records import ErrorRecord, Finding, Location, Status
from escalated_core.scope import Owner, Scope

logger = logging.getLogger("escalated.plugins")


class Generations:
    """Puts one generation of a plugin in the place of another, and keeps its record true."""

    def __init__(self, loader: Loader, findings: Findings, catalogue: Catalogue) -> None:
        self.reloads = Reloads()
        self._loader = loader
        self._findings = findings
        self._catalogue = catalogue

    def next_place(self) -> int:
        """A turn after everything registered so far, for a plugin that is new."""
        return self._loader.registry.next_place()

    def load(
        self,
        plugin: LivePlugin,
        manifest: Manifest | None,
        trigger: Trigger,
        files: tuple[str, ...] = (),
    ) -> bool:
        """Load the plugin's code, or to `undo` that before it, as its next generation.

        False if that failed: what ran before goes on running then, and `plugin.error` tells why.
        """
        attempt = self.reloads.attempt(plugin, trigger, files)
        former = plugin.former if trigger == "undo" else None
        if former is not None:
            manifest, plugin.error = former.manifest, None
        if manifest is None:
            self.stand(plugin, plugin.status)
            attempt.done()
            return False
        owner = Owner(plugin.slug, plugin.generation + 1, plugin.place)
        # What the new code is found to do while it is imported must outlive the old findings.
        findings = self._findings.take(plugin.slug, "live")

        def finish(load: Load) -> None:
            plugin.tried = load.space
            if load.error is not None:
                self._findings.replace(plugin.slug, "live", findings)
                self._failed(plugin, load.error, load.finding)
            else:
                self._succeeded(plugin, manifest, load)
                plugin.undone = former.generation if former is not None else None
            attempt.done(load)
            # Last, as the new code need not wait for it.
            self._loader.note_patches(load)
            self._judge(owner)

        before = former.sources if former is not None else None
        load = self._loader.load(plugin.found, manifest, owner, plugin.space, finish, before)
        finish(load)
        return load.error is None

    def stand(self, plugin: LivePlugin, status: Status) -> None:
        """The plugin has this status from now on, which the history is told."""
        plugin.status = status
        self._loader.registry.history.stand(plugin.standing)

    def stop(self, plugin: LivePlugin, files: tuple[str, ...], change: Change) -> bool:
        """Whether changed files must not load the plugin again, as it would go on for ever."""
        loop = plugin.loop.found(plugin.slug, files, change.own)
        if loop is not None:
            self._findings.report(loop)
        return loop is not None

    def take_down(self, plugin: LivePlugin, trigger: Trigger) -> None:
        """Unload the plugin, if it is loaded: everything it registered is gone."""
        attempt = self.reloads.attempt(plugin, trigger)
        gone = self._loader.unload(*plugin.running) if plugin.running else []
        plugin.owner = plugin.space = plugin.error = plugin.former = plugin.undone = None
        self._findings.forget(plugin.slug, "live")
        self._findings.replace(plugin.slug, "load", self._needing_restart(plugin))
        attempt.done(removed=tuple(gone))

    def forget(self, plugin: LivePlugin) -> None:
        """The plugin, taken down already, is gone for good."""
        self._findings.forget(plugin.slug)
        self._loader.forget(plugin.slug)
        removed = replace(plugin.standing, status="removed", stale=False)
        self._loader.registry.history.stand(removed)

    def close(self, plugin: LivePlugin) -> None:
        """Unload the plugin, leaving its record as it is."""
        if plugin.running:
            self._loader.unload(*plugin.running)

    def _failed(self, plugin: LivePlugin, error: ErrorRecord, finding: Finding | None) -> None:
        plugin.error = error
        self.stand(plugin, plugin.status if plugin.running else "failed")
        why = finding or load_finding(plugin.slug, error)
        self._findings.replace(plugin.slug, "load", [why, *self._needing_restart(plugin)])
        # In a scope, so that only handlers somebody configured print what is a finding already.
        scope = Scope(None, f"logging why {plugin.slug} failed")
        scope.run(logger.error, "%s (%s:%s)", why.message, why.file, why.line)

    def _succeeded(self, plugin: LivePlugin, manifest: Manifest, load: Load) -> None:
        if plugin.owner is not None:
            self._loader.released(plugin.owner)
        if plugin.running and plugin.manifest is not None:
            sources = {**plugin.running[1].before, **plugin.running[1].texts}
            plugin.former = Former(plugin.generation, plugin.manifest, sources)
        plugin.owner, plugin.space = load.owner, load.space
        plugin.generation = load.owner.generation
        plugin.loaded_at = time()
        plugin.load_ns = load.scope.own_ns
        plugin.manifest = manifest
        models = [needs_restart(plugin.slug, what, Location(file, 1)) for what, file in load.models]
        self._findings.replace(plugin.slug, "load", [*models, *self._needing_restart(plugin)])

    def _judge(self, owner: Owner) -> None:
        """Report what is doubtful about the callbacks of a generation."""
        chains = [chain for _, _, chain in self._loader.registry]
        own = [each for chain in chains for each in chain if each.owner is owner]
        for finding in doubts(own, self._catalogue):
            self._findings.report(finding, "load")

    def _needing_restart(self, plugin: LivePlugin) -> list[Finding]:
        left = self._loader.leftovers.of(plugin.slug, plugin.owner)
        return [needs_restart(plugin.slug, each.what, each.place) for each in left]
