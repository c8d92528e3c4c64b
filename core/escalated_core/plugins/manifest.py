"""Reads and judges `plugin.json`: all its problems at once, each with its place and its cure."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, cast

from escalated_core.errors import UsageError
from escalated_core.plugins.positions import Span, line_col, parse, pointer
from escalated_core.plugins.schema import FieldPath, broken_rules, known_keys
from escalated_core.records import Finding, Severity, Source

DEFAULT_MAIN_FILE = "plugin.py"

_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    type(None): "null",
}


@dataclass(frozen=True, slots=True)
class Versions:
    """What the host claims to be; `requires` is judged against it."""

    escalated: str = "1.0.0"
    python: str = ".".join(str(part) for part in sys.version_info[:3])


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest fit to run. `data` is the object as written, without the stand-ins."""

    name: str
    slug: str
    version: str
    description: str
    author: str
    main_file: str
    requires: dict[str, str]
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ManifestReading:
    """The manifest, or None if the plugin cannot run with it, and every finding by its place.

    `fatal` is the first finding with which the plugin cannot run.
    """

    manifest: Manifest | None
    findings: tuple[Finding, ...]
    fatal: Finding | None = None


def read_manifest(path: Path, *, slug: str, source: Source, versions: Versions) -> ManifestReading:
    """Read the `plugin.json` at `path` of the plugin known as `slug`.

    Whatever is in the file is told in findings, never raised. Only a host version that is none
    raises, `UsageError`.
    """
    draft = _Draft(path, slug, source)
    data = _load(draft)
    if data is not None:
        _judge_fields(data, draft)
        _judge_slug(data, draft)
        _judge_main_file(data, draft)
        _judge_requires(data, versions, draft)
    usable = None if data is None or draft.fatal else _manifest(data, slug)
    findings = sorted(draft.findings, key=_place)
    return ManifestReading(usable, tuple(findings), min(draft.fatal, key=_place, default=None))


def _place(finding: Finding) -> tuple[int, int]:
    return finding.line or 0, finding.column or 0


class _Draft:
    """A manifest while it is judged: whose it is, its text and what was found so far."""

    def __init__(self, path: Path, slug: str, source: Source) -> None:
        self.path = path
        self.slug = slug
        self.source = source
        self.text = ""
        self.spans: dict[str, Span] = {}
        self.fatal: list[Finding] = []
        self.findings: list[Finding] = []

    def note(self, severity: Severity, code: str, message: str, cure: str, at: int = 0) -> None:
        """Add a finding about the character at offset `at`."""
        line, column = line_col(self.text, at)
        code = f"manifest.{code}"
        place = (self.slug, str(self.path), line, column)
        self.findings.append(Finding(code, severity, message, cure, *place))

    def fail(self, code: str, message: str, cure: str, at: int = 0) -> None:
        """Add an error with which the plugin cannot run."""
        self.note("error", code, message, cure, at)
        self.fatal.append(self.findings[-1])

    def at(self, *path: str | int) -> int:
        """Where the value at `path` begins; where it is not written, its object."""
        span = self.spans.get(pointer(*path))
        return span.start if span else self.spans[pointer(*path[:-1])].start


def _manifest(data: dict[str, Any], slug: str) -> Manifest:
    fields = _stand_ins(slug)
    fields.update({key: data[key] for key in fields if isinstance(data.get(key), str)})
    requires = data.get("requires")
    written = cast("dict[str, Any]", requires) if isinstance(requires, dict) else {}
    return Manifest(
        **fields,
        main_file=data.get("main_file", DEFAULT_MAIN_FILE),
        requires={key: value for key, value in written.items() if isinstance(value, str)},
        data=data,
    )


def _stand_ins(slug: str) -> dict[str, str]:
    """What a required field is taken for where it is missing or no string."""
    return {"name": slug, "slug": slug, "version": "0.0.0", "description": "", "author": "Unknown"}


