"""Hook: action `ticket_created`. The callback is an `async def`, which nobody awaits."""

from escalated.hooks import add_action


async def on_ticket_created(ticket, user):
    print("never printed")


add_action("ticket_created", on_ticket_created)
