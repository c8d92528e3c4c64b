"""The JSON that the command line prints: one versioned document per verb (docs/json.md)."""

from __future__ import annotations

import json
from typing import Any

from escalated_core.snapshots.plain import to_plain

FORMAT = "escalated-workbench/1"


def document(verb: str, **content: Any) -> dict[str, Any]:
    """A document of a verb; records and snapshots in `content` become builtins."""
    return {"format": FORMAT, "verb": verb, **{k: to_plain(v) for k, v in content.items()}}


def text(document: dict[str, Any], ascii_only: bool = False) -> str:
    """A document as it is printed."""
    return json.dumps(document, indent=2, ensure_ascii=ascii_only, allow_nan=False)
