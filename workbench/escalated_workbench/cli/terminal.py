"""Verbs that open the terminal interface: the one without a name, and demo."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from escalated_workbench.cli.options import Call, profile_option, reports
from escalated_workbench.cli.output import is_terminal

if TYPE_CHECKING:
    from escalated_core.trace.recorder import Profile


@click.command("open")
@click.argument("path", required=False)
@profile_option
def terminal(path: str | None = None, profile: Profile = "guide") -> int:
    """Open the workbench in the terminal."""
    require_terminal(path)
    return run(path, profile)


@click.command()
@profile_option
@click.option("--print-only", is_flag=True, help="Only make the copy and print where it lies.")
@reports
def demo(call: Call, print_only: bool) -> int:
    """Open a private copy of the sample plugins, to play with.

    With --print-only or --json the copy is only made, and where it lies is printed.
    """
    from escalated_workbench.roots import private_samples

    opens = not (print_only or call.as_json)
    if opens:
        require_terminal()
    root = str(private_samples())
    call.report([root], root=root)
    return run(root, call.profile) if opens else 0


def require_terminal(path: str | None = None) -> None:
    """Raise `UsageError` where the terminal interface cannot be shown, or `path` not be opened."""
    streams = {"input": sys.stdin, "output": sys.stdout, "error": sys.stderr}
    lacking = [f"standard {name}" for name, stream in streams.items() if not is_terminal(stream)]
    if os.environ.get("TERM") == "dumb":
        lacking.append("TERM=dumb")
    if lacking:
        from escalated_core.errors import UsageError
        from escalated_workbench.roots import plugins_root

        # A terminal would show the interface, which waits for the folder.
        if path is not None:
            plugins_root(path)
        raise UsageError(
            f"The workbench opens in a terminal, and {lacking[0]} is none.",
            "Use a verb instead: escalated-workbench --help",
        )


def run(path: str | None, profile: Profile) -> int:
    # Only here: no verb that reports may pay for Textual.
    from escalated_workbench.tui.app import run_app

    return run_app(path, profile)
