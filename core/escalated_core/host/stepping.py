"""What the stepper is told about the hooks and the database of a host."""

from __future__ import annotations

from escalated_core.hooks.catalogue import Catalogue
from escalated_core.host.around import Around
from escalated_core.stepping.stepper import Known


def known(catalogue: Catalogue, around: Around) -> Known:
    """What there is to know, as the documentation and the help desk tell it."""

    def parameters(hook: str) -> tuple[str, ...]:
        documented = catalogue.get(hook)
        return tuple(each.name for each in documented.parameters) if documented else ()

    def category(hook: str) -> str:
        documented = catalogue.get(hook)
        return documented.category if documented else ""

    return Known(parameters, category, around.in_transaction)
