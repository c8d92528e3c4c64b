"""The workbench: the one object that the terminal, the command line and notebooks drive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escalated_core.analysis.tabular import Named, Records
from escalated_core.effects.policy import Mode, Policy, policy_of
from escalated_core.helpdesk.events.catalogue import events
from escalated_core.host.event_run import EventRun
from escalated_core.host.hooks import check_hook
from escalated_core.records import (
    Activity,
    Effect,
    Event,
    Finding,
    Firing,
    Happened,
    Hook,
    Kind,
    Plugin,
    Rehearsed,
    Reload,
)
from escalated_workbench.checks import check_path, check_seconds, of_kind
from escalated_workbench.opening import Opening
from escalated_workbench.replaying import Replaying
from escalated_workbench.storytelling import Storytelling
from escalated_workbench.travelling import Travelling

if TYPE_CHECKING:
    pass


class Workbench(Opening, Replaying, Storytelling, Travelling):
    """Runs the plugins of a folder and shows what they do. Open at once; close it, or use `with`.

    Args:
        path: the plugins folder, or a project with `plugins/escalated`; None looks upwards.
        profile: the contract that judges plugins, `guide` or `escalated-django`.
        seed: the same seed gives the same help desk.
        time_limit: seconds that a callback may run before it counts as stuck.
        slow: seconds from which on a step counts as slow.
        watch: reload plugins as their files are saved.
        state_dir: where active plugins are remembered; beside the plugins folder by default.
        settings: what plugins find in `django.conf.settings`.
        effects: what becomes of what plugins send out: `local` lets out what stays on this
            machine, `live` everything, `capture` nothing; a `Policy` has rules besides.

    Raises:
        UsageError: there is no such folder, or another argument cannot be meant.
        WorkbenchError: a workbench is open already, which a notebook closes by itself, or Django
            is configured by somebody else.
    """

    @property
    def plugins(self) -> Named[Plugin]:
        """Every plugin by slug, as it stands now."""
        return Named(Plugin, self._host.lifecycle.records())

    @property
    def hooks(self) -> Records[Hook]:
        """Every documented hook and every hook that somebody listens to."""
        return Records(Hook, self._host.hooks.all())

    @property
    def findings(self) -> Records[Finding]:
        """What is wrong or doubtful, worst first."""
        return Records(Finding, self._host.findings)

    @property
    def reloads(self) -> Records[Reload]:
        """What each load and reload did, oldest first."""
        return Records(Reload, self._host.lifecycle.reloads)

    @property
    def revision(self) -> tuple[object, ...]:
        """Differs whenever plugins, hooks or findings may have changed; cheap to poll."""
        return self._host.revision

    @property
    def activity(self) -> Activity | None:
        """The plugin code that runs at this moment, if any."""
        return self._host.thread.activity

    @property
    def time_limit(self) -> float:
        """Seconds of its own time after which a callback counts as stuck."""
        return self._host.thread.time_limit

    @time_limit.setter
    def time_limit(self, seconds: float) -> None:
        check_seconds(seconds)
        self._host.thread.time_limit = seconds

    @property
    def outbox(self) -> Records[Effect]:
        """What plugins sent out, or would have, as far as the trace keeps it; oldest first."""
        return Records(Effect, self._host.outbox)

    def fire(
        self,
        hook: str,
        *args: Any,
        kind: Kind | None = None,
        effects: Mode | Policy | None = None,
        overrides: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Firing:
        """Fire a hook and return what happened.

        Without arguments they are made from the catalogue and the help desk. An argument may be a
        reference such as `helpdesk.ticket(1)`. `effects` is what becomes of them this time.

        Args:
            overrides: other values in the arguments, by path from a parameter's name on, such as
                `{"ticket": 3, "ticket.subject": "Fire"}`; fields of rows are written.

        Raises:
            UsageError: it is no name of a hook, its kind or its arguments cannot be told, or an
                override leads nowhere.
        """
        check_hook(hook, kind)
        policy = None if effects is None else policy_of(effects)
        return self._host.dispatch.fire(hook, args, kwargs, kind, policy, overrides)

    @property
    def events(self) -> Records[Event]:
        """What can happen at the help desk, see `event`."""
        return Records(Event, events().values())

    def event(
        self,
        name: str,
        /,
        *,
        dry: bool = False,
        effects: Mode | Policy | None = None,
        **given: Any,
    ) -> Happened:
        """Make something happen at the help desk: it changes its rows and fires its hooks.

        What is not given is chosen from the help desk. Rows are given by reference, number or
        name: `event("ticket.assign", ticket="ESC-00007", agent=2)`.

        Args:
            name: which event, see `events`.
            dry: take back what was written to the database.
            effects: what becomes of what plugins send out this time.
            given: what is said about it, by parameter.

        Raises:
            UsageError: there is no such event or parameter, or a value does not fit it.
        """
        policy = None if effects is None else policy_of(effects)
        return self._host.dispatch.happen(EventRun(name, given, dry=dry), policy)

    def rehearse(self, name: str, /, **given: Any) -> list[Rehearsed]:
        """Which hooks an event would fire, with which arguments, and who would be called.

        No callback runs, and the database is as before afterwards; see `event`.
        """
        return self._host.dispatch.rehearse(EventRun(name, given))

    def activate(self, slug: str) -> Plugin:
        """Load a plugin and run its activation hooks; raises `PluginError` if it cannot load."""
        self._host.command(f"activating {slug}", lambda: self._host.lifecycle.activate(slug))
        return self.plugins[slug]

    def deactivate(self, slug: str) -> Plugin:
        """Run the deactivation hooks and take back everything the plugin registered."""
        lifecycle = self._host.lifecycle
        self._host.take_leave(f"deactivating {slug}", lambda h: lifecycle.deactivate(slug, h))
        return self.plugins[slug]

    def reload(self, slug: str) -> Reload:
        """Load a plugin's code again; raises `PluginError` if it cannot load."""
        self._host.command(f"reloading {slug}", lambda: self._host.lifecycle.reload(slug))
        return self.reloads[-1]

    def uninstall(self, slug: str) -> None:
        """Run the uninstall hooks and DELETE the plugin's folder; this call is the confirmation.

        Raises:
            PluginError: it is an installed distribution, which pip uninstalls.
        """
        lifecycle = self._host.lifecycle
        self._host.take_leave(f"uninstalling {slug}", lambda h: lifecycle.uninstall(slug, h))

    def require_plugin(self, slug: str) -> Plugin:
        """The plugin of that name; raises `UsageError` naming the known ones."""
        self._host.lifecycle.get(slug)
        return self.plugins[slug]

    def require_hook(self, name: str, kind: Kind | None = None) -> list[Hook]:
        """The hooks of that name and kind; raises `UsageError` with what was probably meant."""
        self._host.hooks.require(name)
        documented = self._host.catalogue.get(name)
        unheard = [Hook(name, documented.kind, documented)] if documented else []
        return of_kind([hook for hook in self.hooks if hook.name == name] or unheard, kind)

    @staticmethod
    def current() -> Workbench | None:
        """The workbench that is open in this process, if there is one."""
        found = Workbench._open
        return found if isinstance(found, Workbench) else None

    def interrupt(self) -> bool:
        """Stop the plugin code that runs now; False when none does."""
        return self._host.thread.interrupt()

    def on_reload(self, listener: Callable[[Reload], None]) -> Callable[[], None]:
        """Call `listener` with each reload, on another thread; returns the undo."""
        return self._host.lifecycle.reloads.subscribe(listener)

    def save(self, path: str | Path) -> int:
        """Write the session so far to a file, secrets masked; returns how many firings it has."""
        # Only here: most sessions are never saved.
        from escalated_workbench.saving import save_unasked

        return save_unasked(self, check_path(path))
