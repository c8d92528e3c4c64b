"""The documented hooks with their parameters, as data, and the nearest documented name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from escalated_core.records import Callback, CataloguedHook, Hook, Kind, Parameter, Profile

SLIP = 0.85
"""How alike (0 to 1) a name must be to a documented one to count as misspelt."""


class Catalogue:
    """Hooks by name; a name such as `plugin_activated_{slug}` stands for every slug."""

    def __init__(self, hooks: Iterable[CataloguedHook]) -> None:
        self._hooks = {hook.name: hook for hook in hooks}
        self._patterns = [
            (re.compile(re.escape(name).replace(r"\{slug\}", ".+")), hook)
            for name, hook in self._hooks.items()
            if "{slug}" in name
        ]

    def __iter__(self) -> Iterator[CataloguedHook]:
        return iter(self._hooks.values())

    def get(self, name: str) -> CataloguedHook | None:
        """What is documented under `name`, or None."""
        if name in self._hooks:
            return self._hooks[name]
        return next((hook for pattern, hook in self._patterns if pattern.fullmatch(name)), None)

    def signature(self, name: str) -> str | None:
        """The documented call of a hook, such as `ticket_created(ticket, user)`."""
        documented = self.get(name)
        return documented.signature if documented else None

    def is_lifecycle(self, name: str) -> bool:
        """Whether a hook is about the life of plugins, such as `plugin_activated`."""
        documented = self.get(name)
        return documented is not None and documented.category == "lifecycle"

    def nearest(self, name: str, others: Iterable[str] = ()) -> str | None:
        """The documented hook, or one of `others`, that `name` was probably meant to be."""
        known = [hook for hook in self._hooks if "{slug}" not in hook]
        lowered = {candidate.lower(): candidate for candidate in [*known, *others]}
        found = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
        return lowered[found[0]] if found else None

    def doubt(self, kind: Kind, name: str) -> tuple[str, str] | None:
        """Why a callback for `name` will probably never be called, and the cure."""
        documented = self.get(name)
        if documented is not None and not documented.fired:
            return (
                f"{name} is documented, but the published package does not fire it",
                "Keep it only for a help desk that does.",
            )
        if documented is not None:
            if documented.kind == kind:
                return None
            article = {"action": "an action", "filter": "a filter"}[documented.kind]
            return (
                f"{name} is {article}, no {kind}",
                f"Register it with add_{documented.kind} or @on_{documented.kind}.",
            )
        near = self.nearest(name)
        # Hooks of a plugin's own are often named after documented ones: only a slip counts.
        if near is None or SequenceMatcher(None, name.lower(), near.lower()).ratio() < SLIP:
            return None
        return f"{name} is not documented", f"Did you mean {near!r}?"


def guide_catalogue() -> Catalogue:
    """The hooks of the Plugin Authoring Guide."""
    return catalogue_of("guide")


@cache
def catalogue_of(profile: Profile) -> Catalogue:
    """The hooks of the Plugin Authoring Guide, or of the published package as it fires them."""
    file = files("escalated_core.hooks").joinpath(f"catalogue-{profile}.json")
    text = file.read_text("utf-8")
    return Catalogue(_hook(data) for data in json.loads(text)["hooks"])


def hooks_of(
    catalogue: Catalogue, heard: Mapping[tuple[Kind, str], tuple[Callback, ...]]
) -> list[Hook]:
    """Every documented hook, and every other hook that has callbacks, by kind and name."""
    documented: list[tuple[Kind, str]] = [(hook.kind, hook.name) for hook in catalogue]
    others = [key for key in sorted(heard) if key not in documented]
    return [
        Hook(hook, kind, _documented(catalogue, kind, hook), heard.get((kind, hook), ()))
        for kind, hook in (*documented, *others)
    ]


def _documented(catalogue: Catalogue, kind: Kind, name: str) -> CataloguedHook | None:
    """Not the documentation of the other kind that has its name."""
    found = catalogue.get(name)
    return found if found is not None and found.kind == kind else None


def _hook(data: dict[str, Any]) -> CataloguedHook:
    parameters = tuple(Parameter(**parameter) for parameter in data.pop("parameters"))
    return CataloguedHook(**data, parameters=parameters)
