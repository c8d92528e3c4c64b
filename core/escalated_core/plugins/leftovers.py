"""What plugins do to the process that unloading them does not undo: only a restart does."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from escalated_core.effects.replacing import Undo, replaced
from escalated_core.hooks.registration import callback_name
from escalated_core.hooks.registry import same_callback
from escalated_core.plugins.patches import place_of_patch
from escalated_core.records import Location
from escalated_core.scope import Owner, current_owner
from escalated_core.trace.capture import left_threads, plugin_place


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing that a generation of a plugin left behind."""

    owner: Owner
    what: str
    place: Location | None


class Leftovers:
    """What each generation did, to be told once that generation is gone."""

    def __init__(self) -> None:
        self._patches: list[Leftover] = []
        self._exits: list[tuple[Callable[..., Any], Leftover]] = []

    def patched(self, owner: Owner, names: list[str], files: list[str]) -> None:
        """The code of `owner` in `files` replaced these functions, methods or classes."""
        self._patches += [
            Leftover(owner, f"{name} stays replaced", place_of_patch(name, files)) for name in names
        ]

    def of(self, slug: str, live: Owner | None) -> list[Leftover]:
        """What generations of a plugin other than the `live` one left behind, each thing once."""
        exits = [left for _, left in self._exits]
        threads = [
            Leftover(owner, f"The thread {name} still runs", place)
            for owner, place, name in left_threads()
        ]
        found = {
            left.what: left
            for left in (*self._patches, *exits, *threads)
            if left.owner.slug == slug and left.owner is not live
        }
        return list(found.values())

    def follow_exits(self) -> Undo:
        """See what plugins register with `atexit` from now on; returns the undo."""
        return replaced(atexit, {"register": self._registering, "unregister": self._unregistering})

    def _registering(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def register(func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Callable[..., Any]:
            owner = current_owner()
            if owner is not None:
                what = f"{callback_name(func)} stays registered with atexit"
                self._exits.append((func, Leftover(owner, what, plugin_place())))
            return real(func, *args, **kwargs)

        return register

    def _unregistering(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def unregister(func: Callable[..., Any], /) -> None:
            self._exits = [entry for entry in self._exits if not same_callback(entry[0], func)]
            real(func)

        return unregister
