"""What stands in one cell of a table about the world as it was, as HTML."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from escalated_core.analysis.moments import Link
from escalated_core.analysis.rows import PastRow
from escalated_core.records import Turnover
from escalated_workbench.notebook.cells import owned
from escalated_workbench.report.markup import tag, text
from escalated_workbench.wording import FATE_GLYPHS, fate_words, short, standing_words


def linked(link: Link) -> str:
    """A callback of then or of now."""
    return owned(link.callback)


def fate(link: Link) -> str:
    """What became of a callback of then, by glyph and word."""
    look = {"gone": "removed", "new": "added"}.get(link.fate, "changed")
    sign = tag("span", FATE_GLYPHS[link.fate], class_="sign")
    return tag("span", f"{sign} {text(fate_words(link))}", class_=look) if fate_words(link) else "—"


def rowed(row: PastRow) -> str:
    """Which row of the help desk it is."""
    return tag("bdi", text(f"{row.kind} {row.key}"))


def pictured(name: str) -> Callable[[Any], str]:
    """A cell with an attribute that is a snapshot."""
    return lambda record: tag("code", text(short(getattr(record, name), 120)))


def stood(name: str) -> Callable[[Any], str]:
    """A cell with how a plugin stands."""
    return lambda stand: text(standing_words(getattr(stand, name)))


def after(turnover: Turnover) -> str:
    """After which firing it was."""
    return f"#{turnover.after}" if turnover.after else "—"


def standings(turnover: Turnover) -> str:
    """The plugins that stand otherwise from then on."""
    told = [f"{each.slug} {standing_words(each)}" for each in turnover.plugins]
    return "".join(tag("div", tag("bdi", text(words))) for words in told) or "—"
