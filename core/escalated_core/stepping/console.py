"""Code that somebody runs at a stop, and conditions: with names for what is there."""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType
from typing import Any

from escalated_core.errors import Abandoned
from escalated_core.scope import Scope
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.snapshots.static import kind_of, type_name
from escalated_core.stepping.stops import Answer


class Console:
    """Runs expressions and statements at one stop, one after another, with the same names."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = dict(names)

    def run(self, text: str) -> Answer:
        """What comes of it; whatever it raises is told in the answer. Runs as long as it takes."""
        scope = Scope(None, "the console")
        try:
            value = scope.run(self._execute, text)
        except Abandoned:
            raise
        except BaseException as error:  # noqa: BLE001 - it is the author's own code
            return Answer(None, _said(scope), described(error))
        return Answer(snapshot(value), _said(scope))

    def value_of(self, text: str) -> Any:
        """The live value of an expression; raises whatever that raises."""
        code = compile(text.strip(), "<console>", "eval")
        return Scope(None, "the console").run(self._evaluate, code)

    def _execute(self, text: str) -> Any:
        try:
            code = compile(text.strip(), "<console>", "eval")
        except SyntaxError:
            exec(compile(text, "<console>", "exec"), self.names)
            return None
        return self._evaluate(code)

    def _evaluate(self, code: CodeType) -> Any:
        return eval(code, self.names)


def described(error: BaseException) -> str:
    """Type and message of an error; its text may be a plugin's, and fail."""
    try:
        return f"{type_name(kind_of(error))}: {error}"
    except Exception:  # noqa: BLE001 - whatever a plugin's `__str__` raises
        return type_name(kind_of(error))


def _said(scope: Scope) -> str:
    return scope.said.output if scope.said is not None else ""
