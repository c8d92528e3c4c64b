"""Hook: action `comment_created`. Writes text and bytes, some not UTF-8, to stdout and stderr."""

import sys

from escalated.hooks import add_action


def write(comment, ticket):
    sys.stdout.buffer.write(b"bytes on stdout\n")
    sys.stdout.buffer.write(b"not utf-8: \xff\xfe\x00\n")
    sys.stdout.buffer.flush()
    sys.stderr.write("text on stderr\n")
    sys.stderr.buffer.write(b"bytes on stderr\n")


add_action("comment_created", write)
