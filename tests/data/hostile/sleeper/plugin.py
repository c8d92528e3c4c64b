"""Hook: action `user_logout`. Its callback sleeps for a minute, in C."""

import time

from escalated.hooks import add_action


def on_user_logout(user):
    time.sleep(60)


add_action("user_logout", on_user_logout)
