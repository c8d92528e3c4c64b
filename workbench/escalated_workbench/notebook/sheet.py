"""HTML for a cell, with the style it needs: outputs come and go one by one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from escalated_workbench.report.markup import style, tag, text
from escalated_workbench.report.styles import colours

ROOT = ".escw, #escw-none"
"""The second never is there: a rule counts as much as its most specific selector, so that the
styles of notebooks for all tables and lists do not win over ours."""
LIGHT = ("[data-jp-theme-light='true'] .escw", ".vscode-light .escw", "html[theme=light] .escw")
DARK = ("[data-jp-theme-light='false'] .escw", ".vscode-dark .escw", "html[theme=dark] .escw")
"""In JupyterLab and Notebook, VS Code, and Colab."""


def sheet(content: str) -> str:
    """Content of a cell that looks the same wherever notebooks are shown."""
    return tag("div", f"<style>{_styles()}</style>", content, class_="escw")


def title(*content: str) -> str:
    """What a cell shows: no heading, as those stand in the notebook's table of contents."""
    return tag("p", *content, class_="title")


def facts(*words: str) -> str:
    """HTML, side by side."""
    return tag("p", " · ".join(filter(None, words)), class_="facts")


def part(heading: str, content: str) -> str:
    return tag("p", text(heading), class_="part") + content


@cache
def _styles() -> str:
    own = files("escalated_workbench.notebook").joinpath("sheet.css").read_text("utf-8")
    rules = colours(".escw", ", ".join(LIGHT), ", ".join(DARK))
    nested = f"{ROOT} {{\n{style('records.css')}{own}}}\n"
    return rules + nested
