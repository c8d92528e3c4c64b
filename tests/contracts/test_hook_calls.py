"""How callbacks are called: arity, errors, None, async, nesting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_workbench import Workbench

Write = Callable[..., Path]
Helper = Callable[..., Any]
Open = Callable[..., Workbench]
Run = Callable[..., Workbench]


def codes(workbench: Workbench) -> list[str]:
    return [finding.code for finding in workbench.findings]


# --- arity

CALLABLES = """
def none():
    print("()")

def one(a):
    print((a,))

def two(a, b):
    print((a, b))

def three(a, b, c):
    print((a, b, c))

def default(a, b="B"):
    print((a, b))

def defaults(a="A", b="B", c="C"):
    print((a, b, c))

def rest(a, *others):
    print((a, *others))

def anything(*args, **kwargs):
    print(args)

def keyword(a, *, b):
    print((a, b))

def positional(a, /, b):
    print((a, b))

class Methods:
    def method(self, a):
        print((a,))

    @classmethod
    def of_class(cls, a):
        print((a,))

    @staticmethod
    def static(a):
        print((a,))

    def __call__(self, a, b):
        print((a, b))

class Made:
    def __init__(self, a):
        print((a,))

class Inherits(Methods):
    pass

def passes_on(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper

def adds(function):
    @wraps(function)
    def wrapper(a):
        return function(a, "added")

    return wrapper

def uses(function):
    @wraps(function)
    def wrapper(a, b):
        return function(a)

    return wrapper

def circle(a):
    print((a,))

circle.__wrapped__ = circle

class Tolerant:
    @property
    def __signature__(self):
        raise RuntimeError("no signature")

    def __call__(self, *args):
        print(args)
"""


@pytest.mark.parametrize(
    ("callback", "printed", "surplus"),
    [
        ("none", "()", 2),
        ("one", "('t',)", 1),
        ("two", "('t', 'u')", 0),
        ("default", "('t', 'u')", 0),
        ("defaults", "('t', 'u', 'C')", 0),
        ("rest", "('t', 'u')", 0),
        ("anything", "('t', 'u')", 0),
        ("positional", "('t', 'u')", 0),
        ("lambda a: print((a,))", "('t',)", 1),
        ("partial(two, 'p')", "('p', 't')", 1),
        ("partial(two, b='p')", "('t', 'p')", 1),
        ("partial(partial(three, 'p'), 'q')", "('p', 'q', 't')", 1),
        ("partial(anything, 'p')", "('p', 't', 'u')", 0),
        ("partial(keyword, b='p')", "('t', 'p')", 1),
        ("Methods().method", "('t',)", 1),
        ("Methods.of_class", "('t',)", 1),
        ("Methods.static", "('t',)", 1),
        ("Methods()", "('t', 'u')", 0),
        ("Inherits()", "('t', 'u')", 0),
        ("partial(Methods(), 'p')", "('p', 't')", 1),
        ("Made", "('t',)", 1),
        ("print", "t u", 0),
        ("got.append", "", 1),
        ("max", "", 0),
        ("passes_on(one)", "('t',)", 1),
        ("passes_on(two)", "('t', 'u')", 0),
        ("passes_on(passes_on(anything))", "('t', 'u')", 0),
        ("adds(two)", "('t', 'added')", 1),
        ("uses(one)", "('t',)", 0),
        ("circle", "('t',)", 1),
        ("Tolerant()", "('t', 'u')", 0),
    ],
)
def test_surplus_arguments_are_dropped(run: Run, callback: str, printed: str, surplus: int):
    workbench = run(CALLABLES + f"\nadd_action('run', {callback})")
    firing = workbench.fire("run", "t", "u", kind="action")
    (step,) = firing.steps
    assert (step.outcome, step.output.strip(), step.surplus) == ("ok", printed, surplus)
    found = [f for f in workbench.findings if f.code == "callback.surplus-arguments"]
    assert len(found) == (surplus > 0)
    for finding in found:
        assert (finding.severity, finding.plugin) == ("info", "alpha")
        assert "takes fewer arguments than run with 2 arguments" in finding.message
        assert finding.line == (step.defined_at.line if step.defined_at else step.line)


def test_surplus_arguments_of_a_documented_hook_are_told_by_its_signature(run: Run):
    workbench = run("""
        @on_action("ticket_created")
        def on_ticket_created(ticket):
            print(ticket.reference)
    """)
    for _ in range(3):
        workbench.fire("ticket_created")
    (finding,) = workbench.findings
    assert finding.message == (
        "on_ticket_created(ticket) takes fewer arguments than ticket_created(ticket, user)."
    )


def test_a_filter_is_given_its_value_first(run: Run):
    workbench = run("""
        add_filter("run", lambda value: value + 1)
        add_filter("run", lambda value, other: value * other)
        add_filter("run", lambda: 0, priority=1)
    """)
    firing = workbench.fire("run", 5, 10)
    assert firing.result == 10
    assert [step.surplus for step in firing.steps] == [2, 1, 0]


@pytest.mark.parametrize("callback", ["three", "Methods.method", "partial(two, c=1)", "keyword"])
def test_a_callback_that_needs_more_is_a_failed_step(run: Run, callback: str, said: Helper):
    workbench = run(CALLABLES + f"\nadd_action('run', {callback})\nadd_action('run', say('next'))")
    firing = workbench.fire("run", "t", kind="action")
    assert [step.outcome for step in firing.steps] == ["error", "ok"]
    error = firing.steps[0].error
    assert error is not None
    assert error.type == "TypeError"
    assert error.frame is not None
    assert error.frame.file.endswith("alpha/plugin.py")
    assert said(firing)[1] == "next t"


def test_the_error_of_a_callback_that_needs_more_shows_both_signatures(
    samples: Path, open_workbench: Open
):
    firing = open_workbench().fire("ticket_created")
    error = next(step.error for step in firing.steps if step.plugin == "broken-arity")
    assert error is not None
    assert error.message == (
        "on_ticket_created(ticket, user, changes) needs 3 arguments, "
        "but ticket_created was fired with 2 arguments. Documented: ticket_created(ticket, user)."
    )
    assert error.line == 10


def test_arguments_given_by_keyword_count(run: Run, said: Helper):
    workbench = run(CALLABLES + "\nfor f in (two, keyword, default): add_action('run', f)")
    firing = workbench.fire("run", "t", kind="action", b="u")
    assert said(firing) == ["('t', 'u')"] * 3
    assert firing.kwargs == {"b": "u"}
    firing = workbench.fire("run", "t", kind="action", unknown="u")
    assert [str(step.error).partition(":")[0] for step in firing.steps] == ["TypeError"] * 3


def test_the_published_package_drops_nothing(run: Run):
    workbench = run(
        CALLABLES + "\nfor f in (one, two, three, anything): add_action('run', f)",
        profile="escalated-django",
    )
    firing = workbench.fire("run", "t", "u", kind="action")
    assert [step.outcome for step in firing.steps] == ["error", "ok", "error", "ok"]
    assert [step.surplus for step in firing.steps] == [0] * 4
    assert str(firing.steps[0].error) == (
        "TypeError: one() takes 1 positional argument but 2 were given"
    )
    assert firing.steps[0].error.frame.function == "one"
    assert "callback.surplus-arguments" not in codes(workbench)


# --- errors


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        ("ValueError('oh')", "ValueError: oh"),
        ("KeyError('plan')", "KeyError: 'plan'"),
        ("SystemExit(4)", "SystemExit: 4"),
        ("KeyboardInterrupt('mine')", "KeyboardInterrupt: mine"),
        ("GeneratorExit()", "GeneratorExit"),
        ("BaseException('all')", "BaseException: all"),
        ("StopIteration(1)", "StopIteration: 1"),
    ],
)
def test_whatever_a_callback_raises_ends_its_step_only(
    run: Run, raised: str, text: str, said: Helper
):
    workbench = run(f"""
        def broken(value):
            raise {raised}

        add_action("action", broken)
        add_action("action", say("next"))
        add_filter("filter", lambda value: value + ["before"])
        add_filter("filter", broken)
        add_filter("filter", lambda value: value + ["after"])
    """)
    action = workbench.fire("action", 1, kind="action")
    assert [step.outcome for step in action.steps] == ["error", "ok"]
    assert said(action)[1] == "next 1"
    filtered = workbench.fire("filter", [])
    assert filtered.result == ["before", "after"]
    step = filtered.steps[1]
    assert (step.before, step.after, step.changes) == (["before"], ["before"], ())
    assert str(step.error) == str(action.error) == text
    assert (filtered.outcome, action.outcome) == ("error", "error")


@pytest.mark.parametrize("slug", ["exit-in-callback", "keyboard-interrupt"])
def test_leaving_the_process_leaves_only_the_step(
    hostile: Callable[..., Path], open_workbench: Open, slug: str
):
    hostile(slug)
    workbench = open_workbench()
    hook = {"exit-in-callback": "ticket_created", "keyboard-interrupt": "ticket_assigned"}[slug]
    assert workbench.fire(hook).outcome == "error"
    assert workbench.fire(hook).outcome == "error"


def test_what_a_failed_filter_had_changed_in_place_stays_and_is_shown(
    hostile: Callable[..., Path], open_workbench: Open
):
    hostile("mutator")
    firing = open_workbench().fire("ticket_data", {"subject": "x"}, None)
    (step,) = firing.steps
    assert (step.outcome, step.mutated) == ("error", True)
    assert (step.before, step.after, firing.result) == ({"subject": "x"}, {}, {})
    assert [(change.kind, change.path) for change in step.changes] == [("removed", ("subject",))]


def test_errors_are_logged_where_the_package_logs_them(run: Run, caplog: pytest.LogCaptureFixture):
    workbench = run("""
        def quote(ticket):
            return price(ticket)["plan"]

        def price(ticket):
            return {}

        add_action("run", quote, priority=7)
    """)
    (step,) = workbench.fire("run", 1, kind="action").steps
    (line,) = step.logs
    assert (line.logger, line.level) == ("escalated.hooks", "ERROR")
    registered = f"alpha/plugin.py:{step.line}"
    assert "Action 'run': callback quote of alpha (priority 7, " in line.message
    assert registered in line.message
    assert "raised KeyError: 'plan'" in line.message
    assert 'return price(ticket)["plan"]' in line.message
    assert "escalated_core" not in line.message
    assert [record.name for record in caplog.records] == ["escalated.hooks"]
    (finding,) = [f for f in workbench.findings if f.code == "callback.raised"]
    assert (finding.severity, finding.plugin, finding.line) == ("error", "alpha", step.error.line)


# --- None, async


def test_a_filter_that_returns_none_passes_none_on_and_is_marked(run: Run):
    workbench = run("""
        add_filter("run", lambda value: None)
        add_filter("run", lambda value: value)
        add_filter("run", lambda value: [value])
        add_action("act", lambda: None)
    """)
    firing = workbench.fire("run", "value")
    assert firing.result == [None]
    assert [step.returned_none for step in firing.steps] == [True, False, False]
    (finding,) = workbench.findings
    assert (finding.code, finding.severity) == ("filter.returned-none", "warning")
    assert finding.line == firing.steps[0].line
    assert [step.returned_none for step in workbench.fire("run", None).steps] == [False] * 3
    assert not workbench.fire("act").steps[0].returned_none


def test_an_async_callback_is_a_failed_step_and_never_awaited(run: Run):
    workbench = run("""
        async def coroutine(value):
            print("never")

        async def generator(value):
            print("never")
            yield

        class Awaitable:
            def __await__(self):
                yield

        for function in (coroutine, generator):
            add_filter("run", function)
            add_action("act", function)
        add_filter("run", lambda value: [value])
        add_filter("plain", lambda value: Awaitable())
    """)
    filtered, action = workbench.fire("run", 1), workbench.fire("act", 1, kind="action")
    assert filtered.result == [1]
    for step in (*filtered.steps[:2], *action.steps):
        assert (step.outcome, step.output) == ("error", "")
        assert str(step.error) == (
            f"TypeError: {step.callback} is an async function: Escalated does not await "
            "callbacks, so its body never ran. Make it a plain function."
        )
        assert step.error.file == step.file
    assert workbench.fire("plain", 1).outcome == "ok"


# --- nesting


def test_nested_firings_have_the_plugin_as_cause(run: Run):
    workbench = run("""
        def outer(value):
            do_action("alpha_saved", value)
            return apply_filters("alpha_rate", value) + 1

        add_filter("run", outer)
        add_filter("alpha_rate", lambda rate: rate * 10)
    """)
    firing = workbench.fire("run", 2)
    assert (firing.result, firing.cause, firing.parent_id, firing.depth) == (
        21,
        "workbench",
        None,
        0,
    )
    saved, rate = workbench.trace.children(firing.id)
    assert [(f.hook, f.kind) for f in (saved, rate)] == [
        ("alpha_saved", "action"),
        ("alpha_rate", "filter"),
    ]
    for nested in (saved, rate):
        assert (nested.cause, nested.parent_id, nested.depth) == ("plugin:alpha", firing.id, 1)
    assert (rate.args, rate.result) == ((2,), 20)


def test_a_hook_may_fire_itself_64_levels_deep(run: Run):
    workbench = run("""
        @on_filter("run")
        def deeper(left):
            return apply_filters("run", left - 1) if left > 1 else "bottom"
    """)
    assert workbench.fire("run", 64).result == "bottom"
    firing = workbench.fire("run", 65)
    assert (firing.result, firing.outcome) == (65, "error")


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_deeper_nesting_unwinds_to_the_outermost_firing_with_one_error(
    run: Run, length: int, said: Helper
):
    workbench = run(f"""
        def firing(hook):
            def again(*args):
                do_action(hook)

            return again

        hooks = ["run", *(f"hook{{n}}" for n in range(1, {length}))]
        for hook, following in zip(hooks, [*hooks[1:], "run"]):
            add_action(hook, firing(following))
            add_action(hook, firing(following))
        add_action("run", say("after"))
    """)
    seen = len(workbench.trace)
    firing = workbench.fire("run")
    assert [step.outcome for step in firing.steps] == ["error", "error", "ok"]
    assert said(firing)[-1] == "after"
    for step in firing.steps[:2]:
        assert step.error.type == "NestedTooDeep"
        assert step.error.message.startswith("run fired itself ")
        assert "through firing.<locals>.again." in step.error.message
        assert len(step.error.frames) <= 51
    # Every other level ended without an error of its own.
    new = [f for f in workbench.trace if f.id > seen and f.id != firing.id]
    assert len(new) < 450
    assert all(step.error is None for nested in new for step in nested.steps)
    assert [f.code for f in workbench.findings] == ["callback.raised"]


def test_plain_recursion_is_an_error_of_its_own_step(
    hostile: Callable[..., Path], open_workbench: Open
):
    hostile("deep-recursion", "recursion")
    workbench = open_workbench()
    (step,) = workbench.fire("ticket_status_changed").steps
    assert step.error.type == "RecursionError"
    assert 10 < len(step.error.frames) <= 51
    assert "more frames" in step.error.frames[10].function
    (step,) = workbench.fire("ticket_updated").steps
    assert step.error.message.startswith("ticket_updated fired itself 64 levels deep")
