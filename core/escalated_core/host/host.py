"""The embedded host: runs plugins in this process against a help desk of its own.

Its methods take plain arguments and references and return records; live objects are accepted
too, as the plugins run in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import time
from typing import Any, TypeVar

from escalated_core.errors import Abandoned, PluginError, UsageError
from escalated_core.helpdesk.references import Reference, ReferenceKind
from escalated_core.hooks.catalogue import guide_catalogue
from escalated_core.hooks.registry import Chain, HookRegistry, Key
from escalated_core.host import standins
from escalated_core.host.around import Around
from escalated_core.host.thread import Job, PluginThread
from escalated_core.plugins.discovery import Found
from escalated_core.plugins.findings import Findings
from escalated_core.plugins.imports import PluginFinder
from escalated_core.plugins.lifecycle import Lifecycle
from escalated_core.plugins.loader import Loader
from escalated_core.plugins.manifest import Versions
from escalated_core.plugins.memory import Memory
from escalated_core.plugins.plugin import Change
from escalated_core.plugins.ui import UiRegistry
from escalated_core.records import Finding, Firing, Hook, Kind
from escalated_core.snapshots.snapshot import plain
from escalated_core.trace.capture import Capture
from escalated_core.trace.readout import record_of
from escalated_core.trace.recorder import Cause, Profile, Recorder
from escalated_core.trace.trace import Trace

Result = TypeVar("Result")


@dataclass(frozen=True)
class HostOptions:
    """How a host is opened."""

    profile: Profile = "guide"
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    state_dir: Path | None = None
    versions: Versions = field(default_factory=Versions)


class EmbeddedHost:
    """Hooks, plugins and a help desk in this process.

    `opened` is done when plugins are loaded; it fails, and none is, if a setting is not valid.
    """

    def __init__(self, root: Path, options: HostOptions) -> None:
        self.root = root
        self.options = options
        self.began = time()
        """When it began to read the plugins, in seconds since the epoch."""
        self.catalogue = guide_catalogue()
        self.findings = Findings()
        self.trace = Trace()
        self._recorder = Recorder(self.trace, self._report, self._signature, options.profile)
        self.registry = HookRegistry(self._recorder)
        self.ui = UiRegistry(self._report)
        self.memory = Memory(root, options.state_dir, self._report)
        self._around = Around(options.seed, options.settings)
        self._finder = PluginFinder()
        loader = Loader(self.registry, self.ui, self._finder, self._around, self.catalogue)
        self.lifecycle = Lifecycle(
            root, loader, self._fire_lifecycle, self.findings, self.memory, options.versions
        )
        found = self.lifecycle.discover()
        capture = Capture()
        self._undos = [
            capture.undo,
            loader.leftovers.follow_exits(),
            standins.install(self.registry, self.ui, options.versions.escalated),
            self._finder.install(),
        ]
        self.thread = PluginThread(self._around.renew, capture.renew, self._stop)
        settings = self.thread.submit("applying the settings", self._around.apply_settings)
        # A job for each, so that one that costs its thread does not cost the others.
        for plugin in found:
            add = partial(self._start, plugin, settings)
            self._take_up(f"loading {plugin.slug}", plugin.slug, add)
        self.opened: Job[None] = self.thread.submit("opening", partial(self._opened, settings))

    def fire(
        self, hook: str, args: tuple[Any, ...], kwargs: dict[str, Any], kind: Kind | None = None
    ) -> Firing:
        """Fire a hook and wait; arguments come from the catalogue when none are given.

        Raises:
            UsageError: the hook's kind or its arguments cannot be told.
        """
        chosen = self._kind(hook, kind, bool(args))
        cause = Cause("workbench")

        def work() -> None:
            given = self._arguments(hook, chosen, args)
            named = {name: self._resolved(arg) for name, arg in kwargs.items()}
            with self._recorder.because(cause):
                self.registry.fire(chosen, hook, given, named)

        try:
            self.require_hook(hook)
        except UsageError as unknown:
            finding = Finding("hook.unknown", "warning", unknown.message, unknown.cure)
            self.findings.report(finding)
        try:
            self.thread.call(f"firing {hook}", work)
        except Abandoned:
            if not cause.firings:
                raise
        return record_of(cause.firings[0])

    def command(self, name: str, work: Callable[[], Result]) -> Result:
        """Run something of the lifecycle on the plugin thread and wait for it."""
        try:
            return self.thread.call(name, work)
        except Abandoned as gone:
            cure = "Give loops and waits an end, also those in C code."
            raise PluginError(Finding("plugin.stuck", "error", str(gone), cure)) from None

    def take_leave(self, name: str, work: Callable[[bool], None]) -> None:
        """Run `work(True)`; if a plugin's hooks get stuck in it for good, `work(False)` ends it."""
        try:
            self.thread.call(name, lambda: work(True))
        except Abandoned:
            self.command(name, lambda: work(False))

    def changed(self, slug: str, change: Change) -> Job[None]:
        """Something happened to a folder of the root: take up what that means for its plugin."""
        taken = partial(self.lifecycle.changed, slug, change)
        return self._take_up(f"reloading {slug}", slug, taken)

    def hooks(self) -> list[Hook]:
        """Every documented hook and every hook that somebody listens to."""
        heard: dict[Key, Chain] = {(kind, hook): chain for kind, hook, chain in self.registry}
        documented: list[Key] = [(hook.kind, hook.name) for hook in self.catalogue]
        others: list[Key] = [key for key in heard if key not in documented]
        return [
            Hook(
                name=hook,
                kind=kind,
                documented=self.catalogue.get(hook),
                callbacks=tuple(r.record() for r in heard.get((kind, hook), ())),
            )
            for kind, hook in (*documented, *others)
        ]

    def require_hook(self, hook: str) -> None:
        """Raise `UsageError` with the nearest name for a hook that nobody knows of."""
        others = [name for _, name, _ in self.registry]
        if hook not in others and self.catalogue.get(hook) is None:
            near = self.catalogue.nearest(hook, others)
            cure = f"Did you mean {near!r}?" if near else "Hook names match exactly, case included."
            raise UsageError(f"Nobody listens to {hook!r} and it is not documented.", cure)

    @property
    def revision(self) -> tuple[object, ...]:
        """Differs whenever plugins, hooks or findings may have changed; cheap to poll."""
        last = self.lifecycle.reloads.last
        # A plugin gets its new status only after its reload has been told.
        standing = tuple((plugin.slug, plugin.status) for plugin in self.lifecycle)
        number = last.number if last else 0
        return number, self.findings.revision, self.registry.revision, standing

    def rows(self, kind: ReferenceKind) -> list[dict[str, Any]]:
        """The help desk's rows of a kind as plain data."""
        return self.command(f"reading {kind}", lambda: self._around.world().rows(kind))

    def close(self) -> None:
        """Unload everything and undo every change to the process. Safe to call twice."""
        self.thread.close()
        for undo in reversed(self._undos):
            undo()
        self._undos.clear()

    def _take_up(self, doing: str, slug: str, work: Callable[[], None]) -> Job[None]:
        def guarded() -> None:
            try:
                work()
            except Exception as fault:
                # Nobody waits for this job: without a finding, a fault of ours would go unseen.
                message = f"The workbench failed while {doing}: {fault!r}."
                cure = "This is a fault of the workbench: please report it."
                self._report(Finding("workbench.fault", "error", message, cure, slug))
                raise

        return self.thread.submit(doing, guarded)

    def _start(self, plugin: Found, settings: Job[None]) -> None:
        if settings.failure is None:
            self.lifecycle.add(plugin, "start")

    def _opened(self, settings: Job[None]) -> None:
        settings.wait()
        self.memory.keep()

    def _stop(self) -> None:
        self.memory.keep()
        self.lifecycle.close()
        self.registry.clear()
        self._around.close()

    def _report(self, finding: Finding) -> None:
        self.findings.report(finding)

    def _signature(self, hook: str) -> str | None:
        documented = self.catalogue.get(hook)
        return documented.signature if documented else None

    def _fire_lifecycle(self, hook: str, *args: Any) -> None:
        with self._recorder.because(Cause("lifecycle")):
            self.registry.fire("action", hook, args, {})

    def _arguments(self, hook: str, kind: Kind, args: tuple[Any, ...]) -> tuple[Any, ...]:
        documented = self.catalogue.get(hook)
        if not args and documented and documented.parameters:
            return self._around.world().arguments_for(documented)
        if not args and kind == "filter":
            raise UsageError(
                f"The filter {hook!r} is not documented.", "Give it a value to pass on (--arg)."
            )
        return tuple(self._resolved(arg) for arg in args)

    def _resolved(self, arg: Any) -> Any:
        """What a plugin gets: the live row for a reference, a copy to change for a snapshot."""
        return self._around.world().resolve(arg) if type(arg) is Reference else plain(arg)

    def _kind(self, hook: str, kind: Kind | None, has_args: bool) -> Kind:
        if kind is not None:
            return kind
        documented = self.catalogue.get(hook)
        if documented:
            return documented.kind
        kinds: list[Kind] = [each for each, name, _ in self.registry if name == hook]
        if len(kinds) > 1:
            raise UsageError(
                f"{hook!r} is an action and a filter.", "Say which one: kind='action'."
            )
        if kinds:
            return kinds[0]
        return "filter" if has_args else "action"
