"""How what the workbench returns is shown in a cell; how to is imported when a notebook asks.

Records live in the core, which knows no HTML. So `attach` gives their classes the methods that
notebooks look for.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any, Final

from escalated_core.analysis.blame import Comparison, Pair
from escalated_core.analysis.firings import Firings
from escalated_core.analysis.moments import Link, Moment, Since, Stand
from escalated_core.analysis.rows import PastRow
from escalated_core.analysis.tabular import Named, Records
from escalated_core.analysis.timing import Timing, TimingChange
from escalated_core.errors import WorkbenchError
from escalated_core.host.desk import HelpDesk
from escalated_core.host.whatif import WhatIfs
from escalated_core.plugins.ui import UiItem, UiRegistry
from escalated_core.records import (
    Call,
    Callback,
    Change,
    Effect,
    ErrorRecord,
    Event,
    Finding,
    Firing,
    Happened,
    Hook,
    Import,
    LogLine,
    Matrix,
    Parameter,
    Plugin,
    Rehearsed,
    Reload,
    Standing,
    Step,
    Trial,
    Turnover,
    WhatIf,
    replays,
)
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    FrozenSetSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    RelativeSnapshot,
    SetSnapshot,
    TupleSnapshot,
)
from escalated_core.stepping.breakpoint import Breakpoint
from escalated_core.stepping.breakpoints import Breakpoints
from escalated_core.stepping.stops import Answer, Stop
from escalated_core.stories.fuzz_result import Bug, FuzzResult
from escalated_core.stories.result import StepResult, StoryResult
from escalated_workbench.debugging import Run
from escalated_workbench.workbench import Workbench

LINES: Final[tuple[type, ...]] = (
    *(Firing, Firings, Happened, Step, ErrorRecord, Plugin, Hook, Finding, Reload),
    *(Timing, Comparison, StoryResult, FuzzResult, HelpDesk, UiRegistry, Moment, Stop),
    *(replays.Comparison, replays.Run, WhatIf, WhatIfs),
)
"""What is shown in a line beside its HTML: its `repr` is long, or says nothing."""
CARDS: Final[tuple[type, ...]] = (
    *LINES,
    *(Workbench, Records, Named, Callback, Change, Call, LogLine, Effect, Event, Import),
    *(Parameter, Rehearsed, TimingChange, Pair, UiItem, StepResult, Bug),
    *(replays.Difference, replays.Pace, Matrix, Trial),
    *(PastRow, Standing, Link, Since, Stand, Turnover),
    *(ListSnapshot, DictSnapshot, TupleSnapshot, SetSnapshot, FrozenSetSnapshot),
    *(ObjectSnapshot, RelativeSnapshot),
    *(Run, Breakpoints, Breakpoint, Answer),
)
"""What is shown as HTML."""


@cache
def attach() -> None:
    """Have what the workbench returns shown as HTML, by whatever asks for `_repr_html_`."""
    methods: list[tuple[type, str, Any]] = [
        *((kind, "_repr_html_", _html) for kind in CARDS),
        *((kind, "_repr_pretty_", _line) for kind in LINES),
        (WorkbenchError, "_render_traceback_", _told),
    ]
    for kind, name, method in methods:
        setattr(kind, name, method)
    module: Any = sys.modules.get("IPython")
    shell = module.get_ipython() if module else None
    if shell is not None:
        _register(shell)


def _register(shell: Any) -> None:
    """Show lists and tuples of records as tables; a formatter that the user has stays."""
    html = shell.display_formatter.formatters["text/html"]
    for kind in (list, tuple):
        try:
            html.lookup_by_type(kind)
        except KeyError:
            html.for_type(kind, _several)


def _html(record: Any) -> str:
    from escalated_workbench.notebook.cards import card
    from escalated_workbench.notebook.sheet import sheet

    return sheet(card(record))


def _line(record: Any, printer: Any, _: bool) -> None:
    from escalated_workbench.notebook.texts import line

    printer.text(line(record))


def _told(error: Any) -> list[str]:
    from escalated_workbench.notebook.ipython import told

    return told(error)


def _several(items: Any) -> str | None:
    from escalated_workbench.notebook.ipython import several

    return several(items)
