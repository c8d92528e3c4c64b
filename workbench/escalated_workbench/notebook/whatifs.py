"""What-ifs, and the matrix of a hook, as HTML for a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from escalated_core.host.whatif import WhatIfs
from escalated_core.records import Matrix, Trial, WhatIf
from escalated_workbench.notebook.sheet import facts, part, title
from escalated_workbench.notebook.tables import listed
from escalated_workbench.report.markup import tag, text
from escalated_workbench.wording import counted


def _whatifs(whatifs: WhatIfs) -> str:
    none = tag("p", "Nothing is muted, moved or answered for.", class_="quiet")
    return title("What if") + (listed(WhatIf, whatifs) if len(whatifs) else none)


def _matrix(matrix: Matrix) -> str:
    """Each trial in a row."""
    told = facts(text(matrix.kind), counted(len(matrix.callbacks), "callback"))
    unsteady = f"Differs anyway, and does not count: {', '.join(matrix.unsteady)}."
    notes = [*([unsteady] if matrix.unsteady else []), *matrix.uncontrolled]
    return (
        title(tag("bdi", text(matrix.hook)))
        + told
        + part("Each way to run it", listed(Trial, matrix.trials))
        + "".join(tag("p", text(each), class_="note") for each in notes)
    )


WHATIFS: dict[Any, Callable[[Any], str]] = {
    WhatIfs: _whatifs,
    Matrix: _matrix,
}
"""By the class of what is shown."""
