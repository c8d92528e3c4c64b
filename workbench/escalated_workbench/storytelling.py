"""What a workbench does with stories: runs them, records them, and looks for those that fail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from escalated_core.host.host import EmbeddedHost
    from escalated_core.host.hunt import Tell
    from escalated_core.records import Profile
    from escalated_core.stories.fuzz_result import FuzzResult
    from escalated_core.stories.result import StoryResult
    from escalated_core.stories.story import Story
    from escalated_core.trace.trace import Trace


class Storytelling:
    """The part of a workbench that has to do with stories."""

    trace: Trace
    profile: Profile
    seed: int
    _host: EmbeddedHost

    def run_story(
        self, story: str | Path | Story, overrides: Mapping[str, Any] | None = None
    ) -> StoryResult:
        """Run a story on a help desk as at first, with the plugins loaded anew.

        Args:
            story: a file, the text of one (anything with a line break), or one that was read.
            overrides: values in place of the story's: `{"subject": "x", "t.priority": "low"}`.

        Raises:
            StoryError: the story cannot be meant; nothing has happened then. It is a
                `UsageError` that names each place.
        """
        # Only here: most sessions run none.
        from escalated_core.host.stories import run_story
        from escalated_core.stories.reading import read_story

        return run_story(self._host, read_story(story, overrides))

    def check_story(self, story: str | Path | Story) -> None:
        """Raise `StoryError` for a story that cannot be run here; nothing happens."""
        # Only here: most sessions run none.
        from escalated_core.host.stories import check
        from escalated_core.stories.reading import read_story

        check(self._host, read_story(story))

    def record_story(self, name: str = "recorded", since: int = 0) -> str:
        """What was made to happen as the text of a story that does the same when it is run.

        Bare hooks are told, too; a comment names one that has an argument which cannot be written.

        Args:
            name: what the story is called.
            since: only what is recorded after the firing with this id.

        Raises:
            UsageError: there is nothing to be told.
        """
        # Only here: most sessions record none.
        from escalated_core.stories.recording import record_story

        newest = self._host.stage.seed
        seed = self.seed if newest is None else newest
        return record_story(self.trace, name, since, self.profile, seed)

    def fuzz(
        self,
        plugin: str | None = None,
        *,
        seed: int = 0,
        examples: int = 500,
        seconds: float | None = None,
        out: str | Path | None = None,
        tell: Tell | None = None,
    ) -> FuzzResult:
        """Look for events and payloads with which a plugin fails, and make each story small.

        Interrupted (ctrl+c), it gives what it has found until then.

        Args:
            plugin: whose failures count; None for all.
            seed: the same seed tries the same, as long as the plugin does the same.
            examples: how many sequences of events are tried, not counting what makes one small.
            seconds: when to stop, if that comes first.
            out: the folder to save a story for each failure in; it is made if need be.
            tell: called after each example with how many have been tried, how many failures are
                known, and what has just been found (empty if nothing).

        Raises:
            UsageError: there is no such plugin, or the folder cannot be written.
        """
        # Only here: hypothesis takes a quarter of a second.
        from escalated_core.host.fuzzing import fuzz
        from escalated_core.host.hunt import Budget, nobody

        budget = Budget(examples, seconds, tell or nobody)
        return fuzz(self._host, plugin, seed, budget, Path(out) if out else None)
