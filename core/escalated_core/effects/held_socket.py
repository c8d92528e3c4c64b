"""Sockets of plugin code that are connected to nobody."""

from __future__ import annotations

import errno
import os
import socket
import weakref
from collections.abc import Iterable
from typing import Any, cast

from escalated_core.effects.outbox import Body, OpenEffect


class Held:
    """What is known of a socket that is held."""

    def __init__(self, effect: OpenEffect, sent: Body, peer: Any, is_stream: bool) -> None:
        self.effect = effect
        self.sent = sent
        self.peer = peer
        self.is_stream = is_stream
        answer = effect.plan.answer
        self.answer = memoryview(answer.body if answer else b"")

    def take(self, data: Any) -> int:
        self.sent.add(data)
        self.effect.end()
        return memoryview(data).nbytes

    def give(self, size: int, timeout: float | None) -> bytes:
        """What is received: the answer, then the end; of datagrams there is no end."""
        if not self.answer and not self.is_stream:
            if timeout == 0:
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
            raise TimeoutError("timed out")
        given, self.answer = self.answer[:size], self.answer[size:]
        return bytes(given)


held: weakref.WeakKeyDictionary[socket.socket, Held] = weakref.WeakKeyDictionary()


class HeldSocket:
    """Methods of a socket that is connected to nobody; laid over its own class."""

    __slots__ = ()

    def connect(self, *_: Any) -> None:
        raise OSError(errno.EISCONN, os.strerror(errno.EISCONN))

    def connect_ex(self, *_: Any) -> int:
        return errno.EISCONN

    def do_handshake(self, *_: Any) -> None:
        pass

    def send(self, data: Any, *_: Any) -> int:
        return self._state.take(data)

    def sendall(self, data: Any, *_: Any) -> None:
        self._state.take(data)

    def sendto(self, data: Any, *_: Any) -> int:
        return self._state.take(data)

    def sendmsg(self, buffers: Iterable[Any], *_: Any) -> int:
        return sum(self._state.take(data) for data in buffers)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        file.seek(offset)
        return self._state.take(file.read() if count is None else file.read(count))

    def recv(self, bufsize: int = 1024, *_: Any) -> bytes:
        return self._state.give(bufsize, cast("Any", self).gettimeout())

    read = recv

    def recv_into(self, buffer: Any, nbytes: int = 0, *_: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = self.recv(nbytes or len(view))
        view[: len(data)] = data
        return len(data)

    def recvfrom(self, bufsize: int, *_: Any) -> tuple[bytes, Any]:
        return self.recv(bufsize), self._state.peer

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, *_: Any) -> tuple[int, Any]:
        return self.recv_into(buffer, nbytes), self._state.peer

    def getpeername(self) -> Any:
        return self._state.peer

    def shutdown(self, how: int) -> None:
        pass

    def unwrap(self) -> Any:
        return self

    def getpeercert(self, binary_form: bool = False) -> Any:
        return b"" if binary_form else {}

    def selected_alpn_protocol(self) -> None:
        return None

    def cipher(self) -> None:
        return None

    def version(self) -> None:
        return None

    @property
    def _state(self) -> Held:
        return held[cast("socket.socket", self)]


def hold(sock: socket.socket, state: Held) -> None:
    """Have a socket be connected to nobody, whatever its class."""
    held[sock] = state
    kind = type(sock)
    sock.__class__ = cast("Any", type)(
        f"Held{kind.__name__}", (HeldSocket, kind), {"__slots__": ()}
    )
