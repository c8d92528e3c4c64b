"""Errors as records: the plugin's own frames with the source around them."""

from __future__ import annotations

import importlib
import signal
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.records import ErrorRecord, Frame
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Fail = Callable[..., ErrorRecord]


@pytest.fixture
def fail(write: Write, open_workbench: Open) -> Fail:
    """`fail(body)` is the error of a callback with this body; more arguments are more files."""

    def make(body: str, *more: str) -> ErrorRecord:
        code = "from escalated.hooks import *\n\n\ndef callback(value):\n"
        code += textwrap.indent(textwrap.dedent(body).strip(), "    ")
        write("alpha", f"{code}\n\n\nadd_action('run', callback)\n", *more)
        (step,) = open_workbench().fire("run", {}, kind="action").steps
        assert step.error is not None
        return step.error

    return make


def stops_at(frame: Frame) -> str:
    """The source of a frame from the column on which it stopped."""
    assert frame.column is not None
    return dict(frame.source)[frame.line][frame.column - 1 :]


def test_frames_tell_file_line_column_function_and_source(fail: Fail):
    error = fail("""
        first = 1
        second = {"ü": first}; value["plan"]["x"]
        third = 3
    """)
    (frame,) = error.frames
    assert str(error) == "KeyError: 'plan'"
    assert (frame.function, frame.line) == ("callback", 6)
    assert Path(frame.file).name == "plugin.py"
    assert stops_at(frame) == 'value["plan"]["x"]'
    assert [number for number, _ in frame.source] == list(range(2, 11))
    assert frame.source[2] == (4, "def callback(value):")
    assert (error.file, error.line, error.frame) == (frame.file, 6, frame)


def test_frames_are_the_plugins_own_helpers_included(fail: Fail):
    error = fail(
        """
        from .prices import total
        return total([value])
        """,
        "prices.py",
        "import json\n\n\ndef total(lines):\n    return sum(map(price, lines))\n\n\n"
        "def price(line):\n    return json.loads('{')\n",
    )
    assert error.type == "json.decoder.JSONDecodeError"
    assert [(Path(f.file).name, f.function, f.line) for f in error.frames] == [
        ("plugin.py", "callback", 6),
        ("prices.py", "total", 5),
        ("prices.py", "price", 9),
    ]


@pytest.mark.parametrize(("callback", "given"), [("int", "five"), ("json.loads", "{")])
def test_an_error_outside_of_the_plugin_points_to_where_it_registered_the_callback(
    write: Write, open_workbench: Open, callback: str, given: str
):
    write("alpha", f"import json\nfrom escalated.hooks import *\n\nadd_action('run', {callback})\n")
    workbench = open_workbench()
    (step,) = workbench.fire("run", given, kind="action").steps
    assert step.error is not None
    assert (step.error.file, step.error.line) == (step.file, 4)
    assert (4, f"add_action('run', {callback})") in step.error.frames[0].source
    (finding,) = workbench.findings
    assert (finding.file, finding.line) == (step.file, 4)


def test_an_error_of_a_callback_that_no_plugin_registered_shows_its_frames(open_workbench: Open):
    workbench = open_workbench()
    hooks = importlib.import_module("escalated.hooks")

    @hooks.on_action("run")
    def callback() -> None:
        raise ValueError("mine")

    (step,) = workbench.fire("run").steps
    assert step.error is not None
    assert (step.plugin, step.error.frames[-1].function) == (None, callback.__qualname__)
    assert step.error.file == __file__


def test_causes_and_contexts_are_followed(fail: Fail):
    error = fail("""
        try:
            try:
                value["plan"]
            except KeyError as missing:
                raise LookupError("no plan") from missing
        except LookupError:
            raise RuntimeError("cannot bill")
    """)
    assert str(error) == "RuntimeError: cannot bill"
    assert error.cause is not None
    assert str(error.cause) == "LookupError: no plan"
    assert str(error.cause.cause) == "KeyError: 'plan'"
    assert error.cause.cause is not None
    assert (error.cause.cause.line, error.cause.cause.cause) == (7, None)
    assert fail("raise ValueError from None").cause is None


