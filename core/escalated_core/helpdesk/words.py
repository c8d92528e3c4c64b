"""What people write to a help desk: subjects, questions and conversations."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

Case = dict[str, Any]


@cache
def texts() -> dict[str, Any]:
    """All of them; never to be changed."""
    return json.loads(files("escalated_core.helpdesk").joinpath("words.json").read_text("utf-8"))


def next_case(number: int) -> Case:
    """What a ticket may be about; each number has its own, until they begin again."""
    cases = texts()["cases"]
    return cases[number % len(cases)]
