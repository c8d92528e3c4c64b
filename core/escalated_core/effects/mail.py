"""Mail that is sent with `smtplib`, and so by Django.

What is held is given to a mail server in memory, which takes every message.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from email.utils import parseaddr
from typing import Any, Final, cast

from escalated_core.effects.memory_socket import SIMULATED, MemorySocket
from escalated_core.effects.message import details_of
from escalated_core.effects.outbox import OpenEffect, inside, plan_for, wait
from escalated_core.effects.policy import Plan, is_local
from escalated_core.effects.replacing import Undo, all_of, replaced

_SERVER = "_escalated_server"
"""An SMTP client's attribute: host and port of its server."""
_ENVELOPE = "_escalated_envelope"
"""An SMTP client's attribute: sender and recipients so far."""
_TAKEN: Final = f"2.0.0 Ok: {SIMULATED}"
_EXTENSIONS: Final = ("SIZE", "8BITMIME", "SMTPUTF8", "STARTTLS", "AUTH PLAIN LOGIN")


def patch(module: Any) -> Undo:
    """Follow `smtplib`."""
    followed: dict[str, Any] = {
        "_get_socket": _get_socket,
        "mail": _mail,
        "rcpt": _rcpt,
        "data": _data,
        "starttls": _starttls,
    }
    undos = [replaced(module.SMTP, followed)]
    if hasattr(module, "SMTP_SSL"):
        undos.append(replaced(module.SMTP_SSL, {"_get_socket": _get_socket}))
    return all_of(undos)


class MailServer(MemorySocket):
    """The other end of an SMTP connection: replies to commands, and takes every message."""

    def __init__(self) -> None:
        super().__init__()
        self._replies = _Replies()
        self._line = b""
        self._is_data = False
        self.reply: tuple[int, str] = 250, _TAKEN
        """What it says to the next message."""
        self._say(220, f"{SIMULATED} ESMTP")

    def makefile(self, mode: str = "rb", *_: Any, **__: Any) -> Any:
        del mode
        return self._replies

    def take(self, data: bytes) -> None:
        self._line += data
        while True:
            end = b"\r\n.\r\n" if self._is_data else b"\r\n"
            line, found, rest = self._line.partition(end)
            if not found:
                return
            self._line = rest
            if self._is_data:
                self._is_data = False
                self._say(*self.reply)
            else:
                self._command(line.decode("utf-8", "replace").split(" "))

    def _command(self, words: list[str]) -> None:
        verb = words[0].upper()
        if verb == "EHLO":
            for extension in (SIMULATED, *_EXTENSIONS[:-1]):
                self._say(250, extension, "-")
            self._say(250, _EXTENSIONS[-1])
        elif verb == "DATA":
            self._is_data = True
            self._say(354, "Go on")
        elif verb == "AUTH":
            self._say(235, "2.7.0 Accepted")
        elif verb == "STARTTLS":
            self._say(220, "Go on")
        elif verb == "QUIT":
            self._say(221, "Bye")
        else:
            self._say(250, "Ok")

    def _say(self, code: int, text: str, mark: str = " ") -> None:
        self._replies.add(f"{code}{mark}{text}\r\n".encode())


class _Replies:
    """A file of what the server has said so far."""

    def __init__(self) -> None:
        self._said = io.BytesIO()

    def add(self, data: bytes) -> None:
        rest = self._said.read()
        self._said = io.BytesIO(rest + data)

    def readline(self, size: int = -1) -> bytes:
        return self._said.readline(size)

    def close(self) -> None:
        """Closed with every connection; there is nothing to close."""


def _get_socket(real: Callable[..., Any]) -> Callable[..., Any]:
    def get_socket(self: Any, host: Any, port: Any, timeout: Any) -> Any:
        _state(self)[_SERVER] = str(host), port
        plan = _plan(self)
        if plan is None:
            return real(self, host, port, timeout)
        if plan.is_real:
            with inside():
                return real(self, host, port, timeout)
        if plan.verdict == "refused":
            effect = OpenEffect(
                "mail", f"{host}:{port}", plan, lambda: {"server": f"{host}:{port}"}
            )
            effect.end("ConnectionRefusedError")
            text = f"Connection refused ({SIMULATED} by the workbench)"
            raise ConnectionRefusedError(errno.ECONNREFUSED, text)
        return MailServer()

    return get_socket


