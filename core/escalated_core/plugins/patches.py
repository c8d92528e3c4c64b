"""Monkey patches: what a plugin's code replaced in modules that are not its own."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any, TypeGuard

from escalated_core.records import Location


class Outside:
    """The modules that a plugin imports from elsewhere, as they were before it changed them."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[ModuleType | type, dict[str, Any]]] = {}

    def note(self, name: str) -> None:
        """The plugin has imported the module `name`."""
        module = sys.modules.get(name)
        if module is None or id(module) in self._before:
            return
        inside = dict(vars(module))
        self._before[id(module)] = (module, inside)
        for value in inside.values():
            if isinstance(value, type) and id(value) not in self._before:
                self._before[id(value)] = (value, dict(vars(value)))

    def patched(self) -> list[str]:
        """Dotted names of the functions, methods and classes that have been replaced since."""
        return [
            f"{_name(namespace)}.{key}"
            for namespace, before in self._before.values()
            for key, old in before.items()
            if vars(namespace).get(key, old) is not old and _is_code(old)
        ]


def place_of_patch(name: str, files: Iterable[str]) -> Location | None:
    """The line in one of a plugin's files that assigns to the dotted `name`, as far as it shows."""
    attribute = name.rpartition(".")[2]
    for file in files:
        try:
            tree = ast.parse("".join(linecache.getlines(file)))
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if _sets(node, attribute):
                return Location(file, node.lineno)
    return None


def _sets(node: ast.AST, attribute: str) -> TypeGuard[ast.expr]:
    """Whether a node is `x.attribute = ...` or `setattr(x, "attribute", ...)`."""
    match node:
        case ast.Attribute(attr=str(attr), ctx=ast.Store()):
            return attr == attribute
        case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=attr), *_]):
            return attr == attribute
        case _:
            return False


def _name(namespace: ModuleType | type) -> str:
    if isinstance(namespace, type):
        return f"{namespace.__module__}.{namespace.__qualname__}"
    return namespace.__name__


def _is_code(value: object) -> bool:
    return callable(value) or isinstance(value, (classmethod, property))
