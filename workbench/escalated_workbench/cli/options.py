"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

plugins_option = click.option(
    "-p",
    "--plugins",
    "root",
    metavar="DIR",
    help="The plugins folder, or a project that has plugins/escalated. Looked for upwards from "
    "here when left out.",
)
profile_option = click.option(
    "--profile",
    type=click.Choice(["guide", "escalated-django"]),
    default="guide",
    show_default=True,
    help="The contract that judges plugins.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def common(command: Command) -> Command:
    """The options of every verb that opens a workbench and reports."""
    return plugins_option(profile_option(json_option(command)))
