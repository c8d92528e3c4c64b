"""What the stepper is told about the hooks and the database of a host."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from escalated_core.helpdesk.events.catalogue import events
from escalated_core.host.around import Around
from escalated_core.stepping.stepper import Known

if TYPE_CHECKING:
    from escalated_core.host.host import EmbeddedHost


def known(host: EmbeddedHost, around: Around) -> Known:
    """What there is to know, as the documentation, the help desk and the plugins tell it."""
    catalogue, hooks = host.catalogue, host.hooks

    def parameters(hook: str) -> tuple[str, ...]:
        documented = catalogue.get(hook)
        return tuple(each.name for each in documented.parameters) if documented else ()

    def category(hook: str) -> str:
        documented = catalogue.get(hook)
        return documented.category if documented else ""

    def names(field: str, plugin: str) -> Iterable[str]:
        match field:
            case "hook":
                return [hook.name for hook in hooks.all()]
            case "category":
                return [hook.category for hook in catalogue]
            case "event":
                return events()
            case "plugin":
                return [each.slug for each in host.lifecycle]
            case _:
                callbacks = [callback for hook in hooks.all() for callback in hook.callbacks]
                own = [each for each in callbacks if fnmatchcase(each.plugin or "", plugin)]
                return [each.callback for each in own]

    return Known(parameters, category, around.in_transaction, names)
