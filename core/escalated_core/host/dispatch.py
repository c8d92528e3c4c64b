"""Hooks fired and events made to happen from outside: on the plugin thread, and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from escalated_core.effects.outbox import under
from escalated_core.effects.policy import Policy
from escalated_core.errors import Abandoned, UsageError
from escalated_core.helpdesk.references import Reference
from escalated_core.host.around import Around
from escalated_core.host.event_run import EventRun
from escalated_core.host.hooks import HostHooks
from escalated_core.host.thread import PluginThread
from escalated_core.plugins.findings import Findings
from escalated_core.records import Finding, Firing, Happened, Kind, Rehearsed
from escalated_core.snapshots.snapshot import plain
from escalated_core.trace.readout import record_of
from escalated_core.trace.recorder import Cause, Recorder


class Dispatch:
    """What a front end has a host fire; each call waits until it has come to its end."""

    def __init__(
        self,
        thread: PluginThread,
        recorder: Recorder,
        hooks: HostHooks,
        around: Around,
        findings: Findings,
    ) -> None:
        self._thread = thread
        self._recorder = recorder
        self._hooks = hooks
        self._around = around
        self._findings = findings

    def fire(
        self,
        hook: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        kind: Kind | None = None,
        effects: Policy | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Firing:
        """Fire a hook and wait; arguments come from the catalogue when none are given.

        Raises:
            UsageError: the hook's kind or its arguments cannot be told, or an override not be set.
        """
        chosen = self._hooks.kind(hook, kind, bool(args))
        cause = Cause("workbench")

        def work() -> None:
            given = self._arguments(hook, chosen, args, overrides)
            named = {name: self._resolved(arg) for name, arg in kwargs.items()}
            with self._recorder.because(cause), under(effects):
                self._hooks.fire(chosen, hook, given, named)

        try:
            self._hooks.require(hook)
        except UsageError as why:
            self._findings.report(Finding("hook.unknown", "warning", why.message, why.cure))
        try:
            self._thread.call(f"firing {hook}", work)
        except Abandoned:
            if not cause.firings:
                raise
        firing = record_of(cause.firings[0])
        # What goes on in this context may hold the cause for long.
        cause.firings.clear()
        return firing

    def happen(self, run: EventRun, effects: Policy | None = None) -> Happened:
        """Make an event of the help desk happen and wait.

        Raises:
            UsageError: a value does not fit, or names no row; nothing has happened then.
        """

        def work() -> None:
            with under(effects):
                run.work(self._around.world(), self._recorder, self._hooks)

        try:
            self._thread.call(f"event {run.event.name}", work)
        except Abandoned:
            if not run.cause.firings:
                raise
        happened = run.happened()
        finding = run.failure(happened)
        run.cause.firings.clear()
        if finding is not None:
            self._findings.report(finding)
        return happened

    def rehearse(self, run: EventRun) -> list[Rehearsed]:
        """What an event would fire; nothing happens."""

        def work() -> list[Rehearsed]:
            world = self._around.world()
            with self._around.silenced():
                return run.rehearse(world, self._hooks)

        return self._thread.call(f"rehearsing {run.event.name}", work)

    def _arguments(
        self,
        hook: str,
        kind: Kind,
        args: tuple[Any, ...],
        overrides: Mapping[str, Any] | None = None,
    ) -> tuple[Any, ...]:
        documented = self._hooks.documented(hook)
        if overrides and (args or kind == "action" or documented):
            given = tuple(self._resolved(arg) for arg in args)
            return self._around.world().amended(documented, given, overrides)
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
