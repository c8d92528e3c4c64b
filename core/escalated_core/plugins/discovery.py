"""Finds plugins: folders below the plugins root, and installed distributions with a plugin.json."""

from __future__ import annotations

import os
import re
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from escalated_core.errors import UsageError
from escalated_core.records import Finding, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MANIFEST = "plugin.json"
ROOT = ("plugins", "escalated")
"""Where a project has its plugins."""

_OURS = "escalated-workbench"

_TICK_NS = 20_000_000
"""A folder changed this recently may change again without its time of change telling."""

_PROJECT_LAYOUTS = (MANIFEST, f"*/{MANIFEST}", f"src/*/{MANIFEST}")
"""Where an editable project, which lists no files, may keep its plugin.json."""


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin on disk, not yet read.

    `root` is its folder as found and `real` the same without links. `files` are the absolute paths
    of an installed distribution's files; None says that everything below `root` is the plugin's.
    """

    slug: str
    source: Source
    root: Path
    real: Path
    manifest_path: Path
    files: frozenset[str] | None
    findings: tuple[Finding, ...] = ()


def find_root(start: Path) -> Path | None:
    """The nearest `plugins/escalated` folder in `start` or above it."""
    here = _absolute(start)
    candidates = (folder.joinpath(*ROOT) for folder in (here, *here.parents))
    return next((root for root in candidates if _is_folder(root)), None)


def discover_local(root: Path) -> list[Found]:
    """The plugins among the folders in `root`, links to folders included, by name.

    A folder with Python code but without a manifest counts too: reading it tells what is missing;
    so does one that cannot be read. A root that does not exist has no plugins; one that cannot be
    read raises `UsageError`.
    """
    root = _absolute(root)
    plugins = filter(_may_be_plugin, _folders(root))
    return [_found(path.name, "local", path / MANIFEST, None) for path in map(Path, plugins)]


def is_root(folder: Path) -> bool:
    """Whether a folder is one for plugins: it is called so, has a plugin, or holds no folder yet.

    Raises `UsageError` when it cannot be read.
    """
    folder = _absolute(folder)
    if ROOT in (folder.parts[-2:], Path(os.path.realpath(folder)).parts[-2:]):
        return True
    folders = _folders(folder)
    return not folders or any(os.path.lexists(f"{path}/{MANIFEST}") for path in folders)


def _folders(root: Path) -> list[str]:
    """The paths of the folders in `root` that are neither hidden nor begin with `_`, by name."""
    try:
        with os.scandir(root) as entries:
            return sorted(entry.path for entry in entries if _is_visible_folder(entry))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(
            f"The plugins root {root} cannot be read: {error.strerror}.",
            "Name a folder that you may read.",
        ) from error


def _may_be_plugin(folder: str) -> bool:
    """Whether a folder has a manifest, or code that lacks one, or does not let itself be read."""
    try:
        if os.path.lexists(f"{folder}/{MANIFEST}"):
            return True
        with os.scandir(folder) as entries:
            return any(entry.name.endswith(".py") for entry in entries)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _absolute(path: Path | str) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve would follow links


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises below a closed folder


def _is_visible_folder(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith((".", "_")):
        return False
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _found(slug: str, source: Source, manifest: Path, files: frozenset[str] | None) -> Found:
    root = manifest.parent
    return Found(slug, source, root, Path(os.path.realpath(root)), manifest, files)


def discover_installed(paths: Sequence[str] | None = None) -> list[Found]:
    """The plugins among the distributions installed in `paths` (default `sys.path`), by slug.

    The slug is the distribution's name as written. As with imports, the first of two equal names
    counts. Our own distribution is no plugin, whatever samples it carries.
    """
    stamps = _stamps(sys.path if paths is None else paths)
    now = time.time_ns()
    settling = any(abs(now - changed) < _TICK_NS for _, changed in stamps)
    settled, unsettled = (_scan.__wrapped__ if settling else _scan)(stamps)
    looked_at = (_installed(info, _read(info, "RECORD")) or _editable(info) for info in unsettled)
    found = [*settled, *(plugin for plugin in looked_at if plugin)]
    return sorted(_with_clashes(found), key=lambda plugin: plugin.slug)


class _Scan(NamedTuple):
    settled: tuple[Found, ...]
    unsettled: tuple[str, ...]
    """`.dist-info` folders to look into every time: no list of files (pip writes it last), or an
    editable project, whose files come and go without any sign in the path."""


def _stamps(paths: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """The folders that exist, and when an entry was last added or removed."""
    stamps: dict[str, int] = {}
    for path in paths:
        try:
            folder = _absolute(path)
            stamps.setdefault(str(folder), folder.stat().st_mtime_ns)
        except (OSError, ValueError):  # ValueError: a name that no file can have
            continue
    return tuple(stamps.items())


@lru_cache(maxsize=8)
def _scan(stamps: tuple[tuple[str, int], ...]) -> _Scan:
    settled: list[Found] = []
    unsettled: list[str] = []
    for info in _dist_infos(folder for folder, _ in stamps):
        record = _read(info, "RECORD")
        if plugin := _installed(info, record):
            settled.append(plugin)
        elif not record or (b"direct_url.json" in record and _project(info)):
            unsettled.append(info)
    return _Scan(tuple(settled), tuple(unsettled))


def _dist_infos(folders: Iterable[str]) -> Iterator[str]:
    """The `.dist-info` folders, as text: hundreds of Path objects would double the time."""
    seen = {_OURS}
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries if entry.name.endswith(".dist-info"))
        except OSError:
            continue
        for name in names:
            distribution = _normalised(_name_in_path(name))
            # pip renames to `~...` what it is about to remove.
            if distribution not in seen and not name.startswith("~"):
                seen.add(distribution)
                yield f"{folder}/{name}"


def _normalised(name: str) -> str:
    """The name by which packaging tools compare: `A__b.c` is `a-b-c`."""
    name = name.lower().replace("_", "-").replace(".", "-")
    return re.sub("--+", "-", name) if "--" in name else name


def _name_in_path(info: str) -> str:
    stem = info.removesuffix(".dist-info")
    return stem.rpartition("-")[0] or stem


def _name(info: str) -> str:
    """The distribution's name as its METADATA writes it, else as its folder does."""
    header = _read(info, "METADATA").decode("utf-8", "replace").replace("\r\n", "\n")
    written = re.search(r"^Name:[ \t]*(\S.*?)[ \t]*$", header.partition("\n\n")[0], re.M | re.I)
    return written[1] if written else _name_in_path(Path(info).name)


