"""How a workbench is to be: from the command line, the environment, a project's file, or defaults.

What stands further to the front counts. `escalated-workbench.toml` is looked for upwards from the
plugins folder, then upwards from the working folder:

    [workbench]
    seed = 7

    [settings]
    SLACK_WEBHOOK_URL = "https://hooks.slack.com/services/..."
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast, get_args

from escalated_core.effects.policy import MODES, Mode, Policy
from escalated_core.errors import UsageError, meant
from escalated_core.helpdesk.configuration import FIXED
from escalated_core.records import Profile
from escalated_workbench import toml
from escalated_workbench.texts import json_or_text, number_or_text

NAME: Final = "escalated-workbench.toml"
VARIABLE: Final = "ESCALATED_WORKBENCH_"
FILE_VARIABLE: Final = f"{VARIABLE}CONFIG"
SETTING_VARIABLE: Final = f"{VARIABLE}SETTINGS_"
OTHERS: Final = ("config", "plain")
"""What variables say besides the options."""
PROFILES: Final[tuple[Profile, ...]] = get_args(Profile)

Source = Literal["given", "environment", "file", "default"]


class Option(NamedTuple):
    """One key of the table `workbench`."""

    default: Any
    kind: Literal["choice", "whole", "seconds", "path"]
    choices: tuple[str, ...] = ()

    @property
    def wanted(self) -> str:
        """What it must be."""
        if self.kind == "choice":
            return f"one of {', '.join(map(repr, self.choices))}"
        return {"whole": "a whole number", "seconds": "a number of seconds above 0"}.get(
            self.kind, "the path of a folder"
        )


OPTIONS: Final[dict[str, Option]] = {
    "profile": Option("guide", "choice", PROFILES),
    "seed": Option(0, "whole"),
    "time_limit": Option(5.0, "seconds"),
    "slow": Option(0.05, "seconds"),
    "state_dir": Option(None, "path"),
    "effects": Option("local", "choice", MODES),
}
TABLES: Final = ("workbench", "settings")


@dataclass(frozen=True, slots=True)
class Value:
    """One value and where it comes from."""

    name: str
    """`seed`, or `settings.DEBUG` for a setting of Django's."""
    value: Any
    source: Source
    place: str = ""
    """`file:line:column`, or the name of the variable of the environment."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a workbench is opened with."""

    profile: Profile = "guide"
    seed: int = 0
    time_limit: float = 5.0
    """Seconds of its own time after which a callback counts as stuck."""
    slow: float = 0.05
    """Seconds from which on a step counts as slow."""
    state_dir: Path | None = None
    effects: Mode | Policy = "local"
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    file: Path | None = None
    """The project's file, if there is one."""
    values: tuple[Value, ...] = ()
    """Each value with its source, as far as they were put together from several."""
    warnings: tuple[str, ...] = ()
    """What is said that nobody heeds."""


