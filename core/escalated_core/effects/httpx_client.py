"""HTTP requests of httpx, of its plain clients and of its asynchronous ones."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import import_module
from time import perf_counter_ns
from typing import Any

from escalated_core.effects.exchange import Exchange, host_of
from escalated_core.effects.outbox import inside, plan_for, wait
from escalated_core.effects.policy import is_local
from escalated_core.effects.replacing import Undo, all_of, replaced


def patch(module: Any) -> Undo:
    """Follow `httpx._transports.default`."""
    undos = [
        replaced(module.HTTPTransport, {"handle_request": _handle_request}),
        replaced(module.AsyncHTTPTransport, {"handle_async_request": _handle_async_request}),
    ]
    return all_of(undos)


def _handle_request(real: Callable[..., Any]) -> Callable[..., Any]:
    def handle_request(self: Any, request: Any) -> Any:
        exchange = _exchange(self, request)
        if exchange is None:
            return real(self, request)
        copied = request.stream = _copied(request.stream, exchange.sent)
        try:
            _refuse(exchange, request)
            if not exchange.effect.plan.is_real:
                for _ in copied:
                    pass
                wait(_patience(exchange, request))
                return _simulated(exchange, request)
            wait(exchange.effect.plan.delay)
            with inside():
                response = real(self, request)
        except BaseException as error:
            exchange.failed(error)
            raise
        return _answered(exchange, response)

    return handle_request


def _handle_async_request(real: Callable[..., Any]) -> Callable[..., Any]:
    async def handle_async_request(self: Any, request: Any) -> Any:
        exchange = _exchange(self, request)
        if exchange is None:
            return await real(self, request)
        # httpx rests on it.
        anyio = import_module("anyio")
        copied = request.stream = _copied(request.stream, exchange.sent)
        try:
            _refuse(exchange, request)
            if not exchange.effect.plan.is_real:
                async for _ in copied:
                    pass
                await anyio.sleep(_patience(exchange, request))
                return _simulated(exchange, request)
            await anyio.sleep(exchange.effect.plan.delay)
            with inside():
                response = await real(self, request)
        except BaseException as error:
            exchange.failed(error)
            raise
        return _answered(exchange, response)

    return handle_async_request


def _exchange(transport: Any, request: Any) -> Exchange | None:
    began = perf_counter_ns()
    method, address = str(request.method), str(request.url)
    plain = address.partition("?")[0]
    host = host_of(address)
    names = (address, plain, host, f"{method} {address}", f"{method} {plain}")
    # A proxy on this machine still sends outside what is meant for outside.
    proxy = getattr(getattr(transport, "_pool", None), "_proxy_url", None)
    hosts = [host, *([proxy.host.decode("latin-1")] if proxy is not None else [])]
    plan = plan_for("http", names, all(map(is_local, hosts)))
    if plan is None:
        return None
    exchange = Exchange(plan, method, address, began)
    exchange.request(_texts(request.headers.raw))
    return exchange


def _refuse(exchange: Exchange, request: Any) -> None:
    if exchange.effect.plan.verdict == "refused":
        refusal = exchange.refusal()
        raise _httpx().ConnectError(str(refusal), request=request) from refusal


def _patience(exchange: Exchange, request: Any) -> float:
    """Seconds that the client waits for an answer that is held."""
    timeout = request.extensions.get("timeout", {}).get("read")
    delay = exchange.effect.plan.delay
    return delay if timeout is None else min(delay, timeout)


def _simulated(exchange: Exchange, request: Any) -> Any:
    if _patience(exchange, request) < exchange.effect.plan.delay:
        raise _httpx().ReadTimeout("timed out", request=request)
    status, reason, headers, body = exchange.reply()
    extensions = {"http_version": b"HTTP/1.1", "reason_phrase": reason.encode()}
    exchange.answered(status, reason, headers)
    exchange.received(body)
    return _httpx().Response(status, headers=headers, content=body, extensions=extensions)


def _answered(exchange: Exchange, response: Any) -> Any:
    exchange.answered(response.status_code, response.reason_phrase, _texts(response.headers.raw))
    response.stream = _copied(response.stream, exchange.received)
    return response


def _copied(stream: Any, see: Callable[[Any], None]) -> Any:
    """A stream whose parts are shown to `see` as they pass, plain or asynchronous as it was."""
    bases: Any = _httpx()

    class Copied(bases.SyncByteStream, bases.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for part in stream:
                see(part)
                yield part

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for part in stream:
                see(part)
                yield part

        def close(self) -> None:
            stream.close()

        async def aclose(self) -> None:
            await stream.aclose()

    return Copied()


def _texts(headers: Any) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _httpx() -> Any:
    """The package; not all who run plugins have it."""
    return sys.modules["httpx"]
