"""Chance that repeats itself, for code that is tried out: `random`, `uuid`, `secrets`."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

from escalated_core.effects.replacing import replaced
from escalated_core.scope import APART


class Chance:
    """Gives code that is tried out the same numbers each time it is `seeded` with the same.

    What draws from the system in C, as `random.Random()` does for its first seed, is not reached.
    """

    def __init__(self) -> None:
        self._source = random.Random()

    @contextmanager
    def running(self) -> Generator[None]:
        """Have what code that is tried out draws from the system come from here; on any thread."""

        # Only here: the virtual clock imports it, too.
        import uuid

        # It may ask other programs, once in a process: not those that are held.
        uuid.getnode()

        def made(real: Any) -> Any:
            def urandom(size: int, /) -> bytes:
                return self._source.randbytes(size) if APART.get() else real(size)

            return urandom

        with ExitStack() as undo:
            undo.callback(replaced(os, {"urandom": made}))
            undo.callback(replaced(random, {"_urandom": made}))
            yield

    @contextmanager
    def seeded(self, seed: int) -> Generator[None]:
        """Begin anew; the module `random` is as before afterwards."""
        state = random.getstate()
        random.seed(seed)
        self._source = random.Random(seed)
        # Or the next one of a moment would count on from the last.
        vars(sys.modules["uuid"])["_last_timestamp"] = None
        try:
            yield
        finally:
            random.setstate(state)
