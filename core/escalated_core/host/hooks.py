"""The hooks of a host: what its profile documents of them, and who listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from escalated_core.errors import UsageError
from escalated_core.hooks.catalogue import Catalogue, hooks_of
from escalated_core.hooks.registry import Chain, HookRegistry, Key
from escalated_core.records import Callback, CataloguedHook, Hook, Kind, Profile

NO_KEYWORDS: Final[Mapping[str, Any]] = {}
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


def check_hook(hook: object, kind: object) -> None:
    """Raise `UsageError` for what is no name or no kind of a hook."""
    if not isinstance(hook, str) or not hook:
        raise UsageError(f"{hook!r} is no name of a hook.", "Give one such as 'ticket_created'.")
    if kind is not None and kind not in KINDS:
        cure = f"The kinds are {' and '.join(map(repr, KINDS))}."
        raise UsageError(f"There is no kind {kind!r} of hooks.", cure)
    if "{slug}" in hook:
        cure = f"Put a slug in its place: {hook.replace('{slug}', 'billing')!r}."
        raise UsageError(f"{hook!r} stands for one hook of each plugin.", cure)


class HostHooks:
    """Answers what a hook is, and fires it for the help desk."""

    def __init__(
        self,
        registry: HookRegistry,
        catalogue: Catalogue,
        profile: Profile,
        over: Callable[[Chain], Chain],
    ) -> None:
        self.are_published = profile == "escalated-django"
        """Whether they are those of the published package, not those of the guide."""
        self._registry = registry
        self._catalogue = catalogue
        self._over = over

    def documented(self, name: str) -> CataloguedHook | None:
        """What is documented about a hook."""
        return self._catalogue.get(name)

    def fire(
        self, kind: Kind, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any] = NO_KEYWORDS
    ) -> Any:
        """Fire a hook on this thread; a filter's value comes back."""
        return self._registry.fire(kind, name, args, dict(kwargs))

    def chain(self, kind: Kind, name: str) -> Chain:
        """Who would be called, in order, as what-ifs have it."""
        return self._over(self._registry.chain(kind, name))

    def all(self) -> list[Hook]:
        """Every documented hook and every hook that somebody listens to, as what-ifs have it."""
        heard: dict[Key, tuple[Callback, ...]] = {
            (kind, hook): tuple(registration.record() for registration in self._over(chain))
            for kind, hook, chain in self._registry
        }
        return hooks_of(self._catalogue, heard)

    def require(self, hook: str) -> None:
        """Raise `UsageError` with the nearest name for a hook that nobody knows of."""
        others = [name for _, name, _ in self._registry]
        if hook not in others and self._catalogue.get(hook) is None:
            near = self._catalogue.nearest(hook, others)
            cure = f"Did you mean {near!r}?" if near else "Hook names match exactly, case included."
            raise UsageError(f"Nobody listens to {hook!r} and it is not documented.", cure)

    def kind(self, hook: str, kind: Kind | None, has_args: bool) -> Kind:
        """Which kind of hook is meant: as told, documented, or registered, else by arguments.

        Raises:
            UsageError: there is one of each kind.
        """
        if kind is not None:
            return kind
        documented = self._catalogue.get(hook)
        if documented:
            return documented.kind
        kinds: list[Kind] = [each for each, name, _ in self._registry if name == hook]
        if len(kinds) > 1:
            raise UsageError(
                f"{hook!r} is an action and a filter.", "Say which one: kind='action'."
            )
        if kinds:
            return kinds[0]
        return "filter" if has_args else "action"
