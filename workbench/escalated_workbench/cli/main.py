"""The command `escalated-workbench`: finds the verb, turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from typing import Any

import click

from escalated_core.errors import PluginError, UsageError, WorkbenchError

EXIT_PLUGIN, EXIT_USAGE, EXIT_FAILED, EXIT_INTERRUPTED = 1, 2, 3, 130
EXITS = {UsageError: EXIT_USAGE, PluginError: EXIT_PLUGIN}

VERBS = {
    "list": "escalated_workbench.cli.reports:list_plugins",
    "hooks": "escalated_workbench.cli.reports:hooks",
    "check": "escalated_workbench.cli.reports:check",
    "fire": "escalated_workbench.cli.actions:fire",
    "activate": "escalated_workbench.cli.actions:activate",
    "deactivate": "escalated_workbench.cli.actions:deactivate",
    "uninstall": "escalated_workbench.cli.actions:uninstall",
    "demo": "escalated_workbench.cli.terminal:demo",
    "version": "escalated_workbench.cli.reports:version",
}
TERMINAL = "escalated_workbench.cli.terminal:terminal"


class Verbs(click.Group):
    """Verbs by name, imported when called; anything else is the folder to open."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        target = VERBS.get(cmd_name)
        return load(target) if target else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and is_path(args[0]):
            return "", load(TERMINAL), args
        return super().resolve_command(ctx, args)


def is_path(word: str) -> bool:
    """Whether a first word means a folder rather than a misspelt verb."""
    return os.sep in word or word in (".", "..") or os.path.isdir(word)  # noqa: PTH112 - start-up


def load(target: str) -> click.Command:
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
    subcommand_metavar="[PATH | VERB ...]",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """A workbench for plugins of Escalated.

    Without a verb it opens in the terminal, on PATH or on the plugins/escalated found upwards from
    here. Every verb runs the plugins against a help desk of its own; nothing of yours is changed.

    Exit codes: 0 fine, 1 a plugin has errors, 2 wrong usage, 3 the workbench failed,
    130 interrupted.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(load(TERMINAL))


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit."""
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    try:
        answer: Any = cli.main(args, prog_name="escalated-workbench", standalone_mode=False)
        return answer if isinstance(answer, int) else 0
    except BrokenPipeError:
        # Whoever read our output has gone; nothing may be written to it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_PLUGIN
    except (click.exceptions.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show(sys.stderr)
        return EXIT_USAGE
    except WorkbenchError as error:
        click.echo(f"Error: {error}", err=True)
        return next((code for kind, code in EXITS.items() if isinstance(error, kind)), EXIT_FAILED)
    except Exception:  # noqa: BLE001 - a fault of ours: say so, with what a report needs
        click.echo(f"The workbench failed:\n{traceback.format_exc()}", err=True)
        return EXIT_FAILED
