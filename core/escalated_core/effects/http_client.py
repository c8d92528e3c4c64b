"""HTTP requests of `http.client`, and so of urllib, urllib3 and requests.

A request that is held is made as ever, on a socket in memory: what comes back is read by the
client's own code. Each is noted as an effect and among the calls of its step.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter_ns
from typing import Any, cast

from escalated_core.effects.exchange import Exchange, host_of, url_of
from escalated_core.effects.memory_socket import MemorySocket
from escalated_core.effects.outbox import inside, plan_for, wait
from escalated_core.effects.policy import Plan, is_local
from escalated_core.effects.replacing import Undo, all_of, replaced

_PENDING = "_escalated_request"
"""A connection's attribute: the request that has no answer yet."""
_CONNECTING = "_escalated_connecting"
"""A connection's attribute: how long it took to connect, while nothing was asked since."""
_HTTPS_PORT = 443


def patch(module: Any) -> Undo:
    """Follow `http.client`."""
    followed: dict[str, Any] = {
        "__init__": _init,
        "connect": _class_connect,
        "putrequest": _putrequest,
        "send": _send,
        "getresponse": _getresponse,
    }
    undos = [replaced(module.HTTPConnection, followed)]
    if hasattr(module, "HTTPSConnection"):  # not where Python was built without ssl
        undos.append(replaced(module.HTTPSConnection, {"connect": _class_connect}))
    return all_of(undos)


class AnswerSocket(MemorySocket):
    """Takes a request, and gives its answer to whoever reads."""

    exchange: Exchange | None = None

    def makefile(self, mode: str = "rb", *_: Any, **__: Any) -> Any:
        del mode
        assert self.exchange is not None, "nothing was asked"
        return self.exchange.simulated(self.timeout)


def _init(real: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **kwargs)
        if plan_for("http", (), is_local=True) is not None:
            # urllib3 overrides `connect` and calls it before the request: only the instance
            # is left. Weakly, as in a cycle it would hold its socket open until collected.
            _state(self).setdefault("connect", functools.partial(_connect, weakref.ref(self)))

    return init


def _class_connect(real: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: Any) -> Any:
        # Of connections that were made before: others come here from `_connect`.
        return _connected(self, lambda: real(self))

    return connect


def _connect(reference: Callable[[], Any]) -> Any:
    connection = reference()
    return _connected(connection, lambda: cast("Any", type(connection)).connect(connection))


def _connected(connection: Any, connect: Callable[[], Any]) -> Any:
    """Connect by the connection's own method, or to nobody if what follows would be held."""
    state = _state(connection)
    pending: Exchange | None = state.get(_PENDING)
    plan = pending.effect.plan if pending else _plan(connection, "", "/")
    if plan is None:
        return connect()
    if not plan.is_real:
        _hold(connection, pending)
        return None
    began = perf_counter_ns()
    try:
        with inside():
            result = connect()
    except BaseException as error:
        if pending is None:
            origin = _origin(connection)
            Exchange(plan, "connect", origin, began).failed(error)
        raise
    if pending is None:
        state[_CONNECTING] = perf_counter_ns() - began
    return result


