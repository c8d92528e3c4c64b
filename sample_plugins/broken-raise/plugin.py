"""A callback that raises, three calls deep.

Fire `ticket_created`: the step of `quote_price` fails with ``KeyError: 'platinum'``, its frames
end at the line in `rate_of`, and the chain goes on: `greet` runs after it. The same error is
logged on `escalated.hooks`.
"""

from escalated.hooks import add_action

RATES = {"basic": 20, "gold": 50}


def rate_of(plan):
    return RATES[plan]


def price_of(hours, plan):
    return hours * rate_of(plan)


def quote_price(ticket, user):
    price = price_of(hours=2, plan="platinum")
    print(f"{ticket.reference} will cost {price}")


def greet(ticket, user):
    print(f"Welcome, {ticket.reference}")


add_action("ticket_created", quote_price, priority=5)
add_action("ticket_created", greet, priority=10)
