"""How a workbench is opened and closed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypedDict, Unpack

from escalated_core.effects.policy import Mode, Policy, policy_of
from escalated_core.errors import WorkbenchError
from escalated_core.host.desk import HelpDesk
from escalated_core.host.host import EmbeddedHost, HostOptions
from escalated_core.host.whatif import WhatIfs
from escalated_core.records import Profile
from escalated_workbench.checks import check_options, check_seconds
from escalated_workbench.config import Config, load
from escalated_workbench.kernel import in_notebook
from escalated_workbench.roots import plugins_root

if TYPE_CHECKING:
    from escalated_workbench.watching import Watching


class Options(TypedDict, total=False):
    """What a workbench is opened with; see `Workbench`."""

    profile: Profile
    seed: int
    time_limit: float
    slow: float
    state_dir: str | Path | None
    settings: Mapping[str, Any] | None
    effects: Mode | Policy


class Opening:
    """The part of a workbench that begins and ends it. One is open at a time."""

    _open: ClassVar[Opening | None] = None

    def __init__(
        self, path: str | Path | None = None, *, watch: bool = False, **given: Unpack[Options]
    ) -> None:
        self.root = plugins_root(path)
        settings, place = given.get("settings"), given.get("state_dir")
        check_options(given.get("profile", "guide"), settings, given.get("seed", 0))
        for name in ("time_limit", "slow"):
            check_seconds(given.get(name, 1), name.replace("_", " "))
        # Copied: whoever gave them may change them.
        copied = {"settings": dict(settings or {}), "state_dir": Path(place) if place else None}
        values: dict[str, Any] = {**given, **copied}
        self._begin(Config(**values))
        self._opened(watch)

    @classmethod
    def from_config(
        cls,
        path: str | Path | None = None,
        *,
        file: str | Path | None = None,
        watch: bool = False,
        **given: Any,
    ) -> Self:
        """A workbench as the command line and the terminal open it, see `config.load`.

        What is not given comes from the environment, then from the project's file,
        `escalated-workbench.toml` upwards from the plugins unless `file` is another.

        Raises:
            UsageError: as above, or the file cannot be read or has what cannot be meant.
        """
        workbench = cls.begin(path, given, file=file)
        workbench._opened(watch)  # noqa: SLF001 - its own class
        return workbench

    @classmethod
    def begin(
        cls,
        path: str | Path | None = None,
        given: Mapping[str, Any] | None = None,
        *,
        file: str | Path | None = None,
        interrupts: bool = True,
    ) -> Self:
        """The same while plugins are still being loaded (see `opening`).

        `interrupts` tells whether stuck plugin code is stopped without anybody asking.
        """
        workbench = cls.__new__(cls)
        workbench.root = plugins_root(path)
        workbench._begin(load(workbench.root, given, file=file))  # noqa: SLF001 - its own class
        workbench._host.thread.automatic = interrupts  # noqa: SLF001
        return workbench

    def _opened(self, watch: bool) -> None:
        """Wait until the plugins have been loaded."""
        try:
            self.opening.wait()
        except BaseException:
            self.close()
            raise
        if watch:
            self.watch()

    def _begin(self, config: Config) -> None:
        if Opening._open is not None and in_notebook():
            Opening._open.close()
        if Opening._open is not None:
            raise WorkbenchError(
                f"A workbench is open on {Opening._open.root}.",
                "Close it first: one per process.",
            )
        self.config = config
        """What it was opened with."""
        self.profile, self.seed = config.profile, config.seed
        options = HostOptions(
            profile=config.profile,
            seed=config.seed,
            settings=config.settings,
            state_dir=config.state_dir,
            effects=policy_of(config.effects),
        )
        self._host = EmbeddedHost(self.root, options)
        self._host.thread.time_limit = config.time_limit
        self.started_at = self._host.began
        self._watching: Watching | None = None
        self.opening = self._host.opened
        """Done when every plugin has been loaded, or has failed to; fails if none could be."""
        self.trace = self._host.trace
        self.trace.known = self._host.lifecycle.records
        self.ui = self._host.ui
        self.replays = self._host.replays
        """What saves changed: recorded firings run again by the new code."""
        self.helpdesk = HelpDesk(self._host)
        self.whatif = WhatIfs(self._host)
        Opening._open = self

    def watch(self) -> Watching:
        """Reload plugins as their files are saved, from now on; `wait()` for the next save."""
        if self._watching is None or self._watching.closed:
            # Only here: no verb that reports may pay for it.
            from escalated_workbench.watching import Watching

            reloads = self._host.lifecycle.reloads
            self._watching = Watching(self.root, self._host, self._host.began, reloads)
        return self._watching

    def close(self) -> None:
        """Unload every plugin and leave the process as it was. Records stay readable."""
        if Opening._open is not self:
            return
        if self._watching is not None:
            self._watching.close()
            self._watching = None
        self._host.close()
        Opening._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "open" if Opening._open is self else "closed"
        return f"<Workbench on {self.root}, {state}>"
