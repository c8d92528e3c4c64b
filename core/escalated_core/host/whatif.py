"""What-ifs of a host: laid over its hooks, listed, and taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Self, overload

from escalated_core.errors import UsageError
from escalated_core.helpdesk.references import Reference
from escalated_core.hooks.registration import is_real
from escalated_core.host.hooks import check_hook
from escalated_core.records import Comparison, Finding, Firing, Kind, Matrix, WhatIf
from escalated_core.snapshots.copying import copier
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.whatif.slips import cure

if TYPE_CHECKING:
    from escalated_core.host.host import EmbeddedHost


class Standing:
    """A what-if that stands until `undo`, or to the end of a `with`."""

    def __init__(self, whatifs: WhatIfs, told: WhatIf) -> None:
        self._whatifs = whatifs
        self._told = told
        self.cure = ""
        """What may have been meant, if no callback fitted when it was said."""
        self.number = told.number
        """What `remove` takes."""

    @property
    def record(self) -> WhatIf:
        """It as it stands now, or as it was when it did."""
        return next((each for each in self._whatifs if each.number == self.number), self._told)

    def undo(self) -> None:
        """Have it no more; nothing if it is gone already."""
        if any(each.number == self.number for each in self._whatifs):
            self._whatifs.remove(self.number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.undo()

    def __repr__(self) -> str:
        return f"<What if: {self.record}>"


class WhatIfs(Sequence[WhatIf]):
    """Callbacks that are muted, moved or answered for until that is undone; oldest first.

    Nothing is written to the source; plugins may be reloaded meanwhile, and closing ends it. Which
    callbacks are meant is said by patterns with `*` and `?`: the hook's name, the plugin's slug
    (`host` for the help desk's own) and the callback's name. All that are given must fit. Without a
    hook, those of the life of plugins, such as `plugin_activated`, are left alone, so that a muted
    plugin is still set up and cleaned up. Of several about one callback the newest counts; a
    priority counts besides. One that no callback fits is a finding, `whatif.nothing`.
    """

    def __init__(self, host: EmbeddedHost) -> None:
        self._host = host
        self._overlay = host.overlay

    def mute(self, hook: str = "", plugin: str = "", callback: str = "") -> Standing:
        """Leave callbacks out; each stays in the trace as a step that was skipped.

        Raises:
            UsageError: no pattern is given, or one is no text.
        """
        return self._add(WhatIf(0, "mute", hook, plugin, callback))

    def prioritise(
        self, priority: float, hook: str = "", plugin: str = "", callback: str = ""
    ) -> Standing:
        """Run callbacks as if they had been registered with another priority.

        Raises:
            UsageError: no pattern is given, or one is no text; or the priority is no number.
        """
        if not is_real(priority):
            raise UsageError(f"{priority!r} is no priority.", "Give a number; lower runs first.")
        return self._add(WhatIf(0, "priority", hook, plugin, callback, priority))

    def answer(self, value: Any, hook: str = "", plugin: str = "", callback: str = "") -> Standing:
        """Have filters go on with this value, or this row, in the place of running callbacks.

        Each time a copy of the value is given. Callbacks of actions are not concerned: nobody
        uses what they return.

        Raises:
            UsageError: no pattern is given, or one is no text; there is no such row, or the value
                cannot be copied.
        """
        make = self._maker(value)
        told = WhatIf(0, "answer", hook, plugin, callback, value=snapshot(_shown(value)))
        return self._add(told, make)

    def remove(self, number: int) -> None:
        """Take one away; raises `UsageError` if there is none with this number."""
        if not self._overlay.remove(number):
            numbers = ", ".join(str(each.number) for each in self)
            cure = f"Those there are: {numbers}." if numbers else "There are none."
            raise UsageError(f"There is no what-if {number}.", cure)

    def clear(self) -> None:
        """Take all of them away."""
        self._overlay.clear()

    def compare(
        self,
        hook: str | Firing,
        *args: Any,
        kind: Kind | None = None,
        overrides: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Comparison:
        """Fire a hook without what-ifs (`old`) and with them (`new`), and compare step by step.

        Both are only tried out, with the same arguments: nothing is sent, written or kept in the
        trace, and nothing becomes a finding. Arguments as for `Workbench.fire`; in the place of a
        hook, a recorded firing or event is fired with those it had, see `Workbench.again`.

        Raises:
            UsageError: there are no what-ifs, nobody knows of the hook, an argument cannot be
                copied or made, or the kind cannot be told.
            PluginError: code of a plugin cannot be stopped.
        """
        # Only here: most sessions try nothing out.
        from escalated_core.host import trials

        what = f"comparing {hook.hook if isinstance(hook, Firing) else hook}"
        fire = self._firing(hook, kind, args, kwargs, overrides)
        return trials.compare_whatifs(self._host, what, fire)

    def compare_event(self, name: str, /, **given: Any) -> Comparison:
        """The same for something that happens at the help desk, see `Workbench.event`.

        The event itself is the firing; what it fires is nested in it.
        """
        # Only here: most sessions try nothing out.
        from escalated_core.host import trials

        happen = trials.happening(self._host, name, given)
        return trials.compare_whatifs(self._host, f"comparing {name}", happen)

    def matrix(
        self,
        hook: str | Firing,
        *args: Any,
        kind: Kind | None = None,
        overrides: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Matrix:
        """Fire a hook with each callback left out, and with each two of one priority swapped.

        Each time it is only tried out, with the same arguments as by `compare`; what-ifs that
        stand hold for all of them. It is fired about as often as there are pairs, twice.

        Raises:
            UsageError: as for `compare`, but no what-if is needed; or nobody listens, or the hook
                does not come to its end.
            PluginError: code of a plugin cannot be stopped.
        """
        # Only here: most sessions try nothing out.
        from escalated_core.host import trials

        fire = self._firing(hook, kind, args, kwargs, overrides)
        if not isinstance(hook, Firing):
            chosen = self._host.hooks.kind(hook, kind, bool(args))
            return trials.matrix_of(self._host, hook, chosen, fire)
        if hook.kind == "event":
            cure = "Give one of the firings that it caused."
            raise UsageError(f"{hook.hook!r} is an event.", cure)
        return trials.matrix_of(self._host, hook.hook, hook.kind, fire)

    def __len__(self) -> int:
        return len(self._overlay.laid.entries)

    def __iter__(self) -> Iterator[WhatIf]:
        return iter(self._overlay.stands())

    @overload
    def __getitem__(self, index: int) -> WhatIf: ...
    @overload
    def __getitem__(self, index: slice) -> list[WhatIf]: ...
    def __getitem__(self, index: int | slice) -> WhatIf | list[WhatIf]:
        return self._overlay.stands()[index]

    def __repr__(self) -> str:
        lines = [f"  {each.number}  {each}" for each in self]
        return "\n".join([f"<What-ifs: {len(lines) or 'none'}>", *lines])

    def _add(self, told: WhatIf, make: Callable[[], Any] | None = None) -> Standing:
        patterns: dict[str, object] = {
            "hook": told.hook,
            "plugin": told.plugin,
            "callback": told.callback,
        }
        if not any(patterns.values()):
            raise UsageError("This is about nothing.", "Name a hook, a plugin or a callback.")
        for role, pattern in patterns.items():
            if not isinstance(pattern, str):
                raise UsageError(f"{pattern!r:.80} is no pattern.", f"Give the name of a {role}.")
        standing = Standing(self, self._overlay.add(told, make))
        if not standing.record.matches:
            # Not refused: a plugin that has such callbacks may come.
            named = ", ".join(f"{role} {name!r}" for role, name in patterns.items() if name)
            standing.cure = cure(told, self._overlay.heard, self._host.lifecycle.records())
            message = f"A what-if is about nothing: no callback fits {named}."
            self._host.findings.report(Finding("whatif.nothing", "warning", message, standing.cure))
        return standing

    def _firing(
        self,
        hook: str | Firing,
        kind: Kind | None,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        overrides: Mapping[str, Any] | None,
    ) -> Callable[[], None]:
        # Only here: as above.
        from escalated_core.host import trials

        if not isinstance(hook, Firing):
            check_hook(hook, kind)
            self._host.hooks.require(hook)
            chosen = self._host.hooks.kind(hook, kind, bool(args))
            return trials.firing(self._host, hook, chosen, args, kwargs, overrides)
        if args or kwargs or kind:
            cure = "Give other values by path: overrides={...}."
            raise UsageError("A recorded firing has its arguments.", cure)
        return trials.again(self._host, hook, overrides)

    def _maker(self, value: Any) -> Callable[[], Any]:
        if isinstance(value, Reference):
            find = partial(self._host.resolve, value)
            self._host.command(f"looking up {value}", find)
            return find
        return copier(value, "The answer")


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, Reference) else value
