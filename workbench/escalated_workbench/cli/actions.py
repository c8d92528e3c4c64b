"""Verbs that do something: fire, activate, deactivate, uninstall."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import click

from escalated_workbench.cli.options import Call, runs_plugins

if TYPE_CHECKING:
    from escalated_core.records import Firing, Kind, Plugin
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
@runs_plugins
def fire(call: Call, hook: str, args: tuple[str, ...], kind: Kind | None) -> int:
    """Fire a hook and show what every callback did.

    Without --arg the arguments are made from the catalogue and the help desk.
    """
    values = [argument(word) for word in args]
    with call.workbench() as wb:
        wb.require_hook(hook)
        others = set(threading.enumerate())
        first = wb.fire(hook, *values, kind=kind)
        if first.outcome != "interrupted":
            _settle(call, set(threading.enumerate()) - others)
        firing, *nested = [each for each in wb.trace if each.id >= first.id]
    call.report(_firing_lines([firing, *nested]), firing=firing, nested=nested)
    return int(_failed([firing, *nested]))


def _settle(call: Call, threads: Iterable[threading.Thread]) -> None:
    """Wait for what a firing started: what it says belongs to the report, and ends with us."""
    deadline = monotonic() + SETTLE
    for thread in threads:
        thread.join(max(deadline - monotonic(), 0))
        if thread.is_alive():
            call.output.say(f"The thread {thread.name} still runs.")


def argument(word: str) -> Any:
    """What a word on the command line means as an argument; raises `UsageError`."""
    from escalated_core.errors import UsageError
    from escalated_core.helpdesk.references import KINDS, Reference

    reference = re.fullmatch(rf"@({'|'.join(KINDS)}):(\d+)", word)
    if reference:
        return Reference(cast("Any", reference[1]), int(reference[2]))
    if word.startswith("@"):
        raise UsageError(
            f"{word!r} names no row.", f"Write one as @ticket:1; kinds: {', '.join(KINDS)}."
        )
    try:
        return json.loads(word)
    except (ValueError, RecursionError) as error:
        if word.startswith(("{", "[", '"')):
            raise UsageError(
                f"{word[:60]!r} is not JSON: {error}.",
                """Mend it; text that begins like JSON goes in quotes of its own: '"[text]"'.""",
            ) from None
        return word


@click.command()
@click.argument("slug")
@runs_plugins
def activate(call: Call, slug: str) -> int:
    """Activate a plugin, run its activation hooks, and remember it."""
    with call.workbench() as wb:
        firings = _caused(wb, lambda: wb.activate(slug))
        plugin = wb.plugins[slug]
    return _report_change(call, plugin, firings)


@click.command()
@click.argument("slug")
@runs_plugins
def deactivate(call: Call, slug: str) -> int:
    """Deactivate a plugin, run its hooks for that, and remember it."""
    with call.workbench() as wb:
        firings = _caused(wb, lambda: wb.deactivate(slug))
        plugin = wb.plugins[slug]
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
        wanted = yes or plugin.source != "local" or _confirmed(call, f"Delete {place}?")
        if wanted:
            firings = _caused(wb, lambda: wb.uninstall(slug))
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
