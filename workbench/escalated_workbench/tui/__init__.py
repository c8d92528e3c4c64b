"""The terminal interface: panes that render what the workbench returns, and nothing more."""

import os
from importlib import import_module

if "TEXTUAL_FPS" not in os.environ:
    # Textual reads it once. At its own 60 a key may wait twice 17 ms for its turn to be painted.
    os.environ["TEXTUAL_FPS"] = "120"
    try:
        import_module("textual.constants")
    finally:
        del os.environ["TEXTUAL_FPS"]
