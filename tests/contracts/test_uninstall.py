"""Uninstalling plugins, and the installed ones that only pip uninstalls."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import PluginError
from escalated_workbench import Workbench

Write = Callable[..., Path]
Helper = Callable[..., Any]
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]


ACTIVATION = ["plugin_loaded", "plugin_activated", "plugin_activated_billing"]


DEACTIVATION = ["plugin_deactivated", "plugin_deactivated_billing"]


UNINSTALLATION = ["plugin_uninstalling", "plugin_uninstalling_billing"]


def test_uninstalling_an_active_plugin_fires_its_hooks_and_deletes_its_files(
    write: Write,
    open_workbench: Open,
    root: Path,
    fired: Helper,
    remembered: Helper,
    listening: Helper,
) -> None:
    folder = write("billing", listening("billing"))
    workbench = open_workbench()
    workbench.trace.clear()

    workbench.uninstall("billing")

    assert fired(workbench) == [*UNINSTALLATION, *DEACTIVATION]
    assert all(len(firing.steps) == 1 for firing in workbench.trace)
    assert not folder.exists()
    assert "billing" not in workbench.plugins
    assert not [hook for hook in workbench.hooks if hook.callbacks]
    assert remembered(root) == {}


def test_the_files_are_still_there_while_the_uninstall_hooks_run(
    write: Write, open_workbench: Open
) -> None:
    write(
        "billing",
        """
        from pathlib import Path
        from escalated.hooks import on_action

        @on_action("plugin_uninstalling_billing")
        def look():
            from .cleaning import clean
            clean(Path(__file__))
        """,
        "cleaning.py",
        "def clean(file): print(file.exists())",
    )
    workbench = open_workbench()
    workbench.uninstall("billing")
    step = next(firing.steps[0] for firing in workbench.trace if firing.steps)
    assert (step.error, step.output) == (None, "True\n")


def test_an_inactive_plugin_is_loaded_for_its_uninstall_hook_which_runs_once(
    write: Write, open_workbench: Open, fired: Helper, listening: Helper
) -> None:
    folder = write("billing", listening("billing"))
    workbench = open_workbench()
    workbench.deactivate("billing")
    workbench.trace.clear()

    workbench.uninstall("billing")

    assert fired(workbench) == UNINSTALLATION
    assert [len(firing.steps) for firing in workbench.trace] == [1, 1]
    assert not folder.exists()


@pytest.mark.parametrize("code", ["def broken(:", "1/0"])
def test_a_plugin_that_cannot_load_can_be_uninstalled(
    write: Write, open_workbench: Open, code: str
) -> None:
    folder = write("billing", code)
    workbench = open_workbench()
    workbench.uninstall("billing")
    assert not folder.exists()
    assert workbench.findings == []


def test_a_failing_uninstall_hook_does_not_keep_the_plugin(
    write: Write, open_workbench: Open
) -> None:
    folder = write(
        "billing",
        """
        import sys
        from escalated.hooks import add_action

        add_action("plugin_uninstalling_billing", sys.exit)
        add_action("plugin_deactivated_billing", lambda: 1/0)
        """,
    )
    open_workbench().uninstall("billing")
    assert not folder.exists()


def test_of_a_symlinked_plugin_only_the_link_is_deleted(
    write: Write, open_workbench: Open, root: Path, tmp_path: Path, listening: Helper
) -> None:
    folder = write("billing", listening("billing"))
    real = tmp_path / "checkout"
    shutil.move(folder, real)
    folder.symlink_to(real, target_is_directory=True)
    workbench = open_workbench()
    assert workbench.plugins["billing"].status == "active"

    workbench.uninstall("billing")

    assert not folder.is_symlink()
    assert sorted(path.name for path in real.iterdir()) == ["plugin.json", "plugin.py"]


def test_a_plugin_uninstalled_and_put_back_is_new(
    write: Write, open_workbench: Open, fired: Helper, on_run_code: str
) -> None:
    write("billing", on_run_code)
    workbench = open_workbench()
    workbench.uninstall("billing")
    workbench.close()
    write("billing", on_run_code)
    assert fired(open_workbench()) == ACTIVATION


def test_a_folder_without_a_manifest_is_not_deleted(
    write: Write, open_workbench: Open, fired: Helper, listening: Helper
) -> None:
    folder = write("billing", listening("billing"))
    workbench = open_workbench()
    (folder / "plugin.json").unlink()
    workbench.trace.clear()
    with pytest.raises(PluginError, match=r"has no plugin\.json.+Nothing was deleted"):
        workbench.uninstall("billing")
    assert (folder / "plugin.py").exists()
    assert workbench.plugins["billing"].status == "active"
    assert fired(workbench) == []


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listening: Helper) -> Path:
    """The folder of an installed distribution `escalated-billing` that is a plugin."""
    site = tmp_path / "site"
    info = site / "escalated_billing-1.2.0.dist-info"
    info.mkdir(parents=True)
    manifest = {
        "name": "Billing",
        "slug": "escalated-billing",
        "version": "1.2.0",
        "description": "Bills.",
        "author": "Tests",
    }
    files = {
        "plugin.json": json.dumps(manifest),
        "plugin.py": listening("escalated-billing").replace("\n    ", "\n"),
        "escalated_billing-1.2.0.dist-info/METADATA": (
            "Metadata-Version: 2.1\nName: escalated-billing\nVersion: 1.2.0\n"
        ),
    }
    for name, text in files.items():
        (site / name).write_text(text, "utf-8")
    record = [*files, "escalated_billing-1.2.0.dist-info/RECORD"]
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in record), "utf-8")
    monkeypatch.syspath_prepend(str(site))
    return site


def test_installed_plugins_start_inactive_and_are_remembered_like_others(
    installed: Path, open_workbench: Open, fired: Helper
) -> None:
    workbench = open_workbench()
    plugin = workbench.plugins["escalated-billing"]
    assert (plugin.status, plugin.source, plugin.badge) == ("inactive", "composer", "composer")
    assert fired(workbench) == []

    assert workbench.activate("escalated-billing").status == "active"
    assert fired(workbench)[:2] == ["plugin_loaded", "plugin_activated"]

    workbench.close()
    again = open_workbench()
    assert again.plugins["escalated-billing"].status == "active"
    assert fired(again) == ["plugin_loaded"]


def test_an_installed_plugin_cannot_be_deleted(
    installed: Path, open_workbench: Open, fired: Helper
) -> None:
    workbench = open_workbench()
    with pytest.raises(PluginError, match="pip uninstall escalated-billing"):
        workbench.uninstall("escalated-billing")
    assert (installed / "plugin.py").exists()
    assert "escalated-billing" in workbench.plugins
    assert fired(workbench) == []


def test_a_folder_hides_the_installed_plugin_of_its_name(
    installed: Path, write: Write, open_workbench: Open, on_run_code: str
) -> None:
    write("escalated-billing", on_run_code)
    workbench = open_workbench()
    assert workbench.plugins["escalated-billing"].source == "local"
    assert [finding.code for finding in workbench.findings] == ["discovery.hidden"]


def test_a_folder_made_while_running_hides_the_installed_plugin_of_its_name(
    installed: Path, write: Write, open_workbench: Open, until: Until, on_run_code: str
) -> None:
    workbench = open_workbench(watch=True)
    workbench.activate("escalated-billing")
    write("escalated-billing", on_run_code)
    until(lambda: [p.source for p in workbench.plugins.values()] == ["local"])
    until(lambda: workbench.fire("run").steps)
    assert workbench.plugins["escalated-billing"].status == "active"
