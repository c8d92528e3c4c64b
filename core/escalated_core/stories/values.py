"""The values in a story: whether they are of the right type, and references lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final, get_args

from escalated_core.hooks.catalogue import SLIP, catalogue_of
from escalated_core.records import Event, EventParameter, Profile
from escalated_core.stories.problems import Problems
from escalated_core.stories.references import COUNTER, ROWS, Use, kind_at, uses
from escalated_core.stories.yaml import Node

ROW_TYPES: Final = {
    "ticket": "ticket",
    "comment": "comment",
    "department": "department",
    "tag": "tag",
    **dict.fromkeys(("user", "agent", "customer", "admin"), "user"),
}
"""Types of parameters that are rows, and the kind of row that fits."""
_VALUES: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "number": ((int, float), "a number"),
    "list": ((list,), "a list"),
    "json": ((dict, type(None)), "an object"),
}


class Values:
    """Judges values by the steps before, and tells what is wrong with them."""

    def __init__(self, problems: Problems, profile: Profile | None) -> None:
        self.kinds: dict[str, str] = {}
        """What kind of row each id stands for; `json` for what a bare hook gave."""
        self.lines: dict[str, int] = {}
        """In which line each id is, also those of steps that are not read yet."""
        self._problems = problems
        self._profiles: tuple[Profile, ...] = (profile,) if profile else get_args(Profile)

    def check(self, event: Event, parameter: EventParameter, node: Node) -> None:
        what, value = f"{parameter.name!r} of {event.name}", node.value
        kinds = self.check_uses(node)
        if kinds is not None:  # nothing but a reference
            due = ROW_TYPES.get(parameter.type, "")
            if kinds not in ("", "json", due):
                self._problems.wrong(node, what, _one(parameter.type), f"That is a {kinds}.")
        elif parameter.type in ROW_TYPES:
            self._check_row(parameter, what, node)
        elif isinstance(value, str) and any(uses(value)):
            return
        elif parameter.choices:
            self._problems.choice(node, what, parameter.choices)
        else:
            types, wanted = _VALUES.get(parameter.type, ((str,), "text"))
            if not isinstance(value, types) or isinstance(value, bool):
                self._problems.wrong(node, what, wanted, parameter.description)

    def _check_row(self, parameter: EventParameter, what: str, node: Node) -> None:
        value = node.value
        if value is None and parameter.type == "user":
            return
        is_number = isinstance(value, int) and not isinstance(value, bool) and value > 0
        if not is_number and not (isinstance(value, str) and value.strip()):
            self._problems.wrong(node, what, f"{_one(parameter.type)}, by number or name")

    def check_uses(self, node: Node) -> str | None:
        """Tell which references of a value lead nowhere.

        The kind of row there, or empty, if the value is nothing but a reference.
        """
        whole = None
        for each in _texts(node):
            for use in uses(each.value):
                found = self._kind_of(each, use)
                if use.whole and each is node:
                    whole = found
        return whole

    def _kind_of(self, node: Node, use: Use) -> str:
        if not use.is_closed:
            cure = "Write ${step.field}, or $${ for the characters themselves."
            self._problems.tell(node, f"The reference {use.text!r} cannot be read.", cure)
            return ""
        if use.id == COUNTER:
            return ""
        if use.id not in self.kinds:
            if use.id in self.lines:
                message = (
                    f"The step {use.id!r}, in line {self.lines[use.id]}, has not happened yet."
                )
                self._problems.tell(node, message, "Refer to a step that comes before.")
            else:
                self._problems.unknown(node, "earlier step with the id", use.id, self.kinds)
            return ""
        kind = self.kinds[use.id]
        if not kind:
            cure = "Refer to a step whose event makes a row, or works on one."
            self._problems.tell(node, f"The step {use.id!r} leaves no row behind.", cure)
            return ""
        return self.follow(node, kind, use.path)

    def follow(self, node: Node, kind: str, path: tuple[str, ...]) -> str:
        """The kind of row at the end of a path; tells if there is no such field."""
        found = kind_at(kind, path)
        if isinstance(found, str):
            return found
        whose, part = found
        if whose:
            self._problems.unknown(node, f"field of a {whose} called", part, ROWS[whose])
        else:
            self._problems.tell(node, f"There is no {part!r} in a value.", "Leave it out.")
        return ""

    def check_hook(self, node: Node, hook: str) -> None:
        """Tell if a hook's name is but a slip of the pen away from a documented one."""
        catalogues = [catalogue_of(profile) for profile in self._profiles]
        if any(catalogue.get(hook) for catalogue in catalogues):
            return
        for near in (catalogue.nearest(hook) for catalogue in catalogues):
            if near and SequenceMatcher(None, hook.lower(), near.lower()).ratio() >= SLIP:
                cure = f"Did you mean {near!r}?"
                self._problems.tell(node, f"There is no hook {hook!r}.", cure)
                return


def _one(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def _texts(node: Node) -> Iterator[Node]:
    """Every text in a value."""
    if isinstance(node.value, str):
        yield node
    for item in node.items or ():
        yield from _texts(item)
    for entry in (node.entries or {}).values():
        yield from _texts(entry.value)
