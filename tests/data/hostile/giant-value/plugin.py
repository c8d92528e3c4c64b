"""Hook: filter `giant_value_run` (dict). Adds 20 MB of text, 200,000 numbers and 5,000 levels."""

from escalated.hooks import add_filter


def nest(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def enlarge(data):
    data["text"] = "x" * 20_000_000
    data["numbers"] = list(range(200_000))
    data["nested"] = nest(5_000)
    return data


add_filter("giant_value_run", enlarge)
