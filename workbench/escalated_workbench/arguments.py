"""What people write as arguments of a hook, on the command line and in the terminal."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from escalated_core.errors import UsageError
from escalated_core.helpdesk.references import KINDS, Reference

MEND = """Mend it; text that begins like JSON goes in quotes of its own: '"[text]"'."""


def argument(word: str) -> Any:
    """What a word means: a row such as `@ticket:1`, JSON, or text; raises `UsageError`."""
    if word.startswith("@"):
        return _row(word)
    try:
        return json.loads(word)
    except (ValueError, RecursionError) as error:
        if word.startswith(("{", "[", '"')):
            raise UsageError(f"{word[:60]!r} is not JSON: {error}.", MEND) from None
        return word


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
