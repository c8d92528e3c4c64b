"""One recorded firing run again by the code of now, and judged beside the code of before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic

from escalated_core.errors import Abandoned, UsageError
from escalated_core.helpdesk.world import World
from escalated_core.hooks.registry import HookRegistry
from escalated_core.host.again import recalled
from escalated_core.host.isolation import Aside, Chains
from escalated_core.host.keeping import Kept
from escalated_core.records import Comparison, Run
from escalated_core.replay.comparing import compare, judged, masked
from escalated_core.replay.pacing import pace
from escalated_core.replay.rebuilding import MissingError
from escalated_core.replay.steadiness import Place, places, steady

LIMIT = 1.0
"""Seconds that a callback may run in a replay."""
LATER = 1.25
"""Seconds by which the clock differs in a run that shows what depends on it."""
NOTICED_NS = 1_000_000
"""What a firing has to take longer, and twice as long, to be suspected of having become slower."""
PAIRS = 8
"""How often both codes are run in turns to tell whether one is slower."""


class LeftOutError(Exception):
    """The firing could not be run to its end now; says why."""


@dataclass
class Judge:
    """Runs firings again: by the chains of now, and by those of before where there are any."""

    aside: Aside
    registry: HookRegistry
    world: Callable[[], World]
    new: Chains
    old: Chains | None
    deadline: float | None = None
    """By `monotonic`, while the plugin thread is free: from then on what only makes the verdict
    finer is left out."""
    is_masked: bool = False
    """Whether the records are without their secrets, as those of a session."""
    uncontrolled: dict[str, None] = field(default_factory=dict[str, None])
    """Of the firing that is being judged, in words."""
    _unsteady: set[Place] = field(default_factory=set[Place])
    """Where two runs of the code before differed, in any firing so far."""

    def judge(self, kept: Kept) -> tuple[Comparison, bool]:
        """What it does now beside what it did before, and whether only the record differs.

        Raises:
            LeftOutError: it could not be run to its end.
        """
        base = kept.baseline
        self.uncontrolled.clear()
        try:
            new = self._run(kept, self.new)
        except MissingError as missing:
            return Comparison("missing", base, None, why=str(missing)), False
        found, has_drifted = compare(base, new), False
        if found.differences and self.old is None:
            other = self._run(kept, self.new, seed=1, later=LATER)
            found = steady(found, compare(new, other))
        elif found.differences:
            found, has_drifted = self._beside_old(kept, found, new)
        kept.last = new
        paced = self._paced(kept, found)
        return replace(paced, uncontrolled=tuple(self.uncontrolled)), has_drifted

    def _beside_old(self, kept: Kept, found: Comparison, new: Run) -> tuple[Comparison, bool]:
        """The same for one that differs from its record: is that due to the new code?

        The code before is run now. It is steady if it does what it did when it was recorded or
        replayed last, as these are two runs of it. If not, or where another firing was unsteady,
        it is run a second time now to tell.
        """
        if kept.last is not None:
            found = compare(kept.last, new)
            if not found.differences:
                return found, True
        assert self.old is not None
        old = self._run(kept, self.old)
        is_doubtful = not self._unsteady.isdisjoint(places(found.differences))
        if not is_doubtful and not compare(found.old, old).differences:
            return found, False
        found = compare(old, new)
        if not found.differences:
            return found, True
        twice = compare(old, self._run(kept, self.old))
        self._unsteady.update(places(twice.differences))
        return steady(found, twice), False

    def _paced(self, kept: Kept, found: Comparison) -> Comparison:
        """The comparison with how long both take, if the new code is suspected to be slower."""
        new = found.new
        if found.differences or new is None or self.old is None:
            return found
        before, now = found.old.firing.duration_ns, new.firing.duration_ns
        if now < max(2 * before, before + NOTICED_NS) or self.is_late:
            return found
        old_ns: list[int] = []
        new_ns: list[int] = []
        while len(new_ns) < PAIRS and not self.is_late:
            old_ns.append(self._run(kept, self.old).firing.duration_ns)
            new_ns.append(self._run(kept, self.new).firing.duration_ns)
        paced = pace(old_ns, new_ns) if new_ns else None
        return judged(replace(found, pace=paced))

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and monotonic() - self.aside.waited > self.deadline

    def _run(self, kept: Kept, chains: Chains, *, seed: int = 0, later: float = 0.0) -> Run:
        firing = kept.recorded.firing
        name = f"replaying {firing.hook} (firing {firing.id})"
        work = partial(self._fire, kept)
        try:
            tried = self.aside.run(
                name,
                work,
                moment=firing.started_at + later,
                seed=kept.id + seed,
                chains=chains,
                limit=LIMIT,
            )
        except Abandoned as gone:
            raise LeftOutError(str(gone)) from gone
        except MissingError:
            raise
        except UsageError as error:
            raise LeftOutError(error.message) from error
        if tried.gave_way:
            raise LeftOutError("something else was to be done")
        if not tried.firings:
            raise LeftOutError("nothing was recorded of it")
        self.uncontrolled |= dict.fromkeys(tried.uncontrolled)
        root, *nested = tried.firings
        run = Run(root, tuple(nested))
        return masked(run) if self.is_masked else run

    def _fire(self, kept: Kept) -> None:
        firing = kept.recorded.firing
        given = recalled(firing, self.world, {})
        self.uncontrolled |= dict.fromkeys(given.notes)
        self.registry.fire(firing.kind, firing.hook, given.args, given.kwargs)  # pyright: ignore[reportArgumentType] - no event is kept
