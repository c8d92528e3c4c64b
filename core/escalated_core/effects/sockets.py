"""Connections and datagrams of plugin code that no client we know makes.

A connection that is held becomes one in memory: what is sent to it is kept, and it receives a
canned answer or its end.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterable
from typing import Any, cast

from escalated_core.effects import lookups
from escalated_core.effects.held_socket import Held, HeldSocket, hold
from escalated_core.effects.memory_socket import SIMULATED
from escalated_core.effects.outbox import Body, OpenEffect, plan_for, wait
from escalated_core.effects.policy import Plan, address_of, is_local
from escalated_core.effects.replacing import Undo, all_of, replaced


def patch(module: Any) -> Undo:
    """Follow `socket`."""
    methods = {"connect": _connect, "connect_ex": _connect_ex, "sendto": _sendto}
    if hasattr(module.socket, "sendmsg"):
        methods["sendmsg"] = _sendmsg
    return all_of([replaced(module.socket, methods), lookups.patch(module)])


def patch_ssl(module: Any) -> Undo:
    """Follow `ssl`: there is nobody to shake hands with at the other end of what is held."""
    return replaced(module.SSLContext, {"wrap_socket": _wrap_socket})


def _connect(real: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any) -> Any:
        effect, target = _opened(self, address)
        if effect is None:
            return real(self, target)
        if effect.plan.is_real:
            return _watched(effect, lambda: real(self, target))
        _become_held(self, effect, address)
        return None

    return connect


def _connect_ex(real: Callable[..., Any]) -> Callable[..., Any]:
    def connect_ex(self: socket.socket, address: Any) -> Any:
        try:
            effect, target = _opened(self, address)
        except ConnectionRefusedError as error:
            return error.errno
        if effect is None:
            return real(self, target)
        if effect.plan.is_real:
            return _watched(effect, lambda: real(self, target))
        _become_held(self, effect, address)
        return 0

    return connect_ex


def _sendto(real: Callable[..., Any]) -> Callable[..., Any]:
    def sendto(self: socket.socket, data: Any, *rest: Any) -> Any:
        if not rest:
            return real(self, data)
        effect, target = _opened(self, rest[-1], (data,))
        if effect is None or effect.plan.is_real:
            arguments = (data, *rest[:-1], target)
            return (
                real(self, *arguments) if effect is None else _sent(effect, real, self, arguments)
            )
        effect.end()
        return memoryview(data).nbytes

    return sendto


def _sendmsg(real: Callable[..., Any]) -> Callable[..., Any]:
    def sendmsg(self: socket.socket, buffers: Any, *rest: Any) -> Any:
        if len(rest) < 3 or rest[2] is None:
            return real(self, buffers, *rest)
        buffers = list(buffers)
        effect, target = _opened(self, rest[2], buffers)
        if effect is None or effect.plan.is_real:
            arguments = (buffers, *rest[:2], target)
            return (
                real(self, *arguments) if effect is None else _sent(effect, real, self, arguments)
            )
        effect.end()
        return sum(memoryview(data).nbytes for data in buffers)

    return sendmsg


def _sent(effect: OpenEffect, real: Callable[..., Any], sock: Any, arguments: Any) -> Any:
    return _watched(effect, lambda: real(sock, *arguments))


def _watched(effect: OpenEffect, work: Callable[[], Any]) -> Any:
    try:
        result = work()
    except BlockingIOError:  # it goes on by itself
        effect.end()
        raise
    except BaseException as error:
        effect.end(error)
        raise
    effect.end()
    return result


def _opened(
    sock: socket.socket, address: Any, data: Iterable[Any] = ()
) -> tuple[OpenEffect | None, Any]:
    """The effect of connecting, or of sending `data`, to an address; and where that really is.

    Raises:
        ConnectionRefusedError: it is to be refused.
    """
    is_network = sock.family in (socket.AF_INET, socket.AF_INET6)
    if is_network and not isinstance(address, tuple):
        return None, address  # it is no address: the real function says so
    host, port = _parts(address)
    target = f"[{host}]:{port}" if ":" in host and port else f"{host}:{port}" if port else host
    plan = plan_for("socket", (target, host), not is_network or is_local(host))
    parts = cast("Any", address)
    real = (host, *parts[1:]) if is_network and host != parts[0] else parts
    if plan is None:
        return None, real
    details: dict[str, Any] = {"host": host, "port": port, "protocol": _protocol(sock)}
    effect = OpenEffect("socket", target, plan, lambda: {**details, **_shown(sent, plan)})
    sent = effect.body()
    for each in data:
        sent.add(each)
    wait(plan.delay)
    if plan.verdict == "refused":
        effect.end("ConnectionRefusedError")
        text = f"Connection refused ({SIMULATED} by the workbench)"
        raise ConnectionRefusedError(errno.ECONNREFUSED, text)
    return effect, real


def _shown(sent: Body, plan: Plan) -> dict[str, Any]:
    # What goes over a real connection is not watched.
    if plan.is_real and not sent.size:
        return {}
    return {"body": sent.shown(), "body_size": sent.size}


def _parts(address: Any) -> tuple[str, int | None]:
    """Host, by the name it was looked up under, and port; or the path of a local socket."""
    if isinstance(address, tuple):
        parts = cast("tuple[Any, ...]", address)
        host = parts[0].decode("latin-1") if isinstance(parts[0], bytes) else str(parts[0])
        return lookups.names.name(host), parts[1] if len(parts) > 1 else None
    return os.fsdecode(address) if isinstance(address, (str, bytes)) else "(local)", None


def _protocol(sock: socket.socket) -> str:
    if sock.family not in (socket.AF_INET, socket.AF_INET6):
        return "local"
    return {socket.SOCK_STREAM: "tcp", socket.SOCK_DGRAM: "udp"}.get(sock.type, "raw")


def _become_held(sock: socket.socket, effect: OpenEffect, address: Any) -> None:
    peer = address
    if isinstance(address, tuple):
        host, _ = _parts(cast("Any", address))
        is_v6 = sock.family == socket.AF_INET6
        known = host if address_of(host) or is_local(host) else lookups.names.address(host, is_v6)
        peer = (known, *cast("Any", address)[1:])
    is_stream = sock.type == socket.SOCK_STREAM
    hold(sock, Held(effect, effect.bodies[0], peer, is_stream))
    effect.end()


def _wrap_socket(real: Callable[..., Any]) -> Callable[..., Any]:
    def wrap_socket(self: Any, sock: Any, *args: Any, **kwargs: Any) -> Any:
        return sock if isinstance(sock, HeldSocket) else real(self, sock, *args, **kwargs)

    return wrap_socket
