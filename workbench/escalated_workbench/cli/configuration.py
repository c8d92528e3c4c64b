"""The verbs `config`, `schema` and `completion`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from escalated_workbench.cli.completion import SHELLS, script
from escalated_workbench.cli.options import Call, opens, reports, root_option

if TYPE_CHECKING:
    from escalated_workbench.cli.output import Output
    from escalated_workbench.cli.text import Style
    from escalated_workbench.config import Config, Value


@click.group()
def config() -> None:
    """Look at how a workbench would be opened here."""


@config.command("show")
@root_option
@opens
@reports
def show_config(call: Call) -> int:
    """Show each value and where it comes from.

    The command line comes before variables such as ESCALATED_WORKBENCH_SEED, these before the
    project's escalated-workbench.toml. Secrets are masked.
    """
    found = call.config()
    values = [
        {"name": each.name, "value": _shown(each.name, each.value), "source": _source(each)}
        | {"place": each.place}
        for each in found.values
    ]
    file = str(found.file) if found.file is not None else None
    call.report(_lines(found, values, call.style()), file=file, values=values)
    return 0


def _source(value: Value) -> str:
    return "command line" if value.source == "given" else value.source


def _shown(name: str, value: Any) -> Any:
    """A value without secrets, as JSON can write it."""
    from escalated_core.snapshots.plain import to_plain
    from escalated_core.snapshots.redaction import Mask
    from escalated_core.snapshots.snapshot import snapshot

    kept = str(value) if name == "state_dir" and value is not None else value
    masked = Mask().take(snapshot({name: kept}))
    return to_plain(masked)[name]


def _lines(found: Config, values: list[dict[str, Any]], style: Style) -> Iterator[str]:
    import json

    from escalated_workbench.wording import safe

    rows: list[tuple[str, ...]] = []
    for each in values:
        value = safe(json.dumps(each["value"], ensure_ascii=False))
        rows.append((each["name"], value, each["place"] or each["source"]))
    yield from style.table(rows)
    if found.file is None:
        yield "no file" if style.plain else "# no escalated-workbench.toml here or above"


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_obj
def completion(output: Output, shell: str) -> int:
    """Print what makes a shell complete this command.

    \b
    bash  eval "$(escalated-workbench completion bash)"   in ~/.bashrc
    zsh   eval "$(escalated-workbench completion zsh)"    in ~/.zshrc
    fish  escalated-workbench completion fish | source    in ~/.config/fish/config.fish
    """
    output.data(script(shell, "escalated-workbench").rstrip("\n"))
    return 0


@click.command()
@click.pass_obj
def schema(output: Output) -> int:
    """Print the JSON Schema of what --json prints."""
    from escalated_workbench.schemas import output_schema

    output.data(output_schema().rstrip("\n"))
    return 0
