"""One callback on one hook: how it is called, whose it is, where it comes from."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from escalated_core.records import Callback, Kind, Location
from escalated_core.scope import Owner

_CORE = str(Path(__file__).parents[1])


class Registration:
    """A callback registered on a hook. `alive` turns False when it is removed."""

    __slots__ = (
        "alive",
        "callback",
        "file",
        "hook",
        "kind",
        "limit",
        "line",
        "name",
        "order",
        "owner",
        "priority",
        "required",
    )

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
        self.required, self.limit = arity(callback)
        place = calling_place()
        self.file, self.line = place.file, place.line
        self.order: tuple[float, int, int] = (priority, 0, 0)

    @property
    def slug(self) -> str | None:
        return self.owner.slug if self.owner else None

    def record(self) -> Callback:
        return Callback(
            hook=self.hook,
            kind=self.kind,
            plugin=self.slug,
            callback=self.name,
            priority=self.priority,
            file=self.file,
            line=self.line,
            defined_at=definition(self.callback),
        )


def check(kind: Kind, hook: object, callback: object, priority: object) -> None:
    """Raise `TypeError` naming the place when a registration cannot be meant (DESIGN 4.1)."""
    if not isinstance(hook, str) or not hook:
        raise TypeError(f"A hook name must be a non-empty str, not {hook!r} ({calling_place()}).")
    if not callable(callback):
        raise TypeError(f"Callback for {kind} {hook!r} must be callable.")
    is_number = isinstance(priority, (int, float)) and not isinstance(priority, bool)
    if not is_number or priority != priority:  # noqa: PLR0124 - only NaN differs from itself
        raise TypeError(
            f"Priority of {callback_name(callback)} on {kind} {hook!r} must be a number, "
            f"not {priority!r} ({calling_place()})."
        )


def arity(callback: Callable[..., Any]) -> tuple[int, int | None]:
    """How many positional arguments a callback needs, and takes at most (None: any number)."""
    try:
        parameters = inspect.signature(callback).parameters.values()
    except Exception:  # noqa: BLE001 - a builtin has none, a plugin's `__signature__` may raise
        return 0, None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    open_ended = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    required = sum(p.default is p.empty for p in positional)
    return required, None if open_ended else len(positional)


def signature_text(callback: Callable[..., Any]) -> str:
    """`name(ticket, user=None)` for messages."""
    try:
        return f"{callback_name(callback)}{inspect.signature(callback)}"
    except Exception:  # noqa: BLE001 - see `arity`
        return f"{callback_name(callback)}(...)"


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


def definition(callback: Any) -> Location | None:
    """Where the callback's code stands, if it is Python code."""
    plain: object = unwrap(callback)
    function = (
        inspect.unwrap(plain) if inspect.isfunction(plain) else vars(type(plain)).get("__call__")
    )
    code = getattr(function, "__code__", None)
    return Location(code.co_filename, code.co_firstlineno) if code is not None else None


def calling_place() -> Location:
    """The innermost line outside the core on the stack: where a plugin called the hook API."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_CORE):
        frame = frame.f_back
    return Location(frame.f_code.co_filename, frame.f_lineno) if frame else Location("", 0)
