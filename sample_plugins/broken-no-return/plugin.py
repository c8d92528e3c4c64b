"""A filter without `return`: whoever comes next receives None.

Fire `comment_content`: the step is marked as having returned None for a comment's text, the
finding names this function, and the result of the firing is None. `return` the text to cure it.
"""

from escalated.hooks import add_filter


def sign(content, comment):
    content = f"{content}\n-- \nYour support team"


add_filter("comment_content", sign)
