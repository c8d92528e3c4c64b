"""Verbs that read a session file, without running any plugin: open, trace and report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from escalated_workbench.cli.numbers import Whole
from escalated_workbench.cli.options import Call, reports
from escalated_workbench.cli.output import Progress

if TYPE_CHECKING:
    from escalated_core.analysis.query import Query
    from escalated_core.records import Firing
    from escalated_core.sessions.session import Session
    from escalated_workbench.cli.output import Output
    from escalated_workbench.cli.text import Style

SUFFIXES = (".html", ".htm", ".svg")
"""How the name of a report ends."""

_file_argument = click.argument("file", metavar="FILE")
_where_option = click.option("--where", metavar="QUERY", help="Only firings that match.")
_firing_option = click.option(
    "--firing", "number", type=Whole(1), metavar="ID", help="Only this firing."
)


@click.command("open")
@_file_argument
@click.pass_obj
def open_session(output: Output, file: str) -> int:
    """Look at a saved session in the terminal; no plugin runs."""
    from escalated_workbench.cli.terminal import require_terminal
    from escalated_workbench.playback import Playback
    from escalated_workbench.wording import safe

    progress = Progress(output)

    def tell(done: int, total: int) -> None:
        progress.tell(f"{safe(file)}: {done:,} of {total:,} firings are read.")

    with Playback(file, tell) as playback:
        progress.end()
        require_terminal()
        # Only here: no verb that reports may pay for Textual.
        from escalated_workbench.tui.app import run_app

        return run_app(playback)


@click.command("trace")
@_file_argument
@_where_option
@_firing_option
@click.option("--jsonl", is_flag=True, help="Print one JSON document per firing and line.")
@click.option(
    "--at", "then", type=Whole(1), metavar="ID", help="The world as this firing found it."
)
@click.option("--step", "after", type=Whole(1), metavar="N", help="With --at: after its Nth step.")
@click.option(
    "--row",
    "rows",
    type=(str, str),
    multiple=True,
    metavar="KIND ID",
    help="With --at: this row as it was seen last by then, such as ticket 7.",
)
@reports
def trace(
    call: Call, file: str, where: str | None, number: int | None, jsonl: bool, **moment: Any
) -> int:
    """List the firings of a session, or show one of them.

    FILE was saved by the workbench; no plugin runs.
    """
    if jsonl and call.as_json:
        raise click.UsageError("--json and --jsonl exclude each other.")
    if moment["then"] is not None:
        if jsonl or where is not None or number is not None:
            raise click.UsageError("--at shows one moment: leave out the other options.")
        return _moment(call, file, **moment)
    if moment["after"] is not None or moment["rows"]:
        raise click.UsageError("Name the firing with --at ID.")
    from escalated_core.sessions import session as sessions
    from escalated_workbench.cli import text
    from escalated_workbench.wording import counted

    query = _query(where)
    with sessions.read(file) as session:
        tell_incomplete(call, session)
        firings = _firings(session, query, number)
        if jsonl:
            return _lines_of_json(call, firings)
        if call.as_json:
            call.report((), session=session.header, firings=list(firings))
        elif number is not None:
            style = call.style()
            call.report(line for firing in firings for line in text.firing_lines(firing, style))
        else:
            rows = [_row(firing, call.style()) for firing in firings]
            call.report(call.style().table(rows) if rows else ())
            call.output.say(f"{counted(len(rows), 'firing')}.")
    return 0


def _moment(
    call: Call, file: str, then: int, after: int | None, rows: tuple[tuple[str, str], ...]
) -> int:
    """Show the world as a firing of a session found it, or as it was after a step."""
    from escalated_core.sessions import session as sessions
    from escalated_workbench.cli.moments import moment_lines, moment_of

    with sessions.read(file) as session:
        tell_incomplete(call, session)
        moment = moment_of(session, then, after, rows)
        call.report(moment_lines(moment, call.style()), session=session.header, moment=moment)
    return 0


@click.command("report")
@_file_argument
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    metavar="OUT",
    help="The page to write, or with --firing a picture if it ends in .svg; - is standard output.",
)
@_where_option
@_firing_option
@reports
def report(call: Call, file: str, target: str, where: str | None, number: int | None) -> int:
    """Write a session as one HTML page.

    It needs neither network nor program. Secrets are masked in it.
    """
    is_picture = target.lower().endswith(".svg")
    if is_picture and number is None:
        raise click.UsageError("A picture shows one firing: name it with --firing ID.")
    from escalated_core.sessions import session as sessions

    query = _query(where)
    with sessions.read(file) as session:
        tell_incomplete(call, session)
        if target != "-":
            _check_target(Path(file), Path(target))
        content, count = _written(session, query, number, is_picture)
    if target == "-":
        call.output.data(content.rstrip("\n"))
        return 0
    from escalated_workbench.saving import write_text
    from escalated_workbench.wording import counted, safe

    write_text(Path(target), content)

    call.report((), file=target, firings=count)
    call.output.say(safe(f"{target}: {counted(count, 'firing')}."))
    return 0


def _check_target(session: Path, target: Path) -> None:
    """Raise `UsageError` for a report in the place of the session, or of somebody's own file."""
    from escalated_core.errors import UsageError
    from escalated_workbench.saving import require_ours

    if target.exists() and target.samefile(session):
        raise UsageError(f"{target} is the session itself.", "Name another file for the report.")
    require_ours(target)
    if target.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise UsageError(f"A report cannot be a {target.name}.", f"Its name ends in {known}.")


