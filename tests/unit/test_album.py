"""Albums: what a look shows is what a picture taken at once shows, whatever happened before."""

from __future__ import annotations

import copy
import sys
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalated_core.snapshots import watch
from escalated_core.snapshots.snapshot import Album, same, snapshot

steady = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Box:
    """An object that keeps what it has in its `__dict__`."""

    def __init__(self, inner: Any) -> None:
        self.first = inner
        self.second: Any = None


class Crate(Box):
    """Another class of the same make."""


class Slots:
    """An object that keeps what it has elsewhere: nothing but a look tells what."""

    __slots__ = ("inner",)

    def __init__(self, inner: Any) -> None:
        self.inner = inner


@pytest.fixture(params=["numbers of dicts", "identities only", "no addresses"], autouse=True)
def interpreter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What other interpreters tell less of."""
    if request.param != "numbers of dicts":
        monkeypatch.setattr(watch, "IS_NUMBERED", False)
    if request.param == "no addresses":
        monkeypatch.setattr(watch, "identities", lambda values: tuple(map(id, values)))
    return request.param


def test_this_interpreter_is_read_as_far_as_it_can_be():
    """CPython 3.13 has no numbers any more."""
    assert watch._numbers_changes() is (sys.version_info < (3, 13))
    assert watch._keeps_addresses()


LEAVES = st.sampled_from(
    [None, True, 1, 1.0, 0, False, 0.0, -0.0, float("nan"), "a", "b", "x" * 30_000, b"", 2**3000]
)
KEYS = st.sampled_from(["a", "b", "c", 1, True, None, (1, 2)])


KINDS = ["leaf", "part", "list", "dict", "tuple", "set", "object", "slots", "deque"]


def fresh(data: st.DataObject, parts: list[Any]) -> Any:
    """A leaf, a part that there is already, or a new part that holds some."""
    kind = data.draw(st.sampled_from(KINDS))
    some = [data.draw(LEAVES)] + ([data.draw(st.sampled_from(parts))] if parts else [])
    made: Any
    match kind:
        case "leaf":
            return data.draw(LEAVES)
        case "part" if parts:
            return data.draw(st.sampled_from(parts))
        case "dict":
            made = {data.draw(KEYS): each for each in some}
        case "tuple":
            made = tuple(some)
        case "set":
            made = {data.draw(LEAVES)}
        case "object":
            made = data.draw(st.sampled_from([Box, Crate]))(some[-1])
        case "slots":
            made = Slots(some[-1])
        case "deque":
            made = deque(some)
        case _:
            made = [*some]
    parts.append(made)
    return made


def change(data: st.DataObject, parts: list[Any]) -> None:
    """Change one part in place, in a way that its length or its values may not show."""
    target = data.draw(st.sampled_from(parts))
    if isinstance(target, Box) and data.draw(st.booleans()):
        target.__dict__ = dict(vars(target))
        target.__class__ = data.draw(st.sampled_from([Box, Crate]))
    elif isinstance(target, Box):
        change_dict(data, vars(target), parts, st.sampled_from(["first", "second", "third"]))
    elif isinstance(target, dict):
        change_dict(data, target, parts, KEYS)
    elif isinstance(target, list):
        change_list(data, target, parts)
    elif isinstance(target, Slots):
        target.inner = fresh(data, parts)
    elif isinstance(target, deque):
        target.append(fresh(data, parts))
    elif isinstance(target, set):
        target.symmetric_difference_update({data.draw(LEAVES)})


def change_dict(
    data: st.DataObject, target: dict[Any, Any], parts: list[Any], keys: st.SearchStrategy[Any]
) -> None:
    names = [*target]
    deed = data.draw(st.sampled_from(["put", "drop", "turn", "swap", "again"]))
    if deed == "put" or not names:
        target[data.draw(keys)] = fresh(data, parts)
    elif deed == "drop":
        del target[data.draw(st.sampled_from(names))]
    elif deed == "turn":
        target[names[0]] = target.pop(names[0])
    elif deed == "swap":
        target[names[0]], target[names[-1]] = target[names[-1]], target[names[0]]
    else:
        target.update({name: target[name] for name in names})


def change_list(data: st.DataObject, target: list[Any], parts: list[Any]) -> None:
    deed = data.draw(st.sampled_from(["put", "drop", "turn", "again"]))
    if deed == "put" or not target:
        target.append(fresh(data, parts))
    elif deed == "drop":
        target.pop(0)
    elif deed == "turn":
        target.reverse()
    else:
        target[:] = [*target]


def values(data: st.DataObject) -> Iterator[Any]:
    """One value after another: the same one as it is or changed, a copy, or another."""
    parts: list[Any] = [{"a": [], "b": {"c": 1}}]
    value: Any = parts[0]
    for _ in range(data.draw(st.integers(2, 12))):
        match data.draw(st.sampled_from(["stay", "change", "change", "change", "copy", "other"])):
            case "change":
                for _ in range(data.draw(st.integers(1, 3))):
                    change(data, parts)
            case "copy":
                value = copy.deepcopy(value) if data.draw(st.booleans()) else copy.copy(value)
            case "other":
                value = fresh(data, parts)
            case _:
                pass
        yield value


@given(st.data())
@steady
def test_a_look_shows_what_a_picture_shows(data: st.DataObject):
    album: Album | None = None
    for value in values(data):
        before = album.picture if album is not None else None
        shown = album.look(value) if album is not None else (album := Album(value)).picture
        at_once = snapshot(value)
        assert same(shown, at_once)
        if before is not None:
            assert (shown is before) is same(before, at_once)


@given(st.data())
@steady
def test_pictures_stay_what_they_were(data: st.DataObject):
    album = Album(None)
    kept = [(album.look(value), snapshot(value)) for value in values(data)]
    assert all(same(shown, at_once) for shown, at_once in kept)


def _store(target: Any, value: Any) -> None:
    target.first = value


def _delete(target: Any, _: Any) -> None:
    del target.first
    target.first = target.second


def _put(target: Any, value: Any) -> None:
    vars(target)["first"] = value


def _merge(target: Any, value: Any) -> None:
    held = vars(target)
    held |= {"first": value}


STORES: list[Callable[[Any, Any], object]] = [
    _store,
    _delete,
    _put,
    _merge,
    lambda target, value: setattr(target, "first", value),
    lambda target, value: object.__setattr__(target, "first", value),
    lambda target, value: target.__init__(value),
    lambda target, value: vars(target).update(first=value),
    lambda target, value: setattr(target, "__dict__", {"first": value, "second": None}),
]


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("is_seen", [True, False])
def test_every_way_to_store_shows_however_often_it_runs(
    store: Callable[[Any, Any], object], is_seen: bool
):
    """The interpreter has ways of its own for code that runs often."""
    for number in range(200):
        box = Box(number)
        box.second = number + 2
        if is_seen:
            vars(box)
        held = [box]
        album = Album(held)
        for value in (f"{number}", number + 1):
            store(box, value)
            assert same(album.look(held), snapshot(held))
            box.second = None
            assert same(album.look(held), snapshot([box]))


CHANGES: list[Callable[[dict[str, Any]], object]] = [
    lambda value: value["list"].append(value["list"].pop()),
    lambda value: value["dict"].__setitem__("a", value["dict"]["a"]),
]


@pytest.mark.parametrize("do", CHANGES)
def test_what_is_put_back_is_no_change(do: Callable[[dict[str, Any]], object]):
    value = {"list": [1, []], "dict": {"a": {}}}
    album = Album(value)
    before = album.picture
    do(value)
    assert album.look(value) is before
    assert album.look(value) is before


def test_an_item_that_moves_to_its_neighbour_shows():
    value: list[list[Any]] = [[1, 2], [3]]
    album = Album(value)
    value[1].insert(0, value[0].pop())
    assert album.look(value) == [[1], [2, 3]]


def test_what_did_not_change_is_shared_with_the_picture_before():
    value: dict[str, Any] = {"list": [1], "box": Box([1]), "dict": {"a": 1}, "other": [2]}
    first = (album := Album(value)).picture
    value["other"].append(3)
    second = album.look(value)
    assert album.nodes == len(value) + len(value["other"])
    value["dict"]["b"] = 2
    third = album.look(value)
    value["box"].first.append(2)
    fourth = album.look(value)
    assert second["dict"] is first["dict"]
    assert second["box"] is third["box"] is first["box"]
    assert third["other"] is fourth["other"] is second["other"]
    assert fourth["dict"] is third["dict"]
    assert fourth["list"] is first["list"]


def test_what_a_value_held_once_is_not_kept_for_ever():
    numbers = count()
    value: dict[str, Any] = {"inner": [next(numbers)]}
    album = Album(value)
    for _ in range(500):
        value = {"inner": [next(numbers)]}
        album.look(value)
    assert album._memory.watch.count < 50
