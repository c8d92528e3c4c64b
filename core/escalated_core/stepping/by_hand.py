"""What somebody does in the place of a callback, as a step of the chain that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from escalated_core.errors import Skipped
from escalated_core.hooks.registration import Registration


def skipped(registration: Registration) -> Registration:
    """The callback left out."""

    def leave_out(*_: Any, **__: Any) -> None:
        raise Skipped

    return registration.played_by(leave_out, "skipped by hand")


def given(registration: Registration, value: Any) -> Registration:
    """The callback answering `value` without being run."""
    return registration.played_by(_answering(value), "answer given by hand")


def edited(hook: str, value: Any, name: str) -> Registration:
    """Another value for the callbacks that come next."""
    made = Registration.of_host(hook, _answering(value), name)
    made.kind = "filter"
    return made.played_by(made.callback, name)


def _answering(value: Any) -> Callable[..., Any]:
    return lambda *_, **__: value
