"""What a command line says about the arguments of a hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from escalated_workbench.cli.completion import complete_argument
from escalated_workbench.cli.options import Call

if TYPE_CHECKING:
    from escalated_core.records import Hook, Kind
    from escalated_workbench.given import Given
    from escalated_workbench.workbench import Workbench

_argument_options = (
    click.option(
        "-a",
        "--arg",
        "words",
        multiple=True,
        metavar="VALUE",
        shell_complete=complete_argument,
        help="An argument, in order or as ticket=3: JSON, a row of the help desk as @ticket:1, "
        "or text.",
    ),
    click.option(
        "--set",
        "changes",
        multiple=True,
        metavar="PATH=VALUE",
        shell_complete=complete_argument,
        help="Another value within an argument, as in ticket.subject=Hello or data.tags[0]=vip: "
        "JSON, a row, or text.",
    ),
    click.option(
        "--payload",
        type=click.Path(),
        metavar="FILE",
        help="All arguments as JSON: an object by their names, or a list; - is standard input.",
    ),
    click.option(
        "--kind", type=click.Choice(["action", "filter"]), help="For a name that is both."
    ),
)


def takes_arguments(command: Callable[..., int]) -> Callable[..., int]:
    """Adds the options about the arguments of a hook, see `Arguments`."""
    for option in reversed(_argument_options):
        command = option(command)
    return command


class Arguments:
    """What the options say about the arguments of a hook.

    Raises:
        UsageError: the payload cannot be read, or has what is given in order, too.
    """

    def __init__(
        self,
        words: tuple[str, ...],
        changes: tuple[str, ...],
        payload: str | None,
        kind: Kind | None,
    ) -> None:
        from escalated_workbench.given import Given, is_named, read_payload

        if payload is not None and not all(map(is_named, words)):
            raise click.UsageError(
                "--payload has the arguments: give others by name, as in ticket=3."
            )
        self.kind: Kind | None = kind
        self._words, self._changes = words, changes
        self._payload = read_payload(payload) if payload is not None else Given()

    def of(self, call: Call, wb: Workbench, hook: str) -> Given:
        """All that was said; what is more particular counts.

        Raises:
            UsageError: there is no such hook, or it has no such parameter.
        """
        if not any(each.callbacks for each in wb.hooks if each.name == hook):
            call.tell_unloaded(wb)
        chosen = wb.require_hook(hook, self.kind)[0]
        told = self._payload
        told.require_names(chosen)
        for word in self._words:
            told = told.with_argument(chosen, word)
        for change in self._changes:
            told = told.with_change(chosen, change)
        told = told.completed(chosen)
        _compare_arguments(call, chosen, len(told.positional))
        return told


def _compare_arguments(call: Call, hook: Hook, given: int) -> None:
    """Say so when a documented hook is given more or fewer arguments than it passes."""
    from escalated_workbench.wording import counted

    names = [parameter.name for parameter in hook.documented.parameters] if hook.documented else []
    if given and names and given != len(names):
        passes = f"{counted(len(names), 'argument')} ({', '.join(names)})"
        call.output.say(f"Note: {hook.name} passes {passes}; you gave {given}.")
