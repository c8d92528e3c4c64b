"""Verbs that do something: fire, activate, deactivate, uninstall."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from escalated_workbench.cli.options import Call, runs_plugins

if TYPE_CHECKING:
    from escalated_core.records import Firing, Hook, Kind, Plugin
    from escalated_workbench.workbench import Workbench

SETTLE = 1.0
"""Seconds that threads started by a firing get to end before it is reported."""


@click.command()
@click.argument("hook")
@click.option(
    "-a",
    "--arg",
    "args",
    multiple=True,
    metavar="VALUE",
    help="A positional argument, in order: JSON, a row of the help desk as @ticket:1, or text.",
)
@click.option("--kind", type=click.Choice(["action", "filter"]), help="For a name that is both.")
@click.option("--save", metavar="FILE", help="Save the session, for trace, report and open.")
@runs_plugins
def fire(call: Call, hook: str, args: tuple[str, ...], kind: Kind | None, save: str | None) -> int:
    """Fire a hook and show what every callback did.

    Without --arg the arguments are made from the catalogue and the help desk.
    """
    from escalated_workbench.arguments import argument
    from escalated_workbench.wording import counted

    values = [argument(word) for word in args]
    if save is not None:
        from escalated_workbench import saving

        # Before anything runs: what a plugin did would be lost otherwise.
        saving.require_ours(saving.target(save))
    with call.workbench() as wb:
        _compare_arguments(call, wb.require_hook(hook, kind)[0], len(values))
        others = set(threading.enumerate())
        first = wb.fire(hook, *values, kind=kind)
        if first.outcome != "interrupted":
            _settle(call, set(threading.enumerate()) - others)
        firing, *nested = [each for each in wb.trace if each.id >= first.id]
        if save is not None:
            count = wb.save(save)
            call.output.say(f"{counted(count, 'firing')} saved to {save}.")
    call.report(_firing_lines([firing, *nested]), firing=firing, nested=nested)
    return int(_failed([firing, *nested]))


def _compare_arguments(call: Call, hook: Hook, given: int) -> None:
    """Say so when a documented hook is given more or fewer arguments than it passes."""
    from escalated_workbench.wording import counted

    names = [parameter.name for parameter in hook.documented.parameters] if hook.documented else []
    if given and names and given != len(names):
        passes = f"{counted(len(names), 'argument')} ({', '.join(names)})"
        call.output.say(f"Note: {hook.name} passes {passes}; you gave {given}.")


def _settle(call: Call, threads: Iterable[threading.Thread]) -> None:
    """Wait for what a firing started: what it says belongs to the report, and ends with us."""
    deadline = monotonic() + SETTLE
    for thread in threads:
        thread.join(max(deadline - monotonic(), 0))
        if thread.is_alive():
            call.output.say(f"The thread {thread.name} still runs.")


@click.command()
@click.argument("slug")
@runs_plugins
def activate(call: Call, slug: str) -> int:
    """Activate a plugin, run its activation hooks, and remember it."""
    with call.workbench() as wb:
        firings = _caused(wb, lambda: wb.activate(slug))
        plugin = wb.plugins[slug]
        _require_memory(wb, plugin)
    return _report_change(call, plugin, firings)


@click.command()
@click.argument("slug")
@runs_plugins
def deactivate(call: Call, slug: str) -> int:
    """Deactivate a plugin, run its hooks for that, and remember it."""
    with call.workbench() as wb:
        firings = _caused(wb, lambda: wb.deactivate(slug))
        plugin = wb.plugins[slug]
        _require_memory(wb, plugin)
    return _report_change(call, plugin, firings)


@click.command()
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Delete the folder without asking.")
@runs_plugins
def uninstall(call: Call, slug: str, yes: bool) -> int:
    """Run a plugin's uninstall hooks and DELETE its folder."""
    firings: list[Firing] = []
    with call.workbench() as wb:
        plugin = wb.require_plugin(slug)
        what = "the link" if Path(plugin.path).is_symlink() else "the folder"
        place = f"{what} {plugin.path}"
        # What is refused anyway is not asked.
        refused = plugin.source != "local" or not os.path.lexists(f"{plugin.path}/plugin.json")
        wanted = yes or refused or _confirmed(call, f"Delete {place}?")
        if wanted:
            firings = _caused(wb, lambda: wb.uninstall(slug))
        call.tell_forgetting(wb)
    lines = [f"{slug} is uninstalled; {place} is deleted."] if wanted else []
    shown = _changed_lines(lines, firings)
    call.report(shown, slug=slug, path=plugin.path, deleted=wanted, firings=firings)
    if not wanted:
        call.output.say("Nothing is deleted.")
    return int(_failed(firings))


def _confirmed(call: Call, question: str) -> bool:
    from escalated_core.errors import UsageError
    from escalated_workbench.wording import safe

    call.output.say(safe(f"{question} [y/N] "), end="")
    answer = sys.stdin.readline() if sys.stdin else ""
    if not answer:
        call.output.say("")
        raise UsageError("Nobody answered.", "Say --yes to delete without being asked.")
    return answer.strip().lower() in ("y", "yes")


def _caused(wb: Workbench, command: Callable[[], object]) -> list[Firing]:
    """The firings that a command of the lifecycle makes."""
    last = wb.trace[-1].id if len(wb.trace) else 0
    command()
    return [firing for firing in wb.trace if firing.id > last]


def _require_memory(wb: Workbench, plugin: Plugin) -> None:
    """Raise `WorkbenchError` if what was done ends with this process."""
    from escalated_core.errors import WorkbenchError

    for finding in wb.findings:
        if finding.code == "memory.unwritable":
            message = f"{plugin.slug} is {plugin.status} until this command ends, and no longer."
            raise WorkbenchError(f"{message} {finding.message}", finding.cure)


def _failed(firings: Iterable[Firing]) -> bool:
    return any(firing.outcome != "ok" for firing in firings)


def _report_change(call: Call, plugin: Plugin, firings: list[Firing]) -> int:
    from escalated_workbench.cli import text

    errors = [finding for finding in plugin.findings if finding.severity == "error"]
    lines = [*text.plugin_lines([plugin]), *text.finding_lines(errors)]
    call.report(_changed_lines(lines, firings), plugin=plugin, firings=firings)
    return int(bool(errors) or _failed(firings))


def _changed_lines(lines: Iterable[str], firings: Iterable[Firing]) -> Iterator[str]:
    from escalated_workbench.wording import safe

    yield from map(safe, lines)
    yield from _firing_lines(firing for firing in firings if firing.steps)


def _firing_lines(firings: Iterable[Firing]) -> Iterator[str]:
    from escalated_workbench.cli import text

    for firing in firings:
        yield from text.firing_lines(firing)
