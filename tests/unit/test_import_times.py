"""How long the imports of a plugin take, module by module."""

from __future__ import annotations

import importlib
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from escalated_core.plugins.import_times import ImportTimes, measured_imports
from escalated_core.scope import CURRENT, Scope

Modules = Callable[..., None]
MACHINERY: Any = sys.modules["_frozen_importlib"]
WORK = "sum(range(300_000))\n"


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Modules]:
    """`modules(it_a="code")` makes modules importable; the name may be that of a path."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(**codes: str) -> None:
        for name, code in codes.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(code, "utf-8")
        importlib.invalidate_caches()

    yield make
    for name in [name for name in sys.modules if name.startswith("it_")]:
        del sys.modules[name]


def measured(work: Callable[[], object]) -> ImportTimes:
    def run() -> ImportTimes:
        with measured_imports() as times:
            work()
        return times

    return Scope(None, "a test").run(run)


def imported(*names: str) -> ImportTimes:
    return measured(lambda: [importlib.import_module(name) for name in names])


def test_each_module_has_its_own_time(modules: Modules):
    modules(it_a="import it_b, it_c\n", it_b=WORK * 3, it_c="import it_b\n")
    times = imported("it_a")
    b, c, a = times.imports
    assert [(each.name, each.depth) for each in (b, c, a)] == [
        ("it_b", 1),
        ("it_c", 1),
        ("it_a", 0),
    ]
    assert a.own_ns == a.duration_ns - b.duration_ns - c.duration_ns
    assert b.own_ns == b.duration_ns
    assert 0 < c.own_ns < b.own_ns
    assert [each.name for each in times.slowest(2)] == ["it_a", "it_b"]


def test_statements_and_importlib_are_measured_alike(modules: Modules):
    modules(it_a="", it_b="from importlib import import_module\nimport_module('it_a')\n")
    assert [each.name for each in imported("it_b").imports] == ["it_a", "it_b"]
    modules(it_c="", it_d="import it_c\n")
    assert [each.name for each in imported("it_d").imports] == ["it_c", "it_d"]


def test_what_is_loaded_already_costs_nothing(modules: Modules):
    modules(it_a="", it_b="import it_a, sys, json\n")
    importlib.import_module("it_a")
    assert [each.name for each in imported("it_b", "it_b").imports] == ["it_b"]


def test_a_package_is_told_as_one(modules: Modules):
    package = {"__init__": "from it_p import x, y\n", "x": "import it_q\n", "y": WORK}
    modules(it_q=WORK, **{f"it_p/{name}": code for name, code in package.items()})
    times = imported("it_p.y")
    told, other = times.slowest(5)
    assert (told.name, other.name) == ("it_p.y", "it_q")
    assert told.own_ns == told.duration_ns - other.duration_ns
    assert {each.name for each in times.imports} == {"it_p", "it_p.x", "it_p.y", "it_q"}


def test_imports_that_fail_are_told_too(modules: Modules):
    modules(
        it_a="try:\n    import it_gone\nexcept ImportError:\n    pass\n",
        it_b="1 / 0\n",
    )

    def work() -> None:
        importlib.import_module("it_a")
        with pytest.raises(ZeroDivisionError):
            importlib.import_module("it_b")

    names = [each.name for each in measured(work).imports]
    assert names == ["it_gone", "it_a", "it_b"]


def test_time_of_the_host_does_not_count(modules: Modules):
    modules(it_a="", it_b="hosts()\nimport it_a\n", it_host=WORK)
    spent: list[int] = []

    def hosts() -> None:
        scope = CURRENT.get()
        assert scope is not None
        token = CURRENT.set(None)
        importlib.import_module("it_host")
        CURRENT.reset(token)
        spent.append(10**12)
        scope.nested_ns += spent[0]

    def work() -> None:
        vars(sys.modules["builtins"])["hosts"] = hosts
        try:
            importlib.import_module("it_b")
        finally:
            del vars(sys.modules["builtins"])["hosts"]

    found = measured(work).imports
    assert [each.name for each in found] == ["it_a", "it_b"]
    assert found[1].duration_ns < spent[0] / 2


def test_other_threads_are_not_measured(modules: Modules):
    modules(it_a="", it_b="")

    def work() -> None:
        thread = threading.Thread(
            target=Scope(None, "another").run, args=(importlib.import_module, "it_a")
        )
        thread.start()
        thread.join()
        importlib.import_module("it_b")

    assert [each.name for each in measured(work).imports] == ["it_b"]


def test_threads_measure_at_the_same_time_and_end_in_any_order(modules: Modules):
    modules(it_a="", it_b="", it_c="")
    real = MACHINERY._find_and_load
    entered, leave = threading.Event(), threading.Event()
    found: list[ImportTimes] = []

    def stay() -> None:
        importlib.import_module("it_a")
        entered.set()
        leave.wait()
        importlib.import_module("it_c")

    thread = threading.Thread(target=lambda: found.append(measured(stay)))
    thread.start()
    entered.wait()
    assert [each.name for each in imported("it_b").imports] == ["it_b"]
    leave.set()
    thread.join()
    assert [each.name for each in found[0].imports] == ["it_a", "it_c"]
    assert MACHINERY._find_and_load is real


def test_measuring_within_measuring(modules: Modules):
    modules(it_a="", it_b="")
    inner: list[ImportTimes] = []

    def work() -> None:
        inner.append(imported("it_a"))
        importlib.import_module("it_b")

    assert [each.name for each in measured(work).imports] == ["it_b"]
    assert [each.name for each in inner[0].imports] == ["it_a"]


def test_nothing_is_left_behind(modules: Modules):
    modules(it_a="", it_b="")
    real = MACHINERY._find_and_load
    importlib.import_module("it_a")
    with pytest.raises(ModuleNotFoundError):
        imported("it_b", "it_gone")
    assert MACHINERY._find_and_load is real
    a, b = sys.modules["it_a"], sys.modules["it_b"]
    assert set(vars(a)) == set(vars(b))
    assert type(a.__loader__) is type(b.__loader__)
    assert a.__spec__ is not None
    assert b.__spec__ is not None
    assert b.__spec__.loader is b.__loader__
    assert vars(a.__spec__).keys() == vars(b.__spec__).keys()


def test_tracebacks_and_warnings_do_not_tell_of_it(modules: Modules, tmp_path: Path):
    modules(
        it_a="import it_b\n",
        it_b="1 / 0\n",
        it_c="import it_d\n",
        it_d="import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)\n",
    )

    def fail() -> None:
        with pytest.raises(ZeroDivisionError) as failed:
            import it_a  # type: ignore[import-not-found]  # noqa: F401
        files = [Path(frame.filename).name for frame in traceback.extract_tb(failed.tb)]
        assert files == [Path(__file__).name, "it_a.py", "it_b.py"]

    measured(fail)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        imported("it_c")
    assert [Path(str(each.filename)).name for each in caught] == ["it_c.py"]


def test_outside_of_scopes_nothing_is_measured(modules: Modules):
    modules(it_a="")
    with measured_imports() as times:
        importlib.import_module("it_a")
    assert (times.imports, times.slowest(3)) == ([], [])
