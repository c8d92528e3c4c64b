"""Values that are hostile when they are looked at: none runs, blocks, or spoils the recording."""

from __future__ import annotations

import gc
import importlib.util
import json
import pickle
import textwrap
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import pytest

from escalated_core.records import Firing
from escalated_core.snapshots.camera import NODE_CAP, STRING_CAP
from escalated_core.snapshots.diff import changes, path_text
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    FrozenSetSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    RelativeSnapshot,
    SetSnapshot,
    TupleSnapshot,
    canonical,
    plain,
    same,
)
from escalated_core.snapshots.plain import to_plain
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]

CORPUS = Path(__file__).parents[1] / "data" / "objects"

MARGIN = 1_000
"""Values by which a picture may be over its cap: the marks of what is not shown."""

PLUGIN = """
from django.db import connection
from django.test.utils import CaptureQueriesContext

from escalated.hooks import apply_filters, do_action, on_action, on_filter


@on_action("show")
def show(make, hook):
    value = make()
    with CaptureQueriesContext(connection) as queries:
        if hook == "told":
            do_action(hook, value, deep=[value])
        else:
            apply_filters(hook, value, value, deep=[value])
    for query in queries:
        print(query["sql"])


@on_filter("seen")
def look(value, same, deep):
    return value


@on_filter("seen")
def look_again(value, same, deep):
    return value


@on_filter("seen")
def wrap(value, same, deep):
    return {"held": value}


@on_filter("seen")
def put(value, same, deep):
    value["more"] = deep
    return value


@on_filter("spoilt")
def spoil(value, same, deep):
    held = [value]
    raise ValueError("with the value at hand")


@on_filter("spoilt")
def lose(value, same, deep):
    return None


@on_action("told")
def listen(value, deep):
    deep.append(value)


@on_filter("evaluated")
def evaluate(value, same, deep):
    return len(value)
"""


