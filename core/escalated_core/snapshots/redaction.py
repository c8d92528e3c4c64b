"""Secrets made unreadable in what leaves the workbench: in snapshots, and in texts of records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

from escalated_core.records import Change, ErrorRecord, Firing, Frame, LogLine, Step
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

__all__ = [
    "MASK",
    "Mask",
    "is_secret",
    "masked_error",
    "masked_firing",
    "masked_log",
    "masked_text",
]

_LONG_ENOUGH: Final = 6
"""Characters of a secret that is looked for in other texts: shorter ones are words by chance."""


def masked_firing(firing: Firing) -> Firing:
    """The firing without its secrets. What was one value before is one value afterwards."""
    mask = Mask()
    return replace(
        firing,
        args=tuple(mask.take(value) for value in firing.args),
        kwargs=mask.take(firing.kwargs),
        steps=tuple(_step(step, mask) for step in firing.steps),
        result=mask.take(firing.result),
    )


def masked_error(error: ErrorRecord | None) -> ErrorRecord | None:
    """The same for an exception: its message, its lines of source and its locals."""
    return None if error is None else _error(error, Mask())


def masked_log(line: LogLine) -> LogLine:
    return replace(line, message=masked_text(line.message))


def _step(step: Step, mask: Mask) -> Step:
    return replace(
        step,
        before=mask.take(step.before),
        after=mask.take(step.after),
        changes=tuple(_change(change, mask) for change in step.changes),
        touched=tuple(_change(change, mask) for change in step.touched),
        error=None if step.error is None else _error(step.error, mask),
        output=mask.text(step.output),
        logs=tuple(_log(line, step.output, mask) for line in step.logs),
        calls=tuple(replace(call, text=mask.text(call.text)) for call in step.calls),
    )


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
        return masked_text(self._without_known(text))

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
        if isinstance(picture, str):
            return self.text(picture)
        if not isinstance(
            picture, (DictSnapshot, ListSnapshot, TupleSnapshot, SetSnapshot, ObjectSnapshot)
        ):
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
            known = self.take(key)
            while known is not key and known in masked:
                known = f"{known} again"
            name = setting if setting and key == "value" else key
            masked[known] = self.named(name, value)
            is_same = is_same and known is key and masked[known] is value
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
    is_same = all(one is other for one, other in zip(picture, items, strict=True))
    return picture if is_same else kind(items)


def _setting(picture: DictSnapshot) -> str | None:
    """The name of a setting in a picture of `{"key": "api_key", "value": ...}`."""
    named = next((picture[key] for key in ("key", "name") if key in picture), None)
    return named if isinstance(named, str) and "value" in picture else None
