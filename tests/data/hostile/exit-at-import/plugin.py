"""Hook: none survives. Registers on action `exit_at_import_run`, then leaves with sys.exit(3)."""

import sys

from escalated.hooks import add_action

add_action("exit_at_import_run", print)

sys.exit(3)
