"""Database queries and HTTP requests of plugin code, told to the scope that makes them.

Queries are seen when `query_wrapper` is among a Django connection's `execute_wrappers`, HTTP
requests while `following_calls` is in force: those of `http.client`, and so of urllib, urllib3
and requests. Nothing is done for code that runs outside of any scope.
"""

from __future__ import annotations

import functools
import re
import weakref
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Literal, cast
from urllib.parse import unquote_plus

from escalated_core.scope import CURRENT
from escalated_core.snapshots.redaction import MASK, is_secret, masked_text

CALL_CAP = 1_000
"""Calls kept per scope; what is over the cap counts as dropped."""
TEXT_CAP = 2_000
"""Characters kept of a query or of an address."""

_HTTPS_PORT = 443
_PENDING = "_escalated_request"
"""A connection's attribute: what was asked, and when, while there is no answer."""
_CONNECTING = "_escalated_connecting"
"""A connection's attribute: how long it took to connect, while nothing was asked since."""


def note(kind: Literal["query", "http"], text: str, began_ns: int, ended_ns: int) -> None:
    """Add a call to the scope that runs in this context; moments are of `perf_counter_ns`."""
    scope = CURRENT.get()
    if scope is None:
        return
    if len(scope.sink.calls) < CALL_CAP:
        scope.sink.calls.append((kind, text, began_ns, ended_ns))
    else:
        scope.sink.dropped += 1


def query_wrapper(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
) -> Any:
    """Run a query and note it; for `connection.execute_wrappers` of Django.

    The text is the statement with its placeholders: parameters may be secrets and are left out.
    """
    if CURRENT.get() is None:
        return execute(sql, params, many, context)
    text = _capped(sql) if isinstance(sql, str) else f"({type(sql).__name__})"
    began = perf_counter_ns()
    try:
        result = execute(sql, params, many, context)
    except BaseException as error:
        note("query", f"{text} -> {type(error).__name__}", began, perf_counter_ns())
        raise
    note("query", text, began, perf_counter_ns())
    return result


def following_calls() -> Callable[[], None]:
    """Note HTTP requests from now on, from connecting to the response's headers.

    Returns the undo. Imports `http.client`.
    """
    # Not at the top: with what it imports it takes longer than most plugins do to load.
    from http.client import HTTPConnection

    real: dict[str, Any] = {name: vars(HTTPConnection)[name] for name in _FOLLOWED}
    for name, follow in _FOLLOWED.items():
        setattr(HTTPConnection, name, functools.wraps(real[name])(follow(real[name])))

    def undo() -> None:
        for name, function in real.items():
            setattr(HTTPConnection, name, function)

    return undo


def _init(real: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **kwargs)
        if CURRENT.get() is not None:
            # urllib3 overrides `connect` and calls it before the request: only the instance
            # is left. Weakly, as in a cycle it would hold its socket open until collected.
            _state(self).setdefault("connect", functools.partial(_connect, weakref.ref(self)))

    return init


def _connect(reference: Callable[[], Any]) -> Any:
    """Connect by the connection's own method; its time counts for the request that follows."""
    connection = reference()
    state = _state(connection)
    connect = cast("Any", type(connection)).connect
    if CURRENT.get() is None or _PENDING in state:
        return connect(connection)
    began = perf_counter_ns()
    try:
        result = connect(connection)
    except BaseException as error:
        text = f"connect {_origin(connection)} -> {type(error).__name__}"
        note("http", text, began, perf_counter_ns())
        raise
    state[_CONNECTING] = perf_counter_ns() - began
    return result


def _putrequest(real: Callable[..., Any]) -> Callable[..., Any]:
    def putrequest(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        connecting = _state(self).pop(_CONNECTING, 0)
        began = perf_counter_ns() - connecting
        result = real(self, method, url, *args, **kwargs)
        if CURRENT.get() is not None:
            _state(self)[_PENDING] = f"{method} {_address(self, url)}", began
        return result

    return putrequest


def _send(real: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return real(self, *args, **kwargs)
        except BrokenPipeError:
            # The server may have answered before it had read everything.
            raise
        except BaseException as error:
            _answered(self, type(error).__name__)
            raise

    return send


def _getresponse(real: Callable[..., Any]) -> Callable[..., Any]:
    def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            response = real(self, *args, **kwargs)
        except BaseException as error:
            _answered(self, type(error).__name__)
            raise
        _answered(self, response.status)
        return response

    return getresponse


def _answered(connection: Any, answer: object) -> None:
    """The request that is under way on a connection, if any, has come to its end."""
    text, began = _state(connection).pop(_PENDING, (None, 0))
    if text is not None:
        note("http", f"{text} -> {answer}", began, perf_counter_ns())


def _state(connection: Any) -> dict[str, Any]:
    """A connection's attributes, without asking code that it may have for that."""
    return cast("dict[str, Any]", vars(connection))


def _origin(connection: Any) -> str:
    """`https://host:port`, without a port that goes without saying."""
    state = _state(connection)
    # Through a proxy's tunnel, the host of the connection is the proxy.
    tunnel = state.get("_tunnel_host")
    host = str(tunnel or connection.host)
    port = state.get("_tunnel_port") if tunnel else connection.port
    usual: int = connection.default_port
    host = f"[{host}]" if ":" in host else host
    shown = "" if port in (None, usual) else f":{port}"
    return f"{'https' if usual == _HTTPS_PORT else 'http'}://{host}{shown}"


def _address(connection: Any, url: object) -> str:
    """Where a request goes, capped and without what looks like a secret."""
    text = url.decode("latin-1") if isinstance(url, bytes) else str(url)
    if not re.match("[a-zA-Z][a-zA-Z0-9+.-]*://", text):
        text = _origin(connection) + (text or "/")
    text, mark, query = text.partition("?")
    return _capped(masked_text(text) + mark + "&".join(map(_masked, query.split("&"))))


def _masked(pair: str) -> str:
    """One `key=value` of a query string; the value hidden if the key tells of a secret."""
    key, mark, _ = pair.partition("=")
    return f"{key}={MASK}" if mark and is_secret(unquote_plus(key)) else pair


def _capped(text: str) -> str:
    return text if len(text) <= TEXT_CAP else f"{text[:TEXT_CAP]}… ({len(text):,} characters)"


_FOLLOWED = {
    "__init__": _init,
    "putrequest": _putrequest,
    "send": _send,
    "getresponse": _getresponse,
}
