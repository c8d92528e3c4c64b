"""The published JSON Schema of what `--json` prints, in a wheel or in a checkout."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from escalated_core.errors import WorkbenchError

NAME = "workbench-1.schema.json"


def output_schema() -> str:
    """Describes every document that `--json` prints, see docs/json.md."""
    packaged = Path(str(files("escalated_workbench"))) / NAME
    checkout = Path(__file__).parents[2] / "docs" / NAME
    for path in (packaged, checkout):
        if path.is_file():
            return path.read_text("utf-8")
    raise WorkbenchError(f"The schema {NAME} is not installed.", "Install the workbench again.")
