"""Verbs that open the terminal interface: the one without a name, and demo."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from escalated_workbench.cli.options import Call, given_of, opens, plain, reports
from escalated_workbench.cli.output import is_terminal


@click.command("open")
@click.argument("path", required=False)
@opens
@plain
def terminal(path: str | None = None, config_file: str | None = None, **options: Any) -> int:
    """Open the workbench in the terminal."""
    if options.pop("plain", False):
        raise click.UsageError("The terminal interface is made of glyphs and colours: use a verb.")
    require_terminal(path)
    return run(path, {"given": given_of(options), "file": config_file})


@click.command()
@opens
@click.option("--print-only", is_flag=True, help="Only make the copy and print where it lies.")
@reports
def demo(call: Call, print_only: bool) -> int:
    """Open a private copy of the sample plugins, to play with.

    With --print-only or --json the copy is only made, and where it lies is printed. It is yours
    to delete.
    """
    from escalated_workbench.roots import private_samples

    is_opened = not (print_only or call.as_json)
    if is_opened:
        require_terminal()
    root = str(private_samples())
    call.report([root], root=root)
    return run(root, call.opening) if is_opened else 0


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


def run(path: str | None, opening: Mapping[str, Any]) -> int:
    # Only here: no verb that reports may pay for Textual.
    from escalated_workbench.tui.app import run_app

    return run_app(path, opening)
