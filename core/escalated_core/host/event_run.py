"""The events of the help desk, made to happen on the plugin thread and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from escalated_core.errors import PluginError, UnusableError
from escalated_core.helpdesk.events.catalogue import require_event, require_parameter
from escalated_core.helpdesk.references import Reference
from escalated_core.hooks.registration import Registration
from escalated_core.hooks.registry import Chain
from escalated_core.host.hooks import HostHooks
from escalated_core.records import (
    CataloguedHook,
    Event,
    Finding,
    Firing,
    Happened,
    Kind,
    Location,
    Rehearsed,
    Step,
)
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.trace.readout import record_of
from escalated_core.trace.recorder import Cause, Recorder

if TYPE_CHECKING:
    from escalated_core.helpdesk.world import World


class EventRun:
    """One event that is about to happen; `work` runs on the plugin thread.

    Raises:
        UsageError: there is no such event, or it takes no such parameter.
    """

    def __init__(self, name: str, given: Mapping[str, Any], *, dry: bool = False) -> None:
        self.event: Event = require_event(name)
        for each in given:
            require_parameter(self.event, each)
        self.cause = Cause(f"event:{name}{' dry' * dry}")
        self._given = dict(given)
        self._dry = dry
        self.row: Reference | None = None
        """Once it has happened: the row that it made or worked on, if there is one."""
        self._unusable: str | None = None
        """The filter that gave what the help desk could not go on with."""
        self._culprit: Step | None = None
        """The step of that filter that is to blame, if one is."""
        self._blamed: Finding | None = None
        """What a plugin's receiver of a signal did, if it ended the event."""

    def work(self, world: World, recorder: Recorder, hooks: HostHooks) -> None:
        """Make it happen.

        Raises:
            UsageError: a value is of the wrong type, or names no row; nothing has happened then.
        """
        values = world.values(self.event, self._given)

        def callback(**values: Any) -> None:
            try:
                self.row = world.happen(self.event, values, hooks, dry=self._dry)
            except UnusableError as error:
                self._unusable = error.hook
                caused = tuple(record_of(each) for each in self.cause.firings[1:])
                self._culprit = _last_changer(caused, error.hook)
                # No frame of a plugin's is in it: whom it is due to is told in the place of one.
                if self._culprit is not None:
                    registration.blamed = Location(self._culprit.file, self._culprit.line)
                raise
            except PluginError as error:
                self._blamed = error.finding
                raise

        registration = Registration.of_host(self.event.name, callback, "help desk")
        try:
            with recorder.because(self.cause):
                recorder.run("event", self.event.name, (registration,), (), values)
        finally:
            # The trace keeps it, and is not to keep all that the callback knows of.
            registration.callback = _over

    def rehearse(self, world: World, hooks: HostHooks) -> list[Rehearsed]:
        """What it would fire; no callback runs, and the database is as before afterwards.

        Raises:
            UsageError: a value is of the wrong type, or names no row.
        """
        rehearsal = Rehearsal(hooks)
        world.happen(self.event, world.values(self.event, self._given), rehearsal, dry=True)
        return rehearsal.noted

    def happened(self) -> Happened:
        """What came of it, also if a callback was given up meanwhile; something has to have."""
        event, *caused = map(record_of, self.cause.firings)
        return Happened(event, tuple(caused))

    def failure(self, happened: Happened) -> Finding | None:
        """Why the help desk could not complete what `happened`, blamed on whom it is due to.

        Of an event that was interrupted it is told elsewhere who was stuck.
        """
        if happened.error is None or happened.event.outcome == "interrupted":
            return None
        if self._blamed is not None:
            why = self._blamed
            text = f"{self.event.name} could not be completed: {why.message}"
            return replace(why, code="event.failed", message=text)
        message = f"{self.event.name} could not be completed: {happened.error.message}"
        if self._unusable is None:
            return Finding("event.failed", "error", message, "Look at its error in the trace.")
        cure = f"See what the callbacks of {self._unusable} gave."
        if self._culprit is None:
            return Finding("event.failed", "error", message, cure)
        place = self._culprit.plugin, self._culprit.file, self._culprit.line
        return Finding("event.failed", "error", message, cure, *place)


def _over(**_: Any) -> None:
    """Stands for an event that has happened."""


class Rehearsal:
    """Stands in for the hooks of a host: fires none, notes what would be fired."""

    def __init__(self, hooks: HostHooks) -> None:
        self.are_published = hooks.are_published
        self.noted: list[Rehearsed] = []
        self._hooks = hooks

    def documented(self, name: str) -> CataloguedHook | None:
        return self._hooks.documented(name)

    def chain(self, kind: Kind, name: str) -> Chain:
        return self._hooks.chain(kind, name)

    def fire(self, kind: Kind, name: str, args: tuple[Any, ...]) -> Any:
        callbacks = tuple(each.record() for each in self.chain(kind, name))
        self.noted.append(Rehearsed(name, kind, tuple(map(snapshot, args)), callbacks))
        return args[0] if kind == "filter" else None


def _last_changer(firings: tuple[Firing, ...], hook: str) -> Step | None:
    """The last callback that changed the value of a filter, where it was fired last."""
    passed = [firing for firing in firings if (firing.kind, firing.hook) == ("filter", hook)]
    steps = reversed(passed[-1].steps) if passed else ()
    return next((s for s in steps if s.changes or s.mutated or s.returned_none), None)
