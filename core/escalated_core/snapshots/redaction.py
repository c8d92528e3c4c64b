"""Secrets made unreadable in what leaves the workbench: in snapshots, and in texts of records."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from operator import is_
from types import NoneType
from typing import Any, Final, TypeVar, cast

from escalated_core.records import Change, Effect, ErrorRecord, Firing, Frame, LogLine, Step
from escalated_core.snapshots.paths import is_named_tuple
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
)
from escalated_core.snapshots.secrets import (
    MASK,
    is_harmless,
    is_secret,
    masked_source,
    masked_text,
)
from escalated_core.snapshots.static import kind_of

__all__ = [
    "MASK",
    "Mask",
    "is_secret",
    "masked_effect",
    "masked_error",
    "masked_firing",
    "masked_log",
    "masked_text",
]

T = TypeVar("T")

_CONTAINERS: Final = (DictSnapshot, ListSnapshot, TupleSnapshot, SetSnapshot, ObjectSnapshot)
_HARMLESS: Final = frozenset((int, float, bool, NoneType))
_FORM_FIELD: Final = re.compile(
    r"(;\s*name=\"([^\"\r\n]*)\"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)(.*?)(?=\r\n--|\Z)", re.DOTALL
)
"""A field of `multipart/form-data`: what stands before its value, its name, its value."""
_LONG_ENOUGH: Final = 6
"""Characters of a secret that is looked for in other texts: shorter ones are words by chance."""


def masked_firing(firing: Firing) -> Firing:
    """The firing without its secrets. What was one value before is one value afterwards."""
    mask = Mask()
    return _with(
        firing,
        args=_same_or(firing.args, [mask.take(value) for value in firing.args]),
        kwargs=mask.take(firing.kwargs),
        steps=_same_or(firing.steps, [_step(step, mask) for step in firing.steps]),
        result=mask.take(firing.result),
    )


def masked_error(error: ErrorRecord | None) -> ErrorRecord | None:
    """The same for an exception: its message, its lines of source and its locals."""
    return None if error is None else _error(error, Mask())


def masked_effect(effect: Effect) -> Effect:
    """The same for an effect: what it was sent to, with and as."""
    return _effect(effect, Mask())


def masked_log(line: LogLine) -> LogLine:
    return replace(line, message=masked_text(line.message))


def _step(step: Step, mask: Mask) -> Step:
    return _with(
        step,
        before=mask.take(step.before),
        after=mask.take(step.after),
        changes=_same_or(step.changes, [_change(change, mask) for change in step.changes]),
        touched=_same_or(step.touched, [_change(change, mask) for change in step.touched]),
        error=None if step.error is None else _error(step.error, mask),
        output=mask.text(step.output),
        logs=tuple([_log(line, step.output, mask) for line in step.logs]),
        calls=tuple([replace(call, text=mask.text(call.text)) for call in step.calls]),
        effects=tuple([_effect(effect, mask) for effect in step.effects]),
    )


def _with(record: T, **masked: Any) -> T:
    """The record with these fields; itself if they are as they were: a copy takes longer."""
    new = {name: value for name, value in masked.items() if value is not getattr(record, name)}
    return replace(cast("Any", record), **new) if new else record


def _same_or(items: tuple[T, ...], masked: list[T]) -> tuple[T, ...]:
    return items if all(map(is_, items, masked)) else tuple(masked)


def _effect(effect: Effect, mask: Mask) -> Effect:
    argv = effect.details.get("argv", ())
    for option, value in pairwise(argv):
        if option.startswith("-"):
            mask.named(option.lstrip("-"), value)
    # The details first: a secret that is told by its name there is masked in the target, too.
    details = _details(mask.take(effect.details), mask)
    return replace(effect, details=details, target=mask.text(effect.target))


def _details(details: DictSnapshot, mask: Mask) -> DictSnapshot:
    """The same with what forms of a browser say, and with bodies that are no text."""
    answer = details.get("answer")
    shown: dict[str, Any] = dict(details)
    if isinstance(answer, DictSnapshot):
        shown["answer"] = _details(answer, mask)
    body = details.get("body")
    if isinstance(body, (str, bytes)):
        is_text = isinstance(body, str)
        text = body if is_text else body.decode("latin-1")
        masked = _FORM_FIELD.sub(_masked_field, text if is_text else mask.text(text))
        if masked != text:
            shown["body"] = masked
    return DictSnapshot(shown)


def _masked_field(found: re.Match[str]) -> str:
    return f"{found[1]}{MASK}" if is_secret(found[2]) and found[3] else found[0]


def _log(line: LogLine, output: str, mask: Mask) -> LogLine:
    # What stands before it in the output may be of another length once it is masked.
    after = len(mask.text(output[: line.after]))
    return replace(line, message=mask.text(line.message), after=after)


def _change(change: Change, mask: Mask) -> Change:
    path: list[str | int] = []
    name, is_inside = "", False
    for part in change.path:
        path.append(part if isinstance(part, int) else MASK if is_inside else masked_text(part))
        if isinstance(part, str):
            is_inside, name = is_inside or is_secret(part), part
    before, after = (
        _hidden(value, is_inside, name, mask) for value in (change.before, change.after)
    )
    if before is change.before and after is change.after and tuple(path) == change.path:
        return change
    return replace(change, path=tuple(path), before=before, after=after)


def _hidden(value: Any, is_inside: bool, name: str, mask: Mask) -> Any:
    if is_inside and not is_secret(name):
        return None if value is None else MASK
    return mask.named(name, value)


def _error(error: ErrorRecord, mask: Mask) -> ErrorRecord:
    frames = tuple(_frame(frame, mask) for frame in error.frames)
    return replace(
        error,
        message=mask.text(error.message),
        frames=frames,
        cause=None if error.cause is None else _error(error.cause, mask),
    )


def _frame(frame: Frame, mask: Mask) -> Frame:
    found = tuple([(name, mask.named(name, value)) for name, value in frame.locals])
    source = tuple((number, mask.source(text)) for number, text in frame.source)
    return replace(frame, source=source, locals=found)


class Mask:
    """Masks the snapshots of one record; the same snapshot gives the same result.

    A text that was masked because of its name is masked wherever it is met from then on.
    """

    def __init__(self) -> None:
        self._done: dict[int, tuple[Any, Any]] = {}
        self._secrets: dict[str, None] = {}

    def text(self, text: str) -> str:
        """The text without secrets."""
        return masked_text(self._without_known(text) if self._secrets else text)

    def source(self, text: str) -> str:
        """A line of source without the secrets in its literals; names of variables stay."""
        return masked_source(self._without_known(text))

    def _without_known(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def take(self, picture: Any) -> Any:
        """The snapshot without secrets; itself if it has none."""
        # The usual ones first: most of a session is such items.
        kind = kind_of(picture)
        if kind in _HARMLESS:
            return picture
        if kind is str or isinstance(picture, str):
            return self.text(picture)
        if not isinstance(picture, _CONTAINERS):
            return picture
        known = self._done.get(id(picture))
        if known is None:
            # The original is kept: its identity must not go to another.
            known = self._done[id(picture)] = (picture, self._container(picture))
        return known[1]

    def named(self, name: Any, value: Any) -> Any:
        """The value of a key or field called `name`."""
        if not isinstance(name, str) or not is_secret(name) or is_harmless(name, value):
            return self.take(value)
        secret = getattr(value, "of", value)
        if isinstance(secret, str) and len(secret) >= _LONG_ENOUGH and secret != MASK:
            self._secrets[secret] = None
        return MASK

    def _container(self, picture: Any) -> Any:
        if isinstance(picture, ObjectSnapshot):
            return self._object(picture)
        if isinstance(picture, DictSnapshot):
            return self._mapping(picture)
        kind = cast("type[Any]", type(picture))
        return _unless_same(picture, kind, self._items(picture))

    def _items(self, picture: Any) -> list[Any]:
        if type(picture) is TupleSnapshot and len(picture) == 2:  # as headers are given
            return [self.take(picture[0]), self.named(picture[0], picture[1])]
        return [self.take(item) for item in picture]

    def _mapping(self, picture: DictSnapshot) -> DictSnapshot:
        setting = _setting(picture)
        masked: dict[Any, Any] = {}
        is_same = True
        for key, value in picture.items():
            known = self.text(key) if kind_of(key) is str else self.take(key)
            while known is not key and known in masked:
                known = f"{known} again"
            name = setting if setting and key == "value" else key
            is_named = isinstance(name, str) and is_secret(name)
            new = masked[known] = self.named(name, value) if is_named else self.take(value)
            is_same = is_same and known is key and new is value
        return picture if is_same else DictSnapshot(masked)

    def _object(self, picture: ObjectSnapshot) -> ObjectSnapshot:
        fields = None if picture.fields is None else self.take(picture.fields)
        of, text = self.take(picture.of), self.text(picture.text)
        if fields is not None and is_named_tuple(picture):
            of = _unless_same(picture.of, TupleSnapshot, list(fields.values()))
        if fields is picture.fields and of is picture.of and text == picture.text:
            return picture
        return type(picture)(picture.type, picture.kind, text, fields, of)


def _unless_same(picture: Any, kind: type[Any], items: list[Any]) -> Any:
    return picture if all(map(is_, picture, items)) else kind(items)


def _setting(picture: DictSnapshot) -> str | None:
    """The name of a setting in a picture of `{"key": "api_key", "value": ...}`."""
    if "value" not in picture:
        return None
    named = next((picture[key] for key in ("key", "name") if key in picture), None)
    return named if isinstance(named, str) else None
