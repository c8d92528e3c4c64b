"""The verb `fire`, and what every verb that fires hooks has in common."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import click

from escalated_workbench.cli.completion import complete_argument, complete_hook
from escalated_workbench.cli.numbers import Whole
from escalated_workbench.cli.options import Call, runs_plugins

if TYPE_CHECKING:
    from escalated_core.records import Firing, Hook, Kind
    from escalated_workbench.cli.text import Style
    from escalated_workbench.given import Given
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


@click.command()
@click.argument("hook", required=False, shell_complete=complete_hook)
@click.option(
    "-a",
    "--arg",
    "words",
    multiple=True,
    metavar="VALUE",
    shell_complete=complete_argument,
    help="An argument, in order or as ticket=3: JSON, a row of the help desk as @ticket:1, "
    "or text.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="PATH=VALUE",
    shell_complete=complete_argument,
    help="Another value within an argument, as in ticket.subject=Hello or data.tags[0]=vip: "
    "JSON, a row, or text.",
)
@click.option(
    "--payload",
    type=click.Path(),
    metavar="FILE",
    help="All arguments as JSON: an object by their names, or a list; - is standard input.",
)
@click.option("--kind", type=click.Choice(["action", "filter"]), help="For a name that is both.")
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
@save_option
@runs_plugins
def fire(call: Call, hook: str | None, number: int | None, file: str | None, **given: Any) -> int:
    """Fire a hook and show what every callback did.

    Arguments that are not given are made from the catalogue and the help desk.
    """
    if number is not None and file is not None:
        if hook is not None or given["words"] or given["payload"] or given["kind"]:
            raise click.UsageError("--again has hook and arguments: change them by --set.")
        shot = _again(file, number, given["changes"])
    elif number is not None or file is not None:
        raise click.UsageError("--again ID and --session FILE go together.")
    elif hook is None:
        raise click.UsageError("Missing argument 'HOOK'.")
    else:
        shot = _anew(call, hook, **given)
    require_target(call.save)
    with call.workbench() as wb:
        firing, nested = settled(call, wb, shot(wb))
        save_session(call, wb)
        _tell_recalled(call, wb)
        style = call.style(wb)
    call.report(lines_of([firing, *nested], style), firing=firing, nested=nested)
    return int(failed([firing, *nested]))


Shot = Callable[["Workbench"], Callable[[], "Firing"]]
"""What is to be fired, once it is known where."""


def _anew(
    call: Call,
    hook: str,
    words: tuple[str, ...],
    changes: tuple[str, ...],
    payload: str | None,
    kind: Kind | None,
) -> Shot:
    """A hook, with what was said about its arguments."""
    from escalated_workbench.given import is_named, read_payload

    if payload is not None and not all(map(is_named, words)):
        raise click.UsageError("--payload has the arguments: give others by name, as in ticket=3.")
    given = read_payload(payload) if payload is not None else None

    def shot(wb: Workbench) -> Callable[[], Firing]:
        chosen = wb.require_hook(hook, kind)[0]
        told = _told(chosen, given, words, changes)
        _compare_arguments(call, chosen, len(told.positional))
        overrides = told.overrides or None
        return lambda: wb.fire(hook, *told.positional, kind=kind, overrides=overrides)

    return shot


def _again(file: str, number: int, changes: tuple[str, ...]) -> Shot:
    """A firing of a session, with other values in its arguments."""
    from escalated_core.sessions import session as sessions
    from escalated_workbench.given import path_values

    given = path_values(changes)
    with sessions.read(file) as session:
        firing = session.require(number)
    return lambda wb: lambda: wb.again(firing, changes=given)


def _tell_recalled(call: Call, wb: Workbench) -> None:
    """Say what of a firing was not quite as it had been recorded."""
    from escalated_workbench.wording import safe

    for finding in wb.findings:
        if finding.code == "again.recalled":
            call.output.say(safe(f"Note: {finding.message}"))


def _told(hook: Hook, payload: Given | None, words: Iterable[str], changes: Iterable[str]) -> Given:
    """All that was said about the arguments; what is more particular counts."""
    from escalated_workbench.given import Given

    told = payload or Given()
    told.require_names(hook)
    for word in words:
        told = told.with_argument(hook, word)
    for change in changes:
        told = told.with_change(hook, change)
    return told.completed(hook)


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


def _compare_arguments(call: Call, hook: Hook, given: int) -> None:
    """Say so when a documented hook is given more or fewer arguments than it passes."""
    from escalated_workbench.wording import counted

    names = [parameter.name for parameter in hook.documented.parameters] if hook.documented else []
    if given and names and given != len(names):
        passes = f"{counted(len(names), 'argument')} ({', '.join(names)})"
        call.output.say(f"Note: {hook.name} passes {passes}; you gave {given}.")
