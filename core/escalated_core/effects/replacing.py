"""Functions of other modules replaced for a time, as soon as the module is imported."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Any, cast

Undo = Callable[[], None]
Make = Callable[[Callable[..., Any]], Callable[..., Any]]
Patch = Callable[[Any], Undo]

_MISSING: Any = object()


class Unbound(staticmethod):  # pyright: ignore[reportMissingTypeArgument] - takes none before 3.14
    """A function that becomes no method in a class, as those written in C do not."""

    def __reduce__(self) -> str:
        # By its name, as functions are: so it is copied as itself.
        return self.__name__


def stand_in(real: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """What takes the place of a function of a module: `function`, told from it by little."""
    made = functools.wraps(real)(function)
    return made if isinstance(real, FunctionType) else Unbound(made)


def replaced(owner: Any, functions: Mapping[str, Make]) -> Undo:
    """Put in the place of each function what `make(function)` gives; returns the undo."""
    real: dict[str, Any] = {}
    for name, make in functions.items():
        real[name] = cast("dict[str, Any]", vars(owner)).get(name, _MISSING)
        function = getattr(owner, name)
        made = make(function)
        is_method = isinstance(owner, type)
        named = functools.wraps(function)(made) if is_method else stand_in(function, made)
        setattr(owner, name, named)

    def undo() -> None:
        for name, function in real.items():
            if function is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, function)

    return undo


def all_of(undos: Sequence[Undo]) -> Undo:
    """One undo that does all of them, the last one first."""

    def undo() -> None:
        for each in reversed(undos):
            each()

    return undo


class WhenImported(MetaPathFinder):
    """Applies each patch when its module has been imported, at once if it has been already.

    A module that is loaded again is a new one in the old one's place: it is patched as well.
    """

    def __init__(self, patches: Mapping[str, Patch]) -> None:
        self._patches = dict(patches)
        self._undos: list[Undo] = []

    def install(self) -> Undo:
        for name in list(self._patches):
            module = sys.modules.get(name)
            if module is not None:
                self.imported(module)
        sys.meta_path.insert(0, self)

        def undo() -> None:
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            self._patches.clear()
            for each in reversed(self._undos):
                each()
            self._undos.clear()

        return undo

    def imported(self, module: ModuleType) -> None:
        patch = self._patches.get(module.__name__)
        if patch is not None:
            self._undos.append(patch(module))

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._patches:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find and finder is not self else None
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Then(spec.loader, self)
                return spec
        return None


class _Then(Loader):
    """Runs a module as its own loader does, and tells when that is done."""

    def __init__(self, loader: Any, finder: WhenImported) -> None:
        self._loader = loader
        self._finder = finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._finder.imported(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
