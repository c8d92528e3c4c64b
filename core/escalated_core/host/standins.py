"""`escalated.hooks` and `escalated.plugin_ui_service`, importable while a workbench is open."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

from escalated_core.hooks.api import hooks_module
from escalated_core.hooks.registry import HookRegistry
from escalated_core.plugins.ui import UiRegistry, ui_module


def install(registry: HookRegistry, ui: UiRegistry, version: str) -> Callable[[], None]:
    """Put the stand-ins into `sys.modules`; the undo brings back what was there before.

    A real installed `escalated` is neither needed nor disturbed: it is set aside unopened.
    """
    before = _take()
    package = ModuleType("escalated", "Escalated, as provided by escalated-workbench.")
    package.__path__ = []
    modules = {
        "escalated.hooks": hooks_module(registry),
        "escalated.plugin_ui_service": ui_module(ui),
    }
    for name, module in modules.items():
        setattr(package, name.rpartition(".")[2], module)
    package.__dict__["__version__"] = version
    sys.modules.update({"escalated": package, **modules})

    def undo() -> None:
        _take()
        sys.modules.update(before)

    return undo


def _take() -> dict[str, ModuleType]:
    names = [n for n in sys.modules if n == "escalated" or n.startswith("escalated.")]
    return {name: sys.modules.pop(name) for name in names}
