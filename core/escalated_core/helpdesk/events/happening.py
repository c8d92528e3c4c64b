"""One event under way: what is said about it, and the hooks that it fires."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from escalated_core.errors import UnusableError
from escalated_core.helpdesk.models import Comment, Ticket
from escalated_core.helpdesk.samples import Scene
from escalated_core.records import CataloguedHook, Kind

Value = TypeVar("Value")


class Hooks(Protocol):
    """The hooks of a host, as its profile documents them."""

    @property
    def are_published(self) -> bool:
        """Whether they are those of the published package, not those of the guide."""
        ...

    def documented(self, name: str) -> CataloguedHook | None: ...

    def chain(self, kind: Kind, name: str) -> Sequence[object]: ...

    def fire(self, kind: Kind, name: str, args: tuple[Any, ...]) -> Any: ...


class Happening:
    """What an event works with.

    Args:
        given: what was said about it, by parameter.
        hooks: where its hooks are fired.
    """

    def __init__(self, given: Mapping[str, Any], hooks: Hooks) -> None:
        self.given = dict(given)
        self._hooks = hooks
        # A user may be told to be nobody, which `Scene` would take for not told.
        known = {name: row for name, row in given.items() if row is not None}
        self.scene = Scene(known | ({"agent": known["author"]} if "author" in known else {}))
        self.now = timezone.now()
        self.made: Comment | Ticket | User | None = None
        """The row that the event has made, if it makes one."""

    def value(self, name: str, default: Callable[[], Value]) -> Any | Value:
        """What was said under a name, or else the default."""
        return self.given[name] if name in self.given else default()

    @property
    def ticket(self) -> Ticket:
        return self.scene.ticket

    @property
    def user(self) -> User | None:
        """Who does it: the ticket's agent, or any."""
        return self.value("user", lambda: self.scene.agent)

    @property
    def is_published(self) -> bool:
        """Whether things go as in the published package, not as the guide has them."""
        return self._hooks.are_published

    def is_heard(self, hook: str) -> bool:
        """Whether a hook is ever fired, and somebody listens."""
        documented = self._fired(hook)
        return documented is not None and bool(self._hooks.chain(documented.kind, hook))

    def action(self, hook: str, **facts: Any) -> None:
        """Fire an action with those of the facts that it documents, if it is ever fired."""
        documented = self._fired(hook)
        if documented is not None:
            args = tuple(facts[parameter.name] for parameter in documented.parameters)
            self._fire("action", hook, args)

    def filter(self, hook: str, value: Value, kind: Any, **facts: Any) -> Value:
        """Have a value pass through a filter, if it is ever fired.

        Raises:
            UnusableError: what came out is not of the kind that the help desk can go on with.
        """
        documented = self._fired(hook)
        if documented is None:
            return value
        args = tuple(facts[parameter.name] for parameter in documented.parameters[1:])
        found = self._fire("filter", hook, (value, *args))
        if not isinstance(found, kind):
            raise UnusableError(
                hook,
                f"The filter {hook} gave {_described(found)}: the help desk cannot go on with it.",
                f"Return {_described(value)}, as it came in.",
            )
        return found

    def _fire(self, kind: Kind, hook: str, args: tuple[Any, ...]) -> Any:
        try:
            return self._hooks.fire(kind, hook, args)
        finally:
            # A dry event is one transaction: a database error that a callback met is its own.
            if transaction.get_connection().in_atomic_block:
                transaction.set_rollback(False)

    def _fired(self, hook: str) -> CataloguedHook | None:
        documented = self._hooks.documented(hook)
        return documented if documented is not None and documented.fired else None


def _described(value: object) -> str:
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"
