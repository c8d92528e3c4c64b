"""Rows and queries as they were recorded: rows of now with the values of then, in memory only.

Where code works on a copy of the database that is thrown away, a row that is gone is there again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from escalated_core.helpdesk.scratch import is_scratch
from escalated_core.snapshots.pictures import ObjectSnapshot, same
from escalated_core.snapshots.snapshot import snapshot
from escalated_core.snapshots.static import type_name


def recall(
    picture: ObjectSnapshot, fields: Mapping[str, Any], unknown: Collection[str]
) -> tuple[Any, str]:
    """The row with the recorded values laid over it, not saved, and what is not quite so with it.

    One that is gone is made of them, if all of them are known.

    Raises:
        LookupError: there is no such model, or a row that is gone was not recorded as a whole.
    """
    model = _model(picture.type)
    names = [field.attname for field in model._meta.concrete_fields]
    values = {name: fields[name] for name in names if name in fields}
    lost = ", ".join(unknown)
    key = values.get(model._meta.pk.attname)
    if key is not None and len(values) == len(names) and _is_there(model, key):
        return model.from_db(DEFAULT_DB_ALIAS, names, [*values.values()]), ""
    found = model._meta.base_manager.filter(pk=key).first() if key is not None else None
    if found is not None:
        for name, value in values.items():
            setattr(found, name, value)
        return found, f"{lost} of {picture.text} is as in the row now" if lost else ""
    if lost:
        is_gone = (
            f"{picture.text} is gone" if key is not None else f"the {picture.text} was never saved"
        )
        raise LookupError(f"{is_gone}, and its {lost} was not recorded")
    if key is None:
        return model(**values), ""
    is_gone = f"{picture.text} is gone: it is made from what was recorded"
    if is_scratch() and _is_put_back(model, values):
        return model.from_db(DEFAULT_DB_ALIAS, [*values], [*values.values()]), is_gone
    return model(**values), f"{is_gone}, and not saved"


def requery(picture: ObjectSnapshot) -> Any:
    """All rows of a model, if that is what was asked for.

    Raises:
        LookupError: it was another query; only its text was recorded.
    """
    for model in apps.get_models(include_auto_created=True):
        query = model._meta.default_manager.all()
        if same(snapshot(query), picture):
            return query
    raise LookupError("a query of which only the SQL was recorded")


def _is_put_back(model: Any, values: Mapping[str, Any]) -> bool:
    """Write a row as it was recorded, so that it can be found; returns whether that went well.

    No receiver of signals is called, and rows that it refers to may be gone, too.
    """
    rows, connection = model._meta.base_manager, cast("Any", connections[DEFAULT_DB_ALIAS])
    try:
        with connection.constraint_checks_disabled():
            rows.bulk_create([model(**values)])
            # Again: some columns are given the moment at which a row is made.
            rows.filter(pk=values[model._meta.pk.attname]).update(**values)
    except (DatabaseError, ValueError):  # such as another row with its reference
        return False
    return True


def _is_there(model: Any, key: Any) -> bool:
    """Whether there is such a row now.

    In SQL: making that of a query takes longer than a chain of callbacks does.
    """
    connection, pk = connections[DEFAULT_DB_ALIAS], model._meta.pk
    table, column = map(connection.ops.quote_name, (model._meta.db_table, pk.column))
    with connection.cursor() as cursor:
        wanted = pk.get_db_prep_value(key, connection)
        cursor.execute(f"SELECT 1 FROM {table} WHERE {column} = %s", [wanted])
        return cursor.fetchone() is not None


def _model(name: str) -> Any:
    for model in apps.get_models(include_auto_created=True):
        if type_name(model) == name:
            return model
    raise LookupError(f"there is no model {name}")
