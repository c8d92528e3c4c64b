"""What a mail says: its headers, its texts, what is attached."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any, Final

from escalated_core.effects.outbox import Body

_SAID: Final = frozenset({"date", "mime-version", "content-type", "content-transfer-encoding"})
_MADE: Final = re.compile(r"<\d+\.\d+\.\d+@")
"""How message identifiers begin that the standard library makes."""
PARSED_CAP = 20_000_000
"""Bytes of a message that is read; of one that is longer only the headers are."""


def details_of(
    raw: bytes, recipients: Sequence[str], body: Callable[[bytes], Body]
) -> dict[str, Any]:
    """What a message says; `body` makes a capped one of bytes."""
    if len(raw) > PARSED_CAP:
        raw = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    message = message_from_bytes(raw, policy=policy.default)
    to, cc = _addresses(message, "to"), _addresses(message, "cc")
    known = {address.lower() for address in (*to, *cc)}
    details: dict[str, Any] = {
        "subject": _header(message, "subject"),
        "to": to,
        "cc": cc,
        "bcc": [each for each in recipients if each.lower() not in known],
        "headers": _headers(message),
        "text": "",
        "html": "",
        "attachments": [],
    }
    for part in message.walk():
        if not part.is_multipart():
            _add(details, part, body)
    return details


def _headers(message: EmailMessage) -> list[tuple[str, str]]:
    """The headers, but for what the rest says, and what is made anew for each message."""
    pairs = [(name, _text(value)) for name, value in message.raw_items()]
    return [
        (name, value)
        for name, value in pairs
        if name.lower() not in _SAID and not (name.lower() == "message-id" and _MADE.match(value))
    ]


def _add(details: dict[str, Any], part: EmailMessage, body: Callable[[bytes], Body]) -> None:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    kind = part.get_content_type()
    place = {"text/plain": "text", "text/html": "html"}.get(kind)
    if place and not details[place] and part.get_content_disposition() != "attachment":
        details[place] = body(_decoded(part, data).encode("utf-8", "replace")).shown()
        return
    attached = {"name": part.get_filename() or "", "type": kind, "size": len(data)}
    details["attachments"].append(attached)


def _decoded(part: EmailMessage, data: bytes) -> str:
    try:
        return data.decode(part.get_content_charset() or "utf-8", "replace").replace("\r\n", "\n")
    except LookupError:
        return data.decode("latin-1")


def _addresses(message: EmailMessage, name: str) -> list[str]:
    values = [_text(value) for key, value in message.raw_items() if key.lower() == name]
    return [address for _, address in getaddresses(values) if address]


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except Exception:  # noqa: BLE001 - the parser of the standard library fails in many ways
        return next((_text(v) for key, v in message.raw_items() if key.lower() == name), "")


def _text(value: object) -> str:
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