def _written(
    session: Session, query: Query | None, number: int | None, is_picture: bool
) -> tuple[str, int]:
    """The page or the picture, and how many firings it is about."""
    from escalated_workbench.report import Recording, firing_svg
    from escalated_workbench.report import report as page

    if number is not None:
        (firing,) = _firings(session, query, number)
        if is_picture:
            return firing_svg(firing), 1
        return page(Recording(session.header, [firing])), 1
    firings = len(session) if query is None else sum(1 for each in session if query.matches(each))
    return page(session, query), firings


def _query(where: str | None) -> Query | None:
    if where is None:
        return None
    # Only here: most calls have no query.
    from escalated_core.analysis.query import Query

    return Query.parse(where)


def _firings(session: Session, query: Query | None, number: int | None) -> Iterator[Firing]:
    """The firings that were asked for; one that is named must be there, and match."""
    from escalated_core.errors import UsageError

    if number is None:
        return iter(session) if query is None else (f for f in session if query.matches(f))
    firing = session.get(number)
    if firing is None:
        raise UsageError(f"There is no firing {number} in {session.path}.", _known(session))
    if query is not None and not query.matches(firing):
        raise UsageError(f"Firing {number} does not match {str(query)!r}.")
    return iter([firing])


def _known(session: Session) -> str:
    ids = session.ids
    return f"It has {ids[0]} to {ids[-1]}." if ids else "It has none."


def tell_incomplete(call: Call, session: Session) -> None:
    """Say what is missing at the end of the file."""
    from escalated_workbench.wording import safe

    if session.incomplete:
        call.output.say(safe(f"{session.path}: the last line was cut off; it is left out."))


def _row(firing: Firing, style: Style) -> tuple[str, ...]:
    from escalated_workbench import wording
    from escalated_workbench.cli.text import one_line

    plugins = dict.fromkeys(step.plugin or "host" for step in firing.steps)
    error = firing.error
    return (
        f"#{firing.id}",
        style.sign(wording.OUTCOME_GLYPHS[firing.outcome], firing.outcome),
        f"{'  ' * min(firing.depth, 8)}{firing.hook}",
        firing.kind,
        wording.counted(len(firing.steps), "step"),
        style.sign("~", "changed") if firing.changed else "",
        f"{wording.in_milliseconds(firing.duration_ns):>8} ms",
        one_line(str(error)) if error else ", ".join(plugins),
    )


def _lines_of_json(call: Call, firings: Iterator[Firing]) -> int:
    for firing in firings:
        call.line_of_json(firing)
        if not call.output.is_read:
            break
    return 0
