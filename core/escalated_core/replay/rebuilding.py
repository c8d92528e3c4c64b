"""Live arguments made anew from the snapshots of a recorded firing, also of one from a session.

Builtins come back exactly, relatives of them, enums and dataclasses as far as their classes are
loaded; no code of theirs runs. Rows and queries come from the help desk.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Final, Protocol

from escalated_core.analysis.arguments import names_of
from escalated_core.errors import UsageError
from escalated_core.records import Firing
from escalated_core.replay import objects
from escalated_core.snapshots.paths import Path, is_named_tuple, part_of, path_text
from escalated_core.snapshots.pictures import (
    DictSnapshot,
    FrozenSetSnapshot,
    ListSnapshot,
    ObjectSnapshot,
    SetSnapshot,
    TupleSnapshot,
    same,
)
from escalated_core.snapshots.secrets import MASK
from escalated_core.snapshots.static import kind_of


class Rows(Protocol):
    """Where rows and queries of the help desk come from."""

    def recall(
        self, row: ObjectSnapshot, fields: Mapping[str, Any], unknown: Collection[str]
    ) -> tuple[Any, str]:
        """A row as it was recorded, in memory, and what is not quite so with it, in words.

        Args:
            row: the picture of it.
            fields: the values that were recorded, by the name of their column.
            unknown: the columns whose recorded values cannot be made again.

        Raises:
            LookupError: it cannot be had; says why.
        """
        ...

    def requery(self, query: ObjectSnapshot) -> Any:
        """The query that was recorded; raises `LookupError` that says why it cannot be had."""
        ...


@dataclass(frozen=True, slots=True)
class Lack:
    """A value that cannot be made again."""

    path: str
    """From the name of the argument on, or from its position: `ticket`, `data.token`, `[0].at`."""
    why: str

    def __str__(self) -> str:
        return f"{self.path} ({self.why})"


class MissingError(UsageError):
    """Values of a recorded firing cannot be made again; `lacks` names all of them."""

    def __init__(self, what: str, lacks: Iterable[Lack]) -> None:
        self.lacks = tuple(lacks)
        told = "; ".join(map(str, self.lacks[:_MOST]))
        more = f"; and {len(self.lacks) - _MOST} more" if len(self.lacks) > _MOST else ""
        cure = f"Give other values for them: {self.lacks[0].path}=... ."
        super().__init__(f"{what} cannot be fired again; this is missing: {told}{more}.", cure)


NOT_RECORDED: Final = "… not recorded"
"""What stands for a value while values are not recorded."""
_MOST: Final = 5
"""MissingError values that a message names."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The arguments of a recorded firing, alive."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    notes: tuple[str, ...] = ()
    """What is not quite as it was recorded, in words."""


def rebuilt(firing: Firing, rows: Rows, given: Collection[Path] = ()) -> Rebuilt:
    """The arguments of a recorded firing, made anew.

    Args:
        firing: the record; of an event the arguments are its keywords.
        rows: what gives rows and queries.
        given: paths to values that are given anyway: None is in their place.

    Raises:
        MissingError: some of them cannot be made.
    """
    builder = _Builder(rows, given)
    names = names_of(firing.hook, firing.profile)
    args = [
        builder.take(each, (names[place] if place < len(names) else place,))
        for place, each in enumerate(firing.args)
    ]
    named: dict[str, Any] = dict(firing.kwargs or {})
    kwargs = {name: builder.take(each, (name,)) for name, each in named.items()}
    if builder.lacks:
        raise MissingError(f"{firing.hook} (firing {firing.id})", builder.lacks)
    return Rebuilt(tuple(args), kwargs, tuple(dict.fromkeys(builder.notes)))


