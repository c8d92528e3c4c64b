"""What may have been meant by a what-if that no callback fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from escalated_core.errors import meant, nearest
from escalated_core.hooks.registration import Registration
from escalated_core.records import WhatIf
from escalated_core.whatif.overlay import fits

_ROLES: Final = "plugin", "callback", "hook"


def cure(told: WhatIf, heard: Sequence[Registration], plugins: Iterable[str]) -> str:
    """What would help: the nearest name, or else all there are; `plugins` are those known."""
    known = {role: [_name(each, role) for each in heard] for role in _ROLES}
    known["plugin"] += [*plugins, "host"]
    left = heard
    for role in _ROLES:
        pattern: str = getattr(told, role)
        fitting = [each for each in left if fits(pattern, *_names(each, role))]
        if not fitting:
            names = known[role] if role == "plugin" else [_name(each, role) for each in left]
            return _nearest(pattern, role, names, known)
        left = fitting
    if told.does == "answer" and all(each.kind == "action" for each in left):
        return "Callbacks of actions answer nothing."
    return f"Name the hook, {left[0].hook!r}, for callbacks of the life of plugins."


def _nearest(pattern: str, role: str, names: list[str], known: dict[str, list[str]]) -> str:
    if any(fits(pattern, name) for name in names):
        return "It has no callbacks now."
    if nearest(pattern, names) is None:
        for other in _ROLES:
            near = nearest(pattern, known[other]) if other != role else None
            if near is not None:
                return f"Did you mean the {other} {near!r}?"
    return meant(pattern, names)


def _names(registration: Registration, role: str) -> tuple[str, ...]:
    """What a callback goes by in a role."""
    if role == "plugin":
        return (registration.slug or "host",)
    if role == "hook":
        return (registration.hook,)
    return registration.name, registration.name.rpartition(".")[2]


def _name(registration: Registration, role: str) -> str:
    return _names(registration, role)[0]
