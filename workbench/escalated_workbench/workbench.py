"""The workbench: the one object that the terminal, the command line and notebooks drive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args

from escalated_core.errors import UsageError, WorkbenchError
from escalated_core.host.desk import HelpDesk
from escalated_core.host.host import EmbeddedHost, HostOptions
from escalated_core.records import Activity, Finding, Firing, Hook, Kind, Plugin, Reload
from escalated_core.trace.recorder import Profile
from escalated_workbench.roots import plugins_root

if TYPE_CHECKING:
    from escalated_workbench.watcher import Watcher

KINDS: tuple[Kind, ...] = get_args(Kind)
PROFILES: tuple[Profile, ...] = get_args(Profile)
ARTICLES: dict[Kind, str] = {"action": "an action", "filter": "a filter"}


class Workbench(AbstractContextManager["Workbench"]):
    """Runs the plugins of a folder and shows what they do. Open at once; close it, or use `with`.

    Args:
        path: the plugins folder, or a project with `plugins/escalated`; None looks upwards.
        profile: the contract that judges plugins, `guide` or `escalated-django`.
        seed: the same seed gives the same help desk.
        watch: reload plugins as their files are saved.
        state_dir: where active plugins are remembered; beside the plugins folder by default.
        settings: what plugins find in `django.conf.settings`.

    Raises:
        UsageError: there is no such folder, or another argument cannot be meant.
        WorkbenchError: a workbench is open already, or Django is configured by somebody else.
    """

    _open: ClassVar[Workbench | None] = None

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        profile: Profile = "guide",
        seed: int = 0,
        watch: bool = False,
        state_dir: str | Path | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.root = plugins_root(path)
        _check_options(profile, settings)
        options = HostOptions(
            profile=profile,
            seed=seed,
            settings=dict(settings or {}),
            state_dir=Path(state_dir) if state_dir else None,
        )
        self._begin(options)
        try:
            self.opening.wait()
        except BaseException:
            self.close()
            raise
        if watch:
            self.watch()

    @classmethod
    def begin(
        cls, path: str | Path | None = None, profile: Profile = "guide", interrupts: bool = True
    ) -> Self:
        """A workbench whose plugins are still being loaded (see `opening`).

        `interrupts` tells whether stuck plugin code is stopped without anybody asking.
        """
        workbench = cls.__new__(cls)
        workbench.root = plugins_root(path)
        workbench._begin(HostOptions(profile=profile))  # noqa: SLF001 - its own class
        workbench._host.thread.automatic = interrupts  # noqa: SLF001
        return workbench

    def _begin(self, options: HostOptions) -> None:
        if Workbench._open is not None:
            raise WorkbenchError(
                f"A workbench is open on {Workbench._open.root}.",
                "Close it first: one per process.",
            )
        self.profile, self.seed = options.profile, options.seed
        self._host = EmbeddedHost(self.root, options)
        self.started_at = self._host.began
        self._watcher: Watcher | None = None
        self.opening = self._host.opened
        """Done when every plugin has been loaded, or has failed to; fails if none could be."""
        self.trace = self._host.trace
        self.ui = self._host.ui
        self.helpdesk = HelpDesk(self._host.rows)
        Workbench._open = self

    @property
    def plugins(self) -> dict[str, Plugin]:
        """Every plugin by slug, as it stands now."""
        return self._host.lifecycle.records()

    @property
    def hooks(self) -> list[Hook]:
        """Every documented hook and every hook that somebody listens to."""
        return [_as_registered(hook) for hook in self._host.hooks()]

    @property
    def findings(self) -> list[Finding]:
        """What is wrong or doubtful, worst first."""
        return list(self._host.findings)

    @property
    def reloads(self) -> list[Reload]:
        """What each load and reload did, oldest first."""
        return list(self._host.lifecycle.reloads)

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
        _check_seconds(seconds)
        self._host.thread.time_limit = seconds

    def fire(self, hook: str, *args: Any, kind: Kind | None = None, **kwargs: Any) -> Firing:
        """Fire a hook and return what happened.

        Without arguments they are made from the catalogue and the help desk. An argument may be a
        reference such as `helpdesk.ticket(1)`.

        Raises:
            UsageError: it is no name of a hook, or its kind or its arguments cannot be told.
        """
        _check_hook(hook, kind)
        return self._host.fire(hook, args, kwargs, kind)

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
        self._host.require_hook(name)
        documented = self._host.catalogue.get(name)
        unheard = [Hook(name, documented.kind, documented)] if documented else []
        return _of_kind([hook for hook in self.hooks if hook.name == name] or unheard, kind)

    def interrupt(self) -> bool:
        """Stop the plugin code that runs now; False when none does."""
        return self._host.thread.interrupt()

    def watch(self) -> None:
        """Reload plugins as their files are saved, from now on."""
        if self._watcher is None:
            # Only here: no verb that reports may pay for it.
            from escalated_workbench.watcher import Watcher

            self._watcher = Watcher(self.root, self._host, self._host.began)

    def on_reload(self, listener: Callable[[Reload], None]) -> Callable[[], None]:
        """Call `listener` with each reload, on another thread; returns the undo."""
        return self._host.lifecycle.reloads.subscribe(listener)

    def save(self, path: str | Path) -> int:
        """Write the session so far to a file, secrets masked; returns how many firings it has."""
        # Only here: most sessions are never saved.
        from escalated_workbench.saving import save_unasked

        return save_unasked(self, Path(path))

    def close(self) -> None:
        """Unload every plugin and leave the process as it was. Records stay readable."""
        if Workbench._open is not self:
            return
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
        self._host.close()
        Workbench._open = None

    def __exit__(self, *_: object) -> None:
        self.close()


def _of_kind(named: list[Hook], kind: Kind | None) -> list[Hook]:
    """Those hooks of one name that are of a kind; raises `UsageError` when none is."""
    found = [hook for hook in named if kind in (None, hook.kind)]
    if not found:
        cure = f"It is known as {ARTICLES[named[0].kind]} only."
        raise UsageError(f"{named[0].name!r} is no {kind}.", cure)
    return found


def _as_registered(hook: Hook) -> Hook:
    """A hook without the documentation of the other kind that has its name."""
    is_other = hook.documented is not None and hook.documented.kind != hook.kind
    return replace(hook, documented=None) if is_other else hook


# What annotations promise is checked: notebooks and scripts seldom are.


def _check_options(profile: object, settings: object) -> None:
    if profile not in PROFILES:
        cure = f"The profiles are {' and '.join(map(repr, PROFILES))}."
        raise UsageError(f"There is no profile {profile!r}.", cure)
    if settings is not None and not isinstance(settings, Mapping):
        cure = "Give a dict such as {'SLACK_WEBHOOK_URL': None}."
        raise UsageError(f"The settings must be a mapping, not {settings!r}.", cure)


def _check_hook(hook: object, kind: object) -> None:
    if not isinstance(hook, str) or not hook:
        raise UsageError(f"{hook!r} is no name of a hook.", "Give one such as 'ticket_created'.")
    if kind is not None and kind not in KINDS:
        cure = f"The kinds are {' and '.join(map(repr, KINDS))}."
        raise UsageError(f"There is no kind {kind!r} of hooks.", cure)
    if "{slug}" in hook:
        cure = f"Put a slug in its place: {hook.replace('{slug}', 'billing')!r}."
        raise UsageError(f"{hook!r} stands for one hook of each plugin.", cure)


def _check_seconds(seconds: object) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        raise UsageError(f"The time limit {seconds!r} is not above 0.", "Give it in seconds.")
