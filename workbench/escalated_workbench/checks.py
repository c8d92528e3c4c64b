"""What the annotations of `Workbench` promise, checked: notebooks and scripts seldom are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from escalated_core.errors import UsageError
from escalated_core.records import Hook, Kind
from escalated_workbench.config import PROFILES

ARTICLES: dict[Kind, str] = {"action": "an action", "filter": "a filter"}


def check_options(profile: object, settings: object, seed: object = 0) -> None:
    if profile not in PROFILES:
        cure = f"The profiles are {' and '.join(map(repr, PROFILES))}."
        raise UsageError(f"There is no profile {profile!r}.", cure)
    if settings is not None and not isinstance(settings, Mapping):
        cure = "Give a dict such as {'SLACK_WEBHOOK_URL': None}."
        raise UsageError(f"The settings must be a mapping, not {settings!r}.", cure)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise UsageError(f"The seed must be a whole number, not {seed!r}.", "Give one such as 7.")


def check_path(path: object) -> Path:
    """The path that is meant; raises `UsageError` for what is none."""
    if not isinstance(path, (str, os.PathLike)):
        raise UsageError(f"{path!r} is no name of a file.", "Give one such as 'a.session'.")
    return Path(path)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def check_seconds(seconds: object, name: str = "time limit") -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise UsageError(f"The {name} {seconds!r} is no number.", "Give it in seconds.")
    if not seconds > 0:
        raise UsageError(f"The {name} {seconds!r} is not above 0.", "Give it in seconds.")


def of_kind(named: list[Hook], kind: Kind | None) -> list[Hook]:
    """Those hooks of one name that are of a kind; raises `UsageError` when none is."""
    found = [hook for hook in named if kind in (None, hook.kind)]
    if not found:
        cure = f"It is known as {ARTICLES[named[0].kind]} only."
        raise UsageError(f"{named[0].name!r} is no {kind}.", cure)
    return found
