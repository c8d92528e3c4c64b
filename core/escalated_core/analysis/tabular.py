"""Records as rows of a table: flat dicts of builtins, or a frame where pandas is installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import (
    Any,
    Generic,
    SupportsIndex,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

from escalated_core.errors import UsageError
from escalated_core.snapshots.pictures import plain

T = TypeVar("T")


class Records(list[T]):
    """Records of one kind, in a list that can be a table."""

    def __init__(self, kind: type[T], records: Iterable[T] = ()) -> None:
        super().__init__(records)
        self.kind = kind
        """What they are, also when there are none."""

    def to_dicts(self) -> list[dict[str, Any]]:
        """One flat dict of builtins per record (see `flat`)."""
        return [flat(record) for record in self]

    def to_frame(self) -> Any:
        """The same as a `pandas.DataFrame`; raises `UsageError` where pandas is not installed."""
        return frame(self.kind, self)

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Records[T]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | Records[T]:
        if isinstance(index, slice):
            return Records(self.kind, super().__getitem__(index))
        return super().__getitem__(index)


class Named(dict[str, T], Generic[T]):
    """Records of one kind by name, in a dict that can be a table."""

    def __init__(self, kind: type[T], records: Mapping[str, T]) -> None:
        super().__init__(records)
        self.kind = kind

    def to_dicts(self) -> list[dict[str, Any]]:
        """One flat dict of builtins per record (see `flat`)."""
        return [flat(record) for record in self.values()]

    def to_frame(self) -> Any:
        """The same as a `pandas.DataFrame`; raises `UsageError` where pandas is not installed."""
        return frame(self.kind, self.values())


def flat(record: Any) -> dict[str, Any]:
    """A record as one row of builtins, its derived properties included.

    Of records inside it, one is its text, or a dict if it has none; of several there is their
    number. Snapshots are their plain values, durations nanoseconds, moments seconds.
    """
    if isinstance(record, Mapping):
        return dict(cast("Mapping[str, Any]", record))
    kind = cast("Any", type(record))
    return {name: cell(getattr(record, name)) for name, cell in _columns(kind).items()}


def frame(kind: type[Any], records: Iterable[Any]) -> Any:
    """The rows of records of a kind as a `pandas.DataFrame`, with its columns also without rows.

    Raises:
        UsageError: pandas is not installed.
    """
    try:
        # Only here: it is no dependency, and takes half a second.
        pandas: Any = import_module("pandas")
    except ImportError:
        cure = "Run pip install pandas, or use to_dicts()."
        raise UsageError("pandas is not installed.", cure) from None
    columns = list(_columns(kind)) if dataclasses.is_dataclass(kind) else None
    return pandas.DataFrame([flat(record) for record in records], columns=columns)


@cache
def _columns(kind: type[Any]) -> dict[str, Callable[[Any], Any]]:
    """What a record of a kind has, and how to make a cell of it."""
    fields = {name: _maker(hint) for name, hint in get_type_hints(kind).items()}
    derived = {name: _cell for name, held in vars(kind).items() if isinstance(held, property)}
    return {**fields, **derived}


def _maker(hint: Any) -> Callable[[Any], Any]:
    inside = get_args(hint)
    return len if get_origin(hint) is tuple and dataclasses.is_dataclass(inside[0]) else _cell


def _cell(value: Any) -> Any:
    kind = cast("Any", type(value))
    if kind is tuple:
        return [_cell(item) for item in value]
    picture = plain(value)
    if picture is not value or not dataclasses.is_dataclass(kind):
        return picture
    return str(value) if "__str__" in vars(kind) else flat(value)
