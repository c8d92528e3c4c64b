"""What is wrong with a story, collected while it is read, so that all of it is said at once."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, TypeVar

from escalated_core.stories.story import Problem
from escalated_core.stories.yaml import Entry, Node

T = TypeVar("T")

_KINDS: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "nothing",
}


class Problems:
    """The problems of one file. Methods that read a node tell what is wrong with it instead."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[Problem] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def tell(self, node: Node, message: str, cure: str = "") -> None:
        self._found.append(Problem(message, cure, node.line, node.column, self.file))

    def all(self) -> tuple[Problem, ...]:
        """In the order of the file."""
        found = {(each.line, each.column, each.message): each for each in self._found}
        return tuple(found[key] for key in sorted(found))

    def unknown(self, node: Node, what: str, name: str, known: Iterable[str]) -> None:
        """A name that nothing has, with what was probably meant."""
        names = list(known)
        near = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
        listed = f"There are: {', '.join(names)}." if names else "There is none."
        cure = f"Did you mean {near[0]!r}?" if near else listed
        self.tell(node, f"There is no {what} {name!r}.", cure)

    def mapping(self, node: Node, what: str) -> dict[str, Entry]:
        """The entries of an object; none if it is something else."""
        if node.entries is None:
            self.wrong(node, what, "an object")
        return node.entries or {}

    def items(self, node: Node, what: str) -> list[Node]:
        if node.items is None:
            self.wrong(node, what, "a list")
        return node.items or []

    def text(self, node: Node, what: str) -> str:
        if isinstance(node.value, str):
            return node.value
        self.wrong(node, what, "text", "Put it in quotes." if node.value is not None else "")
        return ""

    def whole(self, node: Node, what: str, low: int, high: int) -> int:
        """A whole number between two others; the lower one if it is none."""
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.wrong(node, what, f"a whole number from {low} to {high:,}")
        return low

    def flag(self, node: Node, what: str) -> bool:
        if isinstance(node.value, bool):
            return node.value
        self.wrong(node, what, "true or false")
        return False

    def choice(self, node: Node, what: str, choices: tuple[T, ...]) -> T | None:
        """One of the choices; None if it is none of them."""
        if node.value in choices and not isinstance(node.value, (bool, list, dict)):
            return node.value
        self.wrong(node, what, f"one of {', '.join(map(str, choices))}")
        return None

    def wrong(self, node: Node, what: str, wanted: str, cure: str = "") -> None:
        """A value of the wrong kind."""
        self.tell(node, f"{what} must be {wanted}, not {shown(node.value)}.", cure)


def shown(value: Any) -> str:
    """A value as problems name it."""
    if isinstance(value, (dict, list)):
        return _KINDS[dict if isinstance(value, dict) else list]
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