def _mail(real: Callable[..., Any]) -> Callable[..., Any]:
    def mail(self: Any, sender: Any, *args: Any, **kwargs: Any) -> Any:
        _state(self)[_ENVELOPE] = _bare(sender), []
        return real(self, sender, *args, **kwargs)

    return mail


def _rcpt(real: Callable[..., Any]) -> Callable[..., Any]:
    def rcpt(self: Any, recip: Any, *args: Any, **kwargs: Any) -> Any:
        sender, recipients = _envelope(self)
        address = _bare(recip)
        plan = _plan(self, [address])
        if plan is not None and plan.verdict == "refused":
            text = f"5.1.1 Refused ({SIMULATED} by the workbench)"
            server = _server(self)
            details = {"server": server, "sender": sender, "recipients": [address]}
            effect = OpenEffect("mail", address, plan, lambda: details)
            effect.end("SMTPRecipientsRefused")
            return 550, text.encode()
        recipients.append(address)
        return real(self, recip, *args, **kwargs)

    return rcpt


def _data(real: Callable[..., Any]) -> Callable[..., Any]:
    def data(self: Any, msg: Any) -> Any:
        sender, recipients = _envelope(self)
        plan = _plan(self, recipients)
        if plan is None:
            return real(self, msg)
        held = _state(self).get("sock")
        if plan.is_real and isinstance(held, MailServer):  # sent by a rule, but not to its server
            plan = replace(plan, verdict="held")
        effect, answer = _message(plan, msg, (_server(self), sender, recipients))
        wait(plan.delay)
        code = (plan.answer.status if plan.answer else None) or 250
        text = plan.answer.body.decode("utf-8", "replace") if plan.answer else ""
        if isinstance(held, MailServer):
            held.reply = code, text or _TAKEN
        elif not plan.is_real:  # its server is real, but is not to have this one
            self.rset()
            answer.update(status=code, text=text or _TAKEN)
            effect.end()
            return code, (text or _TAKEN).encode()
        try:
            reply = real(self, msg)
        except BaseException as error:
            effect.end(error)
            raise
        answer.update(status=reply[0], text=bytes(reply[1]).decode("utf-8", "replace"))
        effect.end()
        return reply

    return data


def _starttls(real: Callable[..., Any]) -> Callable[..., Any]:
    def starttls(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(_state(self).get("sock"), MailServer):
            return real(self, *args, **kwargs)
        self.ehlo_or_helo_if_needed()
        reply = self.docmd("STARTTLS")
        # As after a real one: the client has to ask again what the server can do.
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        return reply

    return starttls


def _message(
    plan: Plan, msg: Any, envelope: tuple[str, str, list[str]]
) -> tuple[OpenEffect, dict[str, Any]]:
    """The effect of sending a message, and what is filled in when it was answered."""
    server, sender, recipients = envelope
    answer: dict[str, Any] = {}
    raw = msg.encode("utf-8", "surrogateescape") if isinstance(msg, str) else bytes(msg)
    told = {"server": server, "sender": sender, "recipients": list(recipients)}

    def details() -> Mapping[str, Any]:
        shown = {**told, **parsed}
        return {**shown, "answer": dict(answer)} if answer else shown

    effect = OpenEffect("mail", ", ".join(recipients), plan, details)
    parsed = details_of(raw, recipients, effect.body)
    return effect, answer


def _state(client: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", vars(client))


def _plan(client: Any, recipients: Iterable[str] = ()) -> Plan | None:
    host, _ = _state(client).get(_SERVER, ("", None))
    names = (host, _server(client), f"smtp://{_server(client)}", *recipients)
    return plan_for("mail", names, is_local(host))


def _bare(address: object) -> str:
    """The address without the name of whose it is."""
    return parseaddr(str(address))[1] or str(address)


def _server(client: Any) -> str:
    host, port = _state(client).get(_SERVER, ("", None))
    return f"{host}:{port}"


def _envelope(client: Any) -> tuple[str, list[str]]:
    return _state(client).setdefault(_ENVELOPE, ("", []))
