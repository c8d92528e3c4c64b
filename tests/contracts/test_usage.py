"""What the Python object refuses: each time a `UsageError` that names the cure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import PluginError, UsageError
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]


@pytest.mark.parametrize(
    ("options", "message", "cure"),
    [
        ({"profile": "x"}, "There is no profile 'x'.", "'guide' and 'escalated-django'"),
        ({"profile": None}, "There is no profile None.", "'guide'"),
        ({"settings": 3}, "The settings must be a mapping, not 3.", "dict"),
        ({"settings": [("DEBUG", True)]}, "must be a mapping", "dict"),
    ],
)
def test_options_that_cannot_be_meant(
    open_workbench: Open, options: dict[str, Any], message: str, cure: str
) -> None:
    with pytest.raises(UsageError) as refused:
        open_workbench(**options)
    assert message in refused.value.message
    assert cure in refused.value.cure
    assert open_workbench().plugins == {}, "it must not count as open"


@pytest.mark.parametrize("path", [3, b"plugins", ["plugins"], object()])
def test_a_path_that_is_none(path: Any) -> None:
    with pytest.raises(UsageError, match=r"is no path\. Name the folder"):
        Workbench(path)


@pytest.mark.parametrize(
    ("hook", "kind", "message", "cure"),
    [
        (3, None, "3 is no name of a hook.", "'ticket_created'"),
        (None, None, "None is no name of a hook.", "'ticket_created'"),
        ("", None, "'' is no name of a hook.", "'ticket_created'"),
        ("ticket_created", "bogus", "There is no kind 'bogus'", "'action' and 'filter'"),
        ("ticket_created", 3, "There is no kind 3", "'action' and 'filter'"),
        ("plugin_activated_{slug}", None, "one hook of each plugin", "'plugin_activated_billing'"),
    ],
)
def test_a_firing_that_cannot_be_meant(
    open_workbench: Open, hook: Any, kind: Any, message: str, cure: str
) -> None:
    wb = open_workbench()
    with pytest.raises(UsageError) as refused:
        wb.fire(hook, kind=kind)
    assert message in refused.value.message
    assert cure in refused.value.cure
    assert (list(wb.trace), wb.findings) == ([], [])


@pytest.mark.parametrize("seconds", [0, -1, "5", None, float("nan"), True])
def test_a_time_limit_that_is_none(open_workbench: Open, seconds: Any) -> None:
    wb = open_workbench()
    with pytest.raises(UsageError, match="Give it in seconds"):
        wb.time_limit = seconds
    wb.time_limit = 2
    assert wb.time_limit == 2


def test_a_folder_of_other_things_is_not_taken_for_plugins(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    with pytest.raises(UsageError, match=r"has a plugin\.json"):
        Workbench(tmp_path)


def test_a_link_to_the_plugins_of_a_project_is_for_plugins(root: Path, tmp_path: Path) -> None:
    (root / "begun").mkdir()
    (tmp_path / "elsewhere").symlink_to(root, target_is_directory=True)
    with Workbench(tmp_path / "elsewhere") as wb:
        assert wb.plugins == {}


def test_a_slip_in_the_name_of_a_plugin_names_the_nearest(
    write: Write, open_workbench: Open
) -> None:
    write("sla-watch")
    with pytest.raises(UsageError, match=r"Did you mean 'sla-watch'\? Known plugins: sla-watch\."):
        open_workbench().activate("sla-wach")


def test_the_problem_that_keeps_a_plugin_from_running_is_its_error(
    write: Write, open_workbench: Open
) -> None:
    write("billing", author=..., requires={"escalated": "99.0.0"})
    wb = open_workbench()
    plugin = wb.plugins["billing"]
    assert [finding.code for finding in plugin.findings if finding.severity == "error"] == [
        "manifest.missing-field",
        "manifest.requires-unmet",
    ]
    assert plugin.error is not None
    assert "requires Escalated 99.0.0" in str(plugin.error)
    with pytest.raises(PluginError) as refused:
        wb.activate("billing")
    assert refused.value.finding.code == "manifest.requires-unmet"


def test_why_code_cannot_load_is_told_before_a_lesser_error_of_the_manifest(
    write: Write, open_workbench: Open
) -> None:
    write("billing", "1/0", author=...)
    with pytest.raises(PluginError) as refused:
        open_workbench().activate("billing")
    assert refused.value.finding.code == "load.raised"


def test_the_text_of_an_exception_and_the_cure_are_two_sentences(
    write: Write, open_workbench: Open
) -> None:
    write("billing", "import numpyy")
    (finding,) = open_workbench().findings
    assert "No module named 'numpyy'. Install it, " in str(finding)


def test_each_hook_that_nobody_knows_is_a_finding_of_its_own(open_workbench: Open) -> None:
    wb = open_workbench()
    for hook in ("ticket_dat", "ticket_creatd", "ticket_dat"):
        wb.fire(hook, {})
    wb.step("ticket_assigend", {}).finish()
    assert [(each.code, each.cure) for each in wb.findings] == [
        ("hook.unknown", f"Did you mean '{name}'?")
        for name in ("ticket_data", "ticket_created", "ticket_assigned")
    ]
