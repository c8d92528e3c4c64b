"""Hooks fired and events made to happen from outside: on the plugin thread, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""By position, and by name."""


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

        def arguments() -> Arguments:
            return self._made(hook, chosen, args, kwargs, overrides)

        try:
            self._hooks.require(hook)
        except UsageError as why:
            self._findings.report(Finding("hook.unknown", "warning", why.message, why.cure))
        return self._fire(chosen, hook, arguments, Cause("workbench"), effects)

    def again(
        self, firing: Firing, changes: Mapping[str, Any], effects: Policy | None = None
    ) -> Firing:
        """Fire what is recorded once more, or make the event happen once more, and wait.

        Raises:
            MissingError: arguments cannot be made anew; names all of them.
            UsageError: a change leads nowhere, or does not fit.
        """
        # Only here: most firings are not fired again.
        from escalated_core.host.again import recalled, recalled_event

        world = self._around.world
        if firing.kind == "event":
            doing = f"recalling {firing.hook}"
            run = self._thread.call(doing, lambda: recalled_event(firing, world, changes))
            return self.happen(run, effects).event

        def arguments() -> Arguments:
            made = recalled(firing, world, changes)
            for note in made.notes:
                message = f"{firing.hook} was fired again (firing {firing.id}): {note}."
                cure = "Give other values to be sure."
                self._findings.report(Finding("again.recalled", "info", message, cure))
            return made.args, made.kwargs

        return self._fire(firing.kind, firing.hook, arguments, Cause(f"again:{firing.id}"), effects)

    def _fire(
        self,
        kind: Kind,
        hook: str,
        arguments: Callable[[], Arguments],
        cause: Cause,
        effects: Policy | None,
    ) -> Firing:
        """Fire a hook with arguments that are made on the plugin thread."""

        def work() -> None:
            given, named = arguments()
            with self._recorder.because(cause), under(effects):
                self._hooks.fire(kind, hook, given, named)

        try:
            self._thread.call(f"firing {hook}", work)
        except Abandoned:
            if not cause.firings:
                raise
        firing = record_of(cause.firings[0])
        # What goes on in this context may hold the cause for long.
        cause.firings.clear()
        return firing

    def fire_here(
        self,
        hook: str,
        kind: Kind,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        overrides: Mapping[str, Any] | None,
    ) -> None:
        """Fire a hook on this thread, which is that of the plugins; arguments as for `fire`."""
        given, named = self._made(hook, kind, args, kwargs, overrides)
        self._hooks.fire(kind, hook, given, named)

    def again_here(self, firing: Firing, changes: Mapping[str, Any]) -> None:
        """Fire on this thread, which is that of the plugins, what is recorded, as by `again`."""
        # Only here: as above.
        from escalated_core.host.again import recalled, recalled_event

        world = self._around.world
        if firing.kind == "event":
            self.happen_here(recalled_event(firing, world, changes))
        else:
            made = recalled(firing, world, changes)
            self._hooks.fire(firing.kind, firing.hook, made.args, made.kwargs)

    def happen_here(self, run: EventRun) -> None:
        """Make an event happen on this thread, which is that of the plugins."""
        run.work(self._around.world(), self._recorder, self._hooks)

    def happen(self, run: EventRun, effects: Policy | None = None) -> Happened:
        """Make an event of the help desk happen and wait.

        Raises:
            UsageError: a value does not fit, or names no row; nothing has happened then.
        """

        def work() -> None:
            with under(effects):
                self.happen_here(run)

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

    def _made(
        self,
        hook: str,
        kind: Kind,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        overrides: Mapping[str, Any] | None,
    ) -> Arguments:
        given = self._arguments(hook, kind, args, overrides)
        return given, {name: self._resolved(arg) for name, arg in kwargs.items()}

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
                f"The filter {hook!r} is not documented.", "Give it a value to pass on."
            )
        return tuple(self._resolved(arg) for arg in args)

    def _resolved(self, arg: Any) -> Any:
        """What a plugin gets: the live row for a reference, a copy to change for a snapshot."""
        return self._around.world().resolve(arg) if type(arg) is Reference else plain(arg)
