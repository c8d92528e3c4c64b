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


SLOW = 1.0
"""Seconds after which somebody who waits is told what for."""


class Seconds(click.FloatRange):
    """A number of seconds above 0."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no number of seconds above 0, such as 2 or 0.5.", param, ctx)


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
        type=Seconds(min=0, min_open=True),
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
            self._await(workbench)
            yield workbench

    def _await(self, workbench: Workbench) -> None:
        """Wait until the plugins are loaded; tell a person of one that takes long."""
        told: str | None = None
        while self.output.is_watched:
            try:
                workbench.opening.wait(SLOW)
            except TimeoutError:
                activity = workbench.activity
                if activity is not None and activity.plugin not in (None, told):
                    told = activity.plugin
                    self.output.say(f"Waiting for {told}, {self.time_limit:g} s at most ...")
            else:
                return
        workbench.opening.wait()

    def tell_forgetting(self, workbench: Workbench) -> None:
        """Say so when which plugins are active cannot be remembered."""
        from escalated_workbench.wording import safe

        for finding in workbench.findings:
            if finding.code == "memory.unwritable":
                self.output.say(safe(f"Warning: {finding.message} {finding.cure}"))

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
