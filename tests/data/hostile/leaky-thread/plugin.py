"""Hook: action `user_login`. Starts a daemon thread that never ends, and one that prints."""

import threading

from escalated.hooks import add_action

never = threading.Event()


def on_user_login(user):
    threading.Thread(target=never.wait, name="leaky-thread-waits", daemon=True).start()
    threading.Thread(target=print, args=("from a thread",), name="leaky-thread-prints").start()


add_action("user_login", on_user_login)
