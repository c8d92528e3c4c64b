"""Stories: files with a sequence of events, what they promise, and what came of them.

`story` has what a file says, `parsing` reads it, `result` has what came of it; the running is done
by the host. Nothing here needs Django.
"""
