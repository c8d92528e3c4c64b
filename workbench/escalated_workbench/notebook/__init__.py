"""Notebooks: how what the workbench returns is shown in a cell.

Records live in the core, which knows no HTML. So `attach` gives their classes the methods that
notebooks look for.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import Any


@cache
def attach() -> None:
    """Have what the workbench returns shown as HTML, by whatever asks for `_repr_html_`."""
    from escalated_core.errors import WorkbenchError
    from escalated_workbench.notebook.cards import CARDS, card
    from escalated_workbench.notebook.sheet import sheet
    from escalated_workbench.notebook.texts import TEXTS, line

    def html(record: Any) -> str:
        return sheet(card(record))

    def text(record: Any, printer: Any, _: bool) -> None:
        printer.text(line(record))

    def told(error: Any) -> list[str]:
        return import_module("escalated_workbench.notebook.ipython").told(error)

    methods = [
        *((kind, "_repr_html_", html) for kind in CARDS),
        *((kind, "_repr_pretty_", text) for kind in TEXTS),
        (WorkbenchError, "_render_traceback_", told),
    ]
    for kind, name, method in methods:
        setattr(kind, name, method)
    module: Any = sys.modules.get("IPython")
    shell = module.get_ipython() if module else None
    if shell is not None:
        import_module("escalated_workbench.notebook.ipython").register(shell)
