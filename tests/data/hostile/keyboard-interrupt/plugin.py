"""Hook: action `ticket_assigned`. A callback raises KeyboardInterrupt of its own."""

from escalated.hooks import add_action


def interrupt(ticket, agent):
    raise KeyboardInterrupt("not by the user")


add_action("ticket_assigned", interrupt)
