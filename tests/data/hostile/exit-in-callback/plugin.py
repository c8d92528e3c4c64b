"""Hook: action `ticket_created`. A callback leaves with sys.exit(4)."""

import sys

from escalated.hooks import add_action


def leave(ticket, user):
    sys.exit(4)


add_action("ticket_created", leave)
