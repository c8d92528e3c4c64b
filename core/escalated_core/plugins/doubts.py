"""What is doubtful about callbacks, judged by what is documented of their hooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from escalated_core.hooks.catalogue import Catalogue
from escalated_core.hooks.registration import Registration
from escalated_core.records import CataloguedHook, Finding


def doubts(registrations: Iterable[Registration], catalogue: Catalogue) -> Iterator[Finding]:
    """A finding for each callback that is probably never called, or cannot be."""
    for registration in registrations:
        doubt = catalogue.doubt(registration.kind, registration.hook)
        documented = catalogue.get(registration.hook)
        if doubt is not None:
            why, cure = doubt
            message = f"{why}: {registration.name} is probably never called."
            place = registration.slug, registration.file, registration.line
            yield Finding("hook.doubtful", "warning", message, cure, *place)
        elif documented and registration.arity.required > len(documented.parameters):
            yield _needs_too_many(registration, documented)


def _needs_too_many(registration: Registration, documented: CataloguedHook) -> Finding:
    names = [parameter.name for parameter in documented.parameters]
    passes = f"{len(names)} ({', '.join(names)})" if names else "none"
    needed = registration.arity.required
    needs = f"{needed} argument{'s' * (needed != 1)}"
    message = f"{registration.signature} needs {needs}, {registration.hook} passes {passes}."
    cure = "Take what the hook passes; give what else there is a default."
    place = registration.slug, registration.blamed.file, registration.blamed.line
    return Finding("callback.needs-too-many", "error", message, cure, *place)
