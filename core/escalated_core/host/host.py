"""The embedded host: runs plugins in this process against a help desk of its own.

Its methods take plain arguments and references and return records; live objects are accepted
too, as the plugins run in this process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from time import time
from typing import Any, TypeVar

from escalated_core.effects.following import follow
from escalated_core.effects.outbox import Effects, Outbox
from escalated_core.effects.policy import Policy
from escalated_core.errors import Abandoned
from escalated_core.helpdesk.references import Reference, ReferenceKind
from escalated_core.helpdesk.world import World
from escalated_core.hooks.catalogue import catalogue_of
from escalated_core.hooks.history import History
from escalated_core.hooks.registry import HookRegistry
from escalated_core.host import standins
from escalated_core.host.around import Around
from escalated_core.host.dispatch import Dispatch
from escalated_core.host.hooks import HostHooks
from escalated_core.host.isolation import Isolation
from escalated_core.host.replays import Replays
from escalated_core.host.stage import Stage
from escalated_core.host.stepping import known
from escalated_core.host.thread import Job, PluginThread, stuck
from escalated_core.plugins.discovery import Found
from escalated_core.plugins.findings import Findings
from escalated_core.plugins.generations import Generations
from escalated_core.plugins.imports import PluginFinder
from escalated_core.plugins.lifecycle import Lifecycle
from escalated_core.plugins.loader import Loader
from escalated_core.plugins.manifest import Versions
from escalated_core.plugins.memory import Memory
from escalated_core.plugins.own_writes import OwnWrites
from escalated_core.plugins.plugin import Change
from escalated_core.plugins.ui import UiRegistry
from escalated_core.records import Finding, Profile
from escalated_core.stepping.stepper import Stepper
from escalated_core.trace.capture import Capture, living_threads
from escalated_core.trace.numbers import begun
from escalated_core.trace.recorder import Cause, Recorder
from escalated_core.trace.trace import Trace
from escalated_core.whatif.overlay import Overlay

Result = TypeVar("Result")


@dataclass(frozen=True)
class HostOptions:
    """How a host is opened."""

    profile: Profile = "guide"
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    state_dir: Path | None = None
    versions: Versions = field(default_factory=Versions)
    effects: Policy = field(default_factory=Policy)


class EmbeddedHost:
    """Hooks, plugins and a help desk in this process.

    `opened` is done when plugins are loaded; it fails, and none is, if a setting is not valid.
    """

    def __init__(self, root: Path, options: HostOptions) -> None:
        self.root = root
        self.options = options
        self.began = time()
        """When it began to read the plugins, in seconds since the epoch."""
        self.catalogue = catalogue_of(options.profile)
        self.findings = Findings()
        self.trace = Trace()
        report = self.findings.report
        self._recorder = Recorder(self.trace, report, self.catalogue.signature, options.profile)
        self.registry = HookRegistry(self._recorder, History(partial(begun, self._recorder.ids)))
        self.trace.history = self.registry.history
        self.overlay = Overlay(self.registry, self._recorder, self.catalogue.is_lifecycle)
        over = self.overlay.over
        self.hooks = HostHooks(self.registry, self.catalogue, options.profile, over)
        self.ui = UiRegistry(report)
        self.memory = Memory(root, options.state_dir, self.findings)
        self._own_writes = OwnWrites()
        self._around = Around(options.seed, options.settings, self._own_writes, report)
        self.stepper = Stepper(self._recorder, known(self, self._around))
        gate = self.stepper.gate
        self.stage = Stage(self._around, self._recorder, gate)
        self._finder = PluginFinder()
        loader = Loader(self.registry, self.ui, self._finder, self._around)
        generations = Generations(loader, self.findings, self.catalogue)
        self.lifecycle = Lifecycle(
            root, generations, self._fire_lifecycle, self.findings, self.memory, options.versions
        )
        found = self.lifecycle.discover()
        self.outbox = Outbox(self.trace.kept)
        self._effects = Effects(self.outbox, options.effects)
        self._capture = Capture()
        self._undos = [self._capture.undo, loader.leftovers.follow_exits(), *self._follow()]
        self.thread = PluginThread(self._begin_thread, self._begin_job, self._stop, gate)
        self.dispatch = Dispatch(
            self.thread, self._recorder, self.hooks, self._around, self.findings
        )
        self.opened: Job[None] = self._load(found)

    def world(self) -> World:
        """The help desk, opened; for the plugin thread."""
        return self._around.world()

    @cached_property
    def replays(self) -> Replays:
        """What reloads change; they are followed from when it is first asked for."""
        return Replays(self)

    @cached_property
    def isolation(self) -> Isolation:
        """Where things are tried out of which nothing lasts."""

        def recorder() -> Recorder:
            signature = self.catalogue.signature
            return Recorder(Trace(), lambda _: None, signature, self.options.profile)

        return Isolation(self.thread, recorder, self.registry, self._around, self.stage)

    def _load(self, found: Iterable[Found]) -> Job[None]:
        """Load what was found at first; the job is done when all is."""
        settings = self.thread.submit("applying the settings", self._around.apply_settings)
        # A job for each, so that one that costs its thread does not cost the others.
        for plugin in found:
            add = partial(self._start, plugin, settings)
            self._take_up(f"loading {plugin.slug}", plugin.slug, add)
        return self.thread.submit("opening", partial(self._opened, settings))

    def _begin_thread(self) -> None:
        self._effects.enter()
        self._around.renew()

    def _begin_job(self) -> None:
        self._capture.renew()
        self._around.begin_job()

    def _follow(self) -> list[Callable[[], None]]:
        """Change the process so that plugins find Escalated and are seen; returns undos."""
        return [
            follow(self._effects, living_threads),
            self._own_writes.follow(),
            standins.install(self.registry, self.ui, self.options.versions.escalated),
            self._finder.install(),
        ]

    def edit(self, reference: Reference, fields: Mapping[str, Any]) -> None:
        """Write other values into a row of the help desk."""
        self.command(f"editing {reference}", lambda: self._around.world().edit(reference, fields))

    def resolve(self, reference: Reference) -> Any:
        """The live row that a reference names, on this thread."""
        return self._around.world().resolve(reference)

    def reset(self) -> None:
        """Have the help desk's own rows as they were at first."""
        self.command("resetting the help desk", lambda: self._around.world().reset())
        self.stage.seed = None

    def command(self, name: str, work: Callable[[], Result]) -> Result:
        """Run something of the lifecycle on the plugin thread and wait for it."""
        try:
            return self.thread.call(name, work)
        except Abandoned as gone:
            raise stuck(gone) from None

    def take_leave(self, name: str, work: Callable[[bool], None]) -> None:
        """Run `work(True)`; if a plugin's hooks get stuck in it for good, `work(False)` ends it."""
        try:
            self.thread.call(name, lambda: work(True))
        except Abandoned:
            self.command(name, lambda: work(False))

    def changed(self, slug: str, change: Change) -> Job[None]:
        """Something happened to a folder of the root: take up what that means for its plugin."""

        def take() -> None:
            self.lifecycle.changed(slug, self._own_writes.told(change))

        return self._take_up(f"reloading {slug}", slug, take)

    @property
    def revision(self) -> tuple[object, ...]:
        """Differs whenever plugins, hooks or findings may have changed; cheap to poll."""
        last = self.lifecycle.reloads.last
        # A plugin gets its new status only after its reload has been told.
        standing = tuple((plugin.slug, plugin.status) for plugin in self.lifecycle)
        number = last.number if last else 0
        hooks = self.registry.revision, self.overlay.revision
        return number, self.findings.revision, hooks, standing

    def rows(self, kind: ReferenceKind) -> list[dict[str, Any]]:
        """The help desk's rows of a kind as plain data."""
        return self.command(f"reading {kind}", lambda: self._around.world().rows(kind))

    def close(self) -> None:
        """Unload everything and undo every change to the process. Safe to call twice."""
        # First: what waits at a stop would wait for ever.
        self.stepper.gate.close()

        self.replays.close()
        self.thread.close()
        self.overlay.clear()
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
                self.findings.report(Finding("workbench.fault", "error", message, cure, slug))
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
        self.registry.history.end()
        self.lifecycle.close()
        self.registry.clear()
        self._around.close()

    def _fire_lifecycle(self, hook: str, *args: Any) -> None:
        with self._recorder.because(Cause("lifecycle")):
            self.registry.fire("action", hook, args, {})
