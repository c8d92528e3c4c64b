"""Stories of the command line: files and folders of them, run one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from escalated_workbench.cli.firing import require_target, save_session
from escalated_workbench.cli.stepping import Stepping
from escalated_workbench.cli.whatifs import lay

if TYPE_CHECKING:
    from escalated_core.stories.result import StoryResult
    from escalated_core.stories.story import Story
    from escalated_workbench.cli.options import Call

SUFFIXES = (".yaml", ".yml")


def is_story(name: str) -> bool:
    """Whether a file or a folder is meant, and no event."""
    return name.lower().endswith(SUFFIXES) or os.sep in name or os.path.exists(name)  # noqa: PTH110


def run_stories(
    call: Call, names: tuple[str, ...], words: tuple[str, ...], junit: str | None
) -> int:
    """Run the stories of files and folders; nothing happens unless all of them can be meant.

    Text is told as each ends. In JSON one file is a document of its own, anything else a list.
    """
    from escalated_core.stories.documents import junit_of
    from escalated_workbench.given import story_values

    stories = _read(list(_files(names)), story_values(words))
    require_target(junit)
    stepping = Stepping(call)
    with call.workbench() as wb:
        lay(call, wb)
        attend = stepping.attend(wb)
        for story in stories:
            wb.check_story(story)
        results: list[StoryResult] = []
        for story in stories:
            results.append(attend(partial(wb.run_story, story), event="*"))
            _tell(call, results[-1])
        save_session(call, wb)
    if junit is not None:
        from escalated_workbench.saving import write_text

        write_text(Path(junit), junit_of(results))
    _sum_up(call, results, one=len(names) == 1 and not Path(names[0]).is_dir())
    return int(not all(result.ok for result in results))


def _files(names: tuple[str, ...]) -> Iterator[Path]:
    """The files that are named, and those in folders by their paths, each once."""
    from escalated_core.errors import UsageError

    seen = set[Path]()
    for path in map(Path, names):
        found = [path]
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES)
        if not found:
            raise UsageError(f"There is no story in {path}.", "Stories end in .yaml or .yml.")
        yield from (each for each in found if each not in seen)
        seen.update(found)


def _read(files: list[Path], values: dict[str, object]) -> list[Story]:
    """All stories, or a `UsageError` with what is wrong with any of them."""
    from escalated_core.errors import UsageError
    from escalated_core.stories.reading import read_story
    from escalated_core.stories.story import StoryError

    stories: list[Story] = []
    wrong: list[UsageError] = []
    for file in files:
        try:
            stories.append(read_story(file, values))
        except UsageError as why:
            wrong.append(why)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        told = [
            f"  {each}"
            for why in wrong
            for each in (why.problems if isinstance(why, StoryError) else [why])
        ]
        lines = "\n".join(told)
        raise UsageError(f"{len(wrong)} of {len(files)} stories cannot be run:\n{lines}")
    return stories


def _tell(call: Call, result: StoryResult) -> None:
    from escalated_workbench.cli import stories

    if not call.as_json:
        call.report(stories.story_lines(result, call.style()))


def _sum_up(call: Call, results: list[StoryResult], *, one: bool) -> None:
    from escalated_workbench import documents

    good = sum(result.ok for result in results)
    if one:
        call.report((), **results[0].to_dict())
        return
    told = [documents.document(call.verb, **result.to_dict()) for result in results]
    stories = "1 story" if len(results) == 1 else f"{len(results):,} stories"
    summary = f"{stories}: {good:,} ok, {len(results) - good:,} failed."
    call.report([summary], ok=good == len(results), stories=told)
