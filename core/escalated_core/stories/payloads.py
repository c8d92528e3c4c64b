"""Sequences of events with ordinary and odd payloads, as strategies of hypothesis.

What comes first in a list is what a failing example is made smaller to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from escalated_core.helpdesk.events.catalogue import events
from escalated_core.records import EventParameter, Profile
from escalated_core.stories.references import escaped
from escalated_core.stories.story import At, StoryStep

LONGEST: Final = 10
"""Events of one sequence."""
WEIGHT: Final = 6
"""How much likelier an event is that the plugin hears of."""

SHORT: Final = 100
"""Characters of a text that need not be fewer."""
_LONG: Final = "a million letters"
"""In place of them: hypothesis writes down what it tries."""
TEXTS: Final[Sequence[Any]] = (
    "",
    "a",
    " ",
    "Printer on fire",
    "😀",
    "שלום עולם",
    "a\u202eb",
    "<b>x</b>",
    "[/URGENT] x",
    "{0} %s ${x}",
    "'; --",
    "a\nb",
    "\x00\x07\x1b[31m",
    "é" * 300,
    "x" * 1_000,
    _LONG,
)
_OBJECTS: Final[Sequence[Any]] = (
    {},
    None,
    {"a": None},
    {"a": ""},
    {"a": []},
    {"a": 10**30},
    {"a": -1.5e308},
    {"😀": "שלום"},
    {"a": {"b": {"c": [1, "x", None]}}},
    {"a": _LONG},
)
_LISTS: Final[Sequence[Any]] = ([], ["billing"], ["no-such-tag"], [""], ["😀"], ["billing"] * 50)
_NUMBERS: Final[Sequence[Any]] = (0, 1, 30, 0.5, -1, 1_000_000)
_AFTER: Final = (*("",) * 12, "+1m", "+1h", "+1d")
NEWEST: Final = "the newest"
"""In place of a ticket: the one that was made last."""
_ROWS: Final[dict[str, Sequence[Any]]] = {
    "ticket": (NEWEST, 1, 2, 3),
    "comment": (1, 2, 3),
    "department": (1, 2),
    "tag": (1, 2, 3),
    "agent": (1, 2, 3, 4),
    "customer": (1, 2, 3),
    "admin": (1,),
    "user": (None, "customer 1", "agent 1", "admin 1"),
}


def heard_events(hooks: Iterable[str], profile: Profile) -> tuple[str, ...]:
    """The events that fire some of these hooks, in the order of the documentation."""
    wanted = set(hooks)
    return tuple(
        name
        for name, event in events().items()
        if wanted & {hook.rstrip("?") for hook in event.hooks[profile]}
    )


def sequences(heard: Sequence[str]) -> st.SearchStrategy[tuple[StoryStep, ...]]:
    """Sequences of events, to be `spelt_out`; those that are heard come more often than others."""
    names = [*list(heard) * WEIGHT, *(name for name in events() if name not in heard)]
    step = st.sampled_from(names).flatmap(_steps)
    return st.lists(step, min_size=1, max_size=LONGEST).map(tuple)


@cache
def _steps(name: str) -> st.SearchStrategy[StoryStep]:
    event = events()[name]
    optional = {each.name: st.sampled_from(_choices(each)) for each in event.parameters}
    nothing: st.SearchStrategy[dict[str, Any]] = st.just({})
    # What is left out is chosen to go together: most failures need no more than that.
    given = nothing | st.fixed_dictionaries({}, optional=optional)
    after = st.sampled_from(_AFTER).map(_at)
    return st.builds(StoryStep, event=st.just(event.name), given=given, at=after)


def _at(after: str) -> At:
    minutes = {"": 0, "+1m": 1, "+1h": 60, "+1d": 1_440}[after]
    return At(timedelta(minutes=minutes), text=after) if after else At()


def _choices(parameter: EventParameter) -> Sequence[Any]:
    if parameter.type in _ROWS:
        return _ROWS[parameter.type]
    if parameter.choices:
        return parameter.choices
    return {"json": _OBJECTS, "list": _LISTS, "number": _NUMBERS}.get(parameter.type, TEXTS)


def spelt_out(steps: Sequence[StoryStep]) -> tuple[StoryStep, ...]:
    """The steps of a story: with references to the tickets that they make."""
    made, joined = "", list[StoryStep]()
    for number, step in enumerate(steps, 1):
        given = {
            name: escaped(_whole(value)) for name, value in step.given.items() if value != NEWEST
        }
        if made and step.given.get("ticket") == NEWEST:
            given["ticket"] = f"${{{made}}}"
        made = f"t{number}" if step.event == "ticket.create" else made
        name = made if step.event == "ticket.create" else ""
        joined.append(StoryStep(event=step.event, given=given, at=step.at, id=name))
    used = {value for step in joined for value in step.given.values() if _is_reference(value)}
    return tuple(
        step if not step.id or f"${{{step.id}}}" in used else _without_id(step) for step in joined
    )


Lengthy = tuple[int, str, str, Callable[[str], Any]]


def lengthy(steps: Iterable[StoryStep]) -> Iterator[Lengthy]:
    """Each long text: its step, from 0, its parameter, it, and what puts another in its place."""
    for place, step in enumerate(steps):
        for name, value in step.given.items():
            inner, whole = value == {"a": _LONG}, _whole(value)
            text = whole["a"] if inner else whole
            if isinstance(text, str) and len(text) > SHORT:
                yield place, name, text, (_inside if inner else str)


def _inside(text: str) -> Any:
    return {"a": text}


def _whole(value: Any) -> Any:
    if value == _LONG:
        return "x" * 1_000_000
    return {"a": _whole(value["a"])} if value == {"a": _LONG} else value


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("${")


def _without_id(step: StoryStep) -> StoryStep:
    return StoryStep(event=step.event, given=step.given, at=step.at)
