"""A kernel of its own for each notebook that is run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import escalated_core
import escalated_workbench

Run = Callable[..., Any]

SOURCES = [
    str(Path(str(each.__file__)).parents[1]) for each in (escalated_core, escalated_workbench)
]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run(notebook)` executes its cells in a fresh kernel; what a cell raises stays in it."""
    client = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(SOURCES))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))

    def execute(notebook: Any) -> Any:
        resources = {"metadata": {"path": str(tmp_path)}}
        return client.NotebookClient(
            notebook, kernel_name="python3", timeout=60, allow_errors=True, resources=resources
        ).execute()

    return execute


@pytest.fixture
def cells(run: Run) -> Callable[..., list[list[Any]]]:
    """`cells("1 + 1", ...)` are the outputs of each of these cells, run in one kernel."""
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")

    def outputs(*sources: str) -> list[list[Any]]:
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
        return [cell.outputs for cell in run(notebook).cells]

    return outputs
