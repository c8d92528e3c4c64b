"""Monkey patches: what a plugin's code replaced in modules that are not its own."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterable
from typing import Any

from escalated_core.records import Location


class Outside:
    """The modules that one plugin imports from elsewhere, as they were before it changed them."""

    def __init__(self) -> None:
        self._before: dict[str, dict[str, Any]] = {}

    def note(self, name: str) -> None:
        """The plugin has imported the module `name`."""
        if name in self._before or name not in sys.modules:
            return
        module = vars(sys.modules[name])
        self._before[name] = dict(module)
        for cls in [value for value in module.values() if isinstance(value, type)]:
            self._before.setdefault(f"{cls.__module__}.{cls.__qualname__}", dict(vars(cls)))

    def patched(self) -> list[str]:
        """Dotted names of the functions and classes that have been replaced since."""
        return []
