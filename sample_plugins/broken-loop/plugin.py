"""An endless loop.

Fire `user_login`: the status line names the callback that is running and since when. After the
time limit of 5 seconds the terminal offers to interrupt it; the command line and Python interrupt
it by themselves. The step ends as interrupted, at the line of the loop, and every other hook
works as before.
"""

from escalated.hooks import add_action


def on_user_login(user):
    while True:
        pass


add_action("user_login", on_user_login)
