"""The hook API as plugins see it: registration, order, removal, arity."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from escalated_core.records import Finding, Plugin
from escalated_workbench import Workbench

Write = Callable[..., Path]
Helper = Callable[..., Any]
Open = Callable[..., Workbench]
Run = Callable[..., Workbench]
RunPython = Callable[[str], str]


def line_of(plugin: Plugin, text: str) -> int:
    """The line of a plugin's main file that contains `text`."""
    lines = Path(plugin.path, plugin.main_file).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def failure(workbench: Workbench) -> Finding:
    """Why the plugin `alpha` failed to load."""
    plugin = workbench.plugins["alpha"]
    assert plugin.status == "failed"
    return next(finding for finding in plugin.findings if finding.severity == "error")


# --- what there is


def test_the_module_has_the_functions_of_the_guide_and_the_registry_object(run: Run):
    workbench = run("""
        import escalated.hooks as module
        from escalated.hooks import HookManager, hooks

        assert isinstance(hooks, HookManager)
        for name in ("add_action", "do_action", "has_action", "remove_action", "on_action",
                     "add_filter", "apply_filters", "has_filter", "remove_filter", "on_filter"):
            assert globals()[name] == getattr(module, name) == getattr(hooks, name)
        hooks.add_filter("run", lambda value: value + 1)
        assert hooks.get_filters()["run"][10][0](1) == 2
    """)
    assert workbench.plugins["alpha"].error is None
    assert workbench.fire("run", 1).result == 2


def test_actions_and_filters_of_one_name_are_apart(run: Run, said: Helper):
    workbench = run("""
        add_action("run", say("action"))
        add_filter("run", lambda value: f"{value} filtered")
        remove_filter("other")
    """)
    assert said(workbench.fire("run", 1, kind="action")) == ["action 1"]
    assert workbench.fire("run", "x", kind="filter").result == "x filtered"


def test_registering_and_firing_answer_none_and_decorators_the_function(run: Run):
    workbench = run("""
        def function(*args):
            return "ignored"

        assert add_action("run", function) is None
        assert do_action("run", 1) is None
        assert remove_action("run", function) is None
        assert add_filter("run", function) is None
        assert remove_filter("run", function) is None
        assert on_action("run", priority=3)(function) is function
        assert on_filter("run")(function) is function
        assert apply_filters("nobody", 5) == 5
    """)
    assert workbench.plugins["alpha"].error is None


def test_has_tells_whether_somebody_listens(run: Run):
    workbench = run("""
        seen = [has_action("run"), has_filter("run")]
        add_action("run", print)
        seen += [has_action("run"), has_filter("run"), has_action("RUN")]
        remove_action("run")
        seen += [has_action("run")]
        add_filter("seen", lambda value: seen)
    """)
    assert workbench.fire("seen", 0).result == [False, False, True, False, False, False]


# --- order


def test_lower_priorities_run_first_and_registration_order_breaks_ties(run: Run, said: Helper):
    workbench = run("""
        add_action("run", say("20"), priority=20)
        add_action("run", say("default"))
        add_action("run", say("ten"), 10)
        add_action("run", say("last"), float("inf"))
        add_action("run", say("ten and a half"), priority=10.5)
        add_action("run", say("ten, again"), priority=10.0)
        add_action("run", say("minus"), priority=-1)
        add_action("run", say("first"), priority=float("-inf"))
        on_action("run", 15)(say("15"))
        add_action("run", say("huge"), priority=10**300)
    """)
    firing = workbench.fire("run")
    assert said(firing) == [
        *("first", "minus", "default", "ten", "ten, again", "ten and a half", "15", "20"),
        *("huge", "last"),
    ]
    assert firing.steps[2].priority == 10


def test_plugins_run_in_slug_order_and_a_reload_keeps_their_place(
    write: Write, open_workbench: Open, said: Helper
):
    code = "from escalated.hooks import add_action\nadd_action('run', lambda: print({!r}))"
    for slug in ("gamma", "alpha", "beta"):
        write(slug, code.format(slug))
    workbench = open_workbench()
    assert said(workbench.fire("run")) == ["alpha", "beta", "gamma"]
    write("alpha", code.format("alpha, edited"))
    workbench.reload("alpha")
    workbench.reload("beta")
    assert said(workbench.fire("run")) == ["alpha, edited", "beta", "gamma"]


# --- what cannot be registered


@pytest.mark.parametrize(
    "priority",
    [
        *("True", "'5'", "None", "float('nan')", "1j", "[10]", "10**400"),
        "__import__('decimal').Decimal(5)",
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        "add_action('run', print, {})",
        "add_filter('run', print, priority={})",
        "on_action('run', {})(print)",
        "on_filter('run', priority={})(print)",
    ],
)
def test_a_priority_that_is_no_real_number_is_a_type_error(run: Run, call: str, priority: str):
    workbench = run(f"bad = {priority}\n{call.format('bad')}\n")
    error = workbench.plugins["alpha"].error
    assert error is not None
    assert error.type == "TypeError"
    line = line_of(workbench.plugins["alpha"], call.format("bad"))
    assert "must be a number" in error.message
    assert f"plugin alpha, alpha/plugin.py:{line}" in error.message
    found = failure(workbench)
    assert (found.plugin, found.line) == ("alpha", line)
    assert workbench.fire("run", 1).steps == ()


