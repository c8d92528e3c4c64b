"""Where the plugins are: the folder somebody named, the project's, or a copy of the samples."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

from escalated_core.errors import UsageError, WorkbenchError
from escalated_core.plugins.discovery import ROOT, find_root, is_root

USUAL = Path(*ROOT)

# The methods of Path raise below a folder that may not be searched.
_is_file, _is_folder = os.path.isfile, os.path.isdir


def plugins_root(path: str | Path | None = None) -> Path:
    """The plugins folder that `path` means; without one, `plugins/escalated` upwards from here.

    `path` may be the plugins folder itself or a project that has one.

    Raises:
        UsageError: there is no such folder, or it is not one for plugins (see `is_root`).
    """
    if path is None:
        here = _absolute(".")
        found = find_root(here)
        if found is None:
            raise UsageError(
                f"No {USUAL} was found in {here} or above it.",
                "Create it, name a folder, or run: escalated-workbench demo",
            )
        return found
    # Notebooks and scripts are seldom checked by their types.
    if not isinstance(path, (str, Path)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"{path!r} is no path.", "Name the folder that holds your plugins.")
    if not str(path):
        raise UsageError("The path is empty.", "Name the folder that holds your plugins.")
    folder = _absolute(path)
    if _is_file(folder):
        raise UsageError(f"{path} is a file.", "Name the folder that holds your plugins.")
    if not _is_folder(folder):
        raise UsageError(f"There is no folder {path}.", f"Create it: mkdir -p {path}")
    if _is_folder(folder / USUAL):
        return folder / USUAL
    if _is_file(folder / "plugin.json"):
        raise UsageError(
            f"{path} is one plugin.", f"Name the folder that holds it: {folder.parent}"
        )
    if not is_root(folder):
        raise UsageError(f"No folder in {path} has a plugin.json.", _better(folder, path))
    return folder


def _better(folder: Path, path: str | Path) -> str:
    """What to name instead of a folder that holds no plugins."""
    if _is_folder(folder / USUAL.name):
        return f"Did you mean {Path(path) / USUAL.name}?"
    return f"Name the folder that holds your plugins, or create one: mkdir -p {Path(path) / USUAL}"


def _absolute(path: str | Path) -> Path:
    try:
        found = Path(path).expanduser().absolute()
    except RuntimeError as error:
        raise UsageError(f"{path} cannot be found: {error}.", "Write the path in full.") from None
    except FileNotFoundError:
        raise UsageError("The working folder is gone.", "Change to one that is there.") from None
    # Who looks at changed files compares paths; beyond a link `..` leads elsewhere than it reads.
    return Path(os.path.realpath(found)) if ".." in found.parts else found


def samples() -> Path:
    """The sample plugins, in a wheel or in a checkout."""
    packaged = Path(str(files("escalated_workbench"))) / "sample_plugins"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).parents[2] / "sample_plugins"
    if checkout.is_dir():
        return checkout
    raise WorkbenchError("The sample plugins are not installed.", "Install the workbench again.")


def private_samples() -> Path:
    """A fresh copy of the samples that its user may change; it is left where it is."""
    root = Path(tempfile.mkdtemp(prefix="escalated-workbench-demo-")) / USUAL
    shutil.copytree(samples(), root, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return root
