"""What a plugin's code changed outside: monkey patches, and where Python looks for modules."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections.abc import Callable, Iterable
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


class SearchPath:
    """What one generation of a plugin adds to `sys.path`, `sys.meta_path` and `sys.path_hooks`.

    Made before its code runs. Of `sys.path` that is what it gained until `loaded`, and later
    what lies in the plugin's folder; of the others, what the plugin's own code defines.

    Args:
        package: the name of the plugin's package in `sys.modules`.
        folder: where its main file is.
    """

    def __init__(self, package: str, folder: str) -> None:
        self.package = package
        self._prefix = f"{package}."
        self._folder = f"{folder}{os.sep}"
        # By identity: an entry that the plugin adds may equal one that is there already.
        self._before = {id(entry): entry for entry in sys.path}
        self._gained: dict[int, str] = {}

    def loaded(self) -> None:
        """The plugin's code has run, or has failed to."""
        before = self._before
        self._gained = {id(entry): entry for entry in sys.path if id(entry) not in before}

    def take_out(self) -> Callable[[], None]:
        """Take out what the plugin added; returns the undo."""
        before = self._before
        taken: list[tuple[list[Any], int, Any]] = [
            (sys.path, index, entry)
            for index, entry in enumerate(sys.path)
            if id(entry) not in before and self._is_my_path(entry)
        ]
        for finders in (sys.meta_path, sys.path_hooks):
            places = enumerate(finders)
            taken += [(finders, index, each) for index, each in places if self._is_my_code(each)]
        for entries, index, _ in reversed(taken):
            del entries[index]

        def undo() -> None:
            for entries, index, entry in taken:
                entries.insert(index, entry)

        return undo

    def _is_my_path(self, entry: object) -> bool:
        return id(entry) in self._gained or f"{entry}{os.sep}".startswith(self._folder)

    def _is_my_code(self, finder: object) -> bool:
        return f"{getattr(finder, '__module__', '')}.".startswith(self._prefix)


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
