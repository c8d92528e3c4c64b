"""Tables made from models: what migrations would do, without any."""

# Model._meta is public: https://docs.djangoproject.com/en/stable/ref/models/meta/

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, models, transaction

Models = Iterable[type[models.Model]]


def create_missing(wanted: Models) -> list[str]:
    """Make the tables that are missing; returns their names, sorted."""
    before = _existing()
    missing = [model for model in _managed(wanted) if model._meta.db_table not in before]
    if not missing:
        return []
    # A model brings the tables of its own many-to-many fields along, so those come last.
    missing.sort(key=lambda model: bool(model._meta.auto_created))
    with transaction.atomic():
        editor = connection.schema_editor()
        # Entering it would ask for constraint checks to be off, which SQLite cannot do inside a
        # transaction and new tables do not need.
        deferred: list[Any] = []
        editor.deferred_sql = deferred
        for model in missing:
            if model._meta.db_table not in _existing():
                editor.create_model(model)
        for statement in deferred:
            editor.execute(statement)
    return sorted(_existing() - before)


def drop_existing(unwanted: Models) -> list[str]:
    """Drop the tables that exist; returns their names, sorted."""
    doomed = sorted(_existing() & {model._meta.db_table for model in _managed(unwanted)})
    with transaction.atomic(), connection.cursor() as cursor:
        # Emptied first: SQLite refuses to drop a table while rows of another refer to its own.
        for statement in ("DELETE FROM", "DROP TABLE"):
            for table in doomed:
                cursor.execute(f"{statement} {connection.ops.quote_name(table)}")
    return doomed


def has_other_columns(model: type[models.Model]) -> bool:
    """Whether a model's table, if there is one, was made from other fields."""
    with connection.cursor() as cursor:
        held = {
            column.name
            for column in connection.introspection.get_table_description(
                cursor, model._meta.db_table
            )
        }
    return bool(held) and held != {field.column for field in model._meta.local_concrete_fields}


def _managed(wanted: Models) -> list[type[models.Model]]:
    return [m for m in wanted if m._meta.can_migrate(DEFAULT_DB_ALIAS)]


def _existing() -> set[str]:
    return set(connection.introspection.table_names())
