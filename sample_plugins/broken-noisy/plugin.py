"""Far too much output, with terminal commands in it.

Fire `ticket_updated`: the screen is neither cleared nor renamed. Output and log records belong to
the step; they are kept up to a cap, and what was over it is counted.
"""

import logging

from escalated.hooks import add_action

CLEAR_SCREEN = "\x1b[2J\x1b[H"
SET_TITLE = "\x1b]0;broken-noisy was here\x07"
RED, PLAIN = "\x1b[31m", "\x1b[0m"

logger = logging.getLogger(__name__)


def on_ticket_updated(ticket, user, changes):
    print(f"{CLEAR_SCREEN}{SET_TITLE}{RED}red alert{PLAIN}")
    for number in range(1, 10_001):
        print(f"{ticket.reference}: line {number} of 10000")
    for number in range(1, 501):
        logger.warning("%s: record %d of 500", ticket.reference, number)


add_action("ticket_updated", on_ticket_updated)
