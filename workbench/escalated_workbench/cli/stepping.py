"""Options of verbs that can be stepped through, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from escalated_workbench.cli.completion import complete_place
from escalated_workbench.cli.options import Call

if TYPE_CHECKING:
    from escalated_core.stepping.breakpoint import Breakpoint
    from escalated_workbench.workbench import Workbench

Result = TypeVar("Result")


def stops(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say where what runs is to stop."""
    return click.option(
        "--step",
        is_flag=True,
        help="Stop at the beginning, and go on as standard input says; ? there tells how.",
    )(breaks(command))


def breaks(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the option for places alone."""
    return click.option(
        "-b",
        "--break",
        "places",
        multiple=True,
        metavar="PLACE",
        shell_complete=complete_place,
        help="Stop there: ticket_*, triage:tag_vip, plugin:triage, event:ticket.create, "
        "when=error, 'path=tags if CONDITION' ...",
    )(command)


class Stepping:
    """How what a call does is stepped through, if it is."""

    def __init__(self, call: Call, payload: str | None = None) -> None:
        """Reads what the call says; `payload` is where it has arguments from.

        Raises:
            UsageError: a place cannot be meant, or the call wants what does not go with stops.
        """
        if call.may_stop and call.compare:
            raise click.UsageError("--compare only tries something out: leave out --step, --break.")
        if call.may_stop and payload == "-":
            raise click.UsageError("Standard input has the commands: give --payload as a file.")
        self._call = call
        self._breakpoints: list[Breakpoint] = []
        if call.places:
            # Only here: most calls stop nowhere.
            from escalated_core.stepping.spelling import read_breakpoint

            self._breakpoints = [read_breakpoint(place) for place in call.places]

    def attend(self, wb: Workbench) -> Attend:
        """What does something and stops where it should, on this workbench."""
        call = self._call
        if not call.may_stop:
            return _straight_on
        # Only here: as above.
        from glob import escape

        from escalated_core.stepping.breakpoint import Breakpoint
        from escalated_workbench.cli.prompt import Prompt
        from escalated_workbench.stopped import notes

        for each in self._breakpoints:
            wb.breakpoints.add(each)
            for note in notes(wb.breakpoints, each):
                call.output.say(note)
        prompt = Prompt(call, wb)

        def attend(work: Callable[[], Result], **start: str) -> Result:
            exactly: dict[str, Any] = {what: escape(name) for what, name in start.items()}
            return prompt.run(work, Breakpoint(**exactly, once=True) if call.step else None)

        return attend


Attend = Callable[..., Any]
"""Called with what is to be done, and with the hook or event that begins it."""


def _straight_on(work: Callable[[], Result], **_: str) -> Result:
    return work()