def test_the_source_is_the_one_that_ran(write: Write, open_workbench: Open):
    code = (
        "from escalated.hooks import *\n\ndef callback():\n    1 / 0\n\nadd_action('run', callback)"
    )
    folder = write("alpha", code)
    workbench = open_workbench()
    (folder / "plugin.py").write_text("# nothing is left\n", "utf-8")
    error = workbench.fire("run").error
    assert error is not None
    assert error.frame is not None
    assert (4, "    1 / 0") in error.frame.source


def test_a_module_that_cannot_be_read_is_shown_with_its_line(fail: Fail):
    error = fail("from . import broken", "broken.py", "x = 1\ndef f(\n")
    assert str(error) == "SyntaxError: '(' was never closed"
    assert [(Path(f.file).name, f.line) for f in error.frames] == [
        ("plugin.py", 5),
        ("broken.py", 2),
    ]
    assert stops_at(error.frames[-1]) == "("
    error = fail("eval('1 +')")
    assert [(Path(f.file).name, f.line) for f in error.frames] == [("plugin.py", 5)]


HOSTILE = {
    "raises": ("raise ValueError", "(its __str__ raised ValueError)"),
    "exits": ("raise SystemExit", "(its __str__ raised SystemExit)"),
    "is long": ("return 'x' * 5_000", f"{'x' * 4_000}… (5,000 characters)"),
    "is no text": ("return 5", "(its __str__ raised TypeError)"),
    "recurses": ("return str(self)", "(its __str__ raised RecursionError)"),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_an_error_whose_text_fights_back(fail: Fail, how: str):
    body, message = HOSTILE[how]
    error = fail(f"""
        class Hostile(Exception):
            def __str__(self):
                {body}

            __repr__ = __str__
            __cause__ = __context__ = __traceback__ = property(lambda self: 1 / 0)

        raise Hostile
    """)
    assert error.type == "escalated_plugins.alpha.callback.<locals>.Hostile"
    assert error.message == message
    assert error.line == 12


def test_an_error_whose_text_never_ends_is_interrupted(write: Write, open_workbench: Open):
    write(
        "alpha",
        """
        from escalated.hooks import *

        class Endless(Exception):
            def __str__(self):
                while True:
                    pass

        def callback():
            raise Endless

        add_action("run", callback)
        add_action("run", lambda: print("next"))
        """,
    )
    workbench = open_workbench()
    workbench.time_limit = 0.05
    first, second = workbench.fire("run").steps
    assert (first.outcome, second.output) == ("error", "next\n")
    assert str(first.error) == "escalated_plugins.alpha.Endless: (its text never came to an end)"
    assert first.error is not None
    assert Path(str(first.error.file)).name == "plugin.py"


def test_a_broken_signature_text_fails_no_step(write: Write, open_workbench: Open):
    write(
        "alpha",
        """
        from escalated.hooks import *

        class Default:
            def __repr__(self):
                raise RuntimeError

        @on_action("run")
        def callback(one, two, three, option=Default()):
            pass
        """,
    )
    firing = open_workbench().fire("run", 1, kind="action")
    error: Any = firing.error
    assert error.message == "callback(...) needs 3 arguments, but run was fired with 1 argument."


@pytest.mark.parametrize(
    ("registered", "message", "cure"),
    [
        ("add_action('ticket_craeted', on)", "not documented", "Did you mean 'ticket_created'?"),
        ("add_action('ticket_data', on)", "is a filter, no action", "add_filter"),
        ("add_filter('ticket_created', on)", "is an action, no filter", "add_action"),
    ],
)
def test_a_hook_that_was_not_meant_is_doubted(
    write: Write, open_workbench: Open, registered: str, message: str, cure: str
) -> None:
    write("alpha", f"from escalated.hooks import *\n\ndef on(value):\n    pass\n\n{registered}")
    wb = open_workbench()
    (finding,) = wb.findings
    assert (finding.code, finding.severity, finding.line) == ("hook.doubtful", "warning", 6)
    assert message in finding.message
    assert cure in finding.cure


def test_hooks_of_a_plugins_own_are_not_doubted(write: Write, open_workbench: Open) -> None:
    names = ["billing_ticket_closed", "invoice_created", "plugin_activated_alpha", "go"]
    code = "".join(f"add_action({name!r}, print)\n" for name in names)
    write("alpha", f"from escalated.hooks import *\n{code}")
    assert list(open_workbench().findings) == []


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (
            "@on_action('ticket_created')\ndef on(a, b, c): pass",
            "on(a, b, c) needs 3 arguments, ticket_created passes 2 (ticket, user).",
        ),
        (
            "@on_filter('ticket_list_query')\ndef on(queryset, *, user): pass",
            "on(queryset, *, user) needs 2 arguments, ticket_list_query passes 1 (queryset).",
        ),
        (
            "@on_action('plugin_activated_alpha')\ndef on(slug): pass",
            "on(slug) needs 1 argument, plugin_activated_alpha passes none.",
        ),
    ],
)
def test_a_callback_that_its_hook_can_never_call_is_found_when_it_is_loaded(
    write: Write, open_workbench: Open, code: str, says: str
) -> None:
    write("alpha", f"from escalated.hooks import *\n\n{code}")
    finding = next(f for f in open_workbench().findings if f.code == "callback.needs-too-many")
    assert (finding.severity, finding.plugin, finding.line) == ("error", "alpha", 3)
    assert finding.message == says


