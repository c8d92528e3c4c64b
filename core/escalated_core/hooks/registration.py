"""One callback on one hook: how it is called, whose it is, where it comes from."""

from __future__ import annotations

import functools
import inspect
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, cast

from escalated_core.errors import Skipped
from escalated_core.records import Callback, Kind, Location
from escalated_core.scope import Owner, current_owner

CORE_FOLDER = f"{Path(__file__).parents[1]}{os.sep}"
SIGNATURE_CAP = 200
"""Characters kept of a callback's signature."""


class Arity(NamedTuple):
    """How a callback can be called."""

    required: int
    """Positional arguments it needs, and keyword-only ones without a default."""
    limit: int | None
    """Positional arguments it takes at most; None for any number."""
    text: str
    """`(ticket, user=None)`."""


USUAL_ARGUMENTS = 16


class Registration:
    """A callback registered on a hook.

    `alive` turns False when it is removed. `blamed` is the line of the plugin to look at when
    something is wrong with it: where it is defined, or else where it was registered.
    """

    __slots__ = (
        "alive",
        "arity",
        "blamed",
        "callback",
        "defined_at",
        "file",
        "fits",
        "hook",
        "kind",
        "line",
        "name",
        "order",
        "owner",
        "priority",
    )
    note = ""
    """What somebody does in its place, or has be otherwise about it, if anything."""
    is_played = False
    """Whether something else is run in its place, which is not the plugin's doing."""

    def __init__(
        self,
        kind: Kind,
        hook: str,
        callback: Callable[..., Any],
        priority: float,
        owner: Owner | None,
    ) -> None:
        self.kind: Kind = kind
        self.hook = hook
        self.callback = callback
        self.priority = priority
        self.owner = owner
        self.alive = True
        self.name = callback_name(callback)
        # Read here, in the scope of whoever registers: `__signature__` may run a plugin's code.
        self.arity = arity(callback)
        self.fits = fitting(self.arity.required, self.arity.limit)
        """With how many positional arguments, and no others, it can be called as they are."""
        function = function_of(callback)
        self.defined_at = definition(function)
        place = calling_place()
        is_own = "__escalated_plugin__" in getattr(function, "__globals__", {})
        self.blamed = self.defined_at if is_own and self.defined_at else place
        self.file, self.line = place.file, place.line
        self.order: tuple[float, int, int] = (priority, 0, 0)

    @classmethod
    def of_host(cls, hook: str, callback: Callable[..., Any], name: str) -> Registration:
        """What a host itself does under the name of a hook: no line of a plugin is behind it."""
        made = cls("action", hook, callback, 10, None)
        made.name, made.blamed = name, Location("", 0)
        made.file, made.line, made.defined_at = "", 0, None
        return made

    def played_by(self, callback: Callable[..., Any], note: str) -> StandIn:
        """Another callback in the place of this one, with a note of what it does there."""
        return StandIn(self, callback, note)

    @property
    def slug(self) -> str | None:
        return self.owner.slug if self.owner else None

    @property
    def signature(self) -> str:
        """`on_ticket_created(ticket, user=None)`."""
        return self.name + self.arity.text

    def record(self) -> Callback:
        return Callback(
            hook=self.hook,
            kind=self.kind,
            plugin=self.slug,
            callback=self.name,
            priority=self.priority,
            file=self.file,
            line=self.line,
            defined_at=self.defined_at,
            muted=self.callback is left_out,
            note=self.note,
            generation=self.owner.generation if self.owner else 0,
            place=self.order[1:],
        )


