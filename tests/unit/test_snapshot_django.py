"""Snapshots of Django's objects: what is loaded, and never a query."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from escalated_core.helpdesk.references import Reference
from escalated_core.helpdesk.world import World
from escalated_core.snapshots.diff import changes, path_text
from escalated_core.snapshots.plain import to_plain
from escalated_core.snapshots.snapshot import same, snapshot


def taken(value: object) -> Any:
    """The snapshot of a value, which must be ready for JSON and the same when taken again."""
    picture = snapshot(value)
    json.dumps(to_plain(picture), allow_nan=False)
    assert same(picture, snapshot(value))
    return picture


def told(before: Any, after: Any) -> list[str]:
    """The paths of the changes between two snapshots."""
    return [path_text(change.path) for change in changes(before, after)]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.open()
    importlib.import_module("escalated_core.helpdesk.pictures").register()
    yield world
    world.close()


@pytest.fixture
def models(world: World) -> ModuleType:
    return importlib.import_module("escalated_core.helpdesk.models")


@pytest.fixture
def no_queries(world: World) -> Iterator[None]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        yield
    assert [query["sql"] for query in queries] == []


def ticket(world: World) -> Any:
    return world.resolve(Reference("ticket", 1))


def test_a_model_shows_its_loaded_fields(world: World, models: ModuleType):
    one = ticket(world)
    deferred = models.Ticket.objects.only("subject").get(pk=one.pk)
    fresh = models.Ticket.objects.get(pk=one.pk)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        before = taken(fresh)
        assert (before.kind, before.text) == ("model", f"Ticket {one.pk}")
        assert before["subject"] == one.subject
        assert before["requester_id"] == one.requester_id
        assert set(taken(deferred).fields) == {"id", "subject"}
        fresh.subject, fresh.status = "changed", models.Ticket.Status(fresh.status)
        assert told(before, taken(fresh)) == ["subject", "status"]
        unsaved = taken(models.Ticket(subject="new"))
        assert (unsaved["id"], unsaved["subject"]) == (None, "new")
        taken({"ticket": fresh, "nested": [deferred, (fresh,)]})
    assert not queries.captured_queries


def test_a_queryset_is_pictured_as_its_sql(models: ModuleType, no_queries: None):
    tickets = models.Ticket.objects
    open_ones = taken(tickets.filter(status="open"))
    assert open_ones.kind == "queryset"
    assert open_ones.text.startswith("SELECT ")
    assert '"status" = open' in open_ones.text
    assert told(open_ones, taken(tickets.filter(status="closed"))) == ["value"]
    for queryset in (
        tickets.all()[:5],
        tickets.values("id"),
        tickets.select_related("requester").order_by("-id"),
        tickets.none(),
        tickets.filter(pk__in=[]),
        tickets.filter(tags__in=models.Tag.objects.all()).distinct(),
    ):
        assert taken(queryset).kind == "queryset"
    taken(tickets)
    taken(tickets.raw("SELECT 1"))


def test_what_belongs_to_a_ticket_is_not_fetched(world: World, models: ModuleType):
    one = models.Ticket.objects.get(pk=1)
    from django.db import connection
    from django.db.models import F, Q
    from django.test.utils import CaptureQueriesContext
    from django.utils.functional import SimpleLazyObject
    from django.utils.safestring import mark_safe
    from django.utils.translation import gettext_lazy

    def fetch() -> Any:
        return models.Ticket.objects.get(pk=2)

    with CaptureQueriesContext(connection) as queries:
        for value in (one.comments, one.tags, one.tags.all(), Q(a=1) | ~Q(b=2), F("id") + 1):
            taken(value)
        taken([SimpleLazyObject(fetch), gettext_lazy("text")])
        assert taken(mark_safe("x")) == "x"
        assert changes(taken(mark_safe("x")), taken("x"))
    assert not queries.captured_queries


def test_forms_and_requests_are_pictured(world: World, no_queries: None):
    from django.http import HttpRequest, QueryDict

    query = QueryDict("a=1&a=2&b=3")
    assert taken(query) == {"a": ["1", "2"], "b": ["3"]}
    assert taken(HttpRequest()).kind == "object"