def _load(draft: _Draft) -> dict[str, Any] | None:
    text = _read(draft)
    if text is None:
        return None
    draft.text = text
    try:
        value, draft.spans, duplicates = parse(text)
    except json.JSONDecodeError as error:
        complaint = f"Invalid JSON: {error.msg.removesuffix(' at')} here."
        message = complaint if text.strip() else "The file is empty."
        cure = "JSON wants double quotes, a comma between entries and none at the end, no comments."
        draft.fail("invalid-json", message, cure, error.pos)
        return None
    for repeated, offset in duplicates:
        key = repeated.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        message = f"The key {key!r} is written more than once; the last one counts."
        draft.note("warning", "duplicate-key", message, "Remove one of them.", offset)
    if not isinstance(value, dict):
        message = f"The manifest must be an object, not {_KINDS[type(value)]}."
        draft.fail("not-an-object", message, "Wrap the fields in { }.", draft.at())
        return None
    return cast("dict[str, Any]", value)


def _read(draft: _Draft) -> str | None:
    path = draft.path
    try:
        # Reading a pipe or a device would never end.
        if not stat.S_ISREG(path.stat().st_mode):
            draft.fail("unreadable", "plugin.json is not a file.", "Put a text file in its place.")
            return None
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        _tell_missing(draft)
    except OSError as error:
        message = f"plugin.json cannot be read: {error.strerror or error}."
        draft.fail("unreadable", message, "Check the permissions of the file and its folder.")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        draft.text = error.object[: error.start].decode()
        message = f"plugin.json is not UTF-8 text: byte 0x{byte:02x} cannot be decoded."
        draft.fail("bad-encoding", message, "Save the file as UTF-8.", len(draft.text))
    return None


def _tell_missing(draft: _Draft) -> None:
    if draft.source == "composer":
        message = "The distribution lists a plugin.json that is not there."
        cure = f"Reinstall it: pip install --force-reinstall {draft.slug}"
    else:
        empty = not any(files for _, _, files in os.walk(draft.path.parent))
        message = "The folder is still empty." if empty else "The folder has no plugin.json."
        cure = f"Write plugin.json with {', '.join(_stand_ins(''))}, and {DEFAULT_MAIN_FILE}."
    draft.fail("missing", message, cure)


def _judge_fields(data: dict[str, Any], draft: _Draft) -> None:
    explain = {
        "required": _tell_absent,
        "additionalProperties": _tell_unknown,
        "type": _tell_type,
        "pattern": _tell_format,
        "minLength": _tell_empty,
    }
    for (keyword, path), value in broken_rules(data).items():
        explain[keyword](path, value, draft)


def _tell_absent(path: FieldPath, _: Any, draft: _Draft) -> None:
    field = path[-1]
    stand_in = _stand_ins(draft.slug)[field]
    message = f"The required field {field!r} is missing; {stand_in!r} stands in."
    example = {"slug": draft.slug, "version": "1.0.0"}.get(field, "...")
    cure = f'Add "{field}": {json.dumps(example)}.'
    draft.note("error", "missing-field", message, cure, draft.at())


def _tell_unknown(path: FieldPath, _: Any, draft: _Draft) -> None:
    import difflib  # only for manifests with a slip

    at = draft.spans[pointer(*path)].key or 0
    if path == ("author_url",):
        message = "The key 'author_url' is escalated-django's own; the guide does not know it."
        draft.note("info", "author-url", message, "It may stay.", at)
        return
    *parents, key = path
    known = known_keys(tuple(parents))
    near = difflib.get_close_matches(key.lower(), known, 1)
    cure = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(known)}."
    message = f"The key {'.'.join(path)!r} is unknown and ignored."
    draft.note("warning", "unknown-key", message, cure, at)


def _tell_type(path: FieldPath, value: Any, draft: _Draft) -> None:
    field, at = ".".join(path), draft.at(*path)
    if field == "requires" and isinstance(value, str):
        message = "'requires' is a string, as escalated-django has it; it is not compared."
        cure = f'The guide writes "requires": {{"escalated": {json.dumps(value)}}}.'
        draft.note("info", "requires-string", message, cure, at)
        return
    wanted, cure = "a string", "Write a text in double quotes."
    if field == "requires":
        wanted, cure = "an object", 'Write "requires": {"escalated": "1.0.0"}.'
    message = f"The field {field!r} must be {wanted}, not {_KINDS[type(value)]}."
    if field == "main_file" or len(path) > 1:  # nothing to run, or no telling whether it is met
        draft.fail("wrong-type", message, cure, at)
    else:
        draft.note("warning" if field == "requires" else "error", "wrong-type", message, cure, at)