@pytest.mark.parametrize(
    "signature", ["", "ticket", "ticket, user", "*args", "ticket, user, more=1", "a, *b, **c"]
)
def test_a_callback_that_its_hook_can_call_is_fine(
    write: Write, open_workbench: Open, signature: str
) -> None:
    code = f"@on_action('ticket_created')\ndef on({signature}): pass\n"
    own = "@on_action('a_hook_of_its_own')\ndef own(a, b, c, d): pass\n"
    write("alpha", f"from escalated.hooks import *\n{code}{own}")
    assert open_workbench().findings == []


def test_an_arity_that_is_mended_is_no_finding_any_more(write: Write, open_workbench: Open) -> None:
    code = "from escalated.hooks import *\n@on_action('user_login')\ndef on({}): pass\n"
    write("alpha", code.format("user, request"))
    wb = open_workbench()
    assert [finding.code for finding in wb.findings] == ["callback.needs-too-many"]
    write("alpha", code.format("user, request=None"))
    wb.reload("alpha")
    assert wb.findings == []


def test_why_a_plugin_failed_is_logged_where_somebody_listens(
    write: Write, open_workbench: Open, caplog: pytest.LogCaptureFixture
) -> None:
    write("alpha", "import no_such_module_at_all")
    open_workbench()
    (record,) = [record for record in caplog.records if record.name == "escalated.plugins"]
    assert record.levelname == "ERROR"
    assert "no_such_module_at_all" in record.getMessage()
    assert "plugin.py:1" in record.getMessage()


def test_a_firing_around_one_that_was_given_up_is_given_up_too(
    write: Write, open_workbench: Open
) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        add_action("outer", lambda wake: do_action("inner", wake))
        add_action("inner", lambda wake: wake.wait())
        """,
    )
    workbench = open_workbench()
    workbench.time_limit = 0.05
    wake = threading.Event()
    outer = workbench.fire("outer", wake, kind="action")
    try:
        recorded = {each.hook: each for each in workbench.trace}
        assert recorded["outer"] == outer
        assert recorded["inner"].parent_id == outer.id
        assert [recorded[hook].outcome for hook in ("inner", "outer")] == ["interrupted"] * 2
    finally:
        wake.set()


def test_what_describing_an_error_takes_is_nobodys_time(write: Write, open_workbench: Open) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import *

        @on_action("run", 1)
        def bad():
            raise ValueError("no")

        @on_action("run", 2)
        def good():
            pass
        """,
    )
    _, good = open_workbench().fire("run").steps
    assert good.own_ns == good.duration_ns


def test_who_stops_waiting_stops_the_callback(
    write: Write, open_workbench: Open, request: pytest.FixtureRequest
) -> None:
    # A process that a shell starts in the background ignores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    write(
        "alpha",
        """
        from escalated.hooks import *

        @on_action("run")
        def loop():
            while True:
                pass
        """,
    )
    workbench = open_workbench()
    workbench.time_limit = 600

    def interrupt() -> None:
        while workbench.activity is None:
            pass
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        workbench.fire("run")
    assert workbench.fire("other", kind="action").outcome == "ok"
    assert [each.outcome for each in workbench.trace if each.hook == "run"] == ["interrupted"]
