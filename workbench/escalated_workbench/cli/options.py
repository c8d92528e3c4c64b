"""One call of a verb: the options that verbs share, how a workbench is opened, what is printed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from escalated_core.trace.recorder import Profile
    from escalated_workbench.cli.output import Output
    from escalated_workbench.workbench import Workbench

profile_option = click.option(
    "--profile",
    type=click.Choice(["guide", "escalated-django"]),
    default="guide",
    show_default=True,
    help="The contract that judges plugins.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
_options_that_run_plugins = (
    click.option(
        "-p",
        "--plugins",
        "root",
        metavar="DIR",
        help="The plugins folder, or a project that has plugins/escalated. Looked for upwards "
        "from here when left out.",
    ),
    profile_option,
    click.option(
        "--time-limit",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        default=5.0,
        show_default=True,
        help="How long plugin code may run before it is interrupted.",
    ),
    _json_option,
)


class Call(NamedTuple):
    """One call of a verb that reports."""

    output: Output
    verb: str
    as_json: bool
    root: str | None = None
    profile: Profile = "guide"
    time_limit: float = 5.0

    @contextmanager
    def workbench(self) -> Generator[Workbench]:
        """The workbench with every plugin loaded; what plugins write stays off standard output."""
        # Only here: `--help` and `version` must not wait for the core.
        from escalated_workbench.workbench import Workbench

        self.output.guard()
        with Workbench.begin(self.root, self.profile) as workbench:
            workbench.time_limit = self.time_limit
            workbench.opening.wait()
            yield workbench

    def report(self, lines: Iterable[str], **content: Any) -> None:
        """Print `content` as the verb's JSON document if that was asked for, else the lines."""
        if self.as_json:
            from escalated_workbench import documents

            document = documents.document(self.verb, **content)
            text = documents.text(document, ascii_only=not self.output.speaks_unicode)
        else:
            text = "\n".join(lines)
        if text:
            self.output.data(text)


def reports(command: Callable[..., int]) -> Callable[..., int]:
    """A verb that runs no plugin; it is called with a `Call`."""
    return _json_option(_called(command))


def runs_plugins(command: Callable[..., int]) -> Callable[..., int]:
    """A verb that opens a workbench; it is called with a `Call`, then with its own options."""
    called = _called(command)
    for option in reversed(_options_that_run_plugins):
        called = option(called)
    return called


def _called(command: Callable[..., int]) -> Callable[..., int]:
    @wraps(command)
    def called(**given: Any) -> int:
        context = click.get_current_context()
        shared = {name: given.pop(name) for name in Call._fields if name in given}
        return command(Call(context.obj, context.info_name or "", **shared), **given)

    return called
