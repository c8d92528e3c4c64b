"""Hook: action `user_created`. One callback calls input(), the next one breakpoint()."""

from escalated.hooks import add_action


def ask(user):
    answer = input("Shall we? ")
    print(f"the answer was {answer!r}")


def stop(user):
    breakpoint()


add_action("user_created", ask)
add_action("user_created", stop)