def _putrequest(real: Callable[..., Any]) -> Callable[..., Any]:
    def putrequest(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        began = perf_counter_ns() - _state(self).pop(_CONNECTING, 0)
        result = real(self, method, url, *args, **kwargs)
        plan = _plan(self, method, url)
        _state(self).pop(_PENDING, None)
        if plan is None:
            _let_go(self)
            return result
        pending = _state(self)[_PENDING] = Exchange(plan, method, _address(self, url), began)
        if plan.is_real:
            _let_go(self)
        else:
            _hold(self, pending)
        return result

    return putrequest


def _send(real: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: Any, data: Any) -> Any:
        pending: Exchange | None = _state(self).get(_PENDING)
        # While it connects, it may talk to a proxy: that is no part of the request.
        if pending is None or pending.is_connecting:
            return real(self, data)
        try:
            if not pending.has_begun:
                _begin(self, pending)
            return real(self, _copied(data, pending))
        except BrokenPipeError:
            # The server may have answered before it had read everything.
            raise
        except BaseException as error:
            _state(self).pop(_PENDING, None)
            pending.failed(error)
            raise

    return send


def _begin(connection: Any, pending: Exchange) -> None:
    """The first bytes are about to be sent."""
    pending.has_begun = True
    plan = pending.effect.plan
    if plan.verdict == "refused":
        raise pending.refusal()
    if not plan.is_real:
        if type(_socket(connection)) is not AnswerSocket:
            _hold(connection, pending)
        return
    wait(plan.delay)
    if _socket(connection) is None and connection.auto_open:
        pending.is_connecting = True
        try:
            connection.connect()
        finally:
            pending.is_connecting = False


def _copied(data: Any, pending: Exchange) -> Any:
    """What is sent, so that the exchange sees it too."""
    try:
        memoryview(data)
    except TypeError:
        if hasattr(data, "read"):
            return _blocks(data, pending)
        if isinstance(data, Iterable) and not isinstance(data, str):
            return _items(cast("Iterable[Any]", data), pending)
        return data
    pending.sent(data)
    return data


def _blocks(data: Any, pending: Exchange) -> Iterator[Any]:
    while block := data.read(8192):
        block = block.encode("iso-8859-1") if isinstance(block, str) else block
        pending.sent(block)
        yield block


def _items(data: Iterable[Any], pending: Exchange) -> Iterator[Any]:
    for item in data:
        pending.sent(item)
        yield item


def _getresponse(real: Callable[..., Any]) -> Callable[..., Any]:
    def getresponse(self: Any, *args: Any, **kwargs: Any) -> Any:
        pending: Exchange | None = _state(self).get(_PENDING)
        try:
            response = real(self, *args, **kwargs)
        except BaseException as error:
            if pending is not None:
                pending.failed(error)
            raise
        finally:
            _state(self).pop(_PENDING, None)
        if pending is not None:
            pending.answered(response.status, response.reason, response.getheaders())
            if response.fp is not None:
                response.fp = _Copying(response.fp, pending)
        return response

    return getresponse


class _Copying:
    """A file of a response; what is read from it, the exchange sees too."""

    def __init__(self, file: Any, exchange: Exchange) -> None:
        self._file = file
        self._exchange = exchange

    def read(self, *size: Any) -> bytes:
        return self._seen(self._file.read(*size))

    def read1(self, *size: Any) -> bytes:
        return self._seen(self._file.read1(*size))

    def readline(self, *size: Any) -> bytes:
        return self._seen(self._file.readline(*size))

    def readinto(self, buffer: Any) -> int:
        count: int = self._file.readinto(buffer)
        self._exchange.received(memoryview(buffer).cast("B")[:count])
        return count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def _seen(self, data: bytes) -> bytes:
        self._exchange.received(data)
        return data


def _plan(connection: Any, method: str, url: object) -> Plan | None:
    address = _address(connection, url)
    origin = _origin(connection)
    # A proxy on this machine still sends outside what is meant for outside.
    hosts = (host_of(address), str(connection.host))
    plain = address.partition("?")[0]
    names = (address, plain, host_of(address), f"{method} {address}", f"{method} {plain}", origin)
    return plan_for("http", names, all(map(is_local, hosts)))


def _hold(connection: Any, pending: Exchange | None) -> None:
    """Have the connection talk to a socket in memory."""
    held = _socket(connection)
    if type(held) is not AnswerSocket:
        if held is not None:
            held.close()
        held = connection.sock = AnswerSocket()
    held.exchange = pending
    held.settimeout(connection.timeout)
    if hasattr(connection, "is_verified"):  # urllib3 warns of connections that are not
        connection.is_verified = True


def _let_go(connection: Any) -> None:
    """What follows is real: the connection has to be made."""
    if type(_socket(connection)) is AnswerSocket:
        connection.sock = None


def _socket(connection: Any) -> Any:
    return _state(connection).get("sock")


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
    return url_of(_origin(connection), url)
