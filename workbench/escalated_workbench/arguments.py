"""What people write as arguments of a hook, on the command line and in the terminal."""

from __future__ import annotations

import json
import re
from typing import Any, Final, cast

from escalated_core.errors import UsageError
from escalated_core.helpdesk.references import KINDS, Reference
from escalated_core.records import Hook

MEND = """Mend it; text that begins like JSON goes in quotes of its own: '"[text]"'."""


EXAMPLES: Final[dict[str, Any]] = {
    "ticket": "@ticket:2",
    "user": "@customer:1",
    "agent": "@agent:1",
    "comment": "@comment:1",
    "changes": {"subject": {"old": "x", "new": "y"}},
    "status": "resolved",
    "ticket_id": 2,
    "ticket_data": {"subject": "x"},
    "permissions": ["ticket.view"],
    "text": "Hello",
    "slug": "my-plugin",
    "manifest": {"slug": "my-plugin"},
}
"""What could be written for a parameter, by its type; `null` for any other."""


def example(hook: Hook) -> str:
    """What could be written as the arguments of a hook; empty for an action of a plugin's own."""
    if hook.documented is None:
        return '[{"subject": "x"}]' if hook.kind == "filter" else ""
    given = [
        "open" if each.name.startswith("old_") else EXAMPLES.get(each.type)
        for each in hook.documented.parameters
    ]
    return json.dumps(given, ensure_ascii=False) if given else ""


def argument(word: str) -> Any:
    """What a word means: a row such as `@ticket:1`, JSON, or text; raises `UsageError`."""
    if word.startswith("@"):
        return _row(word)
    try:
        return json.loads(word)
    except (ValueError, RecursionError) as error:
        if word.startswith(("{", "[", '"')):
            raise UsageError(f"{word[:60]!r} is not JSON: {why(error)}.", MEND) from None
        return word


def why(error: ValueError | RecursionError, placed: bool = True) -> str:
    """What is wrong with JSON, to be put into a sentence."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if isinstance(error, json.JSONDecodeError):
        message = error.msg.removesuffix(" at").replace("starting at", "begins here")
        place = f" (line {error.lineno}, column {error.colno})" if placed else ""
        return f"{message[:1].lower()}{message[1:]}{place}"
    return str(error)


def arguments(text: str) -> tuple[Any, ...]:
    """What a line means: a JSON list of arguments, in which `"@ticket:1"` is a row as well.

    Anything but a list is one argument, and nothing is none. Raises `UsageError`.
    """
    text = text.strip()
    if not text.startswith("["):
        return (argument(text),) if text else ()
    return tuple(
        _row(item) if isinstance(item, str) and re.fullmatch(r"@\w+:\w*", item) else item
        for item in cast("list[Any]", argument(text))
    )


def _row(word: str) -> Reference:
    found = re.fullmatch(rf"@({'|'.join(KINDS)}):(\d+)", word)
    if found is None:
        raise UsageError(
            f"{word!r} names no row.", f"Write one as @ticket:1; kinds: {', '.join(KINDS)}."
        )
    return Reference(cast("Any", found[1]), int(found[2]))