def _tell_format(path: FieldPath, value: Any, draft: _Draft) -> None:
    at = draft.at(*path)
    if path == ("version",):
        message = f"The version {value!r} is not a semantic version."
        draft.note("warning", "version-format", message, "Write one such as 1.0.0.", at)
    # A distribution's name is a slug as it is: the guide's own example is `my_custom_plugin`.
    elif draft.source == "local" or value != draft.slug:
        message = f"The slug {value!r} is not just lowercase letters, digits and hyphens."
        better = re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-") or "my-plugin"
        draft.note("warning", "slug-format", message, f"Call it {better!r}.", at)


def _tell_empty(path: FieldPath, _: Any, draft: _Draft) -> None:
    message = f"The field {path[-1]!r} is empty."
    draft.note("warning", "empty-field", message, "Fill it in.", draft.at(*path))


def _judge_slug(data: dict[str, Any], draft: _Draft) -> None:
    slug = data.get("slug", draft.slug)
    if slug == draft.slug or not isinstance(slug, str):
        return
    severity, what = ("warning", "folder") if draft.source == "local" else ("info", "distribution")
    message = f"The slug {slug!r} differs from the {what}'s name {draft.slug!r}, which counts."
    cure = f'Write "slug": {json.dumps(draft.slug)}, or rename the {what}.'
    draft.note(severity, "slug-differs", message, cure, draft.at("slug"))


def _judge_main_file(data: dict[str, Any], draft: _Draft) -> None:
    name = data.get("main_file", DEFAULT_MAIN_FILE)
    if not isinstance(name, str):
        return
    at = draft.at("main_file")
    folder = os.path.realpath(draft.path.parent)
    try:
        real = Path(os.path.realpath(Path(folder, name)))
        regular = stat.S_ISREG(real.stat().st_mode) if real.exists() else False
    except (OSError, ValueError):  # a loop of links, a name that no file can have
        real, regular = Path(folder), False
    if PurePath(name).anchor or ".." in PurePath(name).parts or not real.is_relative_to(folder):
        message = f"The main file {name!r} leads out of the plugin's folder."
        cure = "Name a file inside it, without '..' and without links that lead out."
        draft.fail("main-file-escapes", message, cure, at)
    elif not regular:
        message = f"The plugin's folder has no file {name!r}."
        cure = 'Write it, or name the file to run with "main_file".'
        draft.fail("main-file-missing", message, cure, at)
    elif not os.access(real, os.R_OK):
        message = f"The main file {name!r} cannot be read."
        draft.fail("main-file-unreadable", message, "Check the permissions of the file.", at)


def _judge_requires(data: dict[str, Any], versions: Versions, draft: _Draft) -> None:
    requires = data.get("requires")
    if not isinstance(requires, dict):
        return
    claims = {"escalated": ("Escalated", versions.escalated), "python": ("Python", versions.python)}
    for key, (title, present) in claims.items():
        wanted = cast("dict[str, Any]", requires).get(key)
        if not isinstance(wanted, str):
            continue
        met, at = _is_met(wanted, present), draft.at("requires", key)
        if met is None:
            message = f"The required {title} version {wanted!r} cannot be read."
            cure = "Write the lowest version that will do, such as 1.0.0, or >=1.0,<2."
            draft.fail("requires-invalid", message, cure, at)
        elif not met:
            message = f"The plugin requires {title} {wanted}, and this is {title} {present}."
            cure = f"Use another {title}, or change requires.{key}."
            draft.fail("requires-unmet", message, cure, at)


def _is_met(wanted: str, present: str) -> bool | None:
    """Whether version `present` satisfies a minimum version or specifiers; None if unreadable."""
    from packaging.version import InvalidVersion, Version  # only for manifests with `requires`

    try:
        current = Version(present)
    except InvalidVersion:
        raise UsageError(f"{present!r} is not a version.", "Write it like 1.0.0.") from None
    try:
        return current >= Version(wanted)
    except InvalidVersion:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet
    try:
        return SpecifierSet(wanted).contains(current, prereleases=True) if wanted.strip() else None
    except InvalidSpecifier:
        return None
