"""A signal receiver at its turn: its plugin's code, whoever sends the signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth import signals as of_auth
from django.core import signals as of_core
from django.db.backends import signals as of_backends
from django.db.models import signals as of_models
from django.dispatch import Signal

from escalated_core.errors import Interrupted, PluginError, Unwind
from escalated_core.hooks.registration import (
    callback_name,
    calling_place,
    definition,
    function_of,
)
from escalated_core.records import ErrorRecord, Finding, Location
from escalated_core.scope import CURRENT, Owner, Scope, current_owner, surrounding
from escalated_core.sink import Sink
from escalated_core.trace.tracebacks import error_record

Report = Callable[[Finding], None]

_ASSIGNED = ("__module__", "__name__", "__qualname__", "__doc__")


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose receiver it is, what it is called and where it stands."""

    owner: Owner
    name: str
    """`receiver saved of post_save`."""
    place: Location
    report: Report
    """Is told when it did not come to an end in somebody else's code."""

    def plain(self, receiver: Callable[..., Any]) -> Callable[..., Any]:
        """The receiver in a scope of its owner."""

        @wraps(receiver, _ASSIGNED, ())
        def run(*args: Any, **kwargs: Any) -> Any:
            return self._run(receiver, args, kwargs)

        return run

    def waited_for(self, receiver: Callable[..., Any]) -> Callable[..., Any]:
        """An async receiver, waited for in a scope of its owner."""
        return self.plain(wraps(receiver, _ASSIGNED, ())(async_to_sync(receiver)))

    def awaited(self, receiver: Callable[..., Any]) -> Callable[..., Any]:
        """An async receiver as code of its owner, for a loop that runs already."""

        @wraps(receiver, _ASSIGNED, ())
        async def run(*args: Any, **kwargs: Any) -> Any:
            token = CURRENT.set(TurnScope(self, surrounding()).pinned())
            try:
                return await receiver(*args, **kwargs)
            finally:
                CURRENT.reset(token)

        return run

    def told_as(self, code: str, how: str, cure: str, at: Location | None = None) -> Finding:
        message, place = f"The {self.name} {how}", at or self.place
        return Finding(code, "error", message, cure, self.owner.slug, place.file, place.line)

    def stuck(self, how: str) -> Finding:
        message = f"did not come to an end: it was {how}."
        return self.told_as("callback.stuck", message, "Give loops and waits an end.")

    def _run(self, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        scope = TurnScope(self, surrounding())
        try:
            return scope.run(call, *args, **kwargs)
        except Interrupted:
            if not scope.armed:
                raise
            finding = self.stuck(f"stopped after {scope.own_ns / 1e9:.1f} s")
            if current_owner() is not None:
                self.report(finding)
        except Unwind:
            raise
        except BaseException as error:
            # Another plugin may know what to do with it; the help desk does not.
            if current_owner() is not None:
                raise
            raise PluginError(self._raised(error)) from error
        raise PluginError(finding)

    def _raised(self, error: BaseException) -> Finding:
        try:
            # In a scope: the text of an exception may be a plugin's, and never end.
            record: ErrorRecord = TurnScope(self, surrounding()).run(error_record, error)
        except Interrupted:
            record = ErrorRecord(type(error).__name__, "(its text never came to an end)")
        at = Location(record.file, record.line or 1) if record.file is not None else None
        return self.told_as("callback.raised", f"raised {record}", "Mend the line.", at)


class TurnScope(Scope):
    """The scope of a receiver; what it says is said where the signal was sent.

    Args:
        outer: the scope in which the signal is sent, if any.
    """

    __slots__ = ("_outer", "_turn")

    def __init__(self, turn: Turn, outer: Scope | None) -> None:
        super().__init__(turn.owner, turn.name, outer.firing if outer is not None else None)
        self._turn = turn
        self._outer = outer

    @property
    def sink(self) -> Sink:
        return self._outer.sink if self._outer is not None else super().sink

    @property
    def step(self) -> int | None:
        return self._outer.step if self._outer is not None else None

    def pinned(self) -> Scope:
        return self if self._outer is None else TurnScope(self._turn, self._outer.pinned())

    def given_up(self, innermost: Scope) -> None:
        if innermost is self:
            self._turn.report(self._turn.stuck("given up: it was stuck outside Python"))


def turn_of(owner: Owner, signal: Signal, receiver: Any, report: Report) -> Turn:
    """The turns of a receiver that is being connected."""
    place = definition(function_of(receiver)) or calling_place()
    return Turn(owner, f"receiver {callback_name(receiver)} of {_named(signal)}", place, report)


def _named(signal: Signal) -> str:
    for module in (of_models, of_core, of_auth, of_backends):
        for name, value in vars(module).items():
            if value is signal:
                return name
    return "a signal"
