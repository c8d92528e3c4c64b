"""Whether this process runs a notebook."""

from __future__ import annotations

import sys
from typing import Any


def in_notebook() -> bool:
    """Whether cells of a notebook run here: IPython is there, and has a kernel."""
    # What is not imported does not run: looking for it costs nothing where it is not installed.
    ipython: Any = sys.modules.get("IPython")
    return hasattr(ipython.get_ipython() if ipython else None, "kernel")
