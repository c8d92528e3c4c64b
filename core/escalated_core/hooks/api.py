"""What plugins import as `escalated.hooks`: the guide's functions on one registry."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

from escalated_core.hooks.registration import check_name
from escalated_core.hooks.registry import HookRegistry
from escalated_core.records import Kind

Function = TypeVar("Function", bound=Callable[..., Any])

EXPORTS = (
    "add_action",
    "do_action",
    "has_action",
    "remove_action",
    "on_action",
    "add_filter",
    "apply_filters",
    "has_filter",
    "remove_filter",
    "on_filter",
)


class HookManager:
    """The registry object `hooks` of the guide, with the published package's method names."""

    def __init__(self, registry: HookRegistry) -> None:
        self._registry = registry

    def add_action(self, tag: str, callback: Callable[..., Any], priority: float = 10) -> None:
        """Run `callback` whenever the action `tag` fires; lower priorities run first."""
        self._registry.add("action", tag, callback, priority)

    def do_action(self, tag: str, *args: Any, **kwargs: Any) -> None:
        """Fire an action."""
        self._registry.fire("action", tag, args, kwargs)

    def has_action(self, tag: str) -> bool:
        return bool(self._registry.chain("action", tag))

    def remove_action(self, tag: str, callback: Callable[..., Any] | None = None) -> None:
        """Remove every registration equal to `callback`, or all of the hook's."""
        self._registry.remove("action", tag, callback)

    def on_action(self, tag: str, priority: float = 10) -> Callable[[Function], Function]:
        """Decorator form of `add_action`; the function itself comes back."""
        return self._decorator("action", tag, priority)

    def add_filter(self, tag: str, callback: Callable[..., Any], priority: float = 10) -> None:
        """Pass the value of the filter `tag` through `callback`; lower priorities run first."""
        self._registry.add("filter", tag, callback, priority)

    def apply_filters(self, tag: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Pass `value` through the callbacks of a filter and return what comes out."""
        return self._registry.fire("filter", tag, (value, *args), kwargs)

    def has_filter(self, tag: str) -> bool:
        return bool(self._registry.chain("filter", tag))

    def remove_filter(self, tag: str, callback: Callable[..., Any] | None = None) -> None:
        """Remove every registration equal to `callback`, or all of the hook's."""
        self._registry.remove("filter", tag, callback)

    def on_filter(self, tag: str, priority: float = 10) -> Callable[[Function], Function]:
        """Decorator form of `add_filter`; the function itself comes back."""
        return self._decorator("filter", tag, priority)

    def get_actions(self) -> dict[str, dict[float, list[Callable[..., Any]]]]:
        """Callbacks by action and priority, as the published package returns them."""
        return self._callbacks("action")

    def get_filters(self) -> dict[str, dict[float, list[Callable[..., Any]]]]:
        """Callbacks by filter and priority, as the published package returns them."""
        return self._callbacks("filter")

    def _callbacks(self, kind: Kind) -> dict[str, dict[float, list[Callable[..., Any]]]]:
        found: dict[str, dict[float, list[Callable[..., Any]]]] = {}
        for each, hook, chain in self._registry:
            for registration in chain if each == kind else ():
                by_priority = found.setdefault(hook, {})
                by_priority.setdefault(registration.priority, []).append(registration.callback)
        return found

    def _decorator(self, kind: Kind, tag: str, priority: float) -> Callable[[Function], Function]:
        # At once: `@on_action` without a name would otherwise register nothing and say nothing.
        check_name(tag)

        def register(function: Function) -> Function:
            self._registry.add(kind, tag, function, priority)
            return function

        return register


def hooks_module(registry: HookRegistry) -> ModuleType:
    """A module object with the guide's functions bound to `registry`."""
    manager = HookManager(registry)
    module = ModuleType("escalated.hooks", "Hooks of Escalated, provided by escalated-workbench.")
    module.__dict__.update({name: getattr(manager, name) for name in EXPORTS})
    module.__dict__.update(hooks=manager, HookManager=HookManager, __all__=[*EXPORTS, "hooks"])
    return module
