"""The hunt for one failure: stories made by chance, and the one that shows it made small."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from time import monotonic
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase, configuration
from hypothesis.errors import NoSuchExample
from hypothesis.internal.conjecture import providers

from escalated_core.effects.policy import Policy
from escalated_core.host.host import EmbeddedHost
from escalated_core.host.stories import run_story
from escalated_core.stories.bugs import Symptom, symptoms
from escalated_core.stories.choices import untold, with_choices
from escalated_core.stories.fuzz_result import Bug
from escalated_core.stories.moments import moment
from escalated_core.stories.payloads import lengthy, spelt_out
from escalated_core.stories.result import StoryResult
from escalated_core.stories.story import START, At, Story, StoryStep

_ENDLESS: Final = 1_000_000
"""For hypothesis, which goes about it in another way for each number: the budget ends it."""

Steps = tuple[StoryStep, ...]
Tell = Callable[[int, int, str], None]
"""Called after each example: how many have been tried, how many bugs are known, and what has just
been found, empty if nothing."""


def nobody(tried: int, bugs: int, found: str) -> None:
    """Does not want to be told."""
    del tried, bugs, found


@dataclass(frozen=True)
class Budget:
    """How long to look."""

    examples: int
    seconds: float | None = None
    tell: Tell = nobody


@dataclass
class Search:
    """One search; `tried` counts the examples, without those that make one smaller."""

    host: EmbeddedHost
    plugin: str | None
    seed: int
    budget: Budget
    tried: int = 0
    known: dict[Symptom, Bug] = field(default_factory=dict[Symptom, Bug])
    began: float = field(default_factory=monotonic)
    interrupted: bool = False
    """Whether somebody wants it to end, see `heeded`."""

    @property
    def is_over(self) -> bool:
        limit = self.budget.seconds
        return self.tried >= self.budget.examples or (
            limit is not None and monotonic() - self.began > limit
        )

    @property
    def is_late(self) -> bool:
        """Whether it is time to be content with what there is: as long again as was given."""
        limit = self.budget.seconds
        return limit is not None and monotonic() - self.began > 2 * limit

    def run(self, steps: Steps) -> StoryResult:
        if self.interrupted:
            raise KeyboardInterrupt
        story = self.story("fuzzing", spelt_out(steps))
        return run_story(self.host, story, Policy("capture"))

    def story(self, name: str, steps: Steps) -> Story:
        start = moment(START)
        assert start is not None
        options = self.host.options
        return Story(name, steps, start, options.profile, options.seed)


class _Enough(BaseException):
    """The budget is used up."""


@dataclass(frozen=True)
class Shown:
    """A sequence that shows a bug, in which step from 0, and how the bug shows there."""

    steps: Steps
    place: int
    symptom: Symptom


class Hunt:
    """The search for one bug more, and for its smallest story."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._seen: dict[str, Shown | None] = {}
        self._target: Symptom | None = None
        """The bug that was found first, from then on."""
        self.best: Shown | None = None
        """The smallest sequence until now; None as long as nothing is found."""
        self.shrinks = 0
        self.began = monotonic()

    def go(self, strategy: Any) -> None:
        """Look for a bug that is not known, and make `best` as small and as explicit as can be."""
        if self._found_by_chance(strategy):
            self._take_out(lambda steps: (*_fewer(steps), *_barer(steps)))
            self._shorten()
            self._spell_choices()
            # What was there only to make the help desk choose otherwise is needed no more.
            self._take_out(_fewer)

    def _found_by_chance(self, strategy: Any) -> bool:
        search = self._search
        settings = hypothesis.settings(
            max_examples=_ENDLESS,
            database=None,
            deadline=None,
            derandomize=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.data_too_large,
                HealthCheck.filter_too_much,
                HealthCheck.large_base_example,
                HealthCheck.nested_given,
            ],
        )
        chance = Random(f"{search.seed} {len(search.known)}")
        try:
            with _alone():
                found = hypothesis.find(strategy, self._shows, settings=settings, random=chance)
        except (NoSuchExample, _Enough):
            return False
        return self._is_better(found)

    def _take_out(self, ways: Callable[[Steps], Iterable[Steps]]) -> None:
        """Leave out one thing after the other that it takes no part in."""
        while self.best and any(map(self._is_better, ways(self.best.steps))):
            pass

    def _shorten(self) -> None:
        """Cut long texts to the length that it takes."""
        for place, name, text, put in lengthy(self.best.steps if self.best else ()):
            fails, works = len(text), 0
            while fails - works > 1 and self.best is not None:
                middle = (fails + works) // 2
                shorter = _with(self.best.steps, place, name, put(text[:middle]))
                fails, works = (middle, works) if self._is_better(shorter) else (fails, middle)

    def _spell_choices(self) -> None:
        """Give each step what the help desk chooses for it, if it still shows then."""
        if self.best is None or self._search.is_late:
            return
        results = [each for each in self._search.run(self.best.steps).steps if not each.by_clock]
        documented = self._search.host.hooks.documented
        for place, step in enumerate(with_choices(self.best.steps, results, documented)):
            steps = self.best.steps
            self._is_better((*steps[:place], step, *steps[place + 1 :]))
        for place, name, values in untold(self.best.steps):
            ways = (_with(self.best.steps, place, name, value) for value in values)
            any(map(self._is_better, ways))

    def _is_better(self, steps: Steps) -> bool:
        """Whether the target shows in what is preferred to the best, which it then becomes."""
        if not self._shows(steps):
            return False
        self.best = self._seen[repr(steps)]
        return True

    def _shows(self, steps: Steps) -> bool:
        """Whether the target shows; it is chosen when the first shows."""
        key = repr(steps)
        if key not in self._seen:
            self._seen[key] = self._look(steps)
        shown = self._seen[key]
        if shown is not None and (self.best is None or _size(steps) < _size(self.best.steps)):
            self.best = shown
        return shown is not None

    def _look(self, steps: Steps) -> Shown | None:
        search = self._search
        news = ""
        if self._target is None:
            if search.is_over:
                raise _Enough
            search.tried += 1
        elif search.is_late:
            return None
        else:
            self.shrinks += 1
        found = self._found(steps)
        if self._target is None:
            self._target = next((each for each in found if each not in search.known), None)
            news = self._target.message if self._target else ""
        # An equal one: its message may be another.
        same = next((each for each in found if each == self._target), None)
        shown = Shown(steps, found[same], same) if same is not None else None
        if news:
            self.best = shown
        search.budget.tell(search.tried, len(search.known), news)
        return shown

    def _found(self, steps: Steps) -> dict[Symptom, int]:
        """What shows in a run, with the number of the step, from 0, where it shows first."""
        found = self._once(steps)
        if any(symptom.kind == "slow" for symptom in found):
            # Anything may be slow once.
            again = self._once(steps)
            found = {each: at for each, at in found.items() if each.kind != "slow" or each in again}
        return found

    def _once(self, steps: Steps) -> dict[Symptom, int]:
        found: dict[Symptom, int] = {}
        reached = -1
        for result in self._search.run(steps).steps:
            reached += not result.by_clock
            # What a deadline brings about is put down to the step that lets time pass.
            place = min(reached + result.by_clock, len(steps) - 1)
            for symptom in symptoms(result, self._search.plugin):
                found.setdefault(symptom, place)
        return found