class _Builder:
    """Makes values of pictures, and notes what it cannot make."""

    def __init__(self, rows: Rows, given: Collection[Path]) -> None:
        self.lacks: list[Lack] = []
        self.notes: list[str] = []
        self._rows = rows
        self._given = frozenset(given)
        self._known: list[tuple[ObjectSnapshot, Any]] = []
        """Rows that were made: one that is passed twice is one object."""

    def take(self, picture: Any, path: Path) -> Any:
        """The value that a picture is of; None where it cannot be made, which is noted."""
        return None if path in self._given else self._made(picture, path)

    def _made(self, picture: Any, path: Path) -> Any:
        if isinstance(picture, ObjectSnapshot):
            try:
                return self._object(picture, path)
            except LookupError as why:
                return self._lack(path, str(why.args[0]))
        kind = kind_of(picture)
        if kind is str and MASK in picture:
            return self._lack(path, "a secret that was masked")
        how = self._containers.get(kind)
        return how(picture, path) if how else picture

    @cached_property
    def _containers(self) -> dict[type, Callable[[Any, Path], Any]]:
        return {
            ListSnapshot: self._items,
            TupleSnapshot: lambda picture, path: tuple(self._items(picture, path)),
            SetSnapshot: lambda picture, path: set(self._members(picture, path)),
            FrozenSetSnapshot: lambda picture, path: frozenset(self._members(picture, path)),
            DictSnapshot: self._entries,
        }

    def _items(self, picture: Any, path: Path) -> list[Any]:
        return [self.take(each, (*path, index)) for index, each in enumerate(picture)]

    def _members(self, picture: Any, path: Path) -> list[Any]:
        return [self.take(each, (*path, part_of(each))) for each in picture]

    def _entries(self, picture: DictSnapshot, path: Path) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, each in picture.items():
            inside = (*path, part_of(key))
            made[self._made(key, inside)] = self.take(each, inside)
        return made

    def _object(self, picture: ObjectSnapshot, path: Path) -> Any:
        match picture.kind:
            case "model":
                return self._row(picture, path)
            case "queryset":
                return self._rows.requery(picture)
            case "enum":
                return objects.member(picture.type, picture.text.partition(".")[2])
            case "dataclass":
                return objects.instance(picture.type, self._fields(picture, path))
            case "subclass":
                equal = self.take(picture.of, path)
                kept = {} if is_named_tuple(picture) else self._fields(picture, path)
                return objects.relative(picture.type, equal, kept)
            case "truncated":
                is_left_out = picture.text == NOT_RECORDED
                raise LookupError("not recorded" if is_left_out else "too large to be recorded")
            case "cycle":
                raise LookupError("it contains itself")
            case _:
                return self._other(picture, path)

    def _other(self, picture: ObjectSnapshot, path: Path) -> Any:
        if picture.type == objects.NAMESPACE:
            return SimpleNamespace(**self._fields(picture, path))
        made = objects.simple(picture)
        if made is objects.NOTHING:
            raise LookupError(f"an object of {picture.type}")
        return made

    def _fields(self, picture: ObjectSnapshot, path: Path) -> dict[str, Any]:
        return {name: self.take(each, (*path, name)) for name, each in _fields_of(picture)}

    def _row(self, picture: ObjectSnapshot, path: Path) -> Any:
        known = next((row for seen, row in self._known if same(seen, picture)), None)
        if known is not None:
            return known
        fields: dict[str, Any] = {}
        unknown: list[str] = []
        for name, each in _fields_of(picture):
            before = len(self.lacks)
            fields[name] = self.take(each, (*path, name))
            if len(self.lacks) > before:
                # The row that there is may have it.
                del self.lacks[before:], fields[name]
                unknown.append(name)
        row, note = self._rows.recall(picture, fields, unknown)
        self.notes += [f"{path_text(path)}: {note}"] if note else []
        self._known.append((picture, row))
        return row

    def _lack(self, path: Path, why: str) -> None:
        self.lacks.append(Lack(path_text(path), why))


def _fields_of(picture: ObjectSnapshot) -> list[tuple[str, Any]]:
    return [] if picture.fields is None else [*picture.fields.items()]
