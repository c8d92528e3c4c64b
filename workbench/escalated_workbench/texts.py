"""Text files that people write, read with a clear word about what is wrong with one."""

from __future__ import annotations

import sys
from pathlib import Path

from escalated_core.errors import UsageError


def read_text(path: Path | str) -> str:
    """The text of a file; `-` is standard input.

    Raises:
        UsageError: it cannot be read, or is not UTF-8; says where.
    """
    name = "standard input" if path == "-" else str(path)
    try:
        data = _piped() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise UsageError(f"{name!r} is no name of a file.") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        lines = data[: error.start].split(b"\n")
        column = len(lines[-1].decode("utf-8", "replace")) + 1
        message = f"{name}:{len(lines)}:{column}: the byte 0x{data[error.start]:02X} is no UTF-8."
        raise UsageError(message, "Save it as UTF-8.") from None


def _piped() -> bytes:
    return sys.stdin.buffer.read() if sys.stdin is not None else b""
