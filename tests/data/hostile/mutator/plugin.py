"""Hook: filter `ticket_data`. Clears the dictionary it was given, then raises."""

from escalated.hooks import add_filter


def clear(data, ticket):
    data.clear()
    raise ValueError("after the value was emptied")


add_filter("ticket_data", clear)
