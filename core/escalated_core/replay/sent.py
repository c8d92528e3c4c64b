"""What a step sent out or wrote, without how it was answered and what differs every time."""

from __future__ import annotations

from typing import Any, Final

from escalated_core.records import Effect, EffectKind, Step
from escalated_core.snapshots.pictures import DictSnapshot, ListSnapshot

_BODIES: Final[dict[EffectKind, tuple[str, ...]]] = {
    "http": ("method", "url", "body"),
    "mail": ("sender", "recipients", "to", "cc", "bcc", "subject", "text", "html", "attachments"),
    "subprocess": ("argv", "shell"),
    "socket": ("host", "port", "protocol", "body"),
}
"""What counts of an effect: headers hold dates, boundaries and versions of libraries."""
_WRITING: Final = ("INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "ALTER", "DROP")


def sent(step: Step) -> ListSnapshot:
    """What left the process's memory in a step, in order: effects, then statements that write."""
    written = [
        DictSnapshot(kind="database", target=call.text)
        for call in step.calls
        if call.kind == "query" and call.text.lstrip().upper().startswith(_WRITING)
    ]
    return ListSnapshot([*map(_effect, step.effects), *written])


def _effect(effect: Effect) -> DictSnapshot:
    details: Any = effect.details
    told = {name: details[name] for name in _BODIES[effect.kind] if name in details}
    return DictSnapshot(kind=effect.kind, target=effect.target, **told)
