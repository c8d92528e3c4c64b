"""Settings hold for all code of plugins, or the workbench does not open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from escalated_core.errors import UsageError
from escalated_workbench import Workbench

Write = Callable[..., Path]
RunPython = Callable[[str], str]

INVALID = {"version": 1, "handlers": {"x": {"class": "no.such"}}}


def test_a_setting_that_is_not_valid_fails_the_opening_before_any_plugin_runs(
    write: Write, root: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    write("alpha", f"from pathlib import Path\nPath({str(ran)!r}).touch()")
    with pytest.raises(UsageError, match="LOGGING is not a valid logging configuration") as refused:
        Workbench(root, settings={"LOGGING": INVALID})
    assert "docs.python.org" in refused.value.cure
    assert not ran.exists()
    assert not (root.parent / ".escalated-workbench").exists()
    with Workbench(root, settings={"LOGGING": {"version": 1}}) as workbench:
        assert workbench.plugins["alpha"].status == "active"
    assert ran.exists()


@pytest.mark.parametrize("settings", ["None", "{}"])
def test_without_settings_nobody_waits_for_django(
    write: Write, root: Path, run_python: RunPython, settings: str
) -> None:
    write("alpha", "print('ran')")
    printed = run_python(f"""
        import sys
        from escalated_workbench import Workbench

        with Workbench({str(root)!r}, settings={settings}) as workbench:
            print(workbench.plugins["alpha"].status, "django" in sys.modules)
    """)
    assert printed == "active False\n"


@pytest.mark.parametrize(
    ("name", "value", "wanted"), [("CACHES", 5, "a dict"), ("TEMPLATES", "x", "a list")]
)
def test_a_setting_of_the_wrong_shape_is_refused_and_hurts_nobody_after(
    root: Path, name: str, value: object, wanted: str
) -> None:
    with pytest.raises(UsageError, match=f"The setting {name} must be {wanted}"):
        Workbench(root, settings={name: value})
    with Workbench(root) as workbench:
        assert workbench.fire("ticket_created").outcome == "ok"
