"""Named like a module of the standard library."""

ORIGIN = "stdlib-shadow"
