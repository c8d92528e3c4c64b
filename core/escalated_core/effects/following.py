"""Everything that is followed, from now on or as soon as it is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final

from escalated_core.effects.outbox import Effects, activate, is_active
from escalated_core.effects.replacing import Patch, Undo, WhenImported
from escalated_core.scope import RUNNING

_FOLLOWED: Final = {
    "asyncio.unix_events": ("processes", "patch_asyncio"),
    "http.client": ("http_client", "patch"),
    "httpx._transports.default": ("httpx_client", "patch"),
    "os": ("processes", "patch_os"),
    "smtplib": ("mail", "patch"),
    "socket": ("sockets", "patch"),
    "ssl": ("sockets", "patch_ssl"),
    "subprocess": ("processes", "patch"),
}


_patches: list[Undo] = []
"""The undo of what is replaced, while anything is."""


def follow(effects: Effects, survivors: Callable[[], Sequence[object]] = tuple) -> Undo:
    """Note effects of plugin code from now on, and hold them as their policy says.

    Imports nothing of what it follows. Returns the undo: while there are survivors, which is
    threads of plugins that still run, theirs are held until an undo finds that there are none.
    """
    let_go = activate(effects)
    if not _patches:
        later = {name: _later(*where) for name, where in _FOLLOWED.items()}
        _patches.append(WhenImported(later).install())

    def undo() -> None:
        let_go()
        is_any_left = survivors() or any(not scope.ended for scope in [*RUNNING.values()])
        if not is_active() and not is_any_left:
            _patches.pop()()

    return undo


def _later(module: str, function: str) -> Patch:
    """Calls a function of one of our modules, which is imported no sooner."""

    def patch(imported: Any) -> Undo:
        return getattr(import_module(f"{__package__}.{module}"), function)(imported)

    return patch
