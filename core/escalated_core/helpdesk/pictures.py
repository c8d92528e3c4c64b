"""How models and querysets are pictured: fields already loaded and SQL text, never a query."""

from __future__ import annotations

from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import Manager, Model, QuerySet

from escalated_core.errors import Unwind
from escalated_core.snapshots import snapshot
from escalated_core.snapshots.camera import attributes_of


@cache
def register() -> None:
    """Teach snapshots about Django, once per process."""
    snapshot.picture.register(Model, _model, attributes_of)
    snapshot.picture.register(QuerySet, _queryset)
    snapshot.picture.register(Manager, _manager)


def _model(value: Model, camera: Any) -> snapshot.ObjectSnapshot:
    loaded = snapshot.attributes(value)
    meta = type(value)._meta
    names = [field.attname for field in meta.concrete_fields if field.attname in loaded]
    fields = camera.mapping({name: loaded[name] for name in names})
    key = loaded.get(meta.pk.attname) if meta.pk else None
    # Whoever made the object may have put anything there.
    known = f" {key}" if type(key) in (int, str, UUID) else ""
    text = f"{meta.object_name}{known}"
    return snapshot.ObjectSnapshot(snapshot.class_name(value), "model", text, fields)


def _queryset(value: QuerySet[Any], _: Any) -> snapshot.ObjectSnapshot:
    try:
        written, values = value.query.sql_with_params()
        sql = written % tuple(snapshot.plain(snapshot.snapshot(each)) for each in values)
    except Unwind:
        raise
    except BaseException as error:  # noqa: BLE001 - an impossible query has no SQL, a custom one may raise
        sql = f"(no SQL: {snapshot.class_name(error)})"
    return snapshot.ObjectSnapshot(snapshot.class_name(value), "queryset", sql)


def _manager(value: Manager[Any], _: Any) -> snapshot.ObjectSnapshot:
    name = snapshot.class_name(value)
    return snapshot.ObjectSnapshot(name, "object", f"<{name}>")
