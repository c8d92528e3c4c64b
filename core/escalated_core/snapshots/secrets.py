"""Secrets told by their names and their looks, and masked in text.

A name is judged word by word: `SLACK_TOKEN`, `apiKey` and `X-Api-Key` name secrets,
`token_count` names a number.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

MASK: Final = "‹masked›"

ANYWHERE: Final = frozenset(
    (
        "password",
        "passwords",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "secrets",
        "token",
        "tokens",
        "apikey",
        "apikeys",
        "authorization",
        "bearer",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "jwt",
        "sessionid",
        "csrftoken",
        "xsrftoken",
        "accesstoken",
        "authtoken",
        "refreshtoken",
        "secretkey",
        "privatekey",
        "clientsecret",
        "accesskey",
    )
)
"""Words that make a name secret wherever they stand in it."""
AT_THE_END: Final = frozenset(("auth", "pass", "pin", "otp", "salt", "dsn"))
"""Words that make a name secret as its last one."""
KEYS: Final = frozenset(
    ("api", "private", "access", "signing", "encryption", "session", "ssh", "auth", "shared")
)
"""Words that make a name secret with `key`, `keys` or `id` right after them."""
ABOUT: Final = frozenset(
    (
        "count",
        "counts",
        "length",
        "len",
        "limit",
        "size",
        "type",
        "name",
        "names",
        "field",
        "fields",
        "header",
        "label",
        "at",
        "in",
        "expires",
        "expiry",
        "ttl",
        "age",
        "max",
        "min",
        "policy",
        "required",
        "enabled",
        "url",
        "uri",
        "path",
        "model",
        "class",
        "form",
    )
)
"""Last words of names that say something about a secret, but are none."""

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@lru_cache(4096)
def is_secret(name: str) -> bool:
    """Whether a key, field, setting, header or parameter of that name holds a secret."""
    words = [word.lower() for word in _WORDS.findall(name[-200:])]
    if not words or words[-1] in ABOUT:
        return False
    if words[-1] in AT_THE_END or not ANYWHERE.isdisjoint(words):
        return True
    return any(one in KEYS and _follows(one, other) for one, other in pairwise(words))


def _follows(one: str, other: str) -> bool:
    return other in ("key", "keys") or (one == "session" and other == "id")


def is_harmless(name: str, value: Any) -> bool:
    """Whether a value under a secret's name tells nothing: none, a flag, an amount of tokens."""
    if value is None or isinstance(value, bool) or value == "":
        return True
    return isinstance(value, (int, float)) and _is_amount(name)


def _is_amount(name: str) -> bool:
    last = next((word.lower() for word in reversed(_WORDS.findall(name))), "")
    return last.endswith("s") and last != "pass"


_WORTH_A_LOOK: Final = re.compile(
    r"pass|pwd|secret|token|key|auth|cookie|credential|bearer|basic|://|jwt|session|pin|otp|salt"
    r"|dsn|xox|gh[pousr]_|sk-|AKIA|eyJ|services/",
    re.IGNORECASE,
)
_SHAPES: Final = re.compile(
    r"(?<![\w-])(?:xox[abeoprs]-[\w-]{10,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|sk-[\w-]{20,}|AKIA[0-9A-Z]{16}"
    r"|eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*)|(?<=hooks\.slack\.com/services/)[\w/]+"
    r"|(?<=://)[^\s/:@\"']*:[^\s/@\"']+(?=@)"
    r"|(?s:(?<=PRIVATE KEY-----).+?(?=-----END|\Z))"
)
_SCHEMES: Final = re.compile(
    r"\b(Bearer|Basic|Digest|Token)(\s+)(?=\S*\d|\S{20})[\w.~+/=-]{8,}", re.IGNORECASE
)
_HEADERS: Final = re.compile(
    r"\b((?:proxy-)?authorization|(?:set-)?cookie)([\"']?\s*[:=]\s*[\"']?)(?=\S)[^\r\n\"']+",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(
    r"(?<![\w.-])([\w.-]+)([\"']?\]?\s*(?::|(?<![=!<>])=(?!=))\s*[bfru]{0,2})"
    r"(\"(?:[^\"\\]|\\.)+\"|'(?:[^'\\]|\\.)+')"
)
_LITERAL: Final = re.compile(r"\"(?:[^\"\\]|\\.)+\"|'(?:[^'\\]|\\.)+'")
_ASSIGNED: Final = re.compile(
    r"(?<![\w.-])([\w.-]+)([\"']?\s*(?<![=!<>])=(?!=)\s*)([^\s\"',;&)}\]]+)"
)
_LAST_ON_THE_LINE: Final = re.compile(
    r"(?<![\w.-])([\w.-]+)(\s*:[ \t]+)([^\s\"'{\[(]+)(?=[ \t]*$)", re.MULTILINE
)


def masked_text(text: str) -> str:
    """Text with the secrets in it masked: `password=...`, `?token=...`, bearer tokens, ..."""
    # Most texts are short, and come again and again.
    masked = _masked_short(text) if len(text) <= _SHORT else _masked(text)
    # One that was asked for before is equal, yet another object: what holds it would be copied.
    return text if masked == text else masked


def _masked(text: str) -> str:
    if not _WORTH_A_LOOK.search(text):
        return text
    masked = _HEADERS.sub(rf"\1\2{MASK}", _SHAPES.sub(MASK, text))
    masked = _SCHEMES.sub(rf"\1\2{MASK}", masked)
    for pattern in (_QUOTED, _ASSIGNED, _LAST_ON_THE_LINE):
        masked = pattern.sub(_unless_harmless, masked)
    return masked


_SHORT: Final = 200
_masked_short: Final = lru_cache(8192)(_masked)


def masked_source(text: str) -> str:
    """A line of source without the secrets in its literals; names of variables stay."""
    if not _WORTH_A_LOOK.search(text):
        return text
    return _LITERAL.sub(_masked_literal, _QUOTED.sub(_unless_harmless, text))


def _masked_literal(found: re.Match[str]) -> str:
    literal = found[0]
    return f"{literal[0]}{masked_text(literal[1:-1])}{literal[-1]}"


def _unless_harmless(found: re.Match[str]) -> str:
    name, between, value = found.groups()
    if not is_secret(name) or value in ("None", "True", "False", "null", "true", "false"):
        return found[0]
    if value.isdecimal() and _is_amount(name):
        return found[0]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{name}{between}{quote}{MASK}{quote}"
