"""Activation, deactivation and uninstallation, and what is remembered of them."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import PluginError, UsageError
from escalated_workbench import Workbench

Write = Callable[..., Path]
Helper = Callable[..., Any]
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]


ACTIVATION = ["plugin_loaded", "plugin_activated", "plugin_activated_billing"]
DEACTIVATION = ["plugin_deactivated", "plugin_deactivated_billing"]


def test_activation_fires_its_hooks_in_order_with_their_arguments(
    write: Write, open_workbench: Open, listening: Helper
) -> None:
    write("billing", listening("billing"), requires={"escalated": "1.0.0"})
    workbench = open_workbench()

    firings = [firing for firing in workbench.trace if firing.steps]

    manifest = json.loads((workbench.root / "billing" / "plugin.json").read_text("utf-8"))
    assert [(firing.hook, firing.args) for firing in firings] == [
        ("plugin_loaded", ("billing", manifest)),
        ("plugin_activated", ("billing",)),
        ("plugin_activated_billing", ()),
    ]
    assert {firing.cause for firing in firings} == {"lifecycle"}
    assert {firing.kind for firing in firings} == {"action"}


def test_the_plugin_itself_hears_of_its_own_loading(
    write: Write, open_workbench: Open, listening: Helper
) -> None:
    write("billing", listening("billing"))
    firing = open_workbench().trace[0]
    assert [(step.plugin, step.output) for step in firing.steps] == [
        ("billing", f"billing {firing.args[1].value}\n")
    ]


def test_what_a_plugin_does_to_the_manifest_it_is_given_stays_with_it(
    write: Write, open_workbench: Open
) -> None:
    write(
        "billing",
        """
        from escalated.hooks import on_action

        @on_action("plugin_loaded")
        def spoil(slug, manifest):
            manifest.clear()
        """,
    )
    assert open_workbench().plugins["billing"].manifest["name"] == "Billing"


def test_a_failing_load_takes_everything_back_and_fires_no_activation_hook(
    write: Write, open_workbench: Open, fired: Helper
) -> None:
    write(
        "billing",
        """
        from escalated.hooks import add_action, add_filter
        from escalated.plugin_ui_service import register_menu_item

        add_action("ticket_created", print)
        add_filter("ticket_data", print)
        register_menu_item({"label": "Billing", "section": "admin"})
        raise RuntimeError("half way")
        """,
    )
    workbench = open_workbench()

    plugin = workbench.plugins["billing"]
    assert (plugin.status, str(plugin.error)) == ("failed", "RuntimeError: half way")
    assert not [hook for hook in workbench.hooks if hook.callbacks]
    assert workbench.ui.menu_items("admin") == []
    assert fired(workbench) == []
    (finding,) = workbench.findings
    assert (finding.severity, finding.plugin, finding.line) == ("error", "billing", 8)
    assert finding.file == str(workbench.root / "billing" / "plugin.py")


def test_a_failing_load_by_name_raises_the_same_finding(write: Write, open_workbench: Open) -> None:
    write("billing", "raise RuntimeError('no')")
    workbench = open_workbench()
    for command in (workbench.activate, workbench.reload):
        with pytest.raises(PluginError, match="RuntimeError: no") as caught:
            command("billing")
        assert caught.value.finding in workbench.findings


def test_an_already_active_plugin_is_only_loaded_at_start(
    write: Write, open_workbench: Open, fired: Helper, listening: Helper
) -> None:
    write("billing", listening("billing"))
    open_workbench().close()
    assert fired(open_workbench(), "billing") == ["plugin_loaded"]


def test_activating_an_active_plugin_does_nothing(
    write: Write, open_workbench: Open, fired: Helper, on_run_code: str
) -> None:
    write("billing", on_run_code)
    workbench = open_workbench()
    before = fired(workbench)
    assert workbench.activate("billing").generation == 1
    assert fired(workbench) == before


def test_a_plugin_whose_first_load_failed_is_activated_once_when_a_save_repairs_it(
    write: Write, open_workbench: Open, until: Until, fired: Helper, listening: Helper
) -> None:
    write("billing", "def broken(:")
    workbench = open_workbench(watch=True)
    assert workbench.plugins["billing"].status == "failed"

    write("billing", listening("billing"))
    until(lambda: workbench.plugins["billing"].status == "active" and len(fired(workbench)) == 3)
    assert fired(workbench) == ACTIVATION

    write("billing", listening("billing") + "\n    # saved again")
    until(lambda: workbench.plugins["billing"].generation == 2 and len(fired(workbench)) == 4)
    assert fired(workbench) == [*ACTIVATION, "plugin_loaded"]


def test_a_plugin_that_failed_at_start_is_activated_in_a_later_run(
    write: Write, open_workbench: Open, fired: Helper, on_run_code: str
) -> None:
    write("billing", "def broken(:")
    open_workbench().close()
    write("billing", on_run_code)
    assert fired(open_workbench()) == ACTIVATION


def test_a_failed_activation_by_name_is_made_good_by_a_save(
    write: Write, open_workbench: Open, until: Until, fired: Helper, on_run_code: str
) -> None:
    write("billing", on_run_code)
    workbench = open_workbench(watch=True)
    workbench.deactivate("billing")
    write("billing", "1/0")
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        workbench.activate("billing")
    workbench.trace.clear()

    write("billing", on_run_code + "\n    # mended")

    until(lambda: len(fired(workbench)) == 3)
    assert fired(workbench) == ACTIVATION


def test_states_are_remembered_across_runs(
    write: Write, open_workbench: Open, root: Path, remembered: Helper, on_run_code: str
) -> None:
    write("billing", on_run_code)
    write("triage", on_run_code)
    workbench = open_workbench()
    workbench.deactivate("billing")
    workbench.close()
    assert remembered(root) == {"billing": "inactive", "triage": "active"}

    again = open_workbench()
    assert again.plugins["billing"].status == "inactive"
    assert again.plugins["triage"].status == "active"
    assert len(again.fire("run").steps) == 1


def test_the_memory_lies_beside_the_root_hidden_from_git_and_whole(
    write: Write, open_workbench: Open, root: Path, on_run_code: str
) -> None:
    write("billing", on_run_code)
    open_workbench()
    folder = root.parent / ".escalated-workbench"
    assert (folder / ".gitignore").read_text("utf-8") == "*\n"
    assert sorted(path.name for path in folder.iterdir()) == [".gitignore", "escalated.json"]
    assert list(root.iterdir()) == [root / "billing"]


def test_the_memory_may_lie_elsewhere(
    write: Write, open_workbench: Open, root: Path, tmp_path: Path, on_run_code: str
) -> None:
    write("billing", on_run_code)
    open_workbench(state_dir=tmp_path / "state").close()
    assert (tmp_path / "state" / "escalated.json").is_file()
    assert not (root.parent / ".escalated-workbench").exists()


def test_a_state_folder_that_cannot_be_written_is_a_finding_and_no_crash(
    write: Write, open_workbench: Open, root: Path, remembered: Helper, on_run_code: str
) -> None:
    write("billing", on_run_code)
    in_the_way = root.parent / ".escalated-workbench"
    in_the_way.write_text("a file", "utf-8")
    workbench = open_workbench()
    workbench.deactivate("billing")
    assert workbench.activate("billing").status == "active"
    assert [finding.code for finding in workbench.findings] == ["memory.unwritable"]
    assert workbench.findings[0].cure

    in_the_way.unlink()
    workbench.deactivate("billing")
    assert workbench.findings == []
    assert remembered(root) == {"billing": "inactive"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"plugins": 3}', '{"plugins": {"billing": 1}}'])
def test_a_spoilt_memory_means_that_plugins_are_new(
    write: Write,
    open_workbench: Open,
    root: Path,
    text: str,
    fired: Helper,
    remembered: Helper,
    on_run_code: str,
) -> None:
    write("billing", on_run_code)
    open_workbench().close()
    (root.parent / ".escalated-workbench" / "escalated.json").write_text(text, "utf-8")
    workbench = open_workbench()
    assert fired(workbench) == ACTIVATION
    assert remembered(root) == {"billing": "active"}
    # What was lost stays lost, although the file can be read again.
    lost = ["memory.unreadable"] if "billing" not in text else []
    assert [finding.code for finding in workbench.findings] == lost


def test_the_memory_is_whole_whenever_somebody_reads_it(
    write: Write, open_workbench: Open, root: Path, remembered: Helper, on_run_code: str
) -> None:
    write("billing", on_run_code)
    workbench = open_workbench()
    done = threading.Event()
    seen: list[str] = []

    def read() -> None:
        while not done.is_set():
            seen.append(remembered(root)["billing"])

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        workbench.deactivate("billing")
        workbench.activate("billing")
    done.set()
    reader.join()
    assert set(seen) <= {"active", "inactive"}
    assert len(list((root.parent / ".escalated-workbench").iterdir())) == 2


def test_two_workbenches_of_one_root_do_not_forget_what_the_other_remembered(
    write: Write, open_workbench: Open, root: Path, remembered: Helper, on_run_code: str
) -> None:
    write("billing", on_run_code)
    write("triage", on_run_code)
    workbench = open_workbench()
    path = root.parent / ".escalated-workbench" / "escalated.json"
    states = json.loads(path.read_text("utf-8"))
    states["plugins"]["triage"] = "inactive"  # another process deactivates it meanwhile
    path.write_text(json.dumps(states), "utf-8")

    workbench.deactivate("billing")

    assert remembered(root) == {"billing": "inactive", "triage": "inactive"}


def test_deactivation_fires_its_hooks_and_then_everything_is_gone(
    write: Write, open_workbench: Open, fired: Helper, listening: Helper
) -> None:
    write(
        "billing",
        listening("billing")
        + """
    import sys
    from django.db.models.signals import post_save
    from escalated.hooks import add_filter
    from escalated.plugin_ui_service import (
        add_page_component, register_dashboard_widget, register_menu_item
    )
    import helpers

    add_filter("ticket_data", lambda data, ticket: data)
    register_menu_item({"label": "Billing", "section": "admin"})
    register_dashboard_widget({"id": "b", "label": "B", "component": "B", "section": "admin"})
    add_page_component("dashboard", "header", {"component": "B"})
    post_save.connect(lambda **_: print("a signal reached it"), weak=False)
