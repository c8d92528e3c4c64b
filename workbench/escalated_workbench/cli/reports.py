"""Verbs that only look: list, hooks, check, version."""

from __future__ import annotations

import sys

import click

from escalated_workbench import __version__
from escalated_workbench.cli.completion import complete_hook, complete_plugin
from escalated_workbench.cli.options import Call, reports, runs_plugins

PYTHON = ".".join(str(part) for part in sys.version_info[:3])


@click.command("list")
@runs_plugins
def list_plugins(call: Call) -> int:
    """List the plugins: status, version, source and what is wrong."""
    with call.workbench() as wb:
        plugins = list(wb.plugins.values())
        root = str(wb.root)
        call.tell_forgetting(wb)
    from escalated_workbench.cli import text
    from escalated_workbench.wording import safe

    call.report(text.plugin_lines(plugins, call.style()), root=root, plugins=plugins)
    if not plugins:
        call.output.say(safe(f"No plugins in {root}."))
    return int(any(plugin.status == "failed" for plugin in plugins))


@click.command()
@click.argument("name", required=False, shell_complete=complete_hook)
@runs_plugins
def hooks(call: Call, name: str | None) -> int:
    """List the hooks, or one, with who listens in running order."""
    with call.workbench() as wb:
        chosen = wb.hooks if name is None else wb.require_hook(name)
    from escalated_workbench.cli import text

    call.report(text.hook_lines(chosen, call.style()), hooks=chosen)
    return 0


@click.command()
@click.argument("slugs", nargs=-1, metavar="[SLUG ...]", shell_complete=complete_plugin)
@runs_plugins
def check(call: Call, slugs: tuple[str, ...]) -> int:
    """Load the plugins and list the findings.

    The exit code is 1 when one of them is an error.
    """
    with call.workbench() as wb:
        for slug in slugs:
            wb.require_plugin(slug)
        checked = list(dict.fromkeys(slugs)) or list(wb.plugins)
        findings = [f for f in wb.findings if not slugs or f.plugin in slugs]
    from escalated_workbench.cli import text
    from escalated_workbench.wording import counted

    call.report(text.finding_lines(findings), plugins=checked, findings=findings)
    call.output.say(f"{counted(len(checked), 'plugin')}, {counted(len(findings), 'finding')}.")
    return int(any(finding.severity == "error" for finding in findings))


@click.command()
@reports
def version(call: Call) -> int:
    """Print the version."""
    call.report([version_line()], workbench=__version__, python=PYTHON)
    return 0


def version_line() -> str:
    return f"escalated-workbench {__version__} (Python {PYTHON})"
