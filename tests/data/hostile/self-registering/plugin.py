"""Hook: action `ticket_deleted`. Each run registers one more callback on the same hook."""

from escalated.hooks import add_action


def register_another(ticket_id):
    add_action("ticket_deleted", lambda ticket_id: print(f"also told of {ticket_id}"))


add_action("ticket_deleted", register_another)