class StandIn(Registration):
    """What somebody has run in the place of a registered callback; gone when that is.

    A callback that wraps the registered one is called as that one is.
    """

    __slots__ = ("is_played", "note", "stands_for")
    stands_for: Registration
    """Whose place it has."""

    def __init__(self, registration: Registration, callback: Callable[..., Any], note: str) -> None:
        for name in Registration.__slots__:
            if name != "alive":
                setattr(self, name, getattr(registration, name))
        wrapped = registration.callback
        self.is_played = registration.is_played
        if callback is not wrapped and getattr(callback, "__wrapped__", None) is not wrapped:
            self.is_played = True
            self.arity = arity(callback)
            self.fits = fitting(self.arity.required, self.arity.limit)
        self.callback, self.note = callback, note
        self.stands_for = registration

    @property
    def alive(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.stands_for.alive


def left_out(*_: object, **__: object) -> NoReturn:
    """In the place of a callback that somebody leaves out."""
    raise Skipped


def check(kind: Kind, hook: object, callback: object, priority: object) -> None:
    """Raise `TypeError` naming the place when a registration cannot be meant."""
    check_name(hook)
    if not callable(callback):
        raise TypeError(f"Callback for {kind} {hook!r} must be callable.")
    if not is_real(priority):
        raise TypeError(
            f"Priority of {callback_name(callback)} on {kind} {hook!r} must be a number, "
            f"not {priority!r} ({_who()})."
        )


def check_name(hook: object) -> None:
    """Raise `TypeError` naming the place for what cannot be the name of a hook."""
    if not isinstance(hook, str) or not hook:
        raise TypeError(f"A hook name must be a non-empty str, not {hook!r} ({_who()}).")


def is_real(priority: object) -> bool:
    """Whether it is a number that can be ordered: an int or float, but not bool, not NaN."""
    if isinstance(priority, bool) or not isinstance(priority, (int, float)):
        return False
    try:
        return not math.isnan(priority)
    except OverflowError:  # it is larger than any float
        return False


def arity(callback: Callable[..., Any]) -> Arity:
    """How a callback can be called; anything goes where Python cannot tell, as for some builtins.

    A wrapper is taken at its own signature. If that is open (`*args`), it is taken to pass on
    what it gets, so it takes no more than the function it wraps.
    """
    own = _signature(callback, follow_wrapped=False)
    if own is None:
        return Arity(0, None, "(...)")
    required, limit = _count(own)
    shown = own
    if limit is None:
        shown = _signature(callback, follow_wrapped=True) or own
        limit = _count(shown)[1]
    return Arity(required, limit, _text(shown))


@functools.cache
def fitting(required: int, limit: int | None) -> frozenset[int]:
    """The usual numbers of arguments that are neither too few nor too many."""
    return frozenset(range(required, (USUAL_ARGUMENTS if limit is None else limit) + 1))


def _signature(callback: Callable[..., Any], follow_wrapped: bool) -> inspect.Signature | None:
    try:
        return inspect.signature(callback, follow_wrapped=follow_wrapped)
    except Exception:  # noqa: BLE001 - a builtin has none, a plugin's `__signature__` may raise
        return None


def _text(signature: inspect.Signature) -> str:
    try:
        text = str(signature)
    except Exception:  # noqa: BLE001 - it shows default values by their own `__repr__`
        return "(...)"
    return text if len(text) <= SIGNATURE_CAP else "(...)"


def _count(signature: inspect.Signature) -> tuple[int, int | None]:
    parameters = signature.parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    by_keyword = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    required = sum(p.default is p.empty for p in (*positional, *by_keyword))
    is_open = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return required, None if is_open else len(positional)


def callback_name(callback: Any) -> str:
    """The qualified name of a callback, without running any code of its own."""
    plain = unwrap(callback)
    if inspect.isroutine(plain) or inspect.isclass(plain):
        return str(getattr(plain, "__qualname__", type(plain).__qualname__))
    return type(plain).__qualname__


def unwrap(callback: Any) -> Any:
    """The function behind partials and bound methods."""
    while isinstance(callback, functools.partial):
        callback = cast("functools.partial[Any]", callback).func
    return callback.__func__ if inspect.ismethod(callback) else callback


def function_of(callback: Any) -> object:
    """The function whose code runs when the callback is called, decorators looked through."""
    plain: object = unwrap(callback)
    if not inspect.isroutine(plain) and not inspect.isclass(plain):
        plain = inspect.getattr_static(type(plain), "__call__", None)
    try:
        return inspect.unwrap(cast("Callable[..., Any]", plain))
    except ValueError:  # it claims to wrap itself
        return plain


def definition(function: object) -> Location | None:
    """Where a function stands, if it is written in Python."""
    code = getattr(function, "__code__", None)
    return Location(code.co_filename, code.co_firstlineno) if inspect.iscode(code) else None


def calling_place() -> Location:
    """Where a plugin called the hook API: its innermost line, or else that of whoever called."""
    frame = inspect.currentframe()
    outside = None
    while frame is not None and "__escalated_plugin__" not in frame.f_globals:
        if outside is None and not frame.f_code.co_filename.startswith(CORE_FOLDER):
            outside = frame
        frame = frame.f_back
    frame = frame or outside
    return Location(frame.f_code.co_filename, frame.f_lineno) if frame else Location("", 0)


def _who() -> str:
    """`plugin billing, billing/plugin.py:12` for messages."""
    owner, place = current_owner(), calling_place()
    return f"plugin {owner.slug}, {place}" if owner else str(place)
