"""Random chains run by two codes: what is told of them is all that there is, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from escalated_core.records import Comparison, Run
from escalated_core.replay.comparing import compare, run_of
from escalated_core.snapshots.pictures import same
from escalated_core.snapshots.plain import to_plain
from escalated_core.snapshots.reading import from_plain
from escalated_workbench import Workbench

OPERATIONS = [
    "return value + [1]",
    "return value + ['a']",
    "return value[:2]",
    "value.append(2); return value",
    "return value",
    "return [len(value)]",
    "return value + [value[3]]",
    "raise KeyError(len(value))",
    "note['seen'] = list(value); return value",
    "return value + [note.get('seen')]",
    "return apply_filters('inner', value)",
    "return apply_filters('inner', value + [3])[:4]",
    "do_action('told', value); return value",
]
Chain = list[tuple[int, int]]
"""Of each callback its priority, and which of the operations it does."""

callbacks = st.tuples(st.integers(1, 3), st.integers(0, len(OPERATIONS) - 1))
chains = st.lists(callbacks, min_size=1, max_size=6)


def code(chain: Chain) -> str:
    lines = ["from escalated.hooks import *", "@on_filter('inner')", "def inner(value):"]
    lines.append("    return value + ['inner']")
    for number, (priority, operation) in enumerate(chain):
        lines.append(f"@on_filter('outer', {priority})\ndef c{number}(value, note):")
        lines.append(f"    {OPERATIONS[operation]}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """`ran(chain)` is a run of `outer` with that chain."""
    root = tmp_path_factory.mktemp("random") / "plugins" / "escalated"
    folder = root / "alpha"
    folder.mkdir(parents=True)
    manifest = {"name": "A", "slug": "alpha", "version": "1.0.0", "description": "", "author": "T"}
    (folder / "plugin.json").write_text(json.dumps(manifest), "utf-8")
    (folder / "plugin.py").write_text("", "utf-8")
    with Workbench(root) as workbench:
        # They draw from the module random, which hypothesis looks after.
        workbench.replays.enabled = False

        def run(chain: Chain) -> Run:
            (folder / "plugin.py").write_text(code(chain), "utf-8")
            workbench.reload("alpha")
            workbench.trace.clear()
            firing = workbench.fire("outer", [0, 1, 2], {})
            return run_of(workbench.trace, firing)

        yield run


Ran = Callable[[Chain], Run]
unhurried = settings(max_examples=150, suppress_health_check=list(HealthCheck))


@given(chains)
@unhurried
def test_the_same_code_does_the_same(ran: Ran, chain: Chain) -> None:
    one, other = ran(chain), ran(chain)
    for found in (compare(one, other), compare(one, one)):
        assert (found.verdict, found.differences, found.notes) == ("same", (), ())


@given(before=chains, after=chains)
@example(before=[(1, 4)], after=[(1, 12)])
@unhurried
def test_differences_are_all_there_is(ran: Ran, before: Chain, after: Chain) -> None:
    old, new = ran(before), ran(after)
    found = compare(old, new)
    is_same = _steps(old) == _steps(new)
    assert (found.verdict == "same") is is_same
    assert found.changed is not is_same
    if not same(old.firing.result, new.firing.result):
        assert found.differences
    for index, each in enumerate(found.differences):
        assert each.follows is None or found.differences[each.follows].follows is None
        assert each.follows is None or each.follows < index
    if found.origin is not None:
        assert found.origin.follows is None


@given(chains, st.data())
@unhurried
def test_one_edit_has_one_origin(ran: Ran, chain: Chain, data: st.DataObject) -> None:
    edited = data.draw(st.integers(0, len(chain) - 1))
    operation = data.draw(st.integers(0, len(OPERATIONS) - 1))
    changed = [*chain]
    changed[edited] = (chain[edited][0], operation)
    found = compare(ran(chain), ran(changed))
    origins = [each for each in found.differences if each.follows is None]
    # What it fires in its turn is its doing, too.
    names = {each.callback for each in origins if each.hook == "outer"}
    assert names <= {f"c{edited}"}
    assert {each.plugin for each in origins} <= {"alpha"}
    assert bool(found.differences) is bool(origins)


@given(chains, chains)
@unhurried
def test_it_is_read_back_as_it_was_written(ran: Ran, before: Chain, after: Chain) -> None:
    found = compare(ran(before), ran(after))
    written = json.loads(json.dumps(to_plain(found)))
    assert from_plain(written, Comparison) == found


def _steps(run: Run) -> list[Any]:
    """All that counts of a run; nobody may listen to what is fired in it."""
    return [
        (
            firing.hook,
            firing.parent_step,
            [
                (step.callback, repr(step.after), repr(step.touched), str(step.error))
                for step in firing.steps
            ],
        )
        for firing in (run.firing, *run.nested)
    ]
