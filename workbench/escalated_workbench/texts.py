"""What people write: text files, with a clear word about what is wrong with one, and values."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

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


def number_or_text(text: str) -> Any:
    """The number that a text is, or else the text itself."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def json_or_text(text: str) -> Any:
    """What a text is as JSON, or else the text itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _piped() -> bytes:
    return sys.stdin.buffer.read() if sys.stdin is not None else b""
