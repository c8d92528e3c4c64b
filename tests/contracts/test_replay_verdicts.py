"""What is told of a firing that is run again with other code: each verdict, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from escalated_core.records import Comparison, Run
from escalated_core.replay.comparing import compare, judged, run_of
from escalated_core.replay.pacing import pace
from escalated_workbench import Workbench

Both = Callable[..., Comparison]

CHAIN = """
from escalated.hooks import *

@on_filter("greet", 5)
def begin(value):
    return value + ["begin"]

@on_filter("greet", 10)
def middle(value):
    return value + [len(value)]

@on_filter("greet", 20)
def last(value):
    return value[:1]
"""


@pytest.fixture
def both(write: Callable[..., Path], open_workbench: Callable[..., Workbench]) -> Both:
    """`both(old, new)` compares `greet` fired with the code of one plugin and with another."""

    def compared(old: str, new: str, *args: Any, hook: str = "greet", **kwargs: Any) -> Comparison:
        write("alpha", old)
        workbench = open_workbench()
        before = _run(workbench, hook, args or (["hello"],), kwargs)
        write("alpha", new)
        workbench.reload("alpha")
        return compare(before, _run(workbench, hook, args or (["hello"],), kwargs))

    return compared


def _run(workbench: Workbench, hook: str, args: tuple[Any, ...], kwargs: Any) -> Run:
    return run_of(workbench.trace, workbench.fire(hook, *args, **kwargs))


def told(found: Comparison) -> list[tuple[str, str, int | None]]:
    """Of each difference its verdict, its callback or hook, and what it follows from."""
    return [(each.verdict, each.callback or each.hook, each.follows) for each in found.differences]


class TestVerdicts:
    def test_the_same(self, both: Both) -> None:
        found = both(CHAIN, f"# a comment\n{CHAIN}")
        assert (found.verdict, found.differences, found.changed) == ("same", (), False)

    def test_a_value_and_what_follows_from_it(self, both: Both) -> None:
        found = both(CHAIN, CHAIN.replace('["begin"]', '["begin", "more"]'))
        assert (found.verdict, found.changed) == ("value", True)
        assert told(found) == [("value", "begin", None), ("value", "middle", 0)]
        assert found.origin is not None
        (change,) = found.origin.changes
        assert (change.kind, change.path, change.after) == ("added", (2,), "more")

    def test_what_now_raises(self, both: Both) -> None:
        found = both(CHAIN, CHAIN.replace("[len(value)]", "[value['x']]"))
        assert found.verdict == "raises"
        (only,) = found.differences
        assert only.errors == (None, "TypeError: list indices must be integers or slices, not str")
        assert str(only) == f"alpha:middle now raises: {only.errors[1]}"

    def test_another_error_than_before(self, both: Both) -> None:
        code = CHAIN.replace("[len(value)]", "[{}['a']]")
        found = both(code, code.replace("'a'", "'b'"))
        assert found.verdict == "raises"
        assert found.differences[0].errors == ("KeyError: 'a'", "KeyError: 'b'")

    def test_what_raises_because_of_another_callback(self, both: Both) -> None:
        code = CHAIN.replace("[len(value)]", "[value[1].upper()]")
        found = both(code, code.replace('["begin"]', "[1]"))
        assert found.verdict == "raises"
        assert told(found) == [("value", "begin", None), ("raises", "middle", 0)]

    def test_what_is_fixed(self, both: Both) -> None:
        found = both(CHAIN.replace("[len(value)]", "[value['x']]"), CHAIN)
        assert found.verdict == "fixed"
        assert told(found) == [("fixed", "middle", None)]

    def test_a_call_added(self, both: Both) -> None:
        more = '\n@on_filter("greet", 7)\ndef extra(value):\n    return value + ["extra"]\n'
        found = both(CHAIN, CHAIN + more)
        assert found.verdict == "added"
        assert told(found) == [("added", "extra", None), ("value", "middle", 0)]
        assert (found.differences[0].old_step, found.differences[0].new_step) == (None, 1)

    def test_a_call_removed(self, both: Both) -> None:
        found = both(CHAIN, CHAIN.replace('@on_filter("greet", 5)', ""))
        assert found.verdict == "removed"
        assert told(found) == [("removed", "begin", None), ("value", "middle", 0)]

    def test_another_order(self, both: Both) -> None:
        found = both(CHAIN, CHAIN.replace('"greet", 5', '"greet", 15'))
        assert found.verdict == "order"
        assert told(found) == [
            ("order", "begin", None),
            ("value", "middle", 0),
            ("value", "begin", 0),
        ]

    def test_an_order_without_another_priority(self, both: Both) -> None:
        code = CHAIN.replace(", 5)", ")").replace(", 10)", ")")
        first, rest = code.split('@on_filter("greet")\ndef middle')
        head, begin = first.split('@on_filter("greet")\ndef begin')
        middle, last = rest.split('@on_filter("greet", 20)')
        swapped = (
            f'{head}@on_filter("greet")\ndef middle{middle}@on_filter("greet")\ndef begin{begin}'
            f'@on_filter("greet", 20){last}'
        )
        found = both(code, swapped)
        assert found.verdict == "order"
        assert [each.verdict for each in found.differences] == ["order", "value", "value"]

    def test_an_order_that_makes_no_difference(self, both: Both) -> None:
        code = CHAIN.replace("+ [len(value)]", "").replace('+ ["begin"]', "")
        found = both(code, code.replace('"greet", 5', '"greet", 15'))
        assert [each.verdict for each in found.differences] == ["order"]

    def test_slower(self, both: Both) -> None:
        found = both(CHAIN, CHAIN + "\n")
        slower = pace([1_000_000] * 8, [2_000_000] * 8)
        assert judged(replace(found, pace=slower)).verdict == "slower"
        assert not judged(replace(found, pace=slower)).changed
        same = pace([1_000_000] * 8, [1_000_000] * 8)
        assert judged(replace(found, pace=same)).verdict == "same"
        other = both(CHAIN, CHAIN.replace('["begin"]', '["more"]'))
        assert judged(replace(other, pace=slower)).verdict == "value"

    def test_two_of_the_same_callback(self, both: Both) -> None:
        again = '\nadd_filter("greet", begin, 30)\n'
        found = both(CHAIN + again, CHAIN)
        assert told(found) == [("removed", "begin", None)]
        assert found.differences[0].old_step == 3


SENDING = """
import requests
from escalated.hooks import *
from escalated_core.helpdesk.models import Tag

