"""An HTTP request and its answer, whichever client makes it."""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Iterable
from http import HTTPStatus
from time import perf_counter_ns
from typing import Any, Final, cast
from urllib.parse import unquote_plus, urlsplit

from escalated_core.effects.memory_socket import SIMULATED
from escalated_core.effects.outbox import Body, OpenEffect, wait
from escalated_core.effects.policy import Answer, Plan
from escalated_core.scope import CURRENT
from escalated_core.snapshots.redaction import MASK, is_secret, masked_text

TEXT_CAP = 2_000
"""Characters kept of an address."""
MARK: Final = ("X-Escalated-Workbench", SIMULATED)
"""The header of every answer that no server gave."""

_USUAL: Final = Answer(headers=(("Content-Type", "application/json"),), body=b'{"simulated": true}')
_NO_BODY: Final = (204, 304)
_HEAD_CAP: Final = 100_000

Headers = list[tuple[str, str]]


class Exchange:
    """One request, from its first byte to its answer.

    Bytes are given as they are on the wire of HTTP/1.1 (`sent`), or in parts (`request`).
    """

    def __init__(self, plan: Plan, method: str, url: str, began_ns: int) -> None:
        self.method, self.url = method, url
        self.has_begun = self.is_connecting = False
        self._began_ns = began_ns
        self._head: bytearray | None = bytearray()
        """What was sent so far; None once it is the body that is sent."""
        self._headers: Headers = []
        self._answer: dict[str, Any] = {}
        self._answer_headers: Headers = []
        self.effect = OpenEffect("http", f"{method} {_capped(url)}", plan, self._details)
        self._sent, self._received = self.effect.body(), self.effect.body()

    def request(self, headers: Headers) -> None:
        """The headers; what is `sent` after this is the body."""
        self._head, self._headers = None, headers

    def sent(self, data: Any) -> None:
        """Bytes were sent."""
        if self._head is None:
            self._sent.add(data)
            return
        self._head.extend(memoryview(data).cast("B"))
        head, end, rest = bytes(self._head).partition(b"\r\n\r\n")
        if end or len(head) > _HEAD_CAP:
            lines = head.decode("latin-1").split("\r\n")[1:]
            pairs = (line.partition(":") for line in lines)
            self.request([(name, value.strip()) for name, _, value in pairs])
            self._sent.add(rest)

    def refusal(self) -> ConnectionRefusedError:
        """What is raised when nobody is to be there."""
        text = f"Connection refused ({SIMULATED} by the workbench)"
        return ConnectionRefusedError(errno.ECONNREFUSED, text)

    def simulated(self, timeout: float | None) -> io.BufferedReader:
        """The answer of a request that was held, as a file of HTTP/1.1.

        Reading it takes as long as the delay; it raises `TimeoutError` if that is too long.
        """
        status, reason, headers, body = self.reply()
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
        head = "\r\n".join((*lines, "Connection: close", "", ""))
        data = head.encode("latin-1", "replace") + body
        return io.BufferedReader(cast("Any", _Slow(data, self.effect.plan.delay, timeout)))

    def reply(self) -> tuple[int, str, Headers, bytes]:
        """Status, reason, headers and body of a request that was held."""
        answer = self.effect.plan.answer or _USUAL
        status = answer.status or 200
        try:
            reason = HTTPStatus(status).phrase
        except ValueError:
            reason = "Unknown"
        is_bare = status in _NO_BODY or self.method == "HEAD"
        given = {name.lower() for name, _ in answer.headers}
        length = [("Content-Length", str(len(answer.body)))]
        headers = [
            *answer.headers,
            *([] if "content-length" in given or status in _NO_BODY else length),
            MARK,
        ]
        return status, reason, headers, b"" if is_bare else answer.body

    def answered(self, status: int, reason: str, headers: Iterable[tuple[str, str]]) -> None:
        """The answer's headers are there."""
        self._answer = {"status": status, "reason": reason}
        self._answer_headers = list(headers)
        self._end(str(status))

    def received(self, data: Any) -> None:
        """Bytes of the answer's body were read."""
        self._received.add(data)

    def failed(self, error: BaseException) -> None:
        """It came to nothing."""
        if not self.effect.ended_ns:
            self.effect.error = type(error).__name__
            self._end(type(error).__name__)

    def _end(self, answer: str) -> None:
        self.effect.end()
        scope = CURRENT.get()
        if scope is not None:
            text = f"{self.method} {_masked_url(self.url)} -> {answer}"
            scope.sink.call("http", text, self._began_ns, perf_counter_ns())

    def _details(self) -> dict[str, Any]:
        details: dict[str, Any] = {
            "method": self.method,
            "url": _capped(self.url),
            "headers": self._headers,
            **_body(self._sent, self._headers),
        }
        if self._answer:
            headers = self._answer_headers
            body = _body(self._received, headers)
            details["answer"] = {**self._answer, "headers": headers, **body}
        return details


class _Slow(io.BytesIO):
    """A file whose first bytes come after a delay."""

    def __init__(self, data: bytes, delay: float, timeout: float | None) -> None:
        super().__init__(data)
        self._delay = delay
        self._timeout = timeout

    def readinto(self, buffer: Any, /) -> int:
        delay, self._delay = self._delay, 0.0
        if self._timeout is not None and delay > self._timeout:
            wait(self._timeout)
            raise TimeoutError("timed out")
        wait(delay)
        return super().readinto(buffer)


def url_of(origin: str, url: object) -> str:
    """Where a request goes, given what its first line says."""
    text = url.decode("latin-1") if isinstance(url, bytes) else str(url)
    if re.match("[a-zA-Z][a-zA-Z0-9+.-]*://", text):
        return text
    return origin + (text or "/")


def host_of(url: str) -> str:
    """The host that a URL names."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return url


def _masked_url(url: str) -> str:
    """The address capped and without what looks like a secret."""
    text, mark, query = url.partition("?")
    return _capped(masked_text(text) + mark + "&".join(map(_masked, query.split("&"))))


def _masked(pair: str) -> str:
    """One `key=value` of a query string; the value hidden if the key tells of a secret."""
    key, mark, _ = pair.partition("=")
    return f"{key}={MASK}" if mark and is_secret(unquote_plus(key)) else pair


def _capped(text: str) -> str:
    return text if len(text) <= TEXT_CAP else f"{text[:TEXT_CAP]}… ({len(text):,} characters)"


def _body(body: Body, headers: Headers) -> dict[str, Any]:
    named = {name.lower(): value.strip().lower() for name, value in headers}
    if "chunked" in named.get("transfer-encoding", ""):
        body = _unchunked(body)
    return {"body": body.shown(named.get("content-encoding", "")), "body_size": body.size}


def _unchunked(body: Body) -> Body:
    """The same without the chunks' sizes; the whole size is known if nothing was cut."""
    rest, data = bytes(body.data), Body()
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        try:
            length = int(size.partition(b";")[0], 16)
        except ValueError:
            break
        data.add(rest[:length])
        rest = rest[length + 2 :]
        if not length:
            return data
    data.size = max(data.size, body.size if body.size > len(body.data) else 0)
    return data
