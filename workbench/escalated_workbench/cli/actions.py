"""Verbs of the lifecycle: activate, deactivate, uninstall."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from escalated_workbench.cli.completion import complete_plugin
from escalated_workbench.cli.firing import failed, lines_of
from escalated_workbench.cli.options import Call, runs_plugins
from escalated_workbench.cli.output import read_line

if TYPE_CHECKING:
    from escalated_core.records import Firing, Plugin
    from escalated_workbench.workbench import Workbench


@click.command()
@click.argument("slug", shell_complete=complete_plugin)
@runs_plugins
def activate(call: Call, slug: str) -> int:
    """Activate a plugin, run its activation hooks, and remember it."""
    with call.workbench() as wb:
        firings = _caused(wb, lambda: wb.activate(slug))
        plugin = wb.plugins[slug]
        _require_memory(wb, plugin)
    return _report_change(call, plugin, firings)


@click.command()
@click.argument("slug", shell_complete=complete_plugin)
@runs_plugins
def deactivate(call: Call, slug: str) -> int:
    """Deactivate a plugin, run its hooks for that, and remember it."""
    with call.workbench() as wb:
        firings = _caused(wb, lambda: wb.deactivate(slug))
        plugin = wb.plugins[slug]
        _require_memory(wb, plugin)
    return _report_change(call, plugin, firings)


@click.command()
@click.argument("slug", shell_complete=complete_plugin)
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
    shown = _changed_lines(call, lines, firings)
    call.report(shown, slug=slug, path=plugin.path, deleted=wanted, firings=firings)
    if not wanted:
        call.output.say("Nothing is deleted.")
    return int(failed(firings))


def _confirmed(call: Call, question: str) -> bool:
    from escalated_core.errors import UsageError
    from escalated_workbench.wording import safe

    call.output.say(safe(f"{question} [y/N] "), end="")
    answer = read_line()
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


def _report_change(call: Call, plugin: Plugin, firings: list[Firing]) -> int:
    from escalated_workbench.cli import text

    errors = [finding for finding in plugin.findings if finding.severity == "error"]
    lines = [*text.plugin_lines([plugin], call.style()), *text.finding_lines(errors)]
    call.report(_changed_lines(call, lines, firings), plugin=plugin, firings=firings)
    return int(bool(errors) or failed(firings))


def _changed_lines(call: Call, lines: Iterable[str], firings: Iterable[Firing]) -> Iterator[str]:
    from escalated_workbench.wording import safe

    yield from map(safe, lines)
    yield from lines_of([firing for firing in firings if firing.steps], call.style())
