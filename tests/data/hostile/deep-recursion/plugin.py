"""Hook: action `ticket_status_changed`. A helper calls itself until Python gives up."""

from escalated.hooks import add_action


def descend(depth):
    return descend(depth + 1)


def on_ticket_status_changed(ticket, old_status, new_status):
    descend(0)


add_action("ticket_status_changed", on_ticket_status_changed)
