"""The smallest plugin that does something: one callback on one action.

`ticket_created` passes the ticket and the user who made it. What a callback prints or logs is
shown with its step.
"""

import logging

from escalated.hooks import add_action

logger = logging.getLogger(__name__)


def on_ticket_created(ticket, user):
    """Greet the new ticket."""
    print(f"Hello, {ticket.reference}!")
    logger.info("%s was created by %s", ticket.reference, user)


add_action("ticket_created", on_ticket_created)
