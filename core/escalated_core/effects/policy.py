"""What becomes of effects: a mode for all of them, and rules for some."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from escalated_core.errors import UsageError
from escalated_core.records import EffectKind, Verdict

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

Mode = Literal["local", "live", "capture"]
MODES: tuple[Mode, ...] = get_args(Mode)
KINDS: tuple[EffectKind, ...] = get_args(EffectKind)

Action = Literal["send", "hold", "refuse", "answer"]
ACTIONS: tuple[Action, ...] = get_args(Action)
_VERDICTS: dict[Action, Verdict] = {
    "send": "sent",
    "hold": "held",
    "refuse": "refused",
    "answer": "answered",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A canned answer.

    `status` is the one of HTTP (200 if None), the code of a mail server (250) or what a process
    exits with (0). `body` is the body, the text of the mail server's reply, what the process
    prints, or what a socket receives.
    """

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of the effects that match.

    Args:
        pattern: with `*` and `?`, for the whole of a URL (with or without its query or method), a
            host, `host:port`, a recipient, a program or a command line; case does not count.
        kind: None for all kinds.
        action: None leaves that to the rules that follow, then to the mode.
        delay: seconds until it is sent or answered.
    """

    pattern: str = "*"
    kind: EffectKind | None = None
    action: Action | None = None
    delay: float = 0.0
    answer: Answer | None = None

    def matches(self, kind: EffectKind, names: Iterable[str]) -> bool:
        pattern = self.pattern.lower()
        return self.kind in (None, kind) and any(fnmatchcase(n.lower(), pattern) for n in names)


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of one effect."""

    verdict: Verdict
    delay: float = 0.0
    answer: Answer | None = None

    @property
    def is_real(self) -> bool:
        return self.verdict == "sent"


@dataclass(frozen=True, slots=True)
class Policy:
    """What becomes of effects: the first rule that says so counts, else the mode.

    `local` lets out what stays on this machine, and processes; `live` lets everything out;
    `capture` nothing. What does not get out is answered as if it had, with a mark.

        Policy().refuse("hooks.slack.com").delay("*", 0.2).answer("https://crm/*", status=503)
    """

    mode: Mode = "local"
    rules: tuple[Rule, ...] = ()

    def send(self, pattern: str = "*", kind: EffectKind | None = None) -> Policy:
        """Let these out."""
        return self._and(Rule(pattern, kind, "send"))

    def hold(self, pattern: str = "*", kind: EffectKind | None = None) -> Policy:
        """Hold these, answered as if they had been sent."""
        return self._and(Rule(pattern, kind, "hold"))

    def refuse(self, pattern: str = "*", kind: EffectKind | None = None) -> Policy:
        """Refuse these, as if nobody were there."""
        return self._and(Rule(pattern, kind, "refuse"))

    def delay(self, pattern: str, seconds: float, kind: EffectKind | None = None) -> Policy:
        """Have these take so much longer."""
        return self._and(Rule(pattern, kind, delay=seconds))

    def answer(
        self,
        pattern: str = "*",
        body: Any = b"",
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        kind: EffectKind | None = None,
    ) -> Policy:
        """Hold these and answer so; what is neither bytes nor str is written as JSON."""
        named = dict(headers or {})
        if not isinstance(body, (bytes, str)):
            # Only here: few answers are written so.
            import json

            body = json.dumps(body)
            named.setdefault("Content-Type", "application/json")
        data = body.encode() if isinstance(body, str) else body
        answer = Answer(status, tuple(named.items()), data)
        return self._and(Rule(pattern, kind, "answer", answer=answer))

    def plan(self, kind: EffectKind, names: Iterable[str], is_local: bool) -> Plan:
        """What becomes of an effect that goes by these names."""
        known = tuple(names)
        action: Action | None = None
        answer, delay = None, 0.0
        for rule in self.rules:
            if (rule.delay and not delay) or (rule.action and not action):
                if not rule.matches(kind, known):
                    continue
                delay = delay or rule.delay
                if rule.action and not action:
                    action, answer = rule.action, rule.answer
        return Plan(_VERDICTS[action or self._usual(kind, is_local)], delay, answer)

    def _usual(self, kind: EffectKind, is_local: bool) -> Action:
        gets_out = self.mode == "live" or (
            self.mode == "local" and (is_local or kind == "subprocess")
        )
        return "send" if gets_out else "hold"

    def _and(self, rule: Rule) -> Policy:
        _check(rule)
        return replace(self, rules=(*self.rules, rule))


def policy_of(given: object) -> Policy:
    """The policy that is meant by a mode's name or by a policy; the usual one by None.

    Raises:
        UsageError: it is neither, or has a rule that cannot be.
    """
    if given is None:
        return Policy()
    policy = given if isinstance(given, Policy) else Policy(cast("Mode", given))
    if policy.mode not in MODES:
        cure = f"The modes are {', '.join(map(repr, MODES))}; a Policy has rules besides."
        raise UsageError(f"There is no mode {policy.mode!r} for effects.", cure)
    for rule in policy.rules:
        _check(rule)
    return policy


def _check(rule: Rule) -> None:
    if rule.kind not in (None, *KINDS):
        cure = f"The kinds are {', '.join(map(repr, KINDS))}."
        raise UsageError(f"There is no kind {rule.kind!r} of effects.", cure)
    if rule.action not in (None, *ACTIONS):
        cure = f"The actions are {', '.join(map(repr, ACTIONS))}."
        raise UsageError(f"There is no action {rule.action!r} for effects.", cure)
    if not (math.isfinite(rule.delay) and rule.delay >= 0):
        raise UsageError(f"The delay {rule.delay!r} is no time.", "Give it in seconds.")


def is_local(host: str) -> bool:
    """Whether traffic to a host stays on this machine; nothing is asked of the network."""
    name = host.strip("[]").rstrip(".").partition("%")[0].lower()
    if name in ("", "localhost", "ip6-localhost", "ip6-loopback") or name.endswith(".localhost"):
        return True
    address = address_of(name)
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is, also in forms such as `127.1`; None for a name."""
    # Only here: a plugin that sends nothing must not wait for them.
    import socket
    from ipaddress import IPv4Address, ip_address

    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        try:
            return IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