def _read(info: str, name: str) -> bytes:
    try:
        with open(f"{info}/{name}", "rb") as file:  # noqa: PTH123 - half the time of Path
            return file.read()
    except OSError:
        return b""


def _installed(info: str, record: bytes) -> Found | None:
    """The plugin of a distribution whose RECORD lists a plugin.json."""
    if MANIFEST.encode() not in record:
        return None
    # Rows are `path,hash,size`, and the path is quoted if it needs to be.
    rows = record.decode("utf-8", "surrogateescape").split("\n")
    cells = (row.rsplit(",", 2)[0] for row in rows if "\0" not in row)
    listed = [cell.strip('"').replace('""', '"') for cell in cells]
    manifests = [path for path in listed if path.rpartition("/")[2] == MANIFEST]
    if not manifests:
        return None
    site = Path(info).parent
    joined = (os.path.join(site, path) for path in listed if path)  # noqa: PTH118 - as above
    return _composer(info, site, manifests, frozenset(map(os.path.normpath, joined)))


def _editable(info: str) -> Found | None:
    """The plugin of an editable project with a plugin.json where its layout may have it."""
    project = _project(info)
    if project is None or not _is_folder(project):
        return None
    manifests = [path for layout in _PROJECT_LAYOUTS for path in project.glob(layout)]
    listed = [path.relative_to(project).as_posix() for path in manifests]
    return _composer(info, project, listed, None) if listed else None


def _project(info: str) -> Path | None:
    """The folder of an editable install, told by PEP 610's `direct_url.json`."""
    import json
    from urllib.parse import unquote, urlsplit  # seldom needed, as is json

    try:
        match json.loads(_read(info, "direct_url.json")):
            case {"url": str(url), "dir_info": {"editable": True}} if url.startswith("file:"):
                path = unquote(urlsplit(url).path)
                return Path(path.lstrip("/") if os.name == "nt" else path)
            case _:
                return None
    except ValueError:
        return None


def _composer(info: str, base: Path, manifests: list[str], files: frozenset[str] | None) -> Found:
    slug = _name(info)
    first, *others = sorted(manifests, key=lambda path: (path.count("/"), path))
    found = _found(slug, "composer", Path(os.path.normpath(base / first)), files)
    if not others:
        return found
    message = f"{first} counts; the distribution also lists {', '.join(others)}."
    return _noted(found, "several-manifests", message, "Ship one plugin.json per distribution.")


def _with_clashes(found: list[Found]) -> Iterator[Found]:
    """The same, with a finding where several distributions list one and the same manifest."""
    owners: dict[Path, list[str]] = defaultdict(list)
    for plugin in found:
        owners[plugin.manifest_path].append(plugin.slug)
    for plugin in found:
        others = sorted(set(owners[plugin.manifest_path]) - {plugin.slug})
        if others:
            message = f"Also installed by {', '.join(others)}: only what came last is there."
            cure = "Ship plugin.json inside a package, as <package>/plugin.json."
            yield _noted(plugin, "shared-manifest", message, cure)
        else:
            yield plugin


def _noted(found: Found, code: str, message: str, cure: str) -> Found:
    file = str(found.manifest_path)
    finding = Finding(f"discovery.{code}", "warning", message, cure, found.slug, file, 1, 1)
    return replace(found, findings=(*found.findings, finding))