class Witness:
    """Told what runs of a value while it is `armed`, and asks it afterwards whether it is whole."""

    def __init__(self) -> None:
        self.armed = False
        self.heard: list[str] = []
        self.checks: list[tuple[str, Callable[[], bool]]] = []
        self.after = ExitStack()
        self.marks: set[str] = set()
        """Kinds of marks that the value's picture must have."""
        self.steady = True
        """Whether the value stays as it is when nobody touches it."""
        self.allowed: set[str] = set()
        """What has to run for the picture to be taken at all."""
        self.entries: int | None = None
        """How many entries a picture has that shows all of them."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """From here on the value may run: also for whoever shows why a test failed."""
        self.armed = False
        if kind is None:
            assert [what for what in self.heard if what not in self.allowed] == []
            for text, question in self.checks:
                assert question(), text

    def ran(self, what: str) -> None:
        if self.armed:
            self.heard.append(what)

    def trap(self, name: str, base: type = object) -> Callable[..., Any]:
        """A method that tells that it ran, and raises; that of `base` while it is not armed."""
        real = getattr(base, name, None)

        def trap(*args: Any, **kwargs: Any) -> Any:
            if self.armed:
                self.heard.append(name)
                raise SystemExit(name)
            if real is None:
                raise AttributeError(name)
            return real(*args, **kwargs)

        return trap

    def check(self, text: str, question: Callable[[], bool]) -> None:
        self.checks.append((text, question))


def corpus(module: str) -> dict[str, Callable[[Witness], Any]]:
    """The kinds of a module of the corpus by name."""
    path = CORPUS / f"{module}.py"
    spec = importlib.util.spec_from_file_location(f"objects_{module}", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return {
        f"{module}.{name}": make
        for name, make in vars(loaded).items()
        if callable(make) and not name.startswith("_") and make.__module__ == loaded.__name__
    }


KINDS = {
    name: make
    for module in ("methods", "containers", "resources", "django_values")
    for name, make in corpus(module).items()
}
on_every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def witness() -> Iterator[Witness]:
    witness = Witness()
    with witness.after:
        yield witness
        witness.armed = False


@pytest.fixture
def workbench(write: Write, open_workbench: Open) -> Workbench:
    write("looker", PLUGIN)
    workbench = open_workbench()
    assert workbench.plugins["looker"].status == "active"
    return workbench


@pytest.fixture
def show(workbench: Workbench, witness: Witness) -> Callable[[str, str], Firing]:
    """`show(kind, hook)` makes a value on the plugin thread and fires a hook with it, no query."""

    def make(kind: str) -> Any:
        witness.armed = False
        value = KINDS[kind](witness)
        witness.armed = True
        return value

    def run(kind: str, hook: str) -> Firing:
        outer = workbench.fire("show", partial(make, kind), hook)
        assert (outer.steps[0].error, outer.steps[0].output) == (None, "")
        (firing,) = workbench.trace.children(outer.id)
        return firing

    return run


_LEAVES = {type(None), bool, int, float, complex, str, bytes, date, datetime, time}
LEAVES = _LEAVES | {timedelta, Decimal, UUID}
PICTURES = (ListSnapshot, TupleSnapshot, SetSnapshot, FrozenSetSnapshot)


def parts(picture: Any) -> Iterator[Any]:
    """Everything that a picture is made of; fails for what could be alive or be changed."""
    yield picture
    kind = type(picture)
    if kind in (ObjectSnapshot, RelativeSnapshot):
        assert {type(picture.type), type(picture.kind), type(picture.text)} == {str}
        yield from parts(picture.fields)
        yield from parts(picture.of)
    elif kind is DictSnapshot:
        for key, value in picture.items():
            yield from parts(key)
            yield from parts(value)
    elif kind in PICTURES:
        for item in picture:
            yield from parts(item)
    else:
        assert kind in LEAVES


def marks(picture: Any) -> set[str]:
    """The kinds of objects in a picture."""
    return {part.kind for part in parts(picture) if isinstance(part, ObjectSnapshot)}


def readable(picture: Any) -> None:
    """Everything that front ends do with a picture works, within the caps."""
    found = list(parts(picture))
    assert len(found) <= 3 * NODE_CAP + MARGIN
    texts = [part.text if isinstance(part, ObjectSnapshot) else part for part in found]
    assert all(len(text) <= 2 * STRING_CAP for text in texts if isinstance(text, (str, bytes)))
    assert same(picture, picture)
    assert same(pickle.loads(pickle.dumps(picture)), picture)
    assert canonical(picture) == canonical(picture)
    assert isinstance(repr(picture), str)
    plain(picture)


def test_the_corpus_is_large_and_says_what_is_hostile():
    assert len(KINDS) >= 40
    assert [name for name, make in KINDS.items() if not make.__doc__] == []


@on_every_kind
def test_a_hostile_value_is_recorded_without_running_it(
    kind: str, show: Callable[[str, str], Firing], witness: Witness
):
    with witness:
        firing = show(kind, "seen")
        assert [step.outcome for step in firing.steps] == ["ok"] * 4
        look, again, wrapped, put = firing.steps
        picture = look.before
        if witness.steady:
            assert firing.args[0] is picture
            assert look.after is picture
            assert again.before is again.after is picture
            assert not look.mutated
            assert not again.changes
            assert not wrapped.mutated
            assert put.mutated
            told = [path_text(change.path) for change in put.changes]
            # What no longer fits beside a new value may have to go, too.
            assert told == ["more"] or ("truncated" in witness.marks and told[-1] == "more")
        assert wrapped.changes
        assert marks(picture) >= witness.marks
        assert witness.entries in (None, len(picture) if witness.entries else None)
        readable(picture)
        assert changes(picture, firing.result)
        assert changes(picture, None)
        json.dumps(to_plain(firing), allow_nan=False)


@on_every_kind
def test_a_callback_that_fails_with_a_hostile_value_at_hand_is_shown(
    kind: str, show: Callable[[str, str], Firing], witness: Witness
):
    with witness:
        failed, lost = show(kind, "spoilt").steps
        assert str(failed.error) == "ValueError: with the value at hand"
        assert failed.outcome == "error"
        assert (lost.outcome, lost.returned_none, lost.after) == ("ok", True, None)
        if witness.steady:
            assert failed.after is failed.before is lost.before
            assert not lost.mutated
        json.dumps([to_plain(failed), to_plain(lost)], allow_nan=False)


HERE = [name for name in KINDS if not name.startswith("django_values")]


@pytest.mark.parametrize("kind", HERE)
def test_a_hostile_value_may_be_fired_from_outside(
    kind: str, workbench: Workbench, witness: Witness
):
    with witness:
        value = KINDS[kind](witness)
        witness.armed = True
        firing = workbench.fire("seen", value, [value], deep=[])
        assert [step.outcome for step in firing.steps] == ["ok"] * 4
        json.dumps(to_plain(firing.args), allow_nan=False)


@on_every_kind
def test_an_action_is_told_of_a_hostile_value_and_nothing_alive_is_kept(
    kind: str, show: Callable[[str, str], Firing], witness: Witness
):
    class Tied:
        """Dies with whatever holds it."""

    def tied(make: Callable[[Witness], Any], witness: Witness) -> Any:
        tie = Tied()
        ties.append(weakref.ref(tie))
        return [make(witness), tie]

    ties: list[weakref.ref[Tied]] = []
    with witness, pytest.MonkeyPatch.context() as patch:
        patch.setitem(KINDS, kind, partial(tied, KINDS[kind]))
        told, spoilt = show(kind, "told"), show(kind, "spoilt")
        assert told.outcome == "ok"
        assert len(told.kwargs["deep"]) == 1
        json.dumps(to_plain(told), allow_nan=False)
    gc.collect()
    assert (len(ties), [tie for tie in ties if tie()]) == (2, [])
    assert [step.outcome for step in spoilt.steps] == ["error", "ok"]


def test_a_query_of_a_callback_would_be_seen(workbench: Workbench, witness: Witness):
    outer = workbench.fire(
        "show", lambda: KINDS["django_values.unevaluated_queryset"](witness), "evaluated"
    )
    (query,) = outer.steps[0].output.splitlines()
    assert query.startswith("SELECT ")
    assert workbench.trace.children(outer.id)[0].steps[0].mutated is False


LOUD_ERRORS = """
    class Loud(Exception):
        def {name}(self, *_):
            raise {raised}

    class Text(str):
        __str__ = __repr__ = __format__ = Loud.{name}

    @on_filter("fails")
    def fail(value):
        error = Loud("args")
        error.__notes__ = Text("note")
        raise error

    @on_filter("fails")
    def fail_with_a_cause(value):
        one, other = Loud(), Loud(Text("x"), object())
        one.__cause__, other.__context__ = other, one
        raise one

    @on_filter("fails")
    def fail_in_a_group(value):
        raise ExceptionGroup(Text("group"), [Loud(), ValueError(Text("inner"))])

    @on_filter("fails")
    def go_on(value):
        return [value]
