"""The verb `event`: what can happen at the help desk, made to happen; stories; fuzzing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from escalated_workbench.cli.completion import (
    Folder,
    complete_event,
    complete_event_name,
    complete_parameter,
    complete_plugin,
)
from escalated_workbench.cli.firing import (
    failed,
    require_target,
    save_option,
    save_session,
    settle,
)
from escalated_workbench.cli.numbers import Seconds, Whole
from escalated_workbench.cli.options import Call, names_profile, reports, runs_plugins
from escalated_workbench.cli.output import Progress
from escalated_workbench.cli.stepping import Stepping, stops
from escalated_workbench.cli.storyfiles import is_story, run_stories
from escalated_workbench.cli.whatifs import compares, lay, report_comparison, require_comparable

if TYPE_CHECKING:
    from escalated_core.records import Firing, Happened
    from escalated_workbench.cli.output import Output
    from escalated_workbench.workbench import Workbench

    Run = tuple[Happened, list[Firing]]

AT_MOST = 10_000
"""Times that an event happens in one call."""


class InOrder(click.Group):
    """Lists its verbs in the order in which they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)


@click.group(cls=InOrder)
def event() -> None:
    """Make things happen at the help desk, by name or by story."""


@event.command("list")
@names_profile
@reports
def list_events(call: Call) -> int:
    """List what can happen, and the hooks it fires."""
    from escalated_core.helpdesk.events.catalogue import events

    known = list(events().values())
    profile = call.config().profile
    fired = [", ".join(each.hooks[profile]) or "no hook" for each in known]
    rows = zip([each.name for each in known], [each.title for each in known], fired, strict=True)
    call.report(call.style().table(rows), events=known)
    return 0


@event.command("show")
@click.argument("name", shell_complete=complete_event_name)
@names_profile
@reports
def show_event(call: Call, name: str) -> int:
    """Show what an event takes and which hooks it fires."""
    from escalated_core.helpdesk.events.catalogue import require_event
    from escalated_workbench.cli import text

    found = require_event(name)
    call.report(text.event_lines(found, call.config().profile, call.style()), event=found)
    return 0


@event.command("run")
@click.argument(
    "names", metavar="NAME|STORY...", nargs=-1, required=True, shell_complete=complete_event
)
@click.option(
    "--param",
    "--set",
    "words",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=complete_parameter,
    help="What is said about it, as in ticket=3 or subject=Hello; the rest is chosen.",
)
@click.option("--dry", is_flag=True, help="Take back what an event wrote to the database.")
@click.option(
    "--times",
    type=Whole(1, AT_MOST),
    metavar="N",
    help=f"How often an event happens, one by one; {AT_MOST:,} times at most.",
)
@click.option(
    "--junit", type=click.Path(), metavar="FILE", help="Write what came of stories as JUnit XML."
)
@save_option
@compares
@stops
@runs_plugins
def run_event(
    call: Call,
    names: tuple[str, ...],
    words: tuple[str, ...],
    dry: bool,
    times: int | None,
    junit: str | None,
) -> int:
    """Make an event happen, or whole stories.

    NAME is one of `event list`, STORY a YAML file or a folder of them. Of several stories, each
    begins on a help desk as at first. The exit code is 1 when a callback fails, unless
    its story expects it to, or when what a story expects is not so.
    """
    require_target(call.save)
    require_comparable(call, *(["--times"] if times is not None else []))
    if any(map(is_story, names)):
        if call.compare:
            raise click.UsageError("--compare is for events: a story is what it expects.")
        if dry or times is not None:
            raise click.UsageError("--dry and --times are for events: a story says so itself.")
        return run_stories(call, names, words, junit)
    if junit is not None:
        raise click.UsageError("--junit is for stories, and an event is none.")
    if len(names) != 1:
        raise click.UsageError("Only one event at a time: several events are a story.")
    from escalated_workbench.given import event_values

    given = event_values(name := names[0], words)
    stepping = Stepping(call)
    with call.workbench() as wb:
        lay(call, wb)
        if call.compare:
            return report_comparison(call, wb, wb.whatif.compare_event(name, **given))
        once = partial(wb.event, name, dry=dry, **given)
        happen = partial(stepping.attend(wb), once, event=name)
        repeated = Repeated(call, wb, partial(_happened, call, wb, happen))
        repeated.run(times or 1)
        save_session(call, wb)
    return repeated.told()


def _happened(call: Call, wb: Workbench, happen: Callable[[], Happened]) -> Run:
    """An event that happened, and the firings inside of those it caused."""
    others = set(threading.enumerate())
    before = wb.trace.finished
    happened = happen()
    if happened.outcome != "interrupted":
        settle(call, set(threading.enumerate()) - others)
    told = {happened.event.id, *(firing.id for firing in happened)}
    ids = sorted(row.id for row in wb.trace.rows(before)[0])
    later = (wb.trace.get(each) for each in ids if each > happened.event.id)
    return happened, [firing for firing in later if firing and firing.id not in told]


