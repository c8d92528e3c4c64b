"""Verbs that only look: list, hooks, check, version."""

from __future__ import annotations

from collections.abc import Iterable

import click

from escalated_core.trace.recorder import Profile
from escalated_workbench import documents
from escalated_workbench.cli import text
from escalated_workbench.cli.options import common, json_option


def show(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@click.command("list")
@common
def list_plugins(root: str | None, profile: Profile, as_json: bool) -> int:
    """List the plugins: status, version, source and what is wrong."""
    from escalated_workbench.workbench import Workbench

    with Workbench(root, profile=profile) as wb:
        plugins = list(wb.plugins.values())
        where = str(wb.root)
    if as_json:
        click.echo(documents.text(documents.document("list", root=where, plugins=plugins)))
    else:
        show(text.plugin_lines(plugins))
        if not plugins:
            click.echo(f"No plugins in {where}.", err=True)
    return int(any(plugin.status == "failed" for plugin in plugins))


@click.command()
@click.argument("name", required=False)
@common
def hooks(name: str | None, root: str | None, profile: Profile, as_json: bool) -> int:
    """List the hooks, or one of them, with who listens in running order."""
    from escalated_workbench.workbench import Workbench

    with Workbench(root, profile=profile) as wb:
        chosen = [hook for hook in wb.hooks if name in (None, hook.name)]
        if name is not None and not chosen:
            wb.require_hook(name)
    if as_json:
        click.echo(documents.text(documents.document("hooks", hooks=chosen)))
    else:
        show(text.hook_lines(chosen))
    return 0


@click.command()
@click.argument("slugs", nargs=-1, metavar="[SLUG ...]")
@common
def check(slugs: tuple[str, ...], root: str | None, profile: Profile, as_json: bool) -> int:
    """Load the plugins and list the findings; exit code 1 when one is an error."""
    from escalated_workbench.workbench import Workbench

    with Workbench(root, profile=profile) as wb:
        for slug in slugs:
            wb.require_plugin(slug)
        findings = [f for f in wb.findings if not slugs or f.plugin in slugs]
        checked = len(slugs) or len(wb.plugins)
    if as_json:
        click.echo(documents.text(documents.document("check", findings=findings, checked=checked)))
    else:
        show(text.finding_lines(findings))
        click.echo(f"{checked} plugins, {len(findings)} findings.", err=True)
    return int(any(finding.severity == "error" for finding in findings))


@click.command()
@json_option
def version(as_json: bool) -> int:
    """Print the version."""
    from platform import python_version

    from escalated_workbench import __version__

    if as_json:
        found = documents.document("version", workbench=__version__, python=python_version())
        click.echo(documents.text(found))
    else:
        click.echo(f"escalated-workbench {__version__} (Python {python_version()})")
    return 0
