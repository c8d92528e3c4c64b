"""Records and snapshots written as JSON and read again are what they were."""

from __future__ import annotations

import enum
import json
from collections import OrderedDict, deque, namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from escalated_core.records import (
    Call,
    Change,
    ErrorRecord,
    Finding,
    Firing,
    Frame,
    Location,
    LogLine,
    Plugin,
    Reload,
    Step,
)
from escalated_core.snapshots.pictures import same
from escalated_core.snapshots.plain import to_plain
from escalated_core.snapshots.reading import from_plain, snapshot_from
from escalated_core.snapshots.snapshot import snapshot


class Word(str):
    __slots__ = ("tone",)


class Priority(enum.IntEnum):
    LOW = 1


class Colour(enum.Enum):
    RED = ("r", None)
    NONE = None


class Options(dict[Any, Any]):
    pass


@dataclass
class Ticket:
    id: Any
    subject: Any


class Loose:
    def __init__(self, value: Any) -> None:
        self.value = value


Point = namedtuple("Point", "x y")


def there_and_back(picture: Any) -> Any:
    text = json.dumps(to_plain(picture), allow_nan=False)
    return snapshot_from(json.loads(text))


names = st.text("abcXYZ$._ é😀", max_size=8)
zones = st.one_of(
    st.none(),
    st.just(UTC),
    st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]).map(ZoneInfo),
    st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23))),
    st.builds(timezone, st.just(timedelta(0)), st.just("UTC")),
    st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)), names),
)
hashable = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(52, 2100).map((2).__pow__),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=20),
    names,
    st.binary(max_size=20),
    st.datetimes(timezones=zones),
    st.builds(lambda moment, fold: moment.replace(fold=fold), st.datetimes(), st.just(1)),
    st.times(timezones=zones),
    st.dates(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.sampled_from([*Colour, *Priority, range(3), Loose]),
    st.integers(19_999, 20_002).map("x".__mul__),
    names.map(Word),
)
values = st.recursive(
    st.one_of(hashable, st.sets(hashable, max_size=4), st.frozensets(hashable, max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(deque),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(names, inner, max_size=4),
        st.dictionaries(hashable, inner, max_size=4),
        st.dictionaries(names, inner, max_size=4).map(OrderedDict),
        st.dictionaries(names, inner, max_size=4).map(Options),
        st.builds(Ticket, inner, inner),
        st.builds(Point, inner, inner),
        st.builds(Loose, inner),
        st.builds(ValueError, inner),
    ),
    max_leaves=15,
)


TINY = datetime(2000, 1, 1, tzinfo=timezone(timedelta(microseconds=-1)))


@given(values)
@example(TINY)
@example(TINY.timetz())
@settings(max_examples=400)
def test_snapshots_come_back_the_same(value: Any) -> None:
    picture = snapshot(value)
    assert same(there_and_back(picture), picture)


@pytest.mark.parametrize(
    "value",
    [
        timedelta.max,
        timedelta(days=-100_000, microseconds=1),
        datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
        time(2, 30, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(1, 1, 1, tzinfo=UTC),
        date(1, 1, 1),
        time(0),
        {"$ref": 0, "$set": [1]},
        {1: "one", "1": "text", None: 0, (1, 2): {"$": 3}},
        "$ref",
        -0.0,
        [Decimal("sNaN12"), Decimal("-NaN"), Decimal("-0E+3")],
        -(2**10_000),
        complex("nan-0j"),
        Word("str's child"),
        Priority.LOW,
        UUID(int=7),
        "\ud800",
    ],
    ids=repr,
)
def test_the_rare_ones_too(value: Any) -> None:
    picture = snapshot(value)
    assert same(there_and_back(picture), picture)


def test_cycles_and_cuts_come_back() -> None:
    inside: list[Any] = [1]
    inside.append(inside)
    for value in (inside, list(range(30_000)), "x" * 30_000):
        picture = snapshot(value)
        assert same(there_and_back(picture), picture)


def test_an_unknown_zone_leaves_the_offset() -> None:
    read = snapshot_from({"$time": "2024-07-01T12:00:00+02:00", "zone": "Mars/Olympus"})
    assert read == datetime(2024, 7, 1, 10, tzinfo=UTC)
    assert read.utcoffset() == timedelta(hours=2)


@st.composite
def firings(draw: st.DrawFn) -> Firing:
    pictures = values.map(snapshot)
    text = st.text(max_size=8)
    frame = Frame(draw(text), 3, draw(text), ((3, draw(text)),), 5, (("ticket", draw(pictures)),))
    error = ErrorRecord(draw(text), draw(text), (frame,), ErrorRecord("KeyError", draw(text)))
    step = Step(
        plugin=draw(st.none() | text),
        callback=draw(text),
        file=draw(text),
        line=4,
        priority=draw(st.integers(-5, 5) | st.floats(allow_nan=False)),
        outcome="error",
        duration_ns=draw(st.integers(0, 2**40)),
        before=draw(pictures),
        after=draw(pictures),
        changes=(Change("changed", ("a", 1, "id=2", True, 2**60), draw(pictures), draw(pictures)),),
        error=draw(st.sampled_from([None, error])),
        output=draw(text),
        logs=(LogLine("INFO", "x", draw(text), 1.5, "f", 2),),
        defined_at=draw(st.sampled_from([None, Location("f", 1)])),
        calls=(Call("query", draw(text), 1, 2),),
    )
    return Firing(
        id=draw(st.integers(1, 10**6)),
        hook=draw(text),
        kind="filter",
        cause="workbench",
        parent_id=draw(st.none() | st.integers(1, 9)),
        depth=0,
        thread="plugins",
        args=tuple(draw(st.lists(pictures, max_size=2))),
        kwargs=draw(pictures),
        steps=(step,) * draw(st.integers(0, 2)),
        result=draw(pictures),
        started_at=draw(st.floats(0, 2e9)),
        duration_ns=0,
    )


@given(firings())
@settings(max_examples=60)
def test_firings_come_back(firing: Firing) -> None:
    plain = json.loads(json.dumps(to_plain(firing), allow_nan=False))
    read = from_plain(plain, Firing)
    assert to_plain(read) == to_plain(firing)
    assert [step.priority for step in read.steps] == [step.priority for step in firing.steps]
    assert same(read.result, firing.result)
    assert all(map(same, read.args, firing.args))


def test_other_records_come_back() -> None:
    finding = Finding("hook.unknown", "warning", "what", "cure", "a", "/a/plugin.py", 1)
    plugin = Plugin(
        slug="a",
        name="A",
        version="1.0",
        description="",
        author="",
        source="local",
        status="active",
        generation=2,
        path="/a",
        main_file="plugin.py",
        manifest={"requires": {"python": ">=3"}, "keywords": ["x", ["y"]]},
        findings=(finding,),
    )
    reload = Reload(1, "a", "save", ("a", "b"), 2, (), ("x",), 1.0, 5)
    for record in (finding, plugin, reload):
        read = from_plain(json.loads(json.dumps(to_plain(record))), type(record))
        assert read == record
    assert type(from_plain(to_plain(plugin), Plugin).manifest["keywords"]) is list


def test_fields_of_a_later_version_are_left_out_and_missing_ones_have_their_default() -> None:
    data = {"code": "a", "severity": "info", "message": "m", "colour": "red"}
    assert from_plain(data, Finding) == Finding("a", "info", "m")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (5, "dict expected, not int"),
        ({"code": "a"}, "severity"),
        ({"code": 1, "severity": "info", "message": "m"}, "code: str expected, not int"),
        ({"code": "a", "severity": "grave", "message": "m"}, "severity: 'grave' is none of"),
    ],
)
def test_what_is_no_such_record_is_said(data: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_plain(data, Finding)


@pytest.mark.parametrize(
    "data",
    [
        {"$what": 1},
        {"$ref": 0},
        {"$ref": -1},
        {"$tuple": 3},
        {"$dict": [1]},
        {"$dict": [[{}, 1]]},
        {"$set": [[1]]},
        {"$bytes": "%"},
        {"$number": "one"},
        {"$time": "noon"},
        {"$seconds": 1e300},
        {"$decimal": "x"},
        {"$uuid": "x"},
        {"$object": 1, "kind": "object", "text": ""},
        {"$object": "x"},
    ],
    ids=str,
)
def test_what_is_no_snapshot_is_a_value_error(data: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        snapshot_from([data])
