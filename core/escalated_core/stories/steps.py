"""The steps of a story: what each says, checked against what there is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, get_args

from escalated_core.helpdesk.events.catalogue import events, row_kind
from escalated_core.records import Event, Kind, Profile
from escalated_core.stories import moments
from escalated_core.stories.expected import expectations
from escalated_core.stories.problems import Problems
from escalated_core.stories.references import is_name
from escalated_core.stories.story import At, Expected, StoryStep
from escalated_core.stories.values import Values
from escalated_core.stories.yaml import Entry, Node

__all__ = ["ACTORS", "KEYS", "StepReader", "expectations"]

KEYS: Final = (
    "event",
    "with",
    "fire",
    "args",
    "kwargs",
    "kind",
    "as",
    "id",
    "at",
    "repeat",
    "dry",
    "expect",
)
ACTORS: Final = ("user", "author", "requester")
"""The parameters that say who does it; the first that an event has."""
NOBODY: Final = ("nobody", "guest")
MAX_REPEAT: Final = 1_000

_ROLE: Final = re.compile(r"(agent|customer|admin|user)\s*(\d+)?", re.ASCII)


class StepReader:
    """Reads one step after another, and knows the ids of those before."""

    def __init__(self, problems: Problems, profile: Profile | None) -> None:
        self.problems = problems
        self.values = Values(problems, profile)

    def step(self, node: Node) -> StoryStep:
        """One step; as much of it as can be read, if there are problems."""
        if isinstance(node.value, str):
            node = Node({node.value: Entry(node, Node({}))}, node.line, node.column)
        keys = self.problems.mapping(node, "A step")
        event, given = self._event(node, keys)
        fire = self._text(keys, "fire")
        if fire and "{slug}" in fire:
            self.problems.tell(keys["fire"].value, f"{fire!r} stands for one hook of each plugin.")
        if event is not None and "as" in keys:
            self._act(event, keys["as"], given)
        name = self._id(keys)
        story_step = StoryStep(
            event=event.name if event else "",
            given={key: entry.value.plain() for key, entry in given.items()},
            fire=fire,
            args=tuple(self._args(keys)),
            kwargs=self._kwargs(keys),
            kind=self._kind(keys),
            id=name,
            at=self._at(keys),
            repeat=self._repeat(keys),
            dry=self.problems.flag(keys["dry"].value, "'dry'") if "dry" in keys else False,
            expected=self._expected(keys, event, fire),
            line=node.line,
            column=node.column,
        )
        if name:
            self.values.kinds[name] = (row_kind(event.name) or "") if event else "json"
        return story_step

    # --- what happens

    def _event(self, node: Node, keys: dict[str, Entry]) -> tuple[Event | None, dict[str, Entry]]:
        """The event of a step, and what is said about it."""
        named = [key for key in keys if key not in KEYS]
        doing = [*named, *(key for key in ("event", "fire") if key in keys)]
        if len(doing) != 1 and node.entries is not None:
            self._tell_doing(node, keys, doing)
        if len(doing) != 1:
            return None, {}
        if doing == ["fire"]:
            self._tell_strays(keys, ("with", "as", "dry"), "a bare hook")
            return None, {}
        self._tell_strays(keys, ("args", "kwargs", "kind"), "an event")
        if named:
            self._tell_strays(keys, ("with",), f"the short form, {named[0]}: {{...}}")
        where = keys["event"].value if not named else keys[named[0]].key
        name = self.problems.text(where, "'event'")
        if name not in events():
            kind = "event" if "." in name or not named else "event or key of a step called"
            self.problems.unknown(where, kind, name, [*events(), *(KEYS if named else ())])
            return None, {}
        said = keys[named[0]].value if named else keys["with"].value if "with" in keys else None
        return events()[name], self._given(events()[name], said)

    def _tell_doing(self, node: Node, keys: dict[str, Entry], doing: list[str]) -> None:
        unknown = [key for key in doing if key not in events() and key not in ("event", "fire")]
        for key in unknown:
            known = [*events(), *KEYS] if len(doing) > 1 else events()
            self.problems.unknown(keys[key].key, "event or key of a step called", key, known)
        if not doing:
            cure = "Name an event such as `ticket.create: {}`, or `fire: a_hook`."
            self.problems.tell(node, "In this step nothing happens.", cure)
        elif not unknown:
            self.problems.tell(node, f"One step cannot be {' and '.join(doing)}.", "Have two.")

    def _tell_strays(self, keys: dict[str, Entry], strays: Iterable[str], what: str) -> None:
        for key in strays:
            if key in keys:
                self.problems.tell(keys[key].key, f"{key!r} does not go with {what}.")

    def _given(self, event: Event, said: Node | None) -> dict[str, Entry]:
        if said is None or said.value is None:
            return {}
        entries = self.problems.mapping(said, f"What is said about {event.name}")
        known = {parameter.name: parameter for parameter in event.parameters}
        for name, entry in entries.items():
            if name in known:
                self.values.check(event, known[name], entry.value)
            else:
                self.problems.unknown(entry.key, f"parameter of {event.name} called", name, known)
        return {name: entry for name, entry in entries.items() if name in known}

    def _act(self, event: Event, entry: Entry, given: dict[str, Entry]) -> None:
        """Say of an event who does it."""
        names = {parameter.name for parameter in event.parameters}
        actor = next((each for each in ACTORS if each in names), None)
        if actor is None:
            self.problems.tell(entry.key, f"Nobody does {event.name}: 'as' means nothing here.")
            return
        if actor in given:
            self.problems.tell(entry.key, f"'as' says who {actor!r} is, which is said already.")
            return
        value = entry.value.value
        if value is None or (isinstance(value, str) and value.lower() in NOBODY):
            value = None
        else:
            value = self.problems.text(entry.value, "'as'")
            role = _ROLE.fullmatch(value.strip())
            value = f"{role[1]} {role[2] or 1}" if role else value
        node = Node(value, entry.value.line, entry.value.column)
        parameter = next(each for each in event.parameters if each.name == actor)
        self.values.check(event, parameter, node)
        given[actor] = Entry(entry.key, node)

    # --- the rest

    def _text(self, keys: dict[str, Entry], key: str) -> str:
        return self.problems.text(keys[key].value, f"{key!r}") if key in keys else ""

    def _id(self, keys: dict[str, Entry]) -> str:
        name = self._text(keys, "id")
        if not name:
            return ""
        if not is_name(name):
            cure = "Use letters, digits, _ and -; n is the number of the repetition."
            self.problems.tell(keys["id"].value, f"{name!r} cannot be an id.", cure)
        elif name in self.values.kinds:
            self.problems.tell(keys["id"].value, f"The id {name!r} is taken.", "Choose another.")
        return name

    def _at(self, keys: dict[str, Entry]) -> At:
        if "at" not in keys:
            return At()
        node = keys["at"].value
        found = moments.at(node.value) if isinstance(node.value, str) else None
        if found is None:
            wanted = "such as +30m, +1d 2h, 12:30 or 2026-01-05 12:30"
            self.problems.wrong(node, "'at'", wanted)
        return found or At()

    def _repeat(self, keys: dict[str, Entry]) -> int:
        if "repeat" not in keys:
            return 1
        return self.problems.whole(keys["repeat"].value, "'repeat'", 1, MAX_REPEAT)

    def _args(self, keys: dict[str, Entry]) -> Iterator[Any]:
        if "args" in keys:
            self.values.check_uses(keys["args"].value)
            for node in self.problems.items(keys["args"].value, "'args'"):
                yield node.plain()

    def _kwargs(self, keys: dict[str, Entry]) -> dict[str, Any]:
        if "kwargs" not in keys:
            return {}
        node = keys["kwargs"].value
        self.values.check_uses(node)
        entries = self.problems.mapping(node, "'kwargs'")
        return {name: entry.value.plain() for name, entry in entries.items()}

    def _kind(self, keys: dict[str, Entry]) -> Kind | None:
        if "kind" not in keys:
            return None
        kinds: tuple[Kind, ...] = get_args(Kind)
        return self.problems.choice(keys["kind"].value, "'kind'", kinds)

    def _expected(
        self, keys: dict[str, Entry], event: Event | None, fire: str
    ) -> tuple[Expected, ...]:
        if "expect" not in keys:
            return ()
        kind = (row_kind(event.name) or "") if event else ""
        return expectations(self.problems, keys["expect"].value, self.values, kind, bare=fire)
