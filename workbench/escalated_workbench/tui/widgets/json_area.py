"""An editor for JSON, highlighted line by line as it is drawn."""

# Textual leaves the parameter of App open wherever a widget names its app.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import re

from rich.text import Text
from textual.widgets import TextArea

from escalated_workbench.tui.look import rich_style

TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<text>"(?:[^"\\]|\\.)*"?)'
    r"|(?P<number>-?\d[\d.eE+-]*)|(?P<word>\b(?:true|false|null)\b)|(?P<mark>[{}\[\],:])"
)
STYLES = {
    "key": "bold $text-accent",
    "text": "$text-success",
    "number": "$text-warning",
    "word": "$text-warning",
    "mark": "$foreground-muted",
}
HIGHLIGHTED = 2_000
"""Characters of a line that are highlighted."""


class JsonArea(TextArea):
    """Text in which no string goes over the end of its line, so each line is told by itself."""

    HELP = """\
The whole payload as a JSON object: what is left out is chosen by the help desk. It is judged while
you type; what is wrong is said below with its line and column, and nothing is lost by it. `ctrl+t`
goes back to the form, `ctrl+g` makes it happen."""
    DEFAULT_CSS = """
    JsonArea { border: none; padding: 0; background: $surface; height: 1fr; }
    JsonArea:focus { border: none; }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__("", id=id, compact=True, tab_behavior="focus", soft_wrap=True)

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        for found in TOKEN.finditer(line.plain[:HIGHLIGHTED]):
            line.stylize(rich_style(STYLES[found.lastgroup or "mark"]), *found.span())
        return line
