"""Hook: filter `ticket_list_query`. A `yield` makes the callback return a generator."""

from escalated.hooks import add_filter


def urgent_only(queryset):
    print("runs only when somebody iterates")
    yield from queryset.filter(priority="urgent")


add_filter("ticket_list_query", urgent_only)
