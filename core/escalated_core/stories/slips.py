"""The commonest slips in YAML, in plain words and with their cure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

_QUOTES: Final = "Put the text in quotes."
_OTHERWISE: Final = "This line is indented otherwise than those above."
_UNEXPECTED: Final = re.compile(r"(?:found|got) (?:character )?'([^']*)'")
_USE: Final = re.compile(r"\$\{[^{}\n]*\}?")
_BEGINNING: Final = re.compile(r"(\s*-?\s*[^\s:#]+:\s+)(.*)")


class Slip(NamedTuple):
    """What is wrong, its cure, and whether the place to mend is where it began to be read."""

    message: str
    cure: str
    began: bool = False


def slip(error: Any, text: str) -> Slip | None:
    """What was probably meant where PyYAML cannot go on; None if that cannot be told."""
    lines = text.splitlines()
    mark, problem, context = error.problem_mark, error.problem or "", error.context or ""
    found = _UNEXPECTED.search(problem)
    if mark is None:
        return None
    if problem == "mapping values are not allowed here":
        return _colon(lines, mark.line, mark.column)
    if "quoted scalar" in context and "end of stream" in problem:
        return Slip("The quote is not closed.", "End the text with the same quote.", True)
    if found is None or "next token" in context:
        return _first_character(found[1]) if found else None
    if "flow" in context:
        return _in_brackets(found[1], context, _line(lines, mark.line), mark.column)
    return _in_block(found[1]) if "block" in context else None


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""


def _first_character(character: str) -> Slip:
    if character == "\\t":  # as PyYAML writes it
        return Slip("A tab cannot stand at the beginning of a line.", "Indent with spaces.")
    return Slip(f"A text that begins with {character} must be quoted.", "Put it in quotes.")


def _in_brackets(found: str, context: str, line: str, column: int) -> Slip | None:
    """Between `{` and `}`, or `[` and `]`."""
    if "node" in context:  # of either
        ends = found == "<stream end>"
        return Slip("A [ or { is not closed.", "Close it with ] or }.") if ends else None
    opening, closing = "{}" if "mapping" in context else "[]"
    if found == "<stream end>":
        return Slip(f"The {opening} is not closed.", f"Close it: {closing}", True)
    use = _USE.match(line, max(column - 1, 0))
    if use is not None:
        cure = f'Put the text in quotes, as in "{use[0]}".'
        return Slip(f"In braces, a text with {use[0]} must be quoted.", cure)
    cure = f"Put a comma between two entries, {closing} behind the last, or the text in quotes."
    return Slip(f"Here must be a comma or {closing}.", cure)


def _in_block(found: str) -> Slip:
    if found == "<block mapping start>":
        return Slip(_OTHERWISE, "Begin all keys of an object in the same column.")
    if found in ("-", "<block sequence start>"):
        return Slip(_OTHERWISE, "Begin all items of a list in the same column.")
    return Slip("Something follows where the value has ended.", "Put all of it in quotes.")


def _colon(lines: Sequence[str], number: int, column: int) -> Slip:
    """A colon where there cannot be one: in a text, or after a line that lacks its own."""
    line = _line(lines, number)
    value = _BEGINNING.match(line[:column])
    if value is not None:
        cure = f'Put the text in quotes: "{line[value.end(1) :].strip()}".'
        return Slip("A text with a colon and a blank in it must be quoted.", cure)
    for above in range(number - 1, -1, -1):
        content = lines[above].lstrip(" -").rstrip()
        if content and not content.startswith("#"):
            same = lines[above].index(content) == len(line) - len(line.lstrip(" -"))
            column_too = "" if same else " Begin both in the same column."
            cure = f"A colon is missing after {content} in line {above + 1}.{column_too}"
            return Slip("Nothing can stand beneath a mere text.", cure)
    return Slip("A colon cannot stand here.", _QUOTES)
