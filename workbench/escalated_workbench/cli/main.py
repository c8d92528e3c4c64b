"""The command `escalated-workbench`: finds the verb, turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from escalated_workbench.cli.options import opens, plain
from escalated_workbench.cli.output import Output

EXIT_PLUGIN, EXIT_USAGE, EXIT_FAILED, EXIT_INTERRUPTED = 1, 2, 3, 130

VERBS = {
    "list": "escalated_workbench.cli.reports:list_plugins",
    "hooks": "escalated_workbench.cli.reports:hooks",
    "check": "escalated_workbench.cli.reports:check",
    "fire": "escalated_workbench.cli.firing:fire",
    "event": "escalated_workbench.cli.events:event",
    "whatif": "escalated_workbench.cli.firing:whatif",
    "watch": "escalated_workbench.cli.watch:watch",
    "desk": "escalated_workbench.cli.desk:desk",
    "activate": "escalated_workbench.cli.actions:activate",
    "deactivate": "escalated_workbench.cli.actions:deactivate",
    "uninstall": "escalated_workbench.cli.actions:uninstall",
    "open": "escalated_workbench.cli.sessions:open_session",
    "trace": "escalated_workbench.cli.sessions:trace",
    "report": "escalated_workbench.cli.sessions:report",
    "replay": "escalated_workbench.cli.replaying:replay",
    "config": "escalated_workbench.cli.configuration:config",
    "schema": "escalated_workbench.cli.configuration:schema",
    "completion": "escalated_workbench.cli.configuration:completion",
    "demo": "escalated_workbench.cli.terminal:demo",
    "version": "escalated_workbench.cli.reports:version",
}
TERMINAL = "escalated_workbench.cli.terminal:terminal"
INNER = ("list", "show", "run", "fuzz", "schema")
"""Verbs of verbs."""

PATIENCE = 3.0
"""Seconds that threads of plugins get to come to their end."""
PATIENCE_INTERRUPTED = 0.5


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
        word = args[0]
        if word in VERBS or word.startswith("-"):
            return super().resolve_command(ctx, args)
        if is_path(word):
            return "", load(TERMINAL), args
        if ctx.resilient_parsing:
            # A shell that completes wants no complaint.
            return None, None, args
        raise click.UsageError(f"There is no verb and no folder {word!r}. {meant(word)}", ctx)


def is_path(word: str) -> bool:
    """Whether a first word means a folder rather than a misspelt verb."""
    return os.sep in word or word in (".", "..") or os.path.exists(word)  # noqa: PTH110 - start-up


def meant(word: str) -> str:
    """The nearest verb, or all of them."""
    from difflib import get_close_matches  # only for a slip

    near = get_close_matches(word.lower(), VERBS, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"The verbs are {', '.join(VERBS)}."


def load(target: str) -> click.Command:
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from escalated_workbench.cli.reports import version_line

        ctx.obj.data(version_line())
        ctx.exit()


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
    subcommand_metavar="[PATH | VERB ...]",
)
@opens
@plain
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    callback=_version,
    expose_value=False,
    help="Print the version and exit.",
)
@click.pass_context
def cli(ctx: click.Context, **options: Any) -> int | None:
    """A workbench for plugins of Escalated.

    Without a verb it opens in the terminal, on PATH or on the plugins/escalated found upwards from
    here. Plugins always run against a help desk of the workbench's own.

    Exit codes: 0 fine, 1 a plugin has errors, 2 wrong usage, 3 the workbench failed,
    130 interrupted.
    """
    if ctx.invoked_subcommand is None:
        return ctx.invoke(load(TERMINAL), **options)
    # What a verb is not told itself.
    said = {name: value for name, value in options.items() if value is not None}
    if said:
        inner = dict.fromkeys(INNER, said)
        ctx.default_map = {name: {**said, **inner} for name in ("", *VERBS)}
    return None


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit."""
    output = Output()
    code = run(output, args)
    output.leave(code, PATIENCE_INTERRUPTED if code == EXIT_INTERRUPTED else PATIENCE)
    sys.exit(code)


def run(output: Output, args: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    try:
        answer: Any = cli.main(
            args, prog_name="escalated-workbench", standalone_mode=False, obj=output
        )
        return answer if isinstance(answer, int) else 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        output.say("Interrupted.")
        return EXIT_INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        output.say(error.format_message())
        return EXIT_USAGE
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx is not None:
            output.say(error.ctx.get_usage())
        output.say(f"Error: {error.format_message()}")
        return EXIT_USAGE
    except Exception as error:  # noqa: BLE001 - whatever it is becomes an exit code
        return failed(output, error)


def failed(output: Output, error: Exception) -> int:
    """Say what went wrong; returns the exit code for it."""
    # Only here: the core's words are not needed while nothing is wrong.
    from escalated_core.errors import PluginError, UsageError, WorkbenchError
    from escalated_workbench.wording import safe

    if not isinstance(error, WorkbenchError):
        import traceback

        output.say(safe("".join(traceback.format_exception(error))), end="")
        output.say("This is a fault of the workbench. Please report it with the lines above.")
        return EXIT_FAILED
    output.say(safe(f"Error: {error}"))
    codes = {UsageError: EXIT_USAGE, PluginError: EXIT_PLUGIN}
    return next((code for kind, code in codes.items() if isinstance(error, kind)), EXIT_FAILED)
