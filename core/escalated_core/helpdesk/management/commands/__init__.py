"""Management commands that `call_command` finds by their module's name."""
