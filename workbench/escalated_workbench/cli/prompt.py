"""The prompt at a stop: commands of one letter, read from standard input."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from escalated_core.errors import UsageError, WorkbenchError, meant
from escalated_core.stepping.breakpoint import Breakpoint
from escalated_core.stepping.commands import (
    Back,
    Command,
    Continue,
    Down,
    Edit,
    Give,
    Into,
    Move,
    Next,
    Out,
    Skip,
)
from escalated_core.stepping.gate import Question
from escalated_core.stepping.stops import Stop
from escalated_workbench.arguments import why
from escalated_workbench.cli import stops
from escalated_workbench.cli.options import Call
from escalated_workbench.cli.output import is_terminal, read_line
from escalated_workbench.debugging import Result, Run
from escalated_workbench.stopped import LISTED, notes
from escalated_workbench.wording import safe
from escalated_workbench.workbench import Workbench

GOING_ON: Final[dict[str, Command]] = {
    "n": Next(),
    "c": Continue(),
    "k": Skip(),
    "s": Into(),
    "d": Down(),
    "o": Out(),
}
HELP: Final = (
    ("n", "run the next callback, or the next line"),
    ("c", "continue to the next breakpoint"),
    ("k", "skip the next callback"),
    ("i VALUE", "go on with another value: JSON, or = and a Python expression"),
    ("p VALUE", "have the next callback answer this without being run"),
    ("+ [N]", "run callback N of the list one place later; the next one if left out"),
    ("- [N]", "run callback N of the list one place earlier"),
    ("s", "step into the lines of the next callback, or into what a line calls or fires"),
    ("d", "run the next callback, and stop in the first hook that it fires"),
    ("o", "run to the end of the function, or of the chain"),
    ("u [N]", "go back to before step N of the list, the last one if left out"),
    ("! CODE", "run Python here: value, args, hook, arguments by name, _before, _after, locals"),
    ("l", "list the source"),
    ("w", "where it is: the firings around, the whole chain, the arguments in full"),
    ("b [PLACE]", "list the breakpoints, or stop there as well; b -N removes number N"),
    ("q", "run to the end, past every breakpoint"),
    ("?", "this list; an empty line does the last command again"),
)
NAMES: Final = tuple(key[0] for key, _ in HELP)


class Said(NamedTuple):
    """A command as it was typed."""

    key: str
    rest: str

    @classmethod
    def of(cls, line: str) -> Said:
        """The command of a line; raises `UsageError` for one that there is not."""
        line = line.strip()
        key, rest = line[:1], line[1:]
        if key.isalpha():
            key, _, rest = line.partition(" ")
        if key not in NAMES:
            known = meant(key, NAMES, "The commands are")
            raise UsageError(f"There is no command {key!r}.", f"{known} ? explains them.")
        return cls(key, rest.strip())


class Prompt:
    """Attends to what stops, for one call of a verb."""

    def __init__(self, call: Call, wb: Workbench) -> None:
        self._say = call.output.say
        self._style = call.style(wb)
        self._wb = wb
        self._last = ""
        self._is_over = False
        """Whether nothing is to stop any more of what runs now."""
        self._is_alone = False
        """Whether nobody is there any more who could say how to go on."""

    def run(self, work: Callable[[], Result], start: Breakpoint | None) -> Result:
        """Do something, stopped at `start` and at breakpoints; gives what came of it."""
        self._is_over = self._is_alone
        if self._is_alone:
            return work()
        with self._wb.attended(work, start) as run:
            while not self._is_over and (stop := run.stop) is not None:
                self._tell(stops.stop_lines(stop, self._wb.waiting, self._style))
                self._attend(run, stop)
        return run.result

    def _attend(self, run: Run[Any], stop: Stop) -> None:
        """Obey until it goes on."""
        went_on = False
        while not went_on and not self._is_over:
            line = self._read()
            if line is None:
                self._say("Standard input has ended: it runs to the end.")
                self._is_over = self._is_alone = True
                return
            try:
                went_on = self._obey(run, stop, line)
            except WorkbenchError as error:
                self._say(safe(f"Error: {error}"))

    def _read(self) -> str | None:
        """The next command; None once there are no more."""
        self._say("step> ", end="")
        line = read_line()
        if not is_terminal(sys.stdin):
            # A terminal shows what is typed.
            self._say(safe(line.rstrip("\n")))
        if not line:
            return None
        self._last = line.strip() or self._last or "?"
        return self._last

    def _obey(self, run: Run[Any], stop: Stop, line: str) -> bool:
        """Do what is said; gives whether it went on."""
        said = Said.of(line)
        command = self._command(said, stop)
        if command is not None:
            run.go(command)
            return True
        match said.key:
            case "q":
                self._is_over = True
            case "i" | "p":
                return self._evaluate(said, Edit if said.key == "i" else Give)
            case "!":
                return self._execute(said, run, stop)
            case "b":
                self._breakpoints(said.rest)
            case "l":
                self._tell(stops.source_lines(stop, self._style, stops.LISTED, LISTED))
            case "w":
                self._tell(stops.where_lines(stop, self._style))
            case _:
                self._tell(f"  {key:10} {words}" for key, words in HELP)
        return False

    def _command(self, said: Said, stop: Stop) -> Command | None:
        """What has it go on, if the command does that without running any code."""
        if said.key in GOING_ON:
            if said.rest:
                raise UsageError(
                    f"{said.key} takes nothing, so not {said.rest!r}.", "Leave it out."
                )
            return GOING_ON[said.key]
        match said.key:
            case "u":
                return _back(said, stop)
            case "+" | "-":
                return _move(said, stop)
            case "i" | "p" if not said.rest.startswith("="):
                value = _json(said)
                return Edit(value) if said.key == "i" else Give(value)
            case _:
                return None

    def _evaluate(self, said: Said, then: Callable[[Any], Command]) -> bool:
        answer = self._wb.stepper.ask(Question(said.rest[1:], then))
        self._tell(stops.answer_lines(answer, self._style) if answer.error else ())
        return not answer.error

    def _execute(self, said: Said, run: Run[Any], stop: Stop) -> bool:
        if not said.rest:
            raise UsageError("! takes code.", "Write it like ! value['tags'].")
        self._tell(stops.answer_lines(run.run(said.rest), self._style))
        now = run.stop
        return now is None or now.number != stop.number

    def _breakpoints(self, place: str) -> None:
        """List, add or remove."""
        breakpoints = self._wb.breakpoints
        if place.startswith("-"):
            breakpoints.remove(_whole(place[1:].strip(), f"b {place}"))
        elif place:
            self._tell(notes(breakpoints, breakpoints[breakpoints.add(place)]))
        self._tell(stops.breakpoint_lines(breakpoints) if breakpoints else ["  none"])

    def _tell(self, lines: Iterable[str]) -> None:
        text = "\n".join(lines)
        if text:
            self._say(text)


def _json(said: Said) -> Any:
    cure = f"Write JSON, or {said.key} = EXPRESSION for Python."
    if not said.rest:
        raise UsageError(f"{said.key} takes a value.", cure)
    try:
        return json.loads(said.rest)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{said.rest[:60]!r} is not JSON: {why(error)}.", cure) from None


def _back(said: Said, stop: Stop) -> Command:
    ran = len(stop.firing.steps)
    number = _number(said, max(ran, 1))
    if not 1 <= number <= ran and stop.line is None:
        cure = f"The last that has is {ran}." if ran else "Run one first."
        raise UsageError(f"No step {number} has run.", cure)
    return Back(number - 1)


def _move(said: Said, stop: Stop) -> Command:
    ran, coming = len(stop.firing.steps), len(stop.coming)
    number, by = _number(said, ran + 1), 1 if said.key == "+" else -1
    if not coming or stop.line is not None:
        # It says what is wrong.
        return Move(by)
    if not 1 <= number <= ran + coming:
        raise UsageError(f"The list has no callback {number}.", f"Its last is {ran + coming}.")
    if number <= ran:
        raise UsageError(f"Callback {number} has run.", f"u {number} goes back to before it.")
    if by < 0 and number == ran + 1:
        raise UsageError(
            f"Callback {number} is the next one.", f"Name a later one: - {number + 1}."
        )
    if by > 0 and number == ran + coming:
        raise UsageError(f"Callback {number} is the last one.", "Name an earlier one.")
    return Move(by, number - ran - 1)


def _number(said: Said, default: int) -> int:
    return _whole(said.rest, f"{said.key} {said.rest}") if said.rest else default


def _whole(text: str, line: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{text!r} in {line!r} is no number.", "Take one of the list.")
    return int(text)
