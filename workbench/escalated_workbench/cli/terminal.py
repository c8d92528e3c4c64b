"""Verbs that open the terminal interface: the one without a name, and demo."""

from __future__ import annotations

import os
import sys

import click

from escalated_core.errors import UsageError
from escalated_core.trace.recorder import Profile
from escalated_workbench.cli.options import profile_option
from escalated_workbench.roots import private_samples


@click.command("open")
@click.argument("path", required=False)
@profile_option
def terminal(path: str | None = None, profile: Profile = "guide") -> int:
    """Open the workbench in the terminal."""
    return run(path, profile)


@click.command()
@profile_option
@click.option("--print-only", is_flag=True, help="Only make the copy and print where it lies.")
def demo(profile: Profile, print_only: bool) -> int:
    """Open a private copy of the sample plugins, to play with."""
    root = private_samples()
    click.echo(str(root))
    return 0 if print_only else run(str(root), profile)


def run(path: str | None, profile: Profile) -> int:
    if not sys.stdin.isatty() or not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        raise UsageError(
            "The workbench opens in a terminal, and this is none.",
            "Use a verb instead: escalated-workbench --help",
        )
    # Only here: no verb that reports may pay for Textual.
    from escalated_workbench.tui.app import run_app

    return run_app(path, profile)
