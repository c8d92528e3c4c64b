"""Code that somebody runs at a stop, and conditions: with names for what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

from escalated_core.errors import Abandoned, Unwind
from escalated_core.scope import Scope
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.snapshots.static import kind_of, type_name
from escalated_core.stepping.stops import Answer

GivenUp = Callable[[Scope], None]
"""Is told the scope whose code got stuck for good, on another thread."""


class OnlookerScope(Scope):
    """Code of somebody who looks on at a firing: nobody's, and no part of it.

    Args:
        given_up: called when it will never return; what it waits in has to be given up with it.
    """

    __slots__ = ("_when_given_up",)

    def __init__(self, doing: str, given_up: GivenUp) -> None:
        super().__init__(None, doing)
        self._when_given_up = given_up

    def given_up(self, innermost: Scope) -> None:
        self._when_given_up(innermost)

    def attempt(self, function: Callable[..., Any], *args: Any) -> tuple[Any, str]:
        """What a call gives, and type and message of what it raises; empty if nothing.

        Raises:
            Abandoned: it was given up.
        """

        def attempted() -> tuple[Any, str]:
            try:
                return function(*args), ""
            except BaseException as error:  # noqa: BLE001 - it is the author's own code
                # Here: its text may be the work of code that never comes to an end.
                return None, described(error)

        try:
            return self.run(attempted)
        except Abandoned:
            raise
        except Unwind as error:
            return None, described(error)


class Console:
    """Runs expressions and statements at one stop, one after another, with the same names.

    Each runs as long as it takes; whatever it raises is told.
    """

    def __init__(self, names: Mapping[str, Any], given_up: GivenUp) -> None:
        self.names = {"__name__": "console", **names}
        self._given_up = given_up

    def run(self, text: str) -> Answer:
        """What comes of an expression or a statement."""
        scope = OnlookerScope("the console", self._given_up)
        value, error = scope.attempt(self._execute, text)
        said = scope.said.output if scope.said is not None else ""
        return Answer(snapshot(value), said, error)

    def value_of(self, text: str) -> tuple[Any, str]:
        """The live value of an expression, or what it raised."""
        return OnlookerScope("the console", self._given_up).attempt(self._evaluate, text)

    def _execute(self, text: str) -> Any:
        try:
            code = compile(text.strip(), "<console>", "eval")
        except SyntaxError:
            exec(compile(text, "<console>", "exec"), self.names)
            return None
        return self._evaluate(code)

    def _evaluate(self, code: str | CodeType) -> Any:
        if isinstance(code, str):
            code = compile(code.strip(), "<console>", "eval")
        return eval(code, self.names)


def described(error: BaseException) -> str:
    """Type and message of an error; its text may be a plugin's, and fail."""
    kind: type[Any] = kind_of(error)
    name = kind.__name__ if issubclass(kind, Unwind) else type_name(kind)
    try:
        text = str(error)
    except Unwind:
        raise
    except BaseException:  # noqa: BLE001 - whatever a plugin's `__str__` raises
        return name
    return f"{name}: {text}" if text else name
