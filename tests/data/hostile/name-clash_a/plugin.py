"""Hook: filter `name_clash_run` (list), as name-clash-a. Adds its helpers' OWNER twice."""

import helpers

from escalated.hooks import add_filter


def add_owner(owners):
    from .helpers import OWNER

    return [*owners, helpers.OWNER, OWNER]


add_filter("name_clash_run", add_owner)
