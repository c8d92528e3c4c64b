# -*- coding: latin-1 -*-
"""Hook: action `latin1_run`. The file is encoded in Latin-1, as its first line says."""

from escalated.hooks import add_action


def greet():
    print("Grüße aus München")


add_action("latin1_run", greet)
