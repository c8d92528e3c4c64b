"""What differs between two codes, without what differs between two runs of the same code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from escalated_core.records import Comparison, Difference
from escalated_core.replay.comparing import judged
from escalated_core.snapshots.paths import path_text

Place = tuple[object, ...]
"""Where something differs: hook, plugin, callback and path."""


def steady(found: Comparison, same_code: Comparison) -> Comparison:
    """A comparison without the differences that two runs of the same code have as well.

    If nothing is left, it is `unsteady` and says which values are.
    """
    if not same_code.differences:
        return found
    unsteady = set(places(same_code.differences))
    left: dict[int, Difference] = {}
    for index, each in enumerate(found.differences):
        follows = each.follows
        if set(places([each])) <= unsteady or (follows is not None and follows not in left):
            continue
        left[index] = each
    numbers = {index: place for place, index in enumerate(left)}
    kept = tuple(
        replace(each, follows=None if each.follows is None else numbers[each.follows])
        for each in left.values()
    )
    why = f"two runs of the same code differ: {', '.join(_told(same_code.differences))}"
    if not kept:
        return replace(found, verdict="unsteady", why=why)
    return judged(replace(found, differences=kept, why=why))


def places(differences: Iterable[Difference]) -> Iterator[Place]:
    """Where differences are, by callback and path."""
    for each in differences:
        who = each.hook, each.plugin, each.callback
        paths = [change.path for change in (*each.changes, *each.touched, *each.effects)]
        yield from ((*who, path) for path in paths)
        if not paths:
            yield (*who, each.verdict)


def _told(differences: Iterable[Difference]) -> list[str]:
    told = [
        f"{each.callback or each.hook} {path_text(change.path)}".strip()
        for each in differences
        if each.follows is None
        for change in (*each.changes, *each.touched, *each.effects)
    ]
    return list(dict.fromkeys(told)) or [str(each) for each in differences]