"""


@pytest.mark.parametrize("name", ["__str__", "__repr__", "__getattribute__", "__eq__", "__hash__"])
@pytest.mark.parametrize(
    "raised", ["SystemExit", "ValueError", "KeyboardInterrupt", "KeyError(self)"]
)
def test_a_hostile_error_ends_its_step_only(
    name: str, raised: str, write: Write, open_workbench: Open
):
    code = textwrap.dedent(LOUD_ERRORS.format(name=name, raised=raised))
    write("raiser", f"from escalated.hooks import on_filter\n{code}")
    workbench, fired = open_workbench(), list[Firing]()
    # What comes out would make pytest fail in its turn when it shows that.
    with suppress(BaseException):
        fired.append(workbench.fire("fails", 1))
    assert fired, "the error came out of the firing"
    (firing,) = fired
    assert [step.outcome for step in firing.steps] == ["error", "error", "error", "ok"]
    assert [step.error.type[-4:] for step in firing.steps if step.error] == ["Loud", "Loud", "roup"]
    assert all(step.error.line for step in firing.steps if step.error)
    assert firing.result == [1]
    json.dumps(to_plain(firing), allow_nan=False)


def test_the_workbench_is_fine_after_many_of_them(workbench: Workbench):
    with ExitStack() as after:
        for make in (KINDS[name] for name in HERE if name.startswith("methods.")):
            witness = Witness()
            after.enter_context(witness.after)
            assert workbench.fire("seen", make(witness), None, deep=[]).outcome == "ok"
    firing = workbench.fire("seen", {"subject": "x"}, None, deep=[])
    assert firing.result == {"held": {"subject": "x"}, "more": []}
    assert [f.code for f in workbench.findings if f.severity == "error"] == []
