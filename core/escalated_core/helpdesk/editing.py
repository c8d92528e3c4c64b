"""Rows of the help desk changed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models

from escalated_core.errors import UsageError
from escalated_core.helpdesk.lookup import resolve
from escalated_core.helpdesk.references import Reference


def edit(
    reference: Reference | models.Model, fields: Mapping[str, Any], *, save: bool = True
) -> None:
    """Write other values into a row, as forms would: texts are read as what the field holds.

    Rows are named by reference or id; None empties a field that may be empty. Unless they are to
    be saved, the values are only in the row in memory.

    Raises:
        UsageError: there is no such row or field, or the value does not fit it; nothing is written.
    """
    row = resolve(reference) if isinstance(reference, Reference) else reference
    for name, value in fields.items():
        field = _field(row, name)
        new = resolve(value) if isinstance(value, Reference) else value
        try:
            setattr(row, field.name, _related(field, new) or field.clean(new, row))
        except (ValidationError, ValueError, TypeError) as error:
            problems = error.messages if isinstance(error, ValidationError) else [str(error)]
            message = f"{name!r} of {reference} cannot be {value!r}: {' '.join(problems)}"
            raise UsageError(message, _choices(field)) from error
    if not save:
        return
    try:
        row.save()
    except (DatabaseError, ValueError, OverflowError) as error:
        raise UsageError(f"{reference} cannot be saved: {error}.", "Give other values.") from error


def _field(row: models.Model, name: str) -> Any:
    fields = {
        spelling: field
        for field in row._meta.concrete_fields
        if not field.primary_key
        for spelling in (field.attname, field.name)
    }
    if name not in fields:
        near = get_close_matches(name, fields, n=1)
        known = ", ".join(dict.fromkeys(field.name for field in fields.values()))
        cure = f"Did you mean {near[0]!r}?" if near else f"It has: {known}."
        raise UsageError(f"A {row._meta.model_name} has no field {name!r}.", cure)
    return fields[name]


def _related(field: Any, value: Any) -> Any:
    """The row that a foreign key is to point to, given as itself or by its id."""
    if not isinstance(field, models.ForeignKey) or value is None:
        return None
    model: Any = cast("Any", field).related_model
    found = value if isinstance(value, model) else model.objects.filter(pk=value).first()
    if found is None:
        raise ValueError(f"There is no {model._meta.model_name} {value!r}.")
    return found


def _choices(field: Any) -> str:
    values = [str(value) for value, _ in field.flatchoices]
    return f"Choose one of {', '.join(values)}." if values else ""
