"""The verb `replay`: what the firings of a saved session do now; and the verdict in lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from escalated_workbench.cli.completion import Folder
from escalated_workbench.cli.options import Call, runs_plugins
from escalated_workbench.cli.sessions import tell_incomplete

if TYPE_CHECKING:
    from escalated_core.records import Comparison, SaveVerdict
    from escalated_workbench.cli.text import Style

SORTS = 3
"""Sorts of difference that are told of a save."""


@click.command("replay")
@click.argument("file", metavar="SESSION")
@click.option(
    "--against",
    type=Folder(),
    metavar="DIR",
    help="The plugins folder whose code is to be judged, in place of that of --plugins.",
)
@runs_plugins
def replay(call: Call, file: str, against: str | None) -> int:
    """Run a saved session again and tell what is different.

    Nothing of it lasts: what is sent is held, what is written is thrown away. Exits with 1 if the
    behaviour changed, or a plugin cannot be loaded.
    """
    from escalated_core.sessions import session as sessions
    from escalated_workbench.wording import safe

    judged = call._replace(root=against or call.root)
    with sessions.read(file) as session, judged.as_in(session.header).workbench() as wb:
        tell_incomplete(call, session)
        has_failed = call.tell_unloaded(wb)
        if not wb.plugins:
            call.output.say(safe(f"No plugins in {wb.root}."))
        verdict = wb.replays.replay_session(session)
        style = call.style(wb)
        lines = [*verdict_lines(verdict, style)]
    call.report(lines, verdict=verdict)
    call.output.say(safe(f"{file}: {verdict}."))
    return int(verdict.changed or has_failed)


def verdict_lines(verdict: SaveVerdict, style: Style) -> Iterator[str]:
    """A table of what is not the same, and of what changed its first differing step."""
    from escalated_core.records import VERDICTS
    from escalated_workbench.cli.comparisons import difference_lines
    from escalated_workbench.cli.text import one_line
    from escalated_workbench.wording import safe

    told = [each for each in verdict.comparisons if each.verdict != "same"]
    rows = [
        (
            f"#{_id(each)}",
            VERDICTS[each.verdict],
            safe(each.old.firing.hook),
            safe(one_line(each.why or str(each.origin or ""))),
        )
        for each in told
    ]
    left = [
        (f"#{each.firing_id}", "left out", safe(each.hook), safe(each.why))
        for each in verdict.left_out
    ]
    if rows or left:
        yield from style.table([*rows, *left])
    for each in verdict.differing():
        if each.origin is not None:
            yield ""
            yield f"#{_id(each)} {safe(each.old.firing.hook)}"
            yield from difference_lines(1, each.origin, style)


def brief_lines(verdict: SaveVerdict, style: Style) -> Iterator[str]:
    """The verdict of a save in one line, and some of what differs, of each sort one."""
    from escalated_core.replay.alike import alike
    from escalated_workbench.cli.text import change_line, one_line
    from escalated_workbench.wording import counted, safe

    sign = style.mark("~", "changed") if verdict.changed else style.mark("✔", "same")
    yield f"{sign} {safe(verdict.plugin or 'all')}: {safe(str(verdict))}"
    sorts = alike(verdict.differing())
    for first, *more in sorts[:SORTS]:
        like = f", and {len(more)} more like it" if more else ""
        yield f"    #{_id(first)} {safe(first.old.firing.hook)}{like}"
        origin = first.origin
        if origin is not None:
            place = first.place_of(origin)
            where = f"  ({place})" if place is not None else ""
            yield f"      {safe(one_line(str(origin)))}{safe(where)}"
            changes = (*origin.changes, *origin.touched, *origin.effects)
            yield from (f"          {change_line(each, style)}" for each in changes[:1])
    left = sum(map(len, sorts[SORTS:]))
    if left:
        yield f"    and {counted(left, 'firing')} more"


def _id(comparison: Comparison) -> int:
    return (comparison.recorded or comparison.old).firing.id