""",
        "helpers.py",
        "",
    )
    write(
        "witness",
        """
        from escalated.hooks import on_action, on_filter

        @on_filter("receivers")
        def receivers(value):
            from django.db.models.signals import post_save
            return len(post_save.receivers)

        @on_action("save")
        def save():
            from escalated_core.helpdesk.models import Ticket
            Ticket.objects.first().save()
        """,
    )
    workbench = open_workbench()
    with_it = workbench.fire("receivers", 0).result
    workbench.trace.clear()

    assert workbench.deactivate("billing").status == "inactive"

    assert fired(workbench) == DEACTIVATION
    assert all(firing.steps for firing in workbench.trace)
    assert {c.plugin for hook in workbench.hooks for c in hook.callbacks} == {"witness"}
    ui = workbench.ui
    assert [*ui.menu_items(), *ui.widgets(), *ui.components()] == []
    assert workbench.fire("receivers", 0).result == with_it - 1
    assert workbench.fire("save").steps[0].output == ""
    assert not [name for name in sys.modules if name.startswith("escalated_plugins.billing")]


def test_deactivating_an_inactive_plugin_fires_nothing(
    write: Write, open_workbench: Open, fired: Helper, on_run_code: str
) -> None:
    write("billing", on_run_code)
    workbench = open_workbench()
    workbench.deactivate("billing")
    before = fired(workbench)
    assert workbench.deactivate("billing").status == "inactive"
    assert fired(workbench) == before


def test_deactivating_a_failed_plugin_ends_the_complaint(
    write: Write, open_workbench: Open
) -> None:
    write("billing", "1/0")
    workbench = open_workbench()
    plugin = workbench.deactivate("billing")
    assert (plugin.status, plugin.error, plugin.findings) == ("inactive", None, ())


def test_a_deactivated_plugin_runs_once_per_firing_after_any_number_of_activations(
    write: Write, open_workbench: Open
) -> None:
    write(
        "billing",
        """
        from escalated.hooks import add_action, add_filter

        add_action("run", lambda: print("ran"))
        add_filter("value", lambda value: value + 1)
        """,
    )
    workbench = open_workbench()
    for _ in range(5):
        workbench.deactivate("billing")
        assert workbench.fire("run").steps == ()
        assert workbench.fire("value", 1).result == 1
        workbench.activate("billing")
        assert [step.output for step in workbench.fire("run").steps] == ["ran\n"]
        assert workbench.fire("value", 1).result == 2
    assert workbench.plugins["billing"].generation == 6


OWNERS = """
    import functools
    from escalated.hooks import add_action, on_action
    from helpers import register
    from escalated.plugin_ui_service import register_menu_item

    class Callable:
        def __call__(self):
            pass

        def method(self):
            pass

    register("by_helper")
    add_action("by_partial", functools.partial(print, "x"))
    add_action("by_builtin", print)
    add_action("by_lambda", lambda: None)
    add_action("by_object", Callable())
    add_action("by_method", Callable().method)
    add_action("by_host", add_action)

    @on_action("run")
    def run():
        register("by_callback")
        register_menu_item({"label": "Late", "section": "admin"})
