"""Hook: none, the file cannot be decoded. Line 7 is not UTF-8 and no cookie says what it is."""

from escalated.hooks import add_action


def greet():
    print("Grüße aus München")


add_action("not_utf8_run", greet)
