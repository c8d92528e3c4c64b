"""Hook: filter `patcher_run`. Patches json.dumps at import, once more with every reload."""

import functools
import json

from escalated.hooks import add_filter

json.dumps = functools.partial(json.dumps, default=str)


def dump(value):
    return json.dumps(value)


add_filter("patcher_run", dump)
