"""Stories as text: what is written can be read again, and says the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import yaml

from escalated_core.stories.moments import moment, spelt
from escalated_core.stories.story import START, WARNING, Expected, Story, StoryStep

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*", re.ASCII)
_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Not text to every reader of YAML."""
_UNSEEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
"""Characters that cannot be seen, or that turn a line around."""


def write_story(story: Story, notes: Mapping[int, Iterable[str]] | None = None) -> str:
    """The story as YAML.

    Args:
        story: what to write.
        notes: comments of a line each, by the number of steps that stand before.
    """
    notes = notes or {}
    head: dict[str, Any] = {"name": story.name}
    if story.profile:
        head["profile"] = story.profile
    if story.seed is not None:
        head["seed"] = story.seed
    if story.start != moment(START):
        head["start"] = f"{story.start:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
    if story.warning != WARNING:
        head["sla"] = spelt(story.warning) if story.warning is not None else False
    if story.settings:
        head["settings"] = dict(story.settings)
    if story.expected:
        head["expect"] = _expect(story.expected, "")
    text = _dumped(head) + "steps:\n"
    for number, step in enumerate(story.steps):
        text += _comments(notes.get(number, ()))
        lines = _dumped(_step(step)).splitlines()
        text += "".join(f"{'  - ' if not i else '    '}{x}\n" for i, x in enumerate(lines))
    return text + _comments(notes.get(len(story.steps), ()))


def _comments(notes: Iterable[str]) -> str:
    return "".join(f"  # {' '.join(note.split())}\n" for note in notes)


def _step(step: StoryStep) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if step.id:
        shown["id"] = step.id
    if step.at.text:
        shown["at"] = step.at.text
    if step.event:
        shown[step.event] = dict(step.given)
    else:
        shown["fire"] = step.fire
    if step.kind:
        shown["kind"] = step.kind
    if step.args:
        shown["args"] = list(step.args)
    if step.kwargs:
        shown["kwargs"] = dict(step.kwargs)
    if step.repeat > 1:
        shown["repeat"] = step.repeat
    if step.dry:
        shown["dry"] = True
    if step.expected:
        shown["expect"] = _expect(step.expected, step.fire)
    return shown


def _expect(expected: Iterable[Expected], bare: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in expected:
        if each.what == "under":
            found["under"] = f"{each.value * 1000:g}ms"
        elif each.what == "fired":
            found.setdefault("fired", {})[each.subject] = each.value
        elif each.what == "row":
            path = f"{each.of}.{each.subject}" if each.of else each.subject
            found.setdefault("row", {})[path] = each.value
        elif each.subject and not (bare and each.what in ("result", "contains")):
            found.setdefault(each.what, {})[each.subject] = each.value
        else:
            found[each.what] = each.value
    fired: Any = found.get("fired")
    if fired and None in fired.values():
        found["fired"] = list(fired)
    return found


class _Dumper(yaml.SafeDumper):
    """Blocks without aliases; text is quoted wherever any reader might take it for another."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return cast("Any", dumper).represent_scalar(
        "tag:yaml.org,2002:str", text, style=None if is_plain else '"'
    )


_Dumper.add_representer(str, _text)


def _dumped(value: Mapping[str, Any]) -> str:
    text = yaml.dump(
        dict(value),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=10**9,
    )
    # In double quotes, all of them: nothing else is written without.
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