@pytest.mark.parametrize("name", ["''", "None", "5", "b'run'", "('run',)", "print"])
@pytest.mark.parametrize(
    "call",
    [
        "add_action({}, print)",
        "add_filter({}, print)",
        "on_action({})",
        "on_filter({})",
        "do_action({})",
        "apply_filters({}, 1)",
    ],
)
def test_the_name_of_a_hook_is_a_non_empty_str(run: Run, call: str, name: str):
    error = run(call.format(name)).plugins["alpha"].error
    assert error is not None
    assert error.type == "TypeError"
    assert error.message.startswith("A hook name must be a non-empty str, not ")
    assert "plugin alpha, alpha/plugin.py:" in error.message


def test_a_decorator_without_a_name_does_not_pass_in_silence(run: Run):
    workbench = run("""
        @on_action
        def ticket_created(ticket):
            pass
    """)
    assert "A hook name must be" in failure(workbench).message


@pytest.mark.parametrize("kind", ["action", "filter"])
@pytest.mark.parametrize("callback", ["None", "'print'", "5", "[print]"])
def test_a_callback_is_callable(run: Run, kind: str, callback: str):
    workbench = run(f"add_{kind}('run', {callback})")
    error = workbench.plugins["alpha"].error
    assert error is not None
    assert str(error) == f"TypeError: Callback for {kind} 'run' must be callable."
    assert error.line == failure(workbench).line == line_of(workbench.plugins["alpha"], "add_")


def test_a_plugin_can_catch_what_registration_raises(run: Run, said: Helper):
    workbench = run("""
        try:
            add_action("run", print, priority="high")
        except TypeError as error:
            add_action("run", say(type(error).__name__))
    """)
    assert said(workbench.fire("run")) == ["TypeError"]


# --- duplicates and removal


def test_the_same_callback_registered_twice_runs_twice_and_is_removed_at_once(
    run: Run, said: Helper
):
    workbench = run("""
        def twice():
            print("twice")

        add_action("run", twice)
        add_action("run", twice, priority=50)
        add_action("run", say("other"))
        add_action("remove", lambda: remove_action("run", twice))
    """)
    assert said(workbench.fire("run")) == ["twice", "other", "twice"]
    workbench.fire("remove")
    assert said(workbench.fire("run")) == ["other"]


@pytest.mark.parametrize(
    "callback",
    ["Listener().heard", "one.heard", "decorated", "both", "Equal(1)", "Hostile.only", "len"],
)
def test_callbacks_are_removed_by_equality(run: Run, callback: str, said: Helper):
    workbench = run(f"""
        class Listener:
            def __eq__(self, other):
                return isinstance(other, Listener)

            def heard(self, *args):
                print("heard")

        class Equal(int):
            def __call__(self, *args):
                print("equal")

        class Hostile:
            def __call__(self, *args):
                print("hostile")

            def __eq__(self, other):
                raise RuntimeError("compared")

        Hostile.only = Hostile()
        one = Listener()

        @on_filter("elsewhere")
        @on_action("run")
        def decorated(*args):
            print("decorated")

        @on_action("run", priority=1)
        @on_action("run", priority=99)
        def both(*args):
            print("both")

        remove_action("run")
        add_action("run", Hostile())
        add_action("run", {callback})
        remove_action("run", {callback})
        add_action("run", say("left"))
    """)
    expected = ["hostile", "left"]
    if callback.endswith("heard"):
        # Methods of equal objects are no more equal than the objects are one.
        expected = expected if callback == "one.heard" else ["hostile", "heard", "left"]
    assert said(workbench.fire("run")) == expected


def test_removing_without_a_callback_removes_all_and_unknown_names_are_no_error(run: Run):
    workbench = run("""
        add_filter("run", say(1))
        add_filter("run", say(2), priority=1)
        remove_filter("run")
        remove_filter("run")
        remove_filter("unknown")
        remove_action("run", print)
        remove_filter("run", "not even callable")
    """)
    assert workbench.plugins["alpha"].error is None
    assert workbench.fire("run", "value").steps == ()


def test_a_plugin_may_remove_what_another_registered(
    write: Write, open_workbench: Open, said: Helper
):
    write("alpha", "from escalated.hooks import *\nadd_action('run', lambda: print('alpha'))")
    write("beta", "from escalated.hooks import *\nremove_action('run')")
    workbench = open_workbench()
    assert workbench.fire("run").steps == ()
    write("gamma", "from escalated.hooks import *\nremove_action('other')\n1 / 0")
    write("alpha", "from escalated.hooks import *\nadd_action('other', lambda: print('alpha'))")
    workbench = open_workbench()
    assert workbench.plugins["gamma"].status == "failed"
    assert said(workbench.fire("other")) == ["alpha"]


# --- changes during a firing


