"""Notebooks: what the workbench returns as HTML and in a line; `display` is what asks for it."""
