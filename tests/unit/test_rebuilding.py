"""Values made anew of their snapshots, also after these have been in a session file."""

from __future__ import annotations

import enum
import json
import math
import pathlib
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalated_core.records import Firing
from escalated_core.replay.rebuilding import MissingError, rebuilt
from escalated_core.snapshots.pictures import ObjectSnapshot, same
from escalated_core.snapshots.plain import to_plain
from escalated_core.snapshots.reading import snapshot_from
from escalated_core.snapshots.redaction import masked_firing
from escalated_core.snapshots.snapshot import snapshot


class NoRows:
    """A help desk without rows."""

    def recall(
        self, row: ObjectSnapshot, fields: Mapping[str, Any], unknown: Collection[str]
    ) -> tuple[Any, str]:
        del fields, unknown
        raise LookupError(f"there is no {row.text}")

    def requery(self, query: ObjectSnapshot) -> Any:
        raise LookupError(f"there is no {query.text}")


def recorded(*values: Any, hook: str = "any", **named: Any) -> Firing:
    pictures = tuple(map(snapshot, values))
    return Firing(
        1, hook, "action", "test", None, 0, "main", pictures, snapshot(named), (), None, 0, 0
    )


def again(value: Any, *, stored: bool = False) -> Any:
    """The value made anew, of a snapshot that was in a file if told."""
    firing = recorded(value)
    if stored:
        kept = json.loads(json.dumps(to_plain(firing.args[0])))
        firing = replace(firing, args=(snapshot_from(kept),))
    return rebuilt(firing, NoRows()).args[0]


numbers = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.decimals(allow_nan=False)
)
moments = st.one_of(
    st.datetimes(timezones=st.none() | st.just(UTC)), st.dates(), st.times(), st.timedeltas()
)
leaves = st.one_of(
    st.none(), numbers, moments, st.text(max_size=30), st.binary(max_size=30), st.uuids()
)
keys = st.one_of(
    st.text(max_size=5), st.integers(), st.dates(), st.tuples(st.integers(), st.text())
)
values = st.recursive(
    leaves,
    lambda inside: st.one_of(
        st.lists(inside, max_size=4),
        st.lists(inside, max_size=4).map(tuple),
        st.dictionaries(keys, inside, max_size=4),
        st.sets(keys, max_size=4),
        st.frozensets(keys, max_size=4),
    ),
    max_leaves=20,
)


@given(values, st.booleans())
def test_builtins_come_back_as_they_were(value: Any, stored: bool) -> None:
    # Snapshots tell types, signs and the order of keys apart, and not one NaN from another.
    made = again(value, stored=stored)
    assert type(made) is type(value)
    assert same(snapshot(made), snapshot(value))


class Colour(enum.Enum):
    RED = "r"


class Level(enum.IntEnum):
    HIGH = 3


class Access(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass
class Order:
    number: int
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fixed:
    order: Order


class Name(str):
    __slots__ = ("origin",)
    origin: str


class Point(NamedTuple):
    x: int
    y: int


Pair = namedtuple("Pair", "one other")


class Loud(dict[str, int]):
    def __setitem__(self, key: str, value: int) -> None:
        raise AssertionError("no code of it runs")


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize(
    "value",
    [
        *(Colour.RED, Level.HIGH, Access.READ),
        *(Order(3, ["a", "b"]), Fixed(Order(1)), {"order": Order(1)}),
        *(Point(1, 2), Pair("a", Point(1, 2))),
        *(OrderedDict(b=1, a=2), Counter("abca"), deque([1, 2]), bytearray(b"x"), Loud(a=1)),
        defaultdict(list, {"a": [1]}),
        *(range(3), range(1, 9, 2), pathlib.PurePosixPath("/a/b"), pathlib.Path("/a"), dict, Order),
        SimpleNamespace(a=1, b=[2]),
        *(
            Decimal("1.10"),
            UUID(int=5),
            date(2024, 2, 29),
            time(1, 2, 3),
            timedelta(microseconds=1),
        ),
        datetime(2024, 10, 27, 2, 30, tzinfo=UTC, fold=1),
    ],
    ids=repr,
)
def test_relatives_and_objects_of_loaded_classes(value: Any, stored: bool) -> None:
    made = again(value, stored=stored)
    assert (type(made), made) == (type(value), value)


def test_what_an_object_keeps_besides() -> None:
    name = Name("Ada")
    name.origin = "London"
    made = again([name])[0]
    assert (type(made), made, made.origin) == (Name, "Ada", "London")
    assert again(defaultdict(list)).default_factory is list
    assert math.copysign(1, again([-0.0])[0]) == -1


class Foreign:
    def __init__(self) -> None:
        self.token = "x"


def cyclic() -> list[Any]:
    around: list[Any] = [1]
    around.append(around)
    return around


def local_class() -> Any:
    @dataclass
    class Local:
        x: int

    return Local(1)


class TestMissing:
    @pytest.mark.parametrize(
        ("value", "path", "why"),
        [
            (Foreign(), "[0]", f"an object of {__name__}.Foreign"),
            ({"a": [1, Foreign()]}, "[0].a[1]", f"an object of {__name__}.Foreign"),
            (cyclic(), "[0][1]", "it contains itself"),
            ({"text": "x" * 30_000}, "[0].text", "too large to be recorded"),
            (list(range(30_000)), "[0][20000]", "too large to be recorded"),
            ({"password": "hunter2"}, "[0].password", "a secret that was masked"),
            (
                local_class(),
                "[0]",
                f"its class {__name__}.local_class.<locals>.Local is not loaded",
            ),
            (lambda: None, "[0]", "an object of function"),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_says_where_and_why(self, value: Any, path: str, why: str) -> None:
        with pytest.raises(MissingError) as raised:
            rebuilt(masked_firing(recorded(value)), NoRows())
        ((lack,),) = (raised.value.lacks,)
        assert (lack.path, lack.why) == (path, why)

    def test_names_everything_by_the_names_of_the_arguments(self) -> None:
        firing = recorded(
            {"a": Foreign(), "b": 1}, Foreign(), Foreign(), hook="ticket_updated", by=Foreign()
        )
        with pytest.raises(MissingError) as raised:
            rebuilt(firing, NoRows())
        assert [lack.path for lack in raised.value.lacks] == ["ticket.a", "user", "changes", "by"]
        assert raised.value.message.startswith("ticket_updated (firing 1) cannot be fired again")
        assert raised.value.cure == "Give other values for them: ticket.a=... ."

    def test_what_is_given_anyway_is_not_missing(self) -> None:
        made = rebuilt(recorded({"a": Foreign(), "b": 1}), NoRows(), [(0, "a")])
        assert made.args == ({"a": None, "b": 1},)
        assert rebuilt(recorded(Foreign()), NoRows(), [(0,)]).args == (None,)

    def test_a_dataclass_that_has_another_field_by_now(self) -> None:
        picture = replace(snapshot(Order(1)), fields=snapshot({"lines": []}))
        with pytest.raises(MissingError) as raised:
            rebuilt(replace(recorded(), args=(picture,)), NoRows())
        assert "has a field number now" in raised.value.lacks[0].why
