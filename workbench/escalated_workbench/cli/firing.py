"""The verbs `fire` and `whatif`, and what every verb that fires hooks has in common."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from escalated_workbench.cli.completion import complete_hook
from escalated_workbench.cli.hook_arguments import Arguments, takes_arguments
from escalated_workbench.cli.numbers import Whole
from escalated_workbench.cli.options import Call, runs_plugins
from escalated_workbench.cli.stepping import Stepping, stops
from escalated_workbench.cli.whatifs import (
    compares,
    lay,
    lays,
    report_comparison,
    require_comparable,
)

if TYPE_CHECKING:
    from escalated_core.records import Comparison, Firing
    from escalated_workbench.cli.text import Style
    from escalated_workbench.workbench import Workbench

Result = TypeVar("Result")

SETTLE = 1.0
"""Seconds that threads started by a firing get to end before it is reported."""

save_option = click.option(
    "--save",
    type=click.Path(),
    metavar="FILE",
    help="Save the session, for trace, report and open.",
)


class Shot(NamedTuple):
    """What is to be fired, once it is known where."""

    begins: dict[str, str]
    """What is fired, as a place to stop at."""
    fire: Callable[[], Firing]
    compare: Callable[[], Comparison]
    """The same tried out without what-ifs and with them."""


@click.command()
@click.argument("hook", required=False, shell_complete=complete_hook)
@takes_arguments
@click.option(
    "--again",
    "number",
    type=Whole(1),
    metavar="ID",
    help="Instead of HOOK: a firing of --session, once more with the arguments it had.",
)
@click.option(
    "--session", "file", type=click.Path(), metavar="FILE", help="What --save wrote, for --again."
)
@compares
@save_option
@stops
@runs_plugins
def fire(call: Call, hook: str | None, number: int | None, file: str | None, **given: Any) -> int:
    """Fire a hook and show what every callback did.

    Arguments that are not given are made from the catalogue and the help desk.
    """
    stepping = Stepping(call, given["payload"])
    if number is not None and file is not None:
        if hook is not None or given["words"] or given["payload"] or given["kind"]:
            raise click.UsageError("--again has hook and arguments: change them by --set.")
        call, shot = _again(call, file, number, given["changes"])
    elif number is not None or file is not None:
        raise click.UsageError("--again ID and --session FILE go together.")
    elif hook is None:
        raise click.UsageError("Missing argument 'HOOK'.")
    else:
        shot = _anew(call, hook, Arguments(**given))
    require_comparable(call)
    require_target(call.save)
    with call.workbench() as wb:
        lay(call, wb)
        chosen = shot(wb)
        if call.compare:
            return report_comparison(call, wb, chosen.compare())
        attend = stepping.attend(wb)
        firing, nested = settled(call, wb, lambda: attend(chosen.fire, **chosen.begins))
        whatifs = list(wb.whatif)
        save_session(call, wb)
        _tell_recalled(call, wb)
        style = call.style(wb)
    lines = lines_of([firing, *nested], style)
    call.report(lines, firing=firing, nested=nested, whatif=whatifs)
    return int(failed([firing, *nested]))


def _anew(call: Call, hook: str, arguments: Arguments) -> Callable[[Workbench], Shot]:
    """A hook, with what was said about its arguments."""

    def shot(wb: Workbench) -> Shot:
        told = arguments.of(call, wb, hook)
        how: dict[str, Any] = {"kind": arguments.kind, "overrides": told.overrides or None}
        args = (hook, *told.positional)
        compare = partial(wb.whatif.compare, *args, **how)
        return Shot({"hook": hook}, partial(wb.fire, *args, **how), compare)

    return shot


def _again(
    call: Call, file: str, number: int, changes: tuple[str, ...]
) -> tuple[Call, Callable[[Workbench], Shot]]:
    """A firing of a session with other values in its arguments, and the help desk it had then."""
    from escalated_core.sessions import session as sessions
    from escalated_workbench.given import path_values

    given = path_values(changes)
    with sessions.read(file) as session:
        firing, header = session.require(number), session.header
    begins = {"event" if firing.kind == "event" else "hook": firing.hook}

    def shot(wb: Workbench) -> Shot:
        again = partial(wb.again, firing, changes=given)
        return Shot(begins, again, partial(wb.whatif.compare, firing, overrides=given))

    return call.as_in(header), shot


def _tell_recalled(call: Call, wb: Workbench) -> None:
    """Say what of a firing was not quite as it had been recorded."""
    from escalated_workbench.wording import safe

    for finding in wb.findings:
        if finding.code == "again.recalled":
            call.output.say(safe(f"Note: {finding.message}"))


@click.command()
@click.argument("hook", shell_complete=complete_hook)
@takes_arguments
@lays
@runs_plugins
def whatif(call: Call, hook: str, **given: Any) -> int:
    """Find which callbacks of a hook matter, and which orders.

    The hook is fired with each callback left out, and with each two of the same priority swapped.
    Nothing of that lasts: nothing is sent and no row is written.
    """
    arguments = Arguments(**given)
    with call.workbench() as wb:
        told = arguments.of(call, wb, hook)
        lay(call, wb)
        chosen: dict[str, Any] = {"kind": arguments.kind, "overrides": told.overrides or None}
        found = wb.whatif.matrix(hook, *told.positional, **chosen)
        whatifs = list(wb.whatif)
        style = call.style(wb)
    from escalated_workbench.cli.comparisons import matrix_lines

    call.report(matrix_lines(found, whatifs, style), matrix=found, whatif=whatifs)
    return 0


def require_target(save: str | None) -> None:
    """Raise `UsageError` for a session that could not be saved, before anything runs."""
    if save is not None:
        from escalated_workbench import saving

        # What a plugin did would be lost otherwise.
        saving.require_ours(saving.target(save))


def save_session(call: Call, wb: Workbench) -> None:
    """Save the session where that was asked for."""
    if call.save is not None:
        from escalated_workbench.wording import counted

        count = wb.save(Path(call.save))
        call.output.say(f"{counted(count, 'firing')} saved to {call.save}.")


def settled(call: Call, wb: Workbench, fire: Callable[[], Firing]) -> tuple[Firing, list[Firing]]:
    """What firing leads to: the firing itself and those inside of it, once its threads are done."""
    others = set(threading.enumerate())
    first = fire()
    if first.outcome != "interrupted":
        settle(call, set(threading.enumerate()) - others)
    firing, *nested = [each for each in wb.trace if each.id >= first.id]
    return firing, nested


def settle(call: Call, threads: Iterable[threading.Thread]) -> None:
    """Wait for what a firing started: what it says belongs to the report, and ends with us."""
    deadline = monotonic() + SETTLE
    for thread in threads:
        thread.join(max(deadline - monotonic(), 0))
        if thread.is_alive():
            call.output.say(f"The thread {thread.name} still runs.")


def failed(firings: Iterable[Firing]) -> bool:
    """Whether one of them did not end well."""
    return any(firing.outcome != "ok" for firing in firings)


def lines_of(firings: Iterable[Firing], style: Style) -> Iterator[str]:
    """The firings as text."""
    from escalated_workbench.cli import text

    yield from text.firings_lines(firings, style)
