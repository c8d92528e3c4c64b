"""Imports of one plugin: its own modules, seen by nobody else and compiled from the disk.

A plugin's main file becomes the package `escalated_plugins.<slug>`, so relative imports work at
the top and inside functions. `import heavy_module` works too, because the plugin's code runs with
an `__import__` of its own that looks into the plugin's folder first: nothing is added to
`sys.path`, and no bytecode is read or written.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib
import importlib.util
import linecache
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from pathlib import Path
from time import monotonic, sleep, time
from types import CodeType, ModuleType
from typing import Any

from escalated_core.plugins.import_times import ImportTimes, measured_imports
from escalated_core.plugins.patches import Outside

PACKAGE = "escalated_plugins"

HALF_WRITTEN = 0.1
"""Seconds after a change within which a file that is no good may be half-written."""

logger = logging.getLogger("escalated.plugins")

Importing = Callable[["PluginSpace", str], None]
"""Is told the top-level name of each absolute import before it is looked up elsewhere."""


class PluginSpace:
    """The modules of one plugin.

    Args:
        slug: the plugin's folder or distribution name.
        root: its folder.
        main: its main file.
        files: the files that belong to it when the folder is shared with others.
        importing: see `Importing`.
        before: the source files as an older generation read them, to be run in place of those on
            the disk.
    """

    def __init__(
        self,
        slug: str,
        root: Path,
        main: Path,
        files: frozenset[str] | None,
        importing: Importing,
        before: Mapping[str, bytes] | None = None,
    ) -> None:
        self.slug = slug
        self.main = main
        self.package = f"{PACKAGE}.{slug.replace('.', '%2E')}"
        site = [] if files is None else _installed_into(files)
        self.folders = list(dict.fromkeys([str(main.parent), str(root), *site]))
        self._inside = f"{root}{os.sep}"
        self.sources: dict[str, str | None] = {}
        """Fingerprints of the source files, by path, as they were when last read."""
        self.texts: dict[str, bytes] = {}
        """What was run of them."""
        self.before = before or {}
        self.kept: dict[str, str | None] = {}
        """The same of modules taken over from an older generation, as they were when they ran."""
        self._outside: Outside | None = Outside()
        self.import_times = ImportTimes()
        self.names = {self.package, f"{self.package}.{main.stem}"}
        """Under which its modules are, or have been, in `sys.modules`."""
        self._files = files
        self._importing = importing
        self._builtins = {
            **vars(builtins),
            "__import__": self._import,
            "input": _nobody_to_ask,
            "breakpoint": _no_debugger,
        }

    def locate(self, name: str, folders: Sequence[str]) -> tuple[Path, bool] | None:
        """The source of module `name` in `folders`, and whether it is a package."""
        for folder in folders:
            stem = f"{folder}{os.sep}{name}"
            for path, package in ((f"{stem}{os.sep}__init__.py", True), (f"{stem}.py", False)):
                # Plain text: this runs for every import, and Path would cost ten times as much.
                is_there = path in self.before or os.path.isfile(path)  # noqa: PTH113
                if is_there and (self._files is None or path in self._files):
                    return Path(path), package
        return None

    def locate_namespace(self, name: str, folders: Sequence[str]) -> list[str]:
        """The folders of that name in `folders`, which a package without `__init__.py` may have."""
        found = [str(Path(folder, name)) for folder in folders]
        if self._files is not None:
            return [path for path in found if any(f.startswith(path + os.sep) for f in self._files)]
        return [path for path in found if Path(path).is_dir()]

    def execute(self) -> None:
        """Run the main file, and `models` as Django does, whoever imports it and when."""
        self._execute_main()
        if self.locate("models", self.folders):
            importlib.import_module(f"{self.package}.models")

    def _execute_main(self) -> None:
        """Load the main file as the plugin's package; its own name is an alias of it."""
        loader = SourceLoader(self, self.main)
        spec = ModuleSpec(self.package, loader, origin=str(self.main), is_package=True)
        spec.submodule_search_locations = self.folders
        spec.has_location = True
        module = importlib.util.module_from_spec(spec)
        sys.modules[self.package] = module
        sys.modules[f"{self.package}.{self.main.stem}"] = module
        with measured_imports() as self.import_times:
            loader.exec_module(module)

    def patched(self) -> list[str]:
        """What the plugin's code replaced elsewhere while it was loaded; asked once, at its end."""
        outside, self._outside = self._outside, None
        return outside.patched() if outside is not None else []

    def prepare(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = self._builtins
        module.__dict__["__escalated_plugin__"] = self.slug

    def modules(self) -> dict[str, ModuleType]:
        """The plugin's entries in `sys.modules`."""
        return {name: sys.modules[name] for name in self.names if name in sys.modules}

    def remove_modules(self) -> dict[str, ModuleType]:
        """Take the plugin's modules out of `sys.modules`; returns what was taken."""
        taken = self.modules()
        for name in taken:
            del sys.modules[name]
        return taken

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - the signature of __import__
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        top = name.partition(".")[0]
        if level:
            return builtins.__import__(name, globals, locals, fromlist, level)
        if self.locate(top, self.folders) or self._finds_in_added_folders(top):
            return self._import_own(name, top, fromlist)
        self._importing(self, top)
        try:
            module = builtins.__import__(name, globals, locals, fromlist, level)
        except ModuleNotFoundError as error:
            if error.name != top or not self.locate_namespace(top, self.folders):
                raise
            return self._import_own(name, top, fromlist)
        if self._outside is not None:
            self._outside.note(name)
        return module

    def _finds_in_added_folders(self, top: str) -> bool:
        """Whether a module lies in a folder of the plugin that its code has put on `sys.path`.

        Such a folder is one of its own from then on: what is in it reloads, and meets no other's.
        """
        added = [
            entry
            for entry in sys.path
            if type(entry) is str and entry.startswith(self._inside) and entry not in self.folders
        ]
        self.folders += added
        return bool(added) and self.locate(top, added) is not None

    def _import_own(self, name: str, top: str, fromlist: Sequence[str]) -> ModuleType:
        full = f"{self.package}.{name}"
        importlib.import_module(full)
        if fromlist:
            return builtins.__import__(full, None, None, fromlist, 0)
        return sys.modules[f"{self.package}.{top}"]


class SourceLoader(InspectLoader):
    """Executes one source file of a plugin from the bytes on disk."""

    def __init__(self, space: PluginSpace, path: Path) -> None:
        self._space = space
        self._path = path

    def is_package(self, fullname: str) -> bool:
        return self._path.name == "__init__.py" or fullname == self._space.package

    def get_source(self, fullname: str) -> str:
        del fullname
        return importlib.util.decode_source(self._path.read_bytes())

    def get_code(self, fullname: str) -> CodeType:
        """Compile the file; an empty one, or one that does not compile, may be half-written."""
        del fullname
        code: CodeType | Exception = ImportError(f"{self._path} was not read")
        before = self._space.before.get(str(self._path))
        if before is not None:
            code = self._compile(before)
            # What counts as new is what differs from the file as it is now.
            self._space.sources[str(self._path)] = digest_of(self._path)
        for _ in tries(self._path) if before is None else ():
            data = self._path.read_bytes()
            code = self._compile(data)
            if isinstance(code, CodeType) and (data or self._path.name == "__init__.py"):
                break
        if isinstance(code, Exception):
            raise code
        return code

    def _compile(self, data: bytes) -> CodeType | Exception:
        name = str(self._path)
        self._space.sources[name] = digest(data)
        self._space.texts[name] = data
        remember_source(name, data)
        try:
            return compile(data, name, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            return error

    def exec_module(self, module: ModuleType) -> None:
        self._space.prepare(module)
        exec(self.get_code(module.__name__), module.__dict__)


class PluginFinder(MetaPathFinder):
    """Finds the modules below `escalated_plugins`; one per host, on `sys.meta_path`."""

    def __init__(self) -> None:
        self.spaces: dict[str, PluginSpace] = {}

    def install(self) -> Callable[[], None]:
        """Make plugins importable; returns the undo."""
        package = ModuleType(PACKAGE, "Plugins loaded by escalated-workbench.")
        package.__path__ = []
        sys.modules[PACKAGE] = package
        sys.meta_path.insert(0, self)

        def undo() -> None:
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            sys.modules.pop(PACKAGE, None)

        return undo

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del target
        if not fullname.startswith(f"{PACKAGE}.") or path is None:
            return None
        space = self._space(fullname)
        name = fullname.rpartition(".")[2]
        if space is None:
            return None
        space.names.add(fullname)
        found = space.locate(name, list(path))
        if found:
            source, package = found
            loader = SourceLoader(space, source)
            spec = ModuleSpec(fullname, loader, origin=str(source), is_package=package)
            spec.has_location = True
            if package:
                spec.submodule_search_locations = [str(source.parent)]
            return spec
        folders = space.locate_namespace(name, list(path))
        if not folders:
            return _extension(fullname, path)
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = folders
        return spec

    def _space(self, fullname: str) -> PluginSpace | None:
        package = ".".join(fullname.split(".")[:2])
        return self.spaces.get(package)


def _extension(fullname: str, path: Sequence[str]) -> ModuleSpec:
    """A compiled module; there is no other finder to ask, as those would read bytecode."""
    spec = PathFinder.find_spec(fullname, path)
    if spec is None or not isinstance(spec.loader, ExtensionFileLoader):
        raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
    return spec


def tries(*paths: Path) -> Iterator[None]:
    """Tries at reading files: one, and more for as long as one of them may be half-written."""
    deadline = monotonic() + HALF_WRITTEN
    yield
    while any(map(_just_changed, paths)) and monotonic() < deadline:
        sleep(0.002)
        yield


def _just_changed(path: Path) -> bool:
    try:
        return abs(time() - path.stat().st_mtime) < HALF_WRITTEN
    except OSError:
        return False


def _installed_into(files: frozenset[str]) -> list[str]:
    """The folder that a distribution was installed into: that of its `.dist-info`."""
    return [str(Path(file).parents[1]) for file in files if Path(file).name == "RECORD"]


def digest_of(path: Path) -> str | None:
    """The fingerprint of a file as it is now; None when it cannot be read."""
    try:
        return digest(path.read_bytes())
    except OSError:
        return None


def digest(data: bytes) -> str:
    """A fingerprint of a file's content."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def remember_source(name: str, data: bytes) -> None:
    """Let tracebacks show the source that was loaded, whatever is on disk by then."""
    text = data.decode("utf-8", "replace")
    linecache.cache[name] = (len(data), None, text.splitlines(keepends=True), name)


def _nobody_to_ask(prompt: object = "", /) -> str:
    raise EOFError(f"input({prompt!r}) has nobody to ask: the workbench owns the terminal.")


def _no_debugger(*_: Any, **__: Any) -> None:
    logger.warning("breakpoint() was passed over: the workbench owns the terminal.")