def load(
    root: Path | None = None,
    given: Mapping[str, Any] | None = None,
    *,
    file: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Config:
    """Put together what counts.

    Args:
        root: the plugins folder, from which the file is looked for upwards.
        given: values that come before all others, by name; None does not count.
        file: the file, where it is not to be looked for.
        environment: variables, `ESCALATED_WORKBENCH_SEED` and the like; those of the process.

    Raises:
        UsageError: a file cannot be read, a name is unknown, or a value is not what it must be.
    """
    variables = os.environ if environment is None else environment
    path = _file(root, file, variables)
    document = toml.read(path) if path is not None else None
    found: dict[str, Value] = {}
    # What comes later counts.
    sources = (
        _defaults(),
        _of_file(document) if document else (),
        _of_environment(variables),
        _given(given or {}),
    )
    for source in sources:
        found.update((value.name, value) for value in source)
    plain = {name: found[name].value for name in OPTIONS}
    settings = {
        name.removeprefix("settings."): value.value
        for name, value in found.items()
        if name.startswith("settings.")
    }
    values, warnings = tuple(found.values()), tuple(_unheeded(variables))
    return Config(**plain, settings=settings, file=path, values=values, warnings=warnings)


def find(start: Path) -> Path | None:
    """The file in a folder or the nearest above it."""
    for folder in (start, *start.parents):
        path = folder / NAME
        if os.path.isfile(path):  # noqa: PTH113 - the method raises where nothing may be searched
            return path
    return None


def _file(root: Path | None, file: str | Path | None, variables: Mapping[str, str]) -> Path | None:
    named = str(file) if file is not None else variables.get(FILE_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    found = find(root) if root is not None else None
    try:
        return found or find(Path.cwd())
    except FileNotFoundError:
        # The working folder is gone: nothing lies above it.
        return None


def _defaults() -> Iterator[Value]:
    for name, option in OPTIONS.items():
        yield Value(name, option.default, "default")


def _given(given: Mapping[str, Any]) -> Iterator[Value]:
    for name, value in given.items():
        if value is None:
            continue
        if name == "settings":
            for key, setting in _settings(value).items():
                _check_setting(key, "")
                yield Value(f"settings.{key}", setting, "given")
            continue
        _require(name, OPTIONS, "", "value")
        if name == "effects" and isinstance(value, Policy):
            yield Value(name, value, "given")
            continue
        plain = str(value) if isinstance(value, Path) else value
        yield Value(name, _checked(name, plain, ""), "given")


def _settings(given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        cure = "Give a dict such as {'SLACK_WEBHOOK_URL': None}."
        raise UsageError(f"The settings must be a mapping, not {given!r}.", cure)
    return cast("Mapping[str, Any]", given)


def _of_environment(variables: Mapping[str, str]) -> Iterator[Value]:
    for name, option in OPTIONS.items():
        variable = f"{VARIABLE}{name.upper()}"
        text = variables.get(variable)
        if text:
            value = number_or_text(text) if option.kind in ("whole", "seconds") else text
            yield Value(name, _checked(name, value, f"{variable}: "), "environment", variable)
    for variable, text in variables.items():
        if variable.startswith(SETTING_VARIABLE):
            name = variable.removeprefix(SETTING_VARIABLE)
            _check_setting(name, f"{variable}: ")
            yield Value(f"settings.{name}", json_or_text(text), "environment", variable)


def _unheeded(variables: Mapping[str, str]) -> Iterator[str]:
    """A warning for each variable that looks like one of ours, and is none."""
    for variable in variables:
        name = variable.removeprefix(VARIABLE)
        if name == variable or variable.startswith(SETTING_VARIABLE):
            continue
        if name.lower() not in (*OPTIONS, *OTHERS):
            cure = meant(variable, [f"{VARIABLE}{each.upper()}" for each in (*OPTIONS, *OTHERS)])
            yield f"The variable {variable} means nothing. {cure}"


def _of_file(document: toml.Document) -> Iterator[Value]:
    for table, values in document.values.items():
        where = f"{document.at((table,))}: "
        _require(table, TABLES, where, "table")
        if not isinstance(values, dict):
            raise UsageError(f"{where}{table} must be a table.", f"Write [{table}] above it.")
        for name, value in cast("dict[str, Any]", values).items():
            place = document.at((table, name))
            if table == "settings":
                _check_setting(name, f"{place}: ")
                yield Value(f"settings.{name}", value, "file", place)
            else:
                _require(name, OPTIONS, f"{place}: ", "key")
                checked = _checked(name, value, f"{place}: ", document.path.parent)
                yield Value(name, checked, "file", place)


def _checked(name: str, value: Any, where: str, base: Path | None = None) -> Any:
    """The value of an option, if it is what that must be."""
    option = OPTIONS[name]
    if option.kind == "choice":
        fits = value in option.choices
    elif option.kind == "path":
        fits = isinstance(value, str) and bool(value)
    else:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
        if option.kind == "whole":
            fits = fits and isinstance(value, int)
        else:
            fits = fits and math.isfinite(value) and value > 0
    if not fits:
        near = get_close_matches(value, option.choices, n=1) if isinstance(value, str) else ()
        cure = f"Did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"{where}{name} must be {option.wanted}, not {value!r}.", cure)
    if option.kind == "path":
        return (base or Path()) / Path(str(value)).expanduser()
    return float(value) if option.kind == "seconds" else value


def _require(name: str, known: Mapping[str, Any] | tuple[str, ...], where: str, what: str) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        cure = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
        raise UsageError(f"{where}There is no {what} {name!r}.", cure)


def _check_setting(name: str, where: str) -> None:
    if not name.isupper():
        cure = f"Did you mean {name.upper()}?"
        raise UsageError(f"{where}{name!r} cannot be a Django setting.", cure)
    if name in FIXED:
        cure = f"Leave out {', '.join(sorted(FIXED))}."
        raise UsageError(f"{where}The setting {name} is the help desk's own.", cure)
