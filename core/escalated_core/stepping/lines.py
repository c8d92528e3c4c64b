"""Stepping through the lines of a callback."""

from __future__ import annotations

import bdb
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from escalated_core.hooks.registration import Registration
from escalated_core.scope import RUNNING
from escalated_core.stepping.commands import Command, Continue, Finish, Into, Out
from escalated_core.trace.recording import OpenFiring

LineHold = Callable[[FrameType], Command]
"""Waits at a line until somebody says how to go on."""


class _Lines(bdb.Bdb):
    """Stops at the lines of plugins that run for one firing, whoever calls them.

    Library code runs through, and so do the callbacks of firings that it causes.
    """

    def __init__(self, firing: OpenFiring, hold: LineHold) -> None:
        super().__init__()
        self._firing = firing
        self._hold = hold

    def stop_here(self, frame: FrameType) -> bool:
        return self._is_own(frame) and bool(super().stop_here(frame))

    def user_line(self, frame: FrameType) -> None:
        match self._hold(frame):
            case Continue() | Finish():
                self.set_continue()
            case Into():
                self.set_step()
            case Out():
                self._leave(frame)
            case _:
                self.set_next(frame)

    def _leave(self, frame: FrameType) -> None:
        outer = frame.f_back
        while outer is not None and outer is not self.botframe:
            if self._is_own(outer):
                self.set_next(outer)
                return
            outer = outer.f_back
        self.set_continue()

    def _is_own(self, frame: FrameType) -> bool:
        if "__escalated_plugin__" not in frame.f_globals:
            return False
        running = RUNNING.get(threading.get_ident())
        return running is not None and running.firing is self._firing


def bind(frame: FrameType, before: Mapping[str, Any], names: Mapping[str, Any]) -> None:
    """Have a function see those of its variables that were bound anew, by names before and now.

    The last that its trace function does: before Python 3.13, what is written into `f_locals` is
    taken over as that returns, and lost with the next look at it.
    """
    code, nothing = frame.f_code, object()
    own = (*code.co_varnames, *code.co_cellvars, *code.co_freevars)
    known = [name for name in own if name in names]
    bound = {name: names[name] for name in known if names[name] is not before.get(name, nothing)}
    if bound:
        frame.f_locals.update(bound)


def by_line(registration: Registration, firing: OpenFiring, hold: LineHold) -> Registration:
    """A callback as one that stops at each line, until it is told to run on."""
    callback = registration.callback

    def stepped(*args: Any, **kwargs: Any) -> Any:
        lines, before = _Lines(firing, hold), sys.gettrace()
        lines.reset()
        sys.settrace(lines.trace_dispatch)
        try:
            return callback(*args, **kwargs)
        finally:
            sys.settrace(before)
            # What goes on by itself, such as a generator, is still traced.
            lines.quitting = True

    # All that it has to be known by: attributes of a callable may be a plugin's code.
    stepped.__dict__["__wrapped__"] = callback
    return registration.played_by(stepped, registration.note)
