"""What-ifs of the command line: the options that lay them over the hooks and compare."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from escalated_workbench.cli.completion import complete_plugin

if TYPE_CHECKING:
    from escalated_core.host.whatif import Standing
    from escalated_core.records import Comparison
    from escalated_workbench.cli.options import Call
    from escalated_workbench.workbench import Workbench

_laying_options = (
    click.option(
        "--mute",
        multiple=True,
        metavar="PATTERN",
        shell_complete=complete_plugin,
        help="Leave out a plugin, a callback, or plugin:callback; * and ? stand for anything.",
    ),
    click.option(
        "--priority",
        multiple=True,
        metavar="CALLBACK=N",
        help="Run a callback as if it had been registered with this priority.",
    ),
    click.option(
        "--answer",
        multiple=True,
        metavar="CALLBACK=VALUE",
        help="Have a filter go on with this in the place of a callback: JSON, a row as "
        "@ticket:1, or text.",
    ),
)
_compare_option = click.option(
    "--compare",
    is_flag=True,
    help="Only try it out, without and with what --mute, --priority and --answer say, and "
    "show what differs.",
)


def lays(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that lay what-ifs over the hooks."""
    for option in reversed(_laying_options):
        command = option(command)
    return command


def compares(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds these, and the one that compares with them."""
    return lays(_compare_option(command))


def require_comparable(call: Call, *others: str) -> None:
    """Refuse what cannot be meant along with --compare; `others` are options that were given."""
    if not call.compare:
        return
    if not (call.mute or call.priority or call.answer):
        raise click.UsageError("--compare is for --mute, --priority and --answer: give one.")
    for other in (*others, *(["--save"] if call.save else [])):
        raise click.UsageError(f"--compare only tries something out: leave out {other}.")


def lay(call: Call, wb: Workbench) -> None:
    """Lay over the hooks what the options say.

    Raises:
        UsageError: one of them cannot be meant, or is about no callback.
    """
    from escalated_workbench.arguments import argument

    for word in call.mute:
        _require(word, wb.whatif.mute(**_about(wb, word)))
    for word in call.priority:
        name, number = _told(word, "--priority triage:tag_vip=5")
        _require(name, wb.whatif.prioritise(_number(number), **_about(wb, name)))
    for word in call.answer:
        name, value = _told(word, "--answer 'triage:tag_vip={}'")
        _require(name, wb.whatif.answer(argument(value), **_about(wb, name)))


def report_comparison(call: Call, wb: Workbench, found: Comparison) -> int:
    """Print what differs without and with the what-ifs."""
    from escalated_workbench.cli.comparisons import comparison_lines

    whatifs = list(wb.whatif)
    call.report(comparison_lines(found, whatifs, call.style(wb)), comparison=found, whatif=whatifs)
    return 0


def _about(wb: Workbench, word: str) -> dict[str, str]:
    """Which callbacks `triage:tag_vip`, `triage` or `tag_vip` means."""
    slug, colon, name = word.partition(":")
    if colon:
        return {"plugin": slug, "callback": name}
    is_plugin = any(fnmatchcase(each, word) for each in (*wb.plugins, "host"))
    return {"plugin" if is_plugin else "callback": word}


def _require(word: str, standing: Standing) -> None:
    """Refuse what is about nothing: a slip would show that nothing differs."""
    from escalated_core.errors import UsageError

    if not standing.record.matches:
        raise UsageError(f"{word!r} is about no callback.", standing.cure)


def _told(word: str, example: str) -> tuple[str, str]:
    from escalated_core.errors import UsageError

    name, equals, value = word.partition("=")
    if not (name and equals):
        lacks = "'=' after a callback" if name else "callback before its '='"
        raise UsageError(f"{word!r} has no {lacks}.", f"Write it like {example}.")
    return name, value


def _number(text: str) -> Any:
    from escalated_workbench.texts import number_or_text

    return number_or_text(text)
