"""Saving the session of an open workbench to a file."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from escalated_core.sessions.lines import Header, SessionPlugin
from escalated_core.sessions.session import write

if TYPE_CHECKING:
    from escalated_workbench.workbench import Workbench


def save_session(workbench: Workbench, path: str | os.PathLike[str]) -> int:
    """Write all that is recorded, without its secrets; returns how many firings that are.

    Raises:
        UsageError: the file cannot be written.
    """
    from escalated_workbench import __version__

    versions = {"workbench": __version__, "python": platform.python_version()}
    with suppress(PackageNotFoundError):
        versions["django"] = version("django")
    header = Header(
        versions=versions,
        profile=workbench.profile,
        seed=workbench.seed,
        root=str(workbench.root),
        started_at=workbench.started_at,
        plugins=tuple(map(SessionPlugin.of, workbench.plugins.values())),
    )
    firings = list(workbench.trace)
    write(path, header, [*workbench.reloads, *workbench.findings, *firings])
    return len(firings)
