"""What a shell offers after `tab`. Nothing here runs a plugin or imports Django, or ever fails.

Hooks of plugins' own are looked up in their source; everything else is in the catalogues.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_ESCALATED_WORKBENCH_COMPLETE"
_REGISTERED = re.compile(r"""(?:add_|on_|do_|apply_)(?:action|filters?)\(\s*["']([^"'{}]+)["']""")
_LOOKED_AT = 1_000_000
"""Bytes of a plugin's file that are looked through."""


class Folder(click.Path):
    """A folder; that it is there is checked by whoever opens it, who can say what to do."""

    def __init__(self) -> None:
        super().__init__(file_okay=False)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        del param, ctx
        return value


def offering(names: Callable[[click.Context], Iterable[tuple[str, str]]]) -> Complete:
    """What completes with names, each with a few words about it; with nothing if it fails."""

    def complete(ctx: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        try:
            return [
                CompletionItem(name, help=words)
                for name, words in names(ctx)
                if name.startswith(begun)
            ]
        except Exception:  # noqa: BLE001 - a shell must not show a traceback on tab
            return []

    return complete


def _hooks(ctx: click.Context) -> Iterator[tuple[str, str]]:
    from escalated_core.hooks.catalogue import catalogue_of

    profile = ctx.params.get("profile") or "guide"
    documented = {hook.name: hook.purpose for hook in catalogue_of(profile)}
    slugs = [path.name for path in _folders(ctx)]
    for name, purpose in documented.items():
        if "{slug}" in name:
            yield from ((name.replace("{slug}", slug), purpose) for slug in slugs)
        else:
            yield name, purpose
    others: dict[str, str] = {}
    for folder in _folders(ctx):
        for file in sorted(folder.rglob("*.py")):
            with file.open("rb") as source:
                text = source.read(_LOOKED_AT).decode("utf-8", "replace")
            others.update((name, folder.name) for name in _REGISTERED.findall(text))
    yield from ((name, slug) for name, slug in sorted(others.items()) if name not in documented)


def _events(_: click.Context) -> Iterator[tuple[str, str]]:
    from escalated_core.helpdesk.events.catalogue import events

    yield from ((event.name, event.title) for event in events().values())


def _plugins(ctx: click.Context) -> Iterator[tuple[str, str]]:
    yield from ((path.name, "") for path in _folders(ctx))


def _places(ctx: click.Context) -> Iterator[tuple[str, str]]:
    """What a breakpoint may begin with, and when it may stop."""
    from escalated_core.hooks.catalogue import catalogue_of
    from escalated_core.stepping.breakpoint import WHEN

    yield from _hooks(ctx)
    yield from ((f"plugin:{slug}", "") for slug, _ in _plugins(ctx))
    yield from ((f"event:{name}", title) for name, title in _events(ctx))
    categories = {hook.category for hook in catalogue_of(ctx.params.get("profile") or "guide")}
    yield from ((f"category:{name}", "") for name in sorted(categories))
    yield from ((f"when={moment}", "") for moment in WHEN)
    yield from (
        ("path=", "When the value there has changed"),
        ("limit=", "When it took so many ms"),
    )


def _parameters(ctx: click.Context) -> Iterator[tuple[str, str]]:
    """`name=` of each parameter of the event that was named, with its choices."""
    from escalated_core.helpdesk.events.catalogue import events

    for parameter in events()[_named(ctx, "name")].parameters:
        for choice in parameter.choices or ("",):
            yield f"{parameter.name}={choice}", parameter.description


def _arguments(ctx: click.Context) -> Iterator[tuple[str, str]]:
    """`name=` of each parameter of the hook that was named, and the kinds of rows."""
    from escalated_core.helpdesk.references import KINDS
    from escalated_core.hooks.catalogue import catalogue_of

    documented = catalogue_of(ctx.params.get("profile") or "guide").get(_named(ctx, "hook"))
    for parameter in documented.parameters if documented else ():
        yield f"{parameter.name}=", parameter.description
    yield from ((f"@{kind}:", f"A {kind} of the help desk") for kind in KINDS)


def _named(ctx: click.Context, name: str) -> str:
    """What an argument is; it is left over where an option after it has no value yet."""
    return ctx.params.get(name) or next(iter(ctx.args), "")


def _folders(ctx: click.Context) -> list[Path]:
    """The folders of the local plugins."""
    from escalated_core.errors import UsageError
    from escalated_workbench.roots import plugins_root

    try:
        root = plugins_root(ctx.params.get("root"))
    except UsageError:
        return []
    return sorted(path for path in root.iterdir() if os.path.isfile(path / "plugin.json"))  # noqa: PTH113


complete_hook = offering(_hooks)
complete_plugin = offering(_plugins)
complete_parameter = offering(_parameters)
complete_argument = offering(_arguments)
complete_place = offering(_places)
complete_event_name = offering(_events)


def complete_event(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
    """The events, or else files: a story is one."""
    # Bash forgets the names where files are offered beside them.
    return complete_event_name(ctx, param, begun) or [CompletionItem(begun, type="file")]


def script(shell: str, prog_name: str) -> str:
    """What a shell is to run at its start."""
    from click.shell_completion import get_completion_class

    from escalated_workbench.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None, shell
    completion = kind(cli, {}, prog_name, VARIABLE)
    # Not `source`: for bash that asks which one is installed, and complains of none.
    return completion.source_template % completion.source_vars()
