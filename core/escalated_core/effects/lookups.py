"""Names of hosts that plugin code looks up.

Nobody is asked for those of what is held: they get addresses that are reserved for benchmarks, by
which they are known again.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from escalated_core.effects.memory_socket import SIMULATED
from escalated_core.effects.outbox import plan_for
from escalated_core.effects.policy import address_of, is_local
from escalated_core.effects.replacing import Undo, all_of, replaced

_V4, _V6 = IPv4Address("198.18.0.0"), IPv6Address("100::")


class Names:
    """Addresses that stand for names of hosts which were not looked up."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._counting = itertools.count(1)

    def address(self, name: str, is_v6: bool = False) -> str:
        """The address that stands for a name."""
        if name not in self._numbers:
            self._numbers[name] = next(self._counting)
        address = str((_V6 if is_v6 else _V4) + self._numbers[name])
        self._names[address] = name
        return address

    def name(self, address: str) -> str:
        """The name that an address stands for, or the address itself."""
        return self._names.get(address, address)


names = Names()


def patch(module: Any) -> Undo:
    """Follow the lookups of `socket`."""
    import _socket

    lookups = {
        "gethostbyname": _gethostbyname,
        "gethostbyname_ex": _gethostbyname_ex,
        "gethostbyaddr": _gethostbyaddr,
        "getnameinfo": _getnameinfo,
    }
    # The one of `socket` asks for this one whenever it is called.
    undos = [replaced(_socket, {"getaddrinfo": _getaddrinfo}), replaced(module, lookups)]
    return all_of(undos)


def _lookup(host: Any, port: Any = None) -> str | None:
    """The name that is looked up and held; None if nobody outside is asked, or may be."""
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("latin-1")
    if not isinstance(host, str) or is_local(host) or address_of(host) is not None:
        return None
    plan = plan_for("socket", (host, f"{host}:{port}"), is_local=False)
    return None if plan is None or plan.is_real else host


def _getaddrinfo(real: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        looked_up = _lookup(host, port)
        if looked_up is None:
            return real(host, port, *args, **kwargs)
        family = kwargs.get("family", args[0] if args else 0)
        is_v6 = family == socket.AF_INET6
        numeric = real("::1" if is_v6 else "127.0.0.1", port, *args, **kwargs)
        address = names.address(looked_up, is_v6)
        return [(*parts, (address, *place[1:])) for *parts, place in numeric]

    return getaddrinfo


def _gethostbyname(real: Callable[..., Any]) -> Callable[..., Any]:
    def gethostbyname(hostname: Any) -> Any:
        looked_up = _lookup(hostname)
        return real(hostname) if looked_up is None else names.address(looked_up)

    return gethostbyname


def _gethostbyname_ex(real: Callable[..., Any]) -> Callable[..., Any]:
    def gethostbyname_ex(hostname: Any) -> Any:
        looked_up = _lookup(hostname)
        if looked_up is None:
            return real(hostname)
        return looked_up, [], [names.address(looked_up)]

    return gethostbyname_ex


def _gethostbyaddr(real: Callable[..., Any]) -> Callable[..., Any]:
    def gethostbyaddr(ip_address: Any) -> Any:
        if not is_local(str(ip_address)) and _is_held(str(ip_address)):
            raise socket.herror(1, f"Unknown host ({SIMULATED} by the workbench)")
        return real(ip_address)

    return gethostbyaddr


def _getnameinfo(real: Callable[..., Any]) -> Callable[..., Any]:
    def getnameinfo(sockaddr: Any, flags: int) -> Any:
        if not is_local(str(sockaddr[0])) and _is_held(str(sockaddr[0])):
            flags = (flags & ~socket.NI_NAMEREQD) | socket.NI_NUMERICHOST
        return real(sockaddr, flags)

    return getnameinfo


def _is_held(host: str) -> bool:
    plan = plan_for("socket", (names.name(host),), is_local=False)
    return plan is not None and not plan.is_real
