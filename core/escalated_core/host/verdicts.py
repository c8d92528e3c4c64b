"""What comes of one replay: all that is to be run again, run and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic, perf_counter_ns, time
from typing import TYPE_CHECKING

from escalated_core.host.judging import Judge, LeftOutError
from escalated_core.host.keeping import Keep, Kept
from escalated_core.records import (
    Comparison,
    LeftOut,
    ReplayCause,
    ReplayProgress,
    ReplayState,
    SaveVerdict,
)
from escalated_core.replay.comparing import RANKS

if TYPE_CHECKING:
    from escalated_core.host.host import EmbeddedHost

SECONDS = 2.0
"""How long the replay after a save may take."""


@dataclass(eq=False)
class Request:
    """A replay that was asked for."""

    cause: ReplayCause
    plugin: str | None = None
    generation: int = 0
    chosen: Sequence[Kept] | None = None
    """None for those that the plugin concerns."""
    cancelled: bool = False
    verdict: SaveVerdict | None = None
    """Once there is one."""
    progress: ReplayProgress | None = None


@dataclass(eq=False)
class Judging:
    """One replay, on a thread of its own."""

    host: EmbeddedHost
    request: Request
    comparisons: list[Comparison] = field(default_factory=list[Comparison])
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])
    drifted: list[int] = field(default_factory=list[int])

    def verdict(self, keep: Keep) -> SaveVerdict:
        """Run all of them; what becomes of the verdict's number is not told here."""
        started, at = perf_counter_ns(), time()
        state = self._run(self._chosen(keep))
        request = self.request
        order = sorted(self.comparisons, key=_telling)
        return SaveVerdict(
            number=0,
            cause=request.cause,
            plugin=request.plugin,
            generation=request.generation,
            state=state,
            comparisons=tuple(order),
            left_out=tuple(self.left_out),
            drifted=tuple(self.drifted),
            at=at,
            duration_ns=perf_counter_ns() - started,
        )

    def _chosen(self, keep: Keep) -> Sequence[Kept]:
        """What is to be run, the dearest first: the time may be up before the end."""
        request = self.request
        if request.chosen is not None:
            return request.chosen
        slug = request.plugin or ""
        keys = self.host.registry.keys_of(slug)
        pinned = self.host.trace.pinned
        found = [each for each in keep.look() if each.concerns(slug, keys)]
        return sorted(found, key=lambda k: (k.id not in pinned, not k.has_failed, -k.id))

    def _run(self, chosen: Sequence[Kept]) -> ReplayState:
        if not chosen:
            return "done"
        host, request = self.host, self.request
        old = host.registry.former_chains(request.plugin) if request.plugin else None
        with host.isolation.opened() as aside:
            chains = dict(host.registry.chains)
            judge = Judge(aside, host.registry, host.world, chains, old)
            judge.deadline = monotonic() + SECONDS if request.chosen is None else None
            judge.is_masked = request.cause == "session"
            for place, kept in enumerate(chosen):
                request.progress = ReplayProgress(request.plugin, place, len(chosen))
                if request.cancelled:
                    self._leave(chosen[place:], "a newer save came")
                    return "cancelled"
                if judge.is_late:
                    self._leave(chosen[place:], "the time was up")
                    return "late"
                self._judge(judge, kept)
        return "done"

    def _judge(self, judge: Judge, kept: Kept) -> None:
        meddling = kept.meddling
        if meddling:
            self._leave([kept], f"its course was changed when it was recorded ({meddling})")
            return
        try:
            found, has_drifted = judge.judge(kept)
        except LeftOutError as why:
            self._leave([kept], str(why))
            return
        self.comparisons.append(replace(found, recorded=kept.recorded))
        if has_drifted:
            self.drifted.append(kept.id)

    def _leave(self, some: Sequence[Kept], why: str) -> None:
        self.left_out += [LeftOut(k.id, k.recorded.firing.hook, why) for k in some]


def _telling(comparison: Comparison) -> tuple[int, int]:
    recorded = comparison.recorded or comparison.old
    return RANKS[comparison.verdict], recorded.firing.id
