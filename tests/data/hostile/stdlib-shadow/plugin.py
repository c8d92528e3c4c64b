"""Hook: filter `stdlib_shadow_run` (list). Imports its own colorsys.py, not the library's."""

import colorsys

from escalated.hooks import add_filter


def add_origin(origins):
    return [*origins, colorsys.ORIGIN]


add_filter("stdlib_shadow_run", add_origin)
