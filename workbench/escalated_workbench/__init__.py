"""escalated-workbench: run, watch and understand plugins for Escalated."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from escalated_core.errors import PluginError, UsageError, WorkbenchError
    from escalated_workbench.workbench import Workbench

__all__ = ["PluginError", "UsageError", "Workbench", "WorkbenchError"]

__version__ = "0.1.0"

_LAZY = {
    "Workbench": "escalated_workbench.workbench",
    "PluginError": "escalated_core.errors",
    "UsageError": "escalated_core.errors",
    "WorkbenchError": "escalated_core.errors",
}


def __getattr__(name: str) -> Any:
    """Import on first use: the command line starts without the parts it does not need."""
    if name in _LAZY:
        found = getattr(import_module(_LAZY[name]), name)
        if name == "Workbench":
            # Scripts and notebooks come this way; the front ends do not, and show it themselves.
            import_module("escalated_workbench.display").attach()
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
