"""Hook: none survives. Registers on action `loop_at_import_run`, then loops while it is loaded."""

from escalated.hooks import add_action

add_action("loop_at_import_run", print)

while True:
    pass