def test_what_is_added_during_a_firing_takes_part_from_the_next(
    hostile: Callable[..., Path], open_workbench: Open, said: Helper
):
    hostile("self-registering")
    workbench = open_workbench()
    for others in range(3):
        assert said(workbench.fire("ticket_deleted", 7)) == ["", *["also told of 7"] * others]


def test_what_is_removed_during_a_firing_does_not_run_any_more(
    hostile: Callable[..., Path], open_workbench: Open, said: Helper
):
    hostile("remover")
    workbench = open_workbench()
    assert said(workbench.fire("remover_run")) == ["", "last ran"]
    assert said(workbench.fire("remover_run")) == ["", "last ran"]


def test_a_callback_may_remove_itself_everything_and_register_again(run: Run, said: Helper):
    workbench = run("""
        def once():
            remove_action("once", once)
            print("once")

        def again():
            remove_action("again")
            add_action("again", again)
            print("again")

        add_action("once", once)
        add_action("once", say("other"))
        add_action("again", again)
        add_action("again", say("never"))
    """)
    assert said(workbench.fire("once")) == ["once", "other"]
    assert said(workbench.fire("once")) == ["other"]
    assert said(workbench.fire("again")) == ["again"]
    assert said(workbench.fire("again")) == ["again"]


def test_removal_is_at_once_also_while_the_plugin_is_being_loaded(run: Run):
    workbench = run("""
        def first():
            remove_action("run", second)

        def second():
            print("second ran")

        add_action("run", first)
        add_action("run", second)
        do_action("run")
    """)
    assert [step.callback for step in workbench.trace[0].steps] == ["first"]


def test_a_thread_started_while_loading_registers_and_fires_like_any_other(run: Run, said: Helper):
    workbench = run("""
        import threading

        loaded = threading.Event()

        def late():
            loaded.wait(10)
            add_action("run", say("late"))
            do_action("from_thread")

        thread = threading.Thread(target=late)
        thread.start()
        add_action("plugin_activated_alpha", loaded.set)
        add_action("wait", thread.join)
    """)
    workbench.fire("wait")
    assert said(workbench.fire("run")) == ["late"]
    fired = next(firing for firing in workbench.trace if firing.hook == "from_thread")
    assert fired.cause == "plugin:alpha"
    assert fired.thread != workbench.fire("run").thread


# --- a real `escalated`

SCRIPT = """
import sys, tempfile
from pathlib import Path
{before}
from escalated_workbench import Workbench

root = Path(tempfile.mkdtemp())
(root / "alpha").mkdir()
(root / "alpha" / "plugin.json").write_text("{{}}")
(root / "alpha" / "plugin.py").write_text(
    "from escalated.hooks import *\\nadd_action('run', lambda: print('ran'))"
)
with Workbench(root) as workbench:
    print(workbench.fire("run").steps[0].output.strip())
    import escalated.hooks
    ours = escalated.hooks
print([name for name in sys.modules if name.partition(".")[0] == "escalated"] == kept)
{after}
"""


def test_the_stand_ins_are_gone_after_close_and_need_no_real_package(run_python: RunPython):
    before = """
class Missing:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == "escalated":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing)
kept = []
"""
    after = """
try:
    import escalated.hooks
except ModuleNotFoundError as error:
    print(error)
"""
    printed = run_python(SCRIPT.format(before=before, after=after))
    assert printed.splitlines() == ["ran", "True", "No module named 'escalated'"]


REAL = """
import escalated, escalated.hooks as real
from escalated.hooks import hooks
real.add_action("run", print)
kept = [name for name in sys.modules if name.partition(".")[0] == "escalated"]
modules = [sys.modules[name] for name in kept]
"""
UNDISTURBED = """
print(ours is real, [sys.modules[name] for name in kept] == modules, ours in sys.modules.values())
print(real.hooks is hooks, [list(p) for p in real.hooks.get_actions()["run"].values()] == [[print]])
"""


def test_an_imported_package_of_that_name_is_not_disturbed(run_python: RunPython, tmp_path: Path):
    package = tmp_path / "site" / "escalated"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "hooks.py").write_text(
        "class Hooks(dict):\n"
        "    def get_actions(self):\n"
        "        return {tag: {10: found} for tag, found in self.items()}\n"
        "hooks = Hooks()\n"
        "def add_action(tag, callback):\n"
        "    hooks.setdefault(tag, []).append(callback)\n"
    )
    before = f"sys.path.insert(0, {str(package.parent)!r})\n{REAL}"
    printed = run_python(SCRIPT.format(before=before, after=UNDISTURBED))
    assert printed.splitlines() == ["ran", "True", "False True False", "True True"]


@pytest.mark.skipif(find_spec("escalated") is None, reason="escalated-django is not installed")
def test_the_real_package_is_neither_needed_nor_disturbed(run_python: RunPython):
    printed = run_python(SCRIPT.format(before=REAL, after=UNDISTURBED))
    assert printed.splitlines() == ["ran", "True", "False True False", "True True"]
    after = "import escalated.hooks as real\nprint('site-packages' in real.__file__)"
    printed = run_python(SCRIPT.format(before="kept = []", after=after))
    assert printed.splitlines() == ["ran", "True", "True"]
