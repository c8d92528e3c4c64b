"""One call of a verb: the options that verbs share, how a workbench is opened, what is printed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from escalated_workbench.cli.completion import Folder
from escalated_workbench.cli.numbers import Seconds
from escalated_workbench.cli.output import SLOW

if TYPE_CHECKING:
    from escalated_core.sessions.session import Header
    from escalated_workbench.cli.output import Output
    from escalated_workbench.cli.text import Style
    from escalated_workbench.config import Config
    from escalated_workbench.workbench import Workbench


OPENING = ("profile", "seed", "time_limit", "state_dir")
"""Options that a project's file can have as well."""
EFFECTS = ("live", "capture")
"""Flags that each stand for one of its values."""

_profile_option = click.option(
    "--profile",
    type=click.Choice(["guide", "escalated-django"]),
    help="The contract that judges plugins.  [default: guide]",
)
_config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(),
    metavar="FILE",
    help="The project's file. escalated-workbench.toml is looked for when left out.",
)
_opening_options = (
    _profile_option,
    click.option("--seed", type=int, metavar="N", help="Which help desk it is.  [default: 0]"),
    click.option(
        "--time-limit",
        type=Seconds(min=0, min_open=True),
        help="How long plugin code may run before it is interrupted.  [default: 5]",
    ),
    click.option(
        "--state-dir", type=Folder(), metavar="DIR", help="Where active plugins are remembered."
    ),
    click.option("--live", is_flag=True, default=None, help="Let out whatever plugins send out."),
    click.option(
        "--capture",
        is_flag=True,
        default=None,
        help="Let out nothing, not even to this machine.",
    ),
    _config_option,
)
_plain_option = click.option(
    "--plain",
    is_flag=True,
    default=None,
    envvar="ESCALATED_WORKBENCH_PLAIN",
    help="Words in the place of glyphs and columns, for screen readers.",
)
root_option = click.option(
    "-p",
    "--plugins",
    "root",
    type=Folder(),
    metavar="DIR",
    help="The plugins folder, or a project that has plugins/escalated. Looked for upwards "
    "from here when left out.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


class Call(NamedTuple):
    """One call of a verb that reports."""

    output: Output
    verb: str
    as_json: bool = False
    root: str | None = None
    given: Mapping[str, Any] = {}
    """What the command line says about how a workbench is opened."""
    config_file: str | None = None
    """The project's file, where one is named."""
    save: str | None = None
    """Where the session is to be saved."""
    mute: tuple[str, ...] = ()
    """What is left out, as written; so are the two that follow."""
    priority: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()
    compare: bool = False
    """Whether it is only tried out, without them and with them."""
    step: bool = False
    """Whether to stop at the beginning."""
    places: tuple[str, ...] = ()
    """Where to stop, as it was written."""

    @property
    def may_stop(self) -> bool:
        """Whether standard input may be asked how to go on."""
        return self.step or bool(self.places)

    def as_in(self, header: Header) -> Call:
        """The call with the help desk and the contract of a session, where it names no other."""
        asked = {name: value for name, value in self.given.items() if value is not None}
        return self._replace(given={"profile": header.profile, "seed": header.seed, **asked})

    @property
    def opening(self) -> dict[str, Any]:
        """How a workbench is begun."""
        return {"given": self.given, "file": self.config_file}

    def config(self) -> Config:
        """What counts here, where no workbench is opened."""
        # Only here: most verbs open one.
        from escalated_core.errors import UsageError
        from escalated_workbench.config import load
        from escalated_workbench.roots import plugins_root

        try:
            root = plugins_root(self.root)
        except UsageError:
            if self.root is not None:
                raise
            root = None
        found = load(root, self.given, file=self.config_file)
        self._warn(found)
        return found

    @contextmanager
    def workbench(self) -> Generator[Workbench]:
        """The workbench with every plugin loaded; what plugins write stays off standard output."""
        # Only here: `--help` and `version` must not wait for the core.
        from escalated_workbench.workbench import Workbench

        self.output.guard()
        with _heeding_sigterm(), Workbench.begin(self.root, **self.opening) as workbench:
            self._await(workbench)
            self._warn(workbench.config)
            yield workbench

    def _warn(self, config: Config) -> None:
        """Say what is said that nobody heeds."""
        from escalated_workbench.wording import safe

        for warning in config.warnings:
            self.output.say(safe(f"Warning: {warning}"))

    def style(self, workbench: Workbench | None = None) -> Style:
        """How records are written as text."""
        # Only here: as above.
        from escalated_workbench.cli.text import Style

        slow = workbench.config.slow * 1e9 if workbench else None
        return Style(self.output.is_plain, slow)

    def _await(self, workbench: Workbench) -> None:
        """Wait until the plugins are loaded; tell a person of one that takes long."""
        told: str | None = None
        while self.output.is_watched:
            try:
                workbench.opening.wait(SLOW)
            except TimeoutError:
                activity = workbench.activity
                if activity is not None and activity.plugin not in (None, told):
                    told = activity.plugin
                    self.output.say(f"Waiting for {told}, {workbench.time_limit:g} s at most ...")
            else:
                return
        workbench.opening.wait()

    def tell_forgetting(self, workbench: Workbench) -> None:
        """Say so when which plugins are active cannot be remembered."""
        from escalated_workbench.wording import safe

        for finding in workbench.findings:
            if finding.code == "memory.unwritable":
                self.output.say(safe(f"Warning: {finding.message} {finding.cure}"))

    def tell_unloaded(self, workbench: Workbench) -> bool:
        """Say which plugins could not be loaded, and so hear nothing; whether there are any."""
        from escalated_workbench.wording import safe

        unloaded = [each for each in workbench.plugins.values() if each.status == "failed"]
        for finding in (finding for each in unloaded for finding in each.findings):
            if finding.severity == "error":
                self.output.say(safe(str(finding)))
        return bool(unloaded)

    def report(self, lines: Iterable[str], **content: Any) -> None:
        """Print `content` as the verb's JSON document if that was asked for, else the lines."""
        if self.as_json:
            from escalated_workbench import documents

            document = documents.document(self.verb, **content)
            text = documents.text(document, ascii_only=not self.output.speaks_unicode)
        else:
            text = "\n".join(lines)
        if text:
            self.output.data(text)

    def line_of_json(self, content: Any) -> None:
        """Print one line of JSON."""
        import json

        from escalated_core.snapshots.plain import to_plain

        ascii_only = not self.output.speaks_unicode
        self.output.data(json.dumps(to_plain(content), ensure_ascii=ascii_only, allow_nan=False))


def opens(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say how a workbench is opened."""
    for option in reversed(_opening_options):
        command = option(command)
    return command


def names_profile(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds those of them that say which profile counts."""
    return _profile_option(_config_option(command))


def plain(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the option for words in the place of glyphs."""
    return _plain_option(command)


def reports(command: Callable[..., int]) -> Callable[..., int]:
    """A verb that runs no plugin; it is called with a `Call`."""
    return _plain_option(_json_option(_called(command)))


def runs_plugins(command: Callable[..., int]) -> Callable[..., int]:
    """A verb that opens a workbench; it is called with a `Call`, then with its own options."""
    return root_option(opens(_plain_option(_json_option(_called(command)))))


def runs_plugins_on(command: Callable[..., int]) -> Callable[..., int]:
    """The same for a verb that goes on and on, and so has no one document."""
    return root_option(opens(_plain_option(_called(command))))


def given_of(options: dict[str, Any]) -> dict[str, Any]:
    """Takes what says how a workbench is opened out of the options of a verb."""
    given = {name: options.pop(name) for name in OPENING if name in options}
    effects = [mode for mode in EFFECTS if options.pop(mode, None)]
    if len(effects) > 1:
        raise click.UsageError("--live and --capture exclude each other.")
    return {**given, "effects": effects[0]} if effects else given


def _called(command: Callable[..., int]) -> Callable[..., int]:
    @wraps(command)
    def called(**options: Any) -> int:
        context = click.get_current_context()
        output: Output = context.obj
        output.is_plain = bool(options.pop("plain", False))
        given = given_of(options)
        shared = {name: options.pop(name) for name in Call._fields if name in options}
        try:
            return command(Call(output, _verb(context), given=given, **shared), **options)
        except KeyboardInterrupt:
            # Not click's answer to it, which is an empty line.
            raise click.Abort from None

    return called


def _verb(context: click.Context) -> str:
    """What was typed: `fire`, or `event run`."""
    names = [context.info_name or ""]
    while context.parent is not None and context.parent.parent is not None:
        context = context.parent
        names.insert(0, context.info_name or "")
    return " ".join(names)


@contextmanager
def _heeding_sigterm() -> Generator[None]:
    """End like ctrl+c when told to: the help desk's database is a file that must not stay."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
