"""A wrong arity: the callback needs three arguments, `ticket_created` passes two.

Fire `ticket_created`: the step fails without running, and its error shows both signatures, the
callback's and the hook's. (A callback that takes fewer arguments than the hook passes does run.)
"""

from escalated.hooks import add_action


def on_ticket_created(ticket, user, changes):
    print(f"{ticket.reference}: {changes}")


add_action("ticket_created", on_ticket_created)
