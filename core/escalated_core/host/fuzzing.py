"""Fuzzing: stories made by chance, run one after another until one shows a plugin's failure."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, Final

import hypothesis
from hypothesis import HealthCheck, Phase, configuration
from hypothesis.errors import NoSuchExample
from hypothesis.internal.conjecture import providers

from escalated_core.effects.policy import Policy
from escalated_core.errors import UsageError
from escalated_core.host.host import EmbeddedHost
from escalated_core.host.stories import reload_all, run_story
from escalated_core.stories.bugs import Symptom, symptoms
from escalated_core.stories.fuzz_result import Bug, FuzzResult
from escalated_core.stories.moments import moment
from escalated_core.stories.payloads import heard_events, sequences, spelt_out
from escalated_core.stories.result import StoryResult
from escalated_core.stories.story import START, At, Story, StoryStep
from escalated_core.stories.writing import write_story
from escalated_core.trace.trace import Trace

TIME_LIMIT: Final = 1.0
"""Seconds after which a callback counts as stuck meanwhile."""
KEPT: Final = 1_000
"""Firings of one example that are kept."""
_ENDLESS: Final = 1_000_000
"""For hypothesis, which goes about it in another way for each number: the budget ends it."""
HEADER: Final = "# Found by escalated-workbench: it fails until the plugin is mended.\n"

Tell = Callable[[int, int], None]
"""Called after each example with how many have been tried, and how many bugs are known."""


def nobody(tried: int, bugs: int) -> None:
    """Does not want to be told."""
    del tried, bugs


@dataclass(frozen=True)
class Budget:
    """How long to look."""

    examples: int = 1_000
    seconds: float | None = None
    tell: Tell = nobody


def fuzz(
    host: EmbeddedHost, plugin: str | None, seed: int, budget: Budget, out: Path | None
) -> FuzzResult:
    """Look for stories in which a plugin fails, and make each as small as it can be.

    What is recorded meanwhile is in no trace; nothing leaves the process. The help desk is as at
    first afterwards, the plugins are loaded anew.

    Raises:
        UsageError: there is no such plugin, it is not active, or `out` cannot be written.
    """
    _check(host, plugin, budget, out)
    search = _Search(host, plugin, seed, budget)
    with _prepared(host):
        bugs = search.bugs()
    if out is not None:
        bugs = [_saved(bug, out) for bug in bugs]
    took = monotonic() - search.began
    return FuzzResult(plugin, seed, search.tried, round(took, 3), tuple(bugs))


def _check(host: EmbeddedHost, plugin: str | None, budget: Budget, out: Path | None) -> None:
    if budget.examples < 1 or (budget.seconds is not None and budget.seconds <= 0):
        raise UsageError("Nothing is found without any example.", "Give a number above 0.")
    if plugin is not None and host.lifecycle.get(plugin).status != "active":
        raise UsageError(f"{plugin} is not active.", "Activate it first.")
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=out).close()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UsageError(f"{out} cannot be written: {reason}.", "Name a folder.") from None


@contextmanager
def _prepared(host: EmbeddedHost) -> Generator[None]:
    """Stuck code is stopped soon, whatever the front end has decided."""
    thread = host.thread
    before = thread.time_limit, thread.automatic
    thread.time_limit, thread.automatic = min(before[0], TIME_LIMIT), True
    with host.stage.apart(Trace(capacity=KEPT)):
        try:
            yield
        finally:
            reload_all(host)
            host.command("beginning anew", lambda: host.stage.begin_anew(host.options.seed))
            thread.time_limit, thread.automatic = before


@dataclass
class _Search:
    """One search; `tried` counts the examples, without those that make one smaller."""

    host: EmbeddedHost
    plugin: str | None
    seed: int
    budget: Budget
    tried: int = 0
    known: dict[Symptom, Bug] = field(default_factory=dict[Symptom, Bug])
    began: float = field(default_factory=monotonic)

    def bugs(self) -> list[Bug]:
        """Every bug that is found within the budget."""
        profile = self.host.options.profile
        hooks = [
            registration.hook
            for _, _, chain in self.host.registry
            for registration in chain
            if self.plugin in (None, registration.slug)
        ]
        strategy = sequences(heard_events(hooks, profile))
        while not self.is_over:
            hunt = _Hunt(self)
            found = hunt.smallest(strategy)
            if found is None or hunt.target is None:
                break
            smallest = hunt.without_needless(found)
            self.known[hunt.target] = self._bug(hunt, hunt.target, smallest)
        return list(self.known.values())

    @property
    def is_over(self) -> bool:
        limit = self.budget.seconds
        return self.tried >= self.budget.examples or (
            limit is not None and monotonic() - self.began > limit
        )

    def run(self, steps: tuple[StoryStep, ...]) -> StoryResult:
        return run_story(self.host, self.story("fuzzing", steps), Policy("capture"))

    def story(self, name: str, steps: tuple[StoryStep, ...]) -> Story:
        start = moment(START)
        assert start is not None
        options = self.host.options
        return Story(name, steps, start, options.profile, options.seed)

    def _bug(self, hunt: _Hunt, symptom: Symptom, steps: tuple[StoryStep, ...]) -> Bug:
        place, steps = hunt.place_in(steps), spelt_out(steps)
        expecting = replace(steps[place], expected=(symptom.expected,))
        steps = (*steps[:place], expecting, *steps[place + 1 :])
        story = self.story(symptom.message.rstrip("."), steps)
        return Bug(
            kind=symptom.kind,
            plugin=symptom.plugin,
            callback=symptom.callback,
            hook=symptom.hook,
            message=symptom.message,
            file=symptom.file,
            line=symptom.line,
            story=story,
            text=HEADER + write_story(story),
            example=self.tried,
            shrinks=hunt.shrinks,
            seconds=round(monotonic() - hunt.began, 3),
        )


class _Enough(BaseException):
    """The budget is used up."""


class _Hunt:
    """The search for one bug more, and for its smallest story."""

    def __init__(self, search: _Search) -> None:
        self._search = search
        self._seen: dict[str, int | None] = {}
        """In which step, from 0, the target shows, by sequence."""
        self.target: Symptom | None = None
        """The bug that was found first, from then on."""
        self.shrinks = 0
        self.began = monotonic()

    def smallest(self, strategy: Any) -> tuple[StoryStep, ...] | None:
        """The smallest sequence found that shows a bug that is not known; None if there is none."""
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
                return hypothesis.find(strategy, self._shows, settings=settings, random=chance)
        except (NoSuchExample, _Enough):
            return None

    def without_needless(self, steps: tuple[StoryStep, ...]) -> tuple[StoryStep, ...]:
        """The same without any step, value or time that it takes no part in."""
        smaller = next((less for less in _smaller(steps) if self._shows(less)), None)
        return steps if smaller is None else self.without_needless(smaller)

    def _shows(self, steps: tuple[StoryStep, ...]) -> bool:
        """Whether the target shows; it is chosen when the first shows."""
        key = repr(steps)
        if key not in self._seen:
            self._seen[key] = self._look(steps)
        return self._seen[key] is not None

    def place_in(self, steps: tuple[StoryStep, ...]) -> int:
        """In which step of a sequence, from 0, the target shows."""
        return self._seen[repr(steps)] or 0

    def _look(self, steps: tuple[StoryStep, ...]) -> int | None:
        search = self._search
        if self.target is None:
            if search.is_over:
                raise _Enough
            search.tried += 1
        elif self._is_late():
            return None
        else:
            self.shrinks += 1
        found = self._found(steps)
        search.budget.tell(search.tried, len(search.known))
        if self.target is None:
            self.target = next((each for each in found if each not in search.known), None)
        return None if self.target is None else found.get(self.target)

    def _is_late(self) -> bool:
        """Whether it is time to be content with what there is: as long again as was given."""
        limit = self._search.budget.seconds
        return limit is not None and monotonic() - self._search.began > 2 * limit

    def _found(self, steps: tuple[StoryStep, ...]) -> dict[Symptom, int]:
        """What shows in a run, with the number of the step, from 0, where it shows first."""
        found = self._once(steps)
        if any(symptom.kind == "slow" for symptom in found):
            # Anything may be slow once.
            again = self._once(steps)
            found = {each: at for each, at in found.items() if each.kind != "slow" or each in again}
        return found

    def _once(self, steps: tuple[StoryStep, ...]) -> dict[Symptom, int]:
        found: dict[Symptom, int] = {}
        reached = -1
        for result in self._search.run(spelt_out(steps)).steps:
            reached += not result.by_clock
            # What a deadline brings about is put down to the step that lets time pass.
            place = min(reached + result.by_clock, len(steps) - 1)
            for symptom in symptoms(result, self._search.plugin):
                found.setdefault(symptom, place)
        return found


def _smaller(steps: tuple[StoryStep, ...]) -> Iterator[tuple[StoryStep, ...]]:
    """Each way of leaving out one thing."""
    for place, step in enumerate(steps):
        before, after = steps[:place], steps[place + 1 :]
        if len(steps) > 1:
            yield (*before, *after)
        for name in step.given:
            given = {key: value for key, value in step.given.items() if key != name}
            yield (*before, replace(step, given=given), *after)
        if step.at.text:
            yield (*before, replace(step, at=At()), *after)


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


def _saved(bug: Bug, out: Path) -> Bug:
    path = _free(out, f"{bug.plugin}-{bug.kind}-{bug.callback.rpartition('.')[2]}")
    try:
        path.write_text(bug.text, "utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"{path} cannot be written: {reason}.", "Name another folder.") from None
    return replace(bug, path=str(path))


def _free(out: Path, name: str) -> Path:
    """A file that is not there."""
    safe = "".join(each if each.isalnum() or each in "-_" else "-" for each in name)
    candidates: Iterable[Path] = (
        out / f"{safe}{f'-{number}' if number > 1 else ''}.yaml" for number in range(1, 10_000)
    )
    return next(path for path in candidates if not path.exists())