@on_action("greet")
def post(value):
    requests.post("https://hooks.example.com/x", json={"text": "hello"})
    Tag.objects.filter(slug="a").update(name="b")
"""


class TestEffects:
    def test_the_same_is_sent(self, both: Both) -> None:
        assert both(SENDING, SENDING + "\n", kind="action").verdict == "same"

    @pytest.mark.parametrize(
        ("old", "new", "path"),
        [
            ('"text": "hello"', '"text": "bye"', (0, "body")),
            ("example.com/x", "example.com/y", (0, "target")),
            ("update(name=", "update(color=", (1, "target")),
        ],
    )
    def test_something_else_is_sent(
        self, both: Both, old: str, new: str, path: tuple[str | int, ...]
    ) -> None:
        found = both(SENDING, SENDING.replace(old, new), kind="action")
        assert found.verdict == "effect"
        assert path in [change.path for change in found.differences[0].effects]

    def test_output_is_a_note(self, both: Both) -> None:
        found = both(CHAIN, CHAIN.replace("return value[:1]", "print(1); return value[:1]"))
        assert (found.verdict, found.notes) == ("same", ("alpha:last prints something else",))


NESTED = """
from escalated.hooks import *

@on_filter("greet")
def outer(value):
    return apply_filters("inner", value + ["outer"]) + ["end"]

@on_filter("inner")
def first(value):
    return value + [1]

@on_filter("inner")
def second(value):
    return value + [len(value)]
"""


class TestNested:
    def test_what_begins_inside(self, both: Both) -> None:
        found = both(NESTED, NESTED.replace("[1]", "[1, 2]"))
        assert told(found) == [
            ("value", "first", None),
            ("value", "second", 0),
            ("value", "outer", 0),
        ]

    def test_other_arguments(self, both: Both) -> None:
        found = both(NESTED, NESTED.replace('["outer"]', '["OUTER"]'))
        assert told(found) == [
            ("value", "inner", None),
            ("value", "first", 0),
            ("value", "second", 0),
            ("value", "outer", 0),
        ]
        (change,) = found.differences[0].touched
        assert (change.path, change.before, change.after) == ((0, 1), "outer", "OUTER")

    def test_other_arguments_by_name(self, both: Both) -> None:
        code = (
            NESTED.replace('value + ["outer"])', "value, by=1)")
            .replace(
                "first(value):\n    return value + [1]", "first(value, by): return value + [by]"
            )
            .replace("second(value):", "second(value, by):")
        )
        found = both(code, code.replace("by=1", "by=2"))
        assert told(found) == [
            ("value", "inner", None),
            ("value", "first", 0),
            ("value", "second", 0),
            ("value", "outer", 0),
        ]
        assert [change.path for change in found.differences[0].touched] == [("by",)]

    def test_a_hook_that_is_no_longer_fired(self, both: Both) -> None:
        found = both(NESTED, NESTED.replace('apply_filters("inner", value + ["outer"])', "value"))
        assert told(found) == [("removed", "inner", None), ("value", "outer", 0)]
        assert found.verdict == "removed"

    def test_which_step_fired_it(self, both: Both) -> None:
        again = '\nadd_filter("greet", outer, 20)\n'
        found = both(NESTED + again, NESTED + again)
        assert found.verdict == "same"
        steps = [each.parent_step for each in found.old.nested]
        assert steps == [0, 1]


MUTATING = """
from escalated.hooks import *

@on_action("ticket_created")
def first(ticket):
    ticket.subject = "first"

@on_action("ticket_created")
def second(ticket, user):
    user.first_name = ticket.subject
"""


class TestArguments:
    def test_what_is_changed_in_place(
        self, write: Callable[..., Path], open_workbench: Callable[..., Workbench]
    ) -> None:
        write("alpha", MUTATING)
        workbench = open_workbench()
        ticket, agent = workbench.helpdesk.ticket(1), workbench.helpdesk.agent(1)
        old = _run(workbench, "ticket_created", (ticket, agent), {})
        write("alpha", MUTATING.replace('"first"', '"other"'))
        workbench.reload("alpha")
        found = compare(old, _run(workbench, "ticket_created", (ticket, agent), {}))
        assert told(found) == [("value", "first", None), ("value", "second", 0)]
        paths = [[change.path for change in each.touched] for each in found.differences]
        assert paths == [[("ticket", "subject")], [("ticket", "subject"), ("user", "first_name")]]
