"""What takes the place of a socket where nothing leaves the process."""

from __future__ import annotations

import io
from typing import Any

SIMULATED = "simulated"
"""What the mark says."""


class MemorySocket:
    """A connected socket, as far as clients of the standard library ask for one."""

    def __init__(self) -> None:
        self.timeout: float | None = None

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Take bytes; raises `TypeError` for anything else, as sockets do."""
        del flags
        self.take(bytes(memoryview(data)))

    def send(self, data: Any, flags: int = 0) -> int:
        self.sendall(data, flags)
        return memoryview(data).nbytes

    def take(self, data: bytes) -> None:
        """Bytes have been sent."""

    def makefile(self, mode: str = "rb", *_: Any, **__: Any) -> Any:
        """A file of what is received."""
        del mode
        return io.BytesIO()

    def settimeout(self, value: Any) -> None:
        self.timeout = value if isinstance(value, (int, float)) else None

    def gettimeout(self) -> float | None:
        return self.timeout

    def setsockopt(self, *_: Any) -> None:
        pass

    def setblocking(self, flag: bool) -> None:
        self.timeout = None if flag else 0.0

    def shutdown(self, how: int) -> None:
        pass

    def close(self) -> None:
        pass

    def fileno(self) -> int:
        """The one of a closed socket: no other can be waited for."""
        return -1
