"""Hook: filter `cyclic_run` (dict). Puts the dictionary, and a list, into itself."""

from escalated.hooks import add_filter


def close_the_circle(data):
    ring = [data]
    ring.append(ring)
    data["self"] = data
    data["ring"] = ring
    return data


add_filter("cyclic_run", close_the_circle)