def _size(steps: Steps) -> tuple[int, int, int]:
    return len(steps), sum(len(step.given) for step in steps), len(repr(steps))


def _fewer(steps: Steps) -> Iterator[Steps]:
    """Each way of leaving out one step."""
    for place in range(len(steps) if len(steps) > 1 else 0):
        yield (*steps[:place], *steps[place + 1 :])


def _barer(steps: Steps) -> Iterator[Steps]:
    """Each way of leaving out one value, or the time before a step."""
    for place, step in enumerate(steps):
        before, after = steps[:place], steps[place + 1 :]
        for name in step.given:
            given = {key: value for key, value in step.given.items() if key != name}
            yield (*before, replace(step, given=given), *after)
        if step.at.text:
            yield (*before, replace(step, at=At()), *after)


def _with(steps: Steps, place: int, name: str, value: Any) -> Steps:
    step = replace(steps[place], given={**steps[place].given, name: value})
    return (*steps[:place], step, *steps[place + 1 :])


@contextmanager
def _alone() -> Generator[None]:
    """Hypothesis neither leaves files behind nor looks around for ideas.

    It would keep what it has learnt in the folder it finds itself in, and take numbers from the
    source of whatever modules are loaded: the same seed would try other things elsewhere.
    """
    # Nothing public does it; a test runs the same seed in two places.
    ideas: Any = providers
    with tempfile.TemporaryDirectory(prefix="escalated-workbench-") as folder:
        home: Any = vars(configuration).get("__hypothesis_home_directory")
        look_around = ideas._get_local_constants  # noqa: SLF001
        configuration.set_hypothesis_home_dir(folder)
        ideas._get_local_constants = ideas.Constants  # noqa: SLF001
        ideas.CONSTANTS_CACHE.cache.clear()
        try:
            yield
        finally:
            ideas.CONSTANTS_CACHE.cache.clear()
            ideas._get_local_constants = look_around  # noqa: SLF001
            configuration.set_hypothesis_home_dir(home)
