"""What steps sent out or wrote, without how it was answered and what differs every time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from escalated_core.analysis.timing import causing_step
from escalated_core.records import Effect, EffectKind, Firing, Run, Step
from escalated_core.snapshots.pictures import DictSnapshot, ListSnapshot

Inside = dict[tuple[int, int], list[Firing]]
"""What was fired inside of steps, by the id of their firing and their index."""
_BODIES: Final[dict[EffectKind, tuple[str, ...]]] = {
    "http": ("method", "url", "body"),
    "mail": ("sender", "recipients", "to", "cc", "bcc", "subject", "text", "html", "attachments"),
    "subprocess": ("argv", "shell"),
    "socket": ("host", "port", "protocol", "body"),
}
"""What counts of an effect: headers hold dates, boundaries and versions of libraries."""
_WRITING: Final = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER", "DROP")

_TABLE: Final = re.compile(
    r"""\b(?:INTO|UPDATE|FROM|TABLE)\s+(?:(?:OR|IF)\s+\w+\s+(?:EXISTS\s+)?)?["`\[]?(\w+)""", re.I
)
"""Which table a statement that writes is about."""


def sent(step: Step) -> ListSnapshot:
    """What left the process's memory in a step, in order: effects, then statements that write."""
    written = [
        DictSnapshot(kind="database", target=call.text)
        for call in step.calls
        if call.kind == "query" and call.text.lstrip().upper().startswith(_WRITING)
    ]
    return ListSnapshot([*map(_effect, step.effects), *written])


def by_step(run: Run) -> Inside:
    """What was fired inside of each step."""
    by_id = {each.id: each for each in (run.firing, *run.nested)}
    found: Inside = {}
    for firing in run.nested:
        parent = by_id.get(firing.parent_id or 0)
        step = causing_step(firing, parent) if parent else None
        if parent is not None and step is not None:
            found.setdefault((parent.id, step), []).append(firing)
    return found


def all_sent(inside: Inside, firing: Firing, steps: Iterable[int] | None = None) -> list[Any]:
    """What steps of a firing sent, or all of them, and what was fired inside of those."""
    found: list[Any] = []
    for index in range(len(firing.steps)) if steps is None else steps:
        found += sent(firing.steps[index])
        for each in inside.get((firing.id, index), ()):
            found += all_sent(inside, each)
    return found


def by_target(run: Run) -> DictSnapshot:
    """All that was sent in a run, by where it went: `mail b@example.com`, `database tickets`.

    In which order two targets were reached is not in it.
    """
    found: dict[str, list[Any]] = {}
    for each in all_sent(by_step(run), run.firing):
        where = each["target"]
        if each["kind"] == "database" and (table := _TABLE.search(where)):
            where = table[1]
        found.setdefault(f"{each['kind']} {where}", []).append(each)
    return DictSnapshot({target: ListSnapshot(items) for target, items in found.items()})


def _effect(effect: Effect) -> DictSnapshot:
    details: Any = effect.details
    told = {name: details[name] for name in _BODIES[effect.kind] if name in details}
    return DictSnapshot(kind=effect.kind, target=effect.target, **told)
