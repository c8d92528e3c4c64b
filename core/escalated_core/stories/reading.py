"""Story files, read and checked as a whole: none of it runs unless all of it can be meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast, get_args

from escalated_core.errors import UsageError
from escalated_core.records import Profile
from escalated_core.stories import moments
from escalated_core.stories.overriding import override
from escalated_core.stories.problems import Problems
from escalated_core.stories.steps import StepReader, expectations
from escalated_core.stories.story import (
    START,
    WARNING,
    Problem,
    Story,
    StoryError,
    StoryStep,
)
from escalated_core.stories.writing import write_story
from escalated_core.stories.yaml import Malformed, Node, read

KEYS: Final = ("name", "profile", "seed", "start", "sla", "settings", "expect", "steps")
SEEDS: Final = 2**31
MAX_STEPS: Final = 10_000
"""Of a story, repetitions counted."""


def read_story(story: str | Path | Story, overrides: Mapping[str, Any] | None = None) -> Story:
    """A story that can be run.

    Args:
        story: a file, the text of one (anything with a line break), or one that was read.
        overrides: values of parameters in place of the story's. `subject` stands for every step
            that gives one, or else the first whose event takes it; `t.subject` for the step `t`.

    Raises:
        StoryError: it cannot be meant; names every place.
        UsageError: the file cannot be read, or it is no story at all.
    """
    # Scripts and notebooks are seldom checked by their types.
    if not isinstance(story, (str, Path, Story)) or not story:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"{story!r} is no story.", "Name a story file, or give the text of one.")
    if isinstance(story, Story):
        return parse_story(write_story(story), story.file, overrides) if overrides else story
    if isinstance(story, Path) or "\n" not in story:
        return parse_story(_content(Path(story)), str(story), overrides)
    return parse_story(story, "story", overrides)


def parse_story(text: str, file: str, overrides: Mapping[str, Any] | None = None) -> Story:
    """The story that a text tells; raises `StoryError` with everything that is wrong."""
    problems = Problems(file)
    try:
        root = read(text.removeprefix("\ufeff"))
    except Malformed as why:
        raise StoryError((Problem(why.message, why.cure, why.line, why.column, file),)) from None
    if overrides:
        root = override(root, overrides)
    story = _Reading(problems, file).story(root)
    if problems:
        raise StoryError(problems.all())
    return story


def _content(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"{path} cannot be read: {reason}.", "Name a story file.") from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        message = f"The byte 0x{data[error.start]:02X} is no UTF-8."
        problem = Problem(message, "Save the file as UTF-8.", line, column, str(path))
        raise StoryError((problem,)) from None


class _Reading:
    """One file that is being read."""

    def __init__(self, problems: Problems, file: str) -> None:
        self._problems = problems
        self._file = file

    def story(self, root: Node) -> Story:
        entries = self._problems.mapping(root, "A story")
        found: dict[str, Node] = {}
        for key, entry in entries.items():
            if key in KEYS:
                found[key] = entry.value
            else:
                self._problems.unknown(entry.key, "key of a story called", key, KEYS)
        for key in ("name", "steps"):
            if key not in found and root.entries is not None:
                self._problems.tell(root, f"The story has no {key!r}.", f"Begin with `{key}:`.")
        start = self._start(found)
        profile = self._profile(found)
        reader = StepReader(self._problems, profile)
        expected = self._expected(found, reader)
        nodes = self._problems.items(found["steps"], "'steps'") if "steps" in found else []
        if "steps" in found and found["steps"].value == []:
            self._problems.tell(found["steps"], "The story has no steps.")
        ids = [node.entries["id"].value for node in nodes if node.entries and "id" in node.entries]
        reader.values.lines = {str(each.value): each.line for each in reversed(ids)}
        steps = tuple(reader.step(node) for node in nodes)
        self._check_times(start, steps)
        return Story(
            name=self._problems.text(found["name"], "'name'") if "name" in found else "",
            steps=steps,
            start=start,
            profile=profile,
            seed=self._seed(found),
            settings=self._settings(found),
            warning=self._warning(found),
            expected=expected,
            file=self._file,
        )

    def _profile(self, found: Mapping[str, Node]) -> Profile | None:
        if "profile" not in found:
            return None
        profiles = cast("tuple[Profile, ...]", get_args(Profile))
        return self._problems.choice(found["profile"], "'profile'", profiles)

    def _seed(self, found: Mapping[str, Node]) -> int | None:
        if "seed" not in found:
            return None
        return self._problems.whole(found["seed"], "'seed'", 0, SEEDS)

    def _start(self, found: Mapping[str, Node]) -> datetime:
        usual = moments.moment(START)
        assert usual is not None
        if "start" not in found:
            return usual
        node = found["start"]
        moment = moments.moment(node.value) if isinstance(node.value, str) else None
        if moment is None:
            self._problems.wrong(node, "'start'", "a moment such as 2026-01-05 09:00")
        return moment or usual

    def _warning(self, found: Mapping[str, Node]) -> timedelta | None:
        if "sla" not in found:
            return WARNING
        node = found["sla"]
        if node.value is False:
            return None
        length = moments.duration(node.value) if isinstance(node.value, str) else None
        if length is None:
            wanted = "how long before a deadline to warn, such as 30m, or false"
            self._problems.wrong(node, "'sla'", wanted)
        return length

    def _settings(self, found: Mapping[str, Node]) -> dict[str, Any]:
        if "settings" not in found:
            return {}
        entries = self._problems.mapping(found["settings"], "'settings'")
        for name, entry in entries.items():
            if not name.isupper():
                cure = f"Did you mean {name.upper()}?"
                self._problems.tell(entry.key, f"{name!r} cannot be a Django setting.", cure)
        return {name: entry.value.plain() for name, entry in entries.items()}

    def _expected(self, found: Mapping[str, Node], reader: StepReader) -> Any:
        if "expect" not in found:
            return ()
        return expectations(self._problems, found["expect"], reader.values, "")

    def _check_times(self, start: datetime, steps: tuple[StoryStep, ...]) -> None:
        """Tell which steps would happen before the one that precedes them."""
        now, count = start, 0
        for step in steps:
            node = Node(None, step.line, step.column)
            count += step.repeat
            try:
                # Only `+` takes it on with every repetition.
                then = moments.reached(replace(step.at), now)
                if step.at.after is not None:
                    then = now + step.at.after * step.repeat
            except OverflowError:
                then = moments.LAST
            if then < now:
                cure = f"It is {now:%Y-%m-%d %H:%M} by then."
                self._problems.tell(node, f"The step is at {step.at.text}, which is over.", cure)
                continue
            if then >= moments.LAST:
                self._problems.tell(node, f"The step comes after {moments.LAST:%Y}.", "")
                return
            now = then
        if count > MAX_STEPS:
            node = Node(None, steps[-1].line, steps[-1].column)
            self._problems.tell(node, f"The story has {count:,} steps.", f"Have {MAX_STEPS:,}.")
