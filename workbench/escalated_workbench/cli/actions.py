"""Verbs that do something: fire, activate, deactivate, uninstall."""

from __future__ import annotations

import json
import re
from typing import Any, cast, get_args

import click

from escalated_core.errors import UsageError
from escalated_core.helpdesk.references import KINDS, Reference
from escalated_core.records import Kind, Plugin
from escalated_core.trace.recorder import Profile
from escalated_workbench import documents
from escalated_workbench.cli import text
from escalated_workbench.cli.options import common
from escalated_workbench.cli.reports import show

_REFERENCE = re.compile(rf"@({'|'.join(KINDS)}):(\d+)")


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
@click.option("--kind", type=click.Choice(get_args(Kind)), help="For a name that is both.")
@common
def fire(
    hook: str,
    args: tuple[str, ...],
    kind: Kind | None,
    root: str | None,
    profile: Profile,
    as_json: bool,
) -> int:
    """Fire HOOK and show what every callback did.

    Without --arg the arguments are made from the catalogue and the help desk.
    """
    from escalated_workbench.workbench import Workbench

    values = [argument(word) for word in args]
    with Workbench(root, profile=profile) as wb:
        wb.require_hook(hook)
        firing = wb.fire(hook, *values, kind=kind)
        nested = [other for other in wb.trace if other.id > firing.id]
    if as_json:
        click.echo(documents.text(documents.document("fire", firing=firing, nested=nested)))
    else:
        for each in (firing, *nested):
            show(text.firing_lines(each))
    return int(any(each.outcome != "ok" for each in (firing, *nested)))


def argument(word: str) -> Any:
    """What a word on the command line means as an argument."""
    reference = _REFERENCE.fullmatch(word)
    if reference:
        return Reference(cast("Any", reference[1]), int(reference[2]))
    if word.startswith("@"):
        raise UsageError(
            f"{word!r} names no row.", f"Write one as @ticket:1; kinds: {', '.join(KINDS)}."
        )
    try:
        return json.loads(word)
    except ValueError:
        return word


@click.command()
@click.argument("slug")
@common
def activate(slug: str, root: str | None, profile: Profile, as_json: bool) -> int:
    """Activate the plugin SLUG, run its activation hooks, and remember it."""
    from escalated_workbench.workbench import Workbench

    with Workbench(root, profile=profile) as wb:
        plugin = wb.activate(slug)
    return report("activate", plugin, as_json)


@click.command()
@click.argument("slug")
@common
def deactivate(slug: str, root: str | None, profile: Profile, as_json: bool) -> int:
    """Deactivate the plugin SLUG, run its deactivation hooks, and remember it."""
    from escalated_workbench.workbench import Workbench

    with Workbench(root, profile=profile) as wb:
        plugin = wb.deactivate(slug)
    return report("deactivate", plugin, as_json)


def report(verb: str, plugin: Plugin, as_json: bool) -> int:
    errors = [finding for finding in plugin.findings if finding.severity == "error"]
    if as_json:
        click.echo(documents.text(documents.document(verb, plugin=plugin)))
    else:
        show(text.plugin_lines([plugin]))
        show(text.finding_lines(errors))
    return int(bool(errors))


@click.command()
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Delete the folder without asking.")
@common
def uninstall(slug: str, yes: bool, root: str | None, profile: Profile, as_json: bool) -> int:
    """Run the uninstall hooks of the plugin SLUG and DELETE its folder."""
    from escalated_workbench.workbench import Workbench

    with Workbench(root, profile=profile) as wb:
        plugin = wb.require_plugin(slug)
        if plugin.source == "local" and not yes:
            click.confirm(f"Delete {plugin.path}?", abort=True, err=True)
        wb.uninstall(slug)
    if as_json:
        click.echo(documents.text(documents.document("uninstall", slug=slug, path=plugin.path)))
    else:
        click.echo(f"{slug} is uninstalled; {plugin.path} is deleted.")
    return 0
