"""Values of which each use needs one of its own."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

from escalated_core.errors import UsageError
from escalated_core.snapshots.pictures import plain


def copier(value: Any, what: str) -> Callable[[], Any]:
    """Gives a copy of the value as it is now, each time; `what` names it in the error.

    Raises:
        UsageError: it cannot be copied.
    """
    try:
        held = deepcopy(plain(value))
    except Exception as why:  # noqa: BLE001 - `__deepcopy__` is anybody's code
        cure = "Give plain data, or a row such as helpdesk.ticket(1)."
        raise UsageError(f"{what} cannot be copied: {why!r}.", cure) from None
    return partial(deepcopy, held)