def _chosen(happened: Happened) -> Iterator[str]:
    """A line with the rows that the event was about, as far as its hooks were told of them."""
    from escalated_workbench.wording import safe

    told = (_named(each) for firing in happened for each in firing.args)
    rows = ", ".join(dict.fromkeys(filter(None, told)))
    dry = " (dry)" if happened.event.cause.endswith(" dry") else ""
    if rows or dry:
        yield safe(f"{happened.event.hook}{dry}{': ' if rows else ''}{rows}")


def _named(value: Any) -> str:
    """`ticket ESC-00003`, `user agent2`, `comment 4`; empty for what is no row that was saved."""
    from escalated_core.snapshots.pictures import ObjectSnapshot

    if not isinstance(value, ObjectSnapshot) or value.kind != "model":
        return ""
    fields: dict[str, Any] = {**(value.fields or {})}
    if not fields.get("id"):
        return ""
    called = (fields.get(name) for name in ("reference", "username", "slug", "id"))
    return f"{value.type.rpartition('.')[2].lower()} {next(filter(None, called))}"


class Repeated:
    """Runs of one event: told as they happen, in JSON all at once."""

    def __init__(self, call: Call, wb: Workbench, once: Callable[[], Run]) -> None:
        self._call, self._once = call, once
        self._style = call.style(wb)
        self._whatifs = list(wb.whatif)
        self._progress = Progress(call.output)
        self._failed = False
        self._runs: list[dict[str, Any]] = []
        self._stopped: Exception | KeyboardInterrupt | None = None

    def run(self, times: int) -> None:
        """Make it happen so often; what stops it before is raised by `told`."""
        from escalated_core.errors import WorkbenchError

        done = 0
        try:
            while done < times and self._call.output.is_read:
                self._tell(self._once())
                done += 1
                if not self._call.may_stop:
                    self._progress.tell(f"{done:,} of {times:,} times.")
        except (WorkbenchError, KeyboardInterrupt) as error:
            self._stopped = error
        self._progress.end()
        if self._stopped is not None and times > 1:
            self._call.output.say(f"It happened {done:,} of {times:,} times.")

    def told(self) -> int:
        """The exit code, once everything is told; raises what stopped it."""
        if self._call.as_json and (self._runs or not self._stopped):
            self._call.report((), runs=self._runs, whatif=self._whatifs)
        if self._stopped is not None:
            raise self._stopped
        return int(self._failed)

    def _tell(self, run: Run) -> None:
        from escalated_workbench.cli import text

        happened, nested = run
        self._failed |= happened.outcome != "ok" or failed(nested)
        if not self._call.as_json:
            lines = [*_chosen(happened), *text.happened_lines(happened, nested, self._style)]
            self._call.report(lines)
            return
        self._runs.append(
            {
                "outcome": happened.outcome,
                "event": happened.event,
                "firings": list(happened),
                "nested": nested,
            }
        )


@event.command("fuzz")
@click.option(
    "--plugin", "slug", metavar="SLUG", shell_complete=complete_plugin, help="Whose failures count."
)
@click.option(
    "--examples",
    type=Whole(1),
    default=500,
    show_default=True,
    metavar="N",
    help="How many sequences of events are tried.",
)
@click.option("--seconds", type=Seconds(min=0, min_open=True), help="When to stop at the latest.")
@click.option("--out", type=Folder(), metavar="DIR", help="Where to save a story for each failure.")
@runs_plugins
def fuzz(
    call: Call, slug: str | None, examples: int, seconds: float | None, out: str | None
) -> int:
    """Look for events and payloads with which plugins fail.

    Each failure is told as the smallest story found that shows it. The same --seed tries the same.
    The exit code is 1 when there is one. Ctrl+c ends it with what has been found.
    """
    from escalated_workbench.cli import stories

    progress = Progress(call.output)

    def tell(tried: int, bugs: int, news: str) -> None:
        if news:
            progress.end()
            call.output.say(stories.fuzz_news(tried, news))
        progress.tell(stories.fuzz_state(tried, bugs))

    with call.workbench() as wb:
        if slug is not None:
            wb.require_plugin(slug)
        budget: dict[str, Any] = {"examples": examples, "seconds": seconds}
        found = wb.fuzz(slug, seed=wb.seed, **budget, out=out, tell=tell)
        progress.end()
        style = call.style(wb)
    call.report(stories.fuzz_lines(found, style), **found.to_dict())
    call.output.say(stories.fuzz_summary(found))
    if found.interrupted:
        raise KeyboardInterrupt
    return int(not found.ok)


@event.command("schema")
@click.pass_obj
def schema(output: Output) -> int:
    """Print the JSON Schema of stories, for editors."""
    import json

    from escalated_core.stories.schema import story_schema

    output.data(json.dumps(story_schema(), indent=2))
    return 0
