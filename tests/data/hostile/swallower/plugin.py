"""Hook: action `comment_updated`. Loops for ever and swallows every exception thrown at it."""

from escalated.hooks import add_action


def on_comment_updated(comment):
    while True:
        try:
            sum(range(100))
        except BaseException:
            pass


add_action("comment_updated", on_comment_updated)
