"""Stories, run on a host: one job on the plugin thread for each thing that happens."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from escalated_core.effects.policy import Policy
from escalated_core.errors import PluginError, UsageError, WorkbenchError
from escalated_core.helpdesk.references import Reference
from escalated_core.host.event_run import EventRun
from escalated_core.host.host import EmbeddedHost
from escalated_core.records import Firing, Happened
from escalated_core.snapshots.snapshot import plain
from escalated_core.stories.bare import argument
from escalated_core.stories.judging import Evidence, judge, simple
from escalated_core.stories.moments import reached
from escalated_core.stories.references import COUNTER, Use, resolved
from escalated_core.stories.result import StepResult, StoryResult
from escalated_core.stories.story import Expected, Problem, Story, StoryError, StoryStep
from escalated_core.trace.readout import record_of

if TYPE_CHECKING:
    from escalated_core.helpdesk.clock import VirtualClock
    from escalated_core.helpdesk.deadlines import Passing

_LASTS = "reload.needs-restart"
_MOST = 1_000
"""Deadlines that pass between two steps."""


class _CannotHappen(Exception):  # noqa: N818 - it ends a story, and is told there
    """A step turns out to be about something that is not there."""


@dataclass(frozen=True)
class _Done:
    """What a step has left behind."""

    happened: Happened
    firings: tuple[Firing, ...]
    row: Reference | None = None


def run_story(host: EmbeddedHost, story: Story, effects: Policy | None = None) -> StoryResult:
    """Run a story on rows as at first, with the plugins loaded anew.

    The help desk stays as the story leaves it. `effects` is what becomes of what plugins send out.

    Raises:
        StoryError: it does not fit this host; nothing has happened then.
        UsageError: a setting of it is not valid.
    """
    check(host, story)
    started = perf_counter_ns()
    run = _Run(host, story, effects)
    steps = tuple(run.steps())
    return StoryResult(
        name=story.name,
        file=story.file,
        profile=host.options.profile,
        seed=run.seed,
        started_at=story.start.timestamp(),
        ended_at=run.ended.timestamp(),
        steps=steps,
        duration_ns=perf_counter_ns() - started,
        settings=dict(story.settings),
    )


def check(host: EmbeddedHost, story: Story) -> None:
    """Raise `StoryError` if the story is for another profile, or fires hooks that nobody knows."""
    problems: list[Problem] = []
    if story.profile not in (None, host.options.profile):
        message = f"The story is for the profile {story.profile}."
        cure = (
            f"This is {host.options.profile}: open the workbench with the profile {story.profile}."
        )
        problems.append(Problem(message, cure, 0, 0, story.file))
    for step in story.steps:
        if not step.fire:
            continue
        try:
            host.hooks.require(step.fire)
            host.hooks.kind(step.fire, step.kind, bool(step.args))
        except UsageError as why:
            place = step.line, step.column, story.file
            problems.append(Problem(why.message, why.cure, *place))
    if problems:
        raise StoryError(tuple(problems))


class _Run:
    """One run of a story, from any thread but that of the plugins."""

    def __init__(self, host: EmbeddedHost, story: Story, effects: Policy | None) -> None:
        self._host = host
        self._stage = host.stage
        self._story = story
        self._effects = effects
        self.seed = host.options.seed if story.seed is None else story.seed
        self.ended = story.start
        self._known: dict[str, Any] = {}
        """By id: the row of a step, or what a bare hook gave."""
        self._past = set[tuple[object, ...]]()
        """The deadlines that have come due."""
        self._number = 0

    def steps(self) -> Iterator[StepResult]:
        """Everything that happens, as it happens; what is not reached is told, too."""
        story = self._story
        thread = self._host.thread
        with self._stage.under(story.start, self.seed, lambda: thread.is_current) as clock:
            with self._set_up():
                turns = ((step, n + 1) for step in story.steps for n in range(step.repeat))
                for step, repetition in turns:
                    try:
                        yield from self._time_passes(clock, reached(step.at, clock.now))
                        yield self._happens(clock, step, repetition)
                    except _CannotHappen as why:
                        yield self._told(clock, step, repetition, str(why))
                        break
                yield from (self._told(clock, step, n, "") for step, n in turns)
            self.ended = clock.now

    @contextmanager
    def _set_up(self) -> Generator[None]:
        """Everything as at first, and the story's settings over it."""
        host = self._host
        undo: Callable[[], None] | None = None
        if self._story.settings:
            settings = self._story.settings
            undo = host.command("settings", lambda: self._stage.lay_over(settings))
        try:
            host.command("beginning anew", lambda: self._stage.begin_anew(self.seed))
            reload_all(host)
            yield
        finally:
            if undo is not None:
                host.command("settings", undo)

    # --- time

    def _time_passes(self, clock: VirtualClock, until: datetime) -> Iterator[StepResult]:
        """Move the clock; what comes due meanwhile happens at its moment."""
        warning = self._story.warning
        for _ in range(_MOST):
            if warning is None or clock.now >= until:
                break
            passing = self._due(clock, until, warning)
            due = next((each for each in passing if each.key not in self._past), None)
            if due is None:
                break
            self._past.add(due.key)
            clock.move(due.at)
            yield self._comes_due(clock, due)
        else:
            raise _CannotHappen(f"More than {_MOST:,} deadlines pass before it: they are moved on.")
        clock.move(max(until, clock.now))

    def _due(self, clock: VirtualClock, until: datetime, warning: timedelta) -> Iterable[Passing]:
        # What comes due at this very moment counts, unless it has happened.
        after = max(clock.now - timedelta(microseconds=1), self._story.start)
        passing = partial(self._stage.passing, after, until, warning)
        return self._host.command("looking for deadlines", passing)

    def _comes_due(self, clock: VirtualClock, due: Passing) -> StepResult:
        given = {"ticket": Reference("ticket", due.ticket), "deadline": due.deadline}
        event = EventRun(due.event, given | dict(due.given))
        done = self._event(event)
        return self._result(clock, StoryStep(event=due.event), 1, done, by_clock=True)

    # --- steps

    def _happens(self, clock: VirtualClock, step: StoryStep, repetition: int) -> StepResult:
        read = partial(self._read, repetition)
        try:
            given = resolved(step.given, read)
            args = [argument(each) for each in resolved(step.args, read)]
            kwargs = {name: argument(each) for name, each in resolved(step.kwargs, read).items()}
            if step.event:
                done = self._event(EventRun(step.event, given, dry=step.dry))
            else:
                done = self._bare(step, args, kwargs)
        except WorkbenchError as why:
            raise _CannotHappen(str(why)) from why
        if step.id:
            last = done.happened.event
            self._known[step.id] = done.row if step.event else plain(last.result)
        return self._result(clock, step, repetition, done)

    def _event(self, run: EventRun) -> _Done:
        seen = self._stage.trace.finished
        with self._stage.acting():
            happened = self._host.dispatch.happen(run, self._effects)
        return _Done(happened, self._all_of(happened, seen), run.row)

    def _bare(self, step: StoryStep, args: list[Any], kwargs: dict[str, Any]) -> _Done:
        seen = self._stage.trace.finished
        with self._stage.acting():
            firing = self._host.dispatch.fire(
                step.fire, tuple(args), kwargs, step.kind, self._effects
            )
        happened = Happened(firing, (firing,))
        return _Done(happened, self._all_of(happened, seen))

    def _all_of(self, happened: Happened, seen: int) -> tuple[Firing, ...]:
        """The event and everything that it caused, in the order it began."""
        found = {each.id: each for each in (happened.event, *happened.firings)}
        for firing in sorted(self._stage.trace.news(seen)[0], key=lambda each: each.id):
            if firing.parent_id in found and firing.id not in found:
                found[firing.id] = record_of(firing)
        return tuple(found[number] for number in sorted(found))

    def _result(
        self,
        clock: VirtualClock,
        step: StoryStep,
        repetition: int,
        done: _Done,
        *,
        by_clock: bool = False,
    ) -> StepResult:
        row = partial(self._row, done.row)
        expected = self._due_values(self._story.expected_of(step), repetition)
        evidence = Evidence(done.happened, done.firings, row)
        return replace(
            self._told(clock, step, repetition, ""),
            happened=done.happened,
            firings=done.firings,
            expectations=judge(expected, evidence),
            by_clock=by_clock,
        )

    def _told(
        self, clock: VirtualClock, step: StoryStep, repetition: int, failure: str
    ) -> StepResult:
        self._number += 1
        return StepResult(
            number=self._number,
            name=step.name,
            id=step.id,
            at=clock.now.timestamp(),
            repetition=repetition,
            failure=failure,
            line=step.line,
            column=step.column,
        )

    # --- values

    def _due_values(self, expected: Iterable[Expected], repetition: int) -> Iterator[Expected]:
        read = partial(self._read, repetition)
        for each in expected:
            yield replace(each, value=resolved(each.value, read))

    def _read(self, repetition: int, use: Use) -> Any:
        """What a reference stands for."""
        if use.id == COUNTER:
            return repetition
        known = self._known.get(use.id)
        if isinstance(known, Reference):
            return self._fact(use, known)
        if known is None:
            raise _CannotHappen(f"{use.text} stands for nothing: {use.id} has made no row.")
        for part in use.path:
            try:
                known = known[part]
            except (KeyError, IndexError, TypeError):
                raise _CannotHappen(f"{use.text} leads nowhere: there is no {part!r}.") from None
        return simple(known)

    def _fact(self, use: Use, row: Reference) -> Any:
        try:
            fact = partial(self._stage.fact, row, use.path)
            value = self._host.command(f"reading {row}", fact)
        except LookupError as why:
            raise _CannotHappen(f"{use.text} leads nowhere: {why.args[0]}.") from None
        return value if use.whole or not isinstance(value, Reference) else value.key

    def _row(self, own: Reference | None, expected: Expected) -> Any:
        row = self._known.get(expected.of) if expected.of else own
        if not isinstance(row, Reference):
            raise LookupError("no row")
        path = tuple(expected.subject.split("."))
        return self._host.command(f"reading {row}", lambda: self._stage.fact(row, path))


def reload_all(host: EmbeddedHost) -> None:
    """Load the code of every plugin anew that runs, so that it has forgotten everything.

    One that leaves behind what a reload cannot take back is left as it is: it would pile up.
    """
    with host.lifecycle.reloads.untold():
        for plugin in host.lifecycle:
            if not plugin.wanted or any(f.code == _LASTS for f in host.findings.of(plugin.slug)):
                continue
            # The one that cannot be loaded is a finding; what ran before runs on.
            with suppress(PluginError):
                again = partial(host.lifecycle.reload, plugin.slug)
                host.command(f"reloading {plugin.slug}", again)