"""


def test_ownership_follows_the_code(write: Write, open_workbench: Open) -> None:
    helper = """
        from escalated.hooks import add_action

        def register(name):
            add_action(name, len)
        """
    write("billing", OWNERS, "helpers.py", helper)
    workbench = open_workbench()
    workbench.fire("run")

    owners = {hook.name: callback.plugin for hook in workbench.hooks for callback in hook.callbacks}
    how = ["helper", "callback", "partial", "builtin", "lambda", "object", "method", "host"]
    assert owners == {f"by_{name}": "billing" for name in how} | {"run": "billing"}
    assert [item.plugin for item in workbench.ui.menu_items("admin")] == ["billing"]

    workbench.deactivate("billing")
    assert not [hook for hook in workbench.hooks if hook.callbacks]
    assert workbench.ui.menu_items("admin") == []


def test_a_registration_belongs_to_whose_code_makes_it_not_to_whose_function_it_is(
    write: Write, open_workbench: Open
) -> None:
    write(
        "alpha",
        """
        from escalated.hooks import add_action, do_action

        def mine():
            pass

        add_action("run", lambda: do_action("share", mine))
        """,
    )
    write(
        "beta",
        """
        from escalated.hooks import add_action

        add_action("share", lambda function: add_action("shared", function))
        """,
    )
    workbench = open_workbench()
    workbench.fire("run")
    (shared,) = [hook for hook in workbench.hooks if hook.name == "shared"]
    assert [callback.plugin for callback in shared.callbacks] == ["beta"]


def test_a_plugin_that_nobody_knows_is_named_with_those_that_are(
    write: Write, open_workbench: Open, on_run_code: str
) -> None:
    write("billing", on_run_code)
    workbench = open_workbench()
    for command in (
        workbench.activate,
        workbench.deactivate,
        workbench.reload,
        workbench.uninstall,
    ):
        with pytest.raises(UsageError, match=r"'biling'.*billing"):
            command("biling")


def test_an_inactive_plugin_is_not_reloaded(
    write: Write, open_workbench: Open, on_run_code: str
) -> None:
    write("billing", on_run_code)
    workbench = open_workbench()
    workbench.deactivate("billing")
    with pytest.raises(UsageError, match="Activate it"):
        workbench.reload("billing")
    assert workbench.plugins["billing"].status == "inactive"
