"""The embedded help desk, through `World` and `Receivers`; Django is configured once for all."""

from __future__ import annotations

import importlib
import logging
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.helpdesk.references import KINDS, Reference
from escalated_core.helpdesk.world import World
from escalated_core.hooks.catalogue import guide_catalogue
from escalated_core.records import CataloguedHook, Parameter


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.open()
    yield world
    world.close()


@pytest.fixture
def models(world: World) -> ModuleType:
    """The help desk's models, which cannot be imported before a world was opened."""
    return importlib.import_module("escalated_core.helpdesk.models")


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )


# --- opening and closing


def test_nothing_of_django_is_imported_before_opening():
    done = run(
        "import sys, escalated_core.helpdesk.world as w; w.World();"
        "print([m for m in ('django', 'faker') if m in sys.modules])"
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_django_configured_by_somebody_else_is_refused():
    done = run(
        "from django.conf import settings; settings.configure()\n"
        "from escalated_core.helpdesk.world import World, UsageError\n"
        "for _ in range(2):\n"
        "    try: World().open()\n"
        "    except UsageError as error: print(error)\n"
    )
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first == second
    assert "already configured in this process" in first
    assert "process of its own" in first


def test_a_world_opens_and_closes_many_times():
    folders = set()
    for _ in range(20):
        world = World()
        assert not world.is_open
        world.open()
        world.open()
        assert world.is_open
        from django.db import connection

        path = Path(connection.settings_dict["NAME"])
        assert path.is_file()
        folders.add(path.parent)
        ticket = world.resolve(Reference("ticket", 1))
        assert ticket.subject != "changed"
        ticket.subject = "changed"
        ticket.save()
        world.close()
        world.close()
        assert not world.is_open
        assert not path.parent.exists()
    assert len(folders) == 20


def test_two_worlds_at_once_are_refused(world: World):
    other = World()
    with pytest.raises(UsageError, match="Another help desk is open"):
        other.open()
    world.close()
    other.open()
    other.close()


def test_a_closed_world_says_so():
    with pytest.raises(UsageError, match="not open"):
        World().resolve(Reference("ticket", 1))


def test_the_database_is_out_of_reach_after_closing(world: World, models: ModuleType):
    from django.core.exceptions import ImproperlyConfigured

    assert models.Ticket.objects.count() == 30
    world.close()
    with pytest.raises(ImproperlyConfigured):
        models.Ticket.objects.count()


# --- the seeded world


def picture(seed: int) -> dict[str, list[dict[str, Any]]]:
    world = World(seed)
    world.open()
    try:
        return {kind: world.rows(kind) for kind in KINDS}
    finally:
        world.close()


def test_the_same_seed_is_the_same_world_and_another_is_not():
    first = picture(7)
    assert first == picture(7)
    other = picture(8)
    assert first["ticket"] != other["ticket"]
    assert first["customer"] != other["customer"]
    assert first["comment"] != other["comment"]


def test_a_seeded_world_is_the_same_in_every_process():
    code = (
        "import json; from escalated_core.helpdesk.world import World\n"
        "w = World(3); w.open(); print(json.dumps([w.rows('ticket'), w.rows('user')])); w.close()"
    )
    first, second = run(code), run(code)
    assert first.stderr == ""
    assert first.stdout == second.stdout


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_world_is_consistent(seed: int):
    from datetime import datetime

    rows = picture(seed)
    counts = {kind: len(rows[kind]) for kind in KINDS}
    expected = {"ticket": 30, "agent": 4, "admin": 1, "customer": 12, "department": 5, "tag": 8}
    assert {kind: counts[kind] for kind in expected} == expected
    assert 50 <= counts["comment"] <= 75
    assert sum(row["is_guest"] for row in rows["ticket"]) == 2
    assert any(row["is_internal_note"] for row in rows["comment"])
    for row in rows["ticket"]:
        ended = row["status"] in ("resolved", "closed")
        assert (row["resolved_at"] is not None) == ended
        assert (row["closed_at"] is not None) == (row["status"] == "closed")
        assert row["status"] == "open" or row["assigned_to"]
        told = [c["created_at"] for c in rows["comment"] if c["ticket"] == row["id"]]
        moments = [row["created_at"], *told, row["resolved_at"], row["closed_at"]]
        known = [datetime.fromisoformat(moment) for moment in moments if moment]
        assert known == sorted(known)
        assert known[-1] == datetime.fromisoformat(row["updated_at"])
        assert row["updated_at"] < "2026-01-05T09:00:00"


def test_hostile_texts_are_in_every_world():
    for seed in (0, 1):
        subjects = {row["subject"] for row in picture(seed)["ticket"]}
        assert "Re: [/URGENT] printer [bold" in subjects
        assert any("\u200b" in subject for subject in subjects)
        assert any("😱" in subject for subject in subjects)
        assert any("\u0627" in subject for subject in subjects)
        assert any("<script>" in subject for subject in subjects)


def test_people_have_their_roles(world: World):
    agent = world.resolve(Reference("agent", 2))
    admin = world.resolve(Reference("admin", 1))
    customer = world.resolve(Reference("customer", 1))
    assert (agent.is_staff, agent.is_superuser) == (True, False)
    assert (admin.is_staff, admin.is_superuser) == (True, True)
    assert (customer.is_staff, customer.is_superuser) == (False, False)
    assert agent.groups.get().name == "agents"
    assert agent.has_perm("escalated.change_ticket")
    assert not customer.has_perm("escalated.change_ticket")
    from django.contrib.auth import authenticate

    assert authenticate(username=agent.username, password="password") == agent


def test_new_tickets_get_the_next_reference(world: World, models: ModuleType):
    ticket = models.Ticket.objects.create(subject="New", guest_email="a@example.net")
    assert ticket.reference == "ESC-00031"
    assert str(ticket) == "[ESC-00031] New"
    assert ticket.is_guest
    assert ticket.is_open
    assert (ticket.requester_name, ticket.requester_email) == ("Guest", "a@example.net")
    comment = models.Comment.objects.create(ticket=ticket, body="Hello")
    assert str(comment) == "Comment on ESC-00031 by a guest"
    assert str(models.Department.objects.first())
    assert str(models.Tag.objects.first())


# --- references


def test_references_are_the_first_rows_by_id(world: World):
    assert world.resolve(Reference("ticket", 1)).reference == "ESC-00001"
    for kind in KINDS:
        for row in world.rows(kind):
            assert world.resolve(Reference(kind, row["key"])).pk == row["id"]


def test_a_ticket_keeps_its_key_when_another_is_deleted(world: World):
    world.resolve(Reference("ticket", 3)).delete()
    assert world.resolve(Reference("ticket", 4)).reference == "ESC-00004"
    with pytest.raises(UsageError) as caught:
        world.resolve(Reference("ticket", 3))
    assert str(caught.value) == "There is no ticket 3. There is: ticket 1 to 2, 4 to 30."


def test_unknown_references_name_those_there_are(world: World):
    with pytest.raises(UsageError, match=r"no agent 5\. There is: agent 1 to 4\."):
        world.resolve(Reference("agent", 5))
    with pytest.raises(UsageError, match="It has: ticket, user, agent"):
        world.resolve(Reference("tiket", 1))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="It has: ticket"):
        world.rows("tiket")  # type: ignore[arg-type]


# --- arguments


def test_arguments_have_the_promised_types(world: World, models: ModuleType):
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

    types: dict[str, Any] = {
        "ticket": models.Ticket,
        "user": User,
        "agent": User,
        "comment": models.Comment,
        "changes": dict,
        "status": str,
        "ticket_id": int,
        "ticket_data": dict,
        "ticket_queryset": QuerySet,
        "permissions": list,
        "text": str,
        "slug": str,
        "manifest": dict,
    }
    used = set()
    for hook in guide_catalogue():
        arguments = world.arguments_for(hook)
        assert len(arguments) == len(hook.parameters)
        for parameter, argument in zip(hook.parameters, arguments, strict=True):
            used.add(parameter.type)
            assert isinstance(argument, types[parameter.type]), hook.name
    assert used == set(types)


def arguments(world: World, name: str, **given: Any) -> tuple[Any, ...]:
    hook = guide_catalogue().get(name)
    assert hook is not None
    return world.arguments_for(hook, given)


def test_arguments_belong_together(world: World, models: ModuleType):
    before = {kind: world.rows(kind) for kind in KINDS}
    ticket, user = arguments(world, "ticket_created")
    assert user == ticket.requester
    ticket, user, changes = arguments(world, "ticket_updated")
    assert user == ticket.requester
    assert changes["subject"]["new"] == ticket.subject != changes["subject"]["old"]
    ticket, agent = arguments(world, "ticket_assigned")
    assert agent == ticket.assigned_to
    comment, ticket = arguments(world, "comment_created")
    assert comment.ticket is ticket
    assert not comment.is_internal_note
    content, comment = arguments(world, "comment_content")
    assert content == comment.body
    permissions, user = arguments(world, "user_permissions")
    assert user.is_staff
    assert all(user.has_perm(name) for name in permissions)
    assert "escalated.change_ticket" in permissions
    (queryset,) = arguments(world, "ticket_list_query")
    assert queryset.filter(priority="high").count() < queryset.count() == 30
    slug, manifest = arguments(world, "plugin_loaded")
    assert manifest["slug"] == slug
    assert before == {kind: world.rows(kind) for kind in KINDS}


def test_status_changes_for_every_ticket(world: World):
    for key in range(1, 31):
        given = Reference("ticket", key)
        ticket, old, new = arguments(world, "ticket_status_changed", ticket=given)
        assert ticket.pk == key
        assert old != new == ticket.status


def test_ticket_data_is_what_the_ticket_has(world: World, models: ModuleType):
    data, ticket = arguments(world, "ticket_data", ticket=Reference("ticket", 5))
    assert ticket.pk == 5
    names = {"subject", "description", "status", "priority", "channel"}
    assert {name: data[name] for name in names} == {name: getattr(ticket, name) for name in names}
    data["metadata"] = {**(data["metadata"] or {}), "seen": True}
    del data["tags"]
    models.Ticket.objects.filter(pk=5).update(**data)


def test_given_values_lead(world: World):
    customer = world.resolve(Reference("customer", 4))
    assert arguments(world, "user_login", user=customer) == (customer,)
    comment = world.resolve(Reference("comment", 9))
    assert arguments(world, "comment_created", comment=comment) == (comment, comment.ticket)
    slug, manifest = arguments(world, "plugin_loaded", slug="triage")
    assert (slug, manifest["slug"], manifest["name"]) == ("triage", "triage", "Triage")


def test_arguments_that_cannot_be_made(world: World, models: ModuleType):
    hook = CataloguedHook("x", "action", "ticket", "", (Parameter("x", "planet"),))
    with pytest.raises(UsageError, match=r"no values of type 'planet'.*ticket, user"):
        world.arguments_for(hook)
    silent = models.Ticket.objects.filter(comments=None).first()
    with pytest.raises(UsageError, match=f"{silent.reference} has no comment"):
        arguments(world, "comment_created", ticket=silent)
    models.Ticket.objects.all().delete()
    with pytest.raises(UsageError, match="no ticket left"):
        arguments(world, "ticket_created")


# --- settings and logging


def test_settings_are_overlaid_and_undone():
    from django.conf import settings

    world = World(
        settings={"SLACK_WEBHOOK_URL": "https://example.com/x", "TIME_ZONE": "Asia/Tokyo"}
    )
    world.open()
    assert settings.SLACK_WEBHOOK_URL == "https://example.com/x"
    assert settings.TIME_ZONE == "Asia/Tokyo"
    settings.PLUGIN_WAS_HERE = True
    world.close()
    assert not hasattr(settings, "SLACK_WEBHOOK_URL")
    assert not hasattr(settings, "PLUGIN_WAS_HERE")
    assert settings.TIME_ZONE == "UTC"


def test_the_process_keeps_its_time_zone(monkeypatch: pytest.MonkeyPatch):
    import os
    import time

    before = time.tzname, os.environ.get("TZ")
    world = World(settings={"TIME_ZONE": "Asia/Tokyo"})
    world.open()
    world.close()
    assert (time.tzname, os.environ.get("TZ")) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"slack_url": ""}, "Did you mean SLACK_URL"),
        ({"INSTALLED_APPS": []}, "INSTALLED_APPS is the help desk's own"),
        ({"LOGGING": ["console"]}, "LOGGING must be a dict"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any], message: str):
    with pytest.raises(UsageError, match=message):
        World(settings=settings)


def test_mail_and_cache_do_not_outlive_a_world(world: World):
    from django.core import mail
    from django.core.cache import cache

    mail.send_mail("Hello", "", None, ["a@example.com"])
    cache.set("key", 1)
    assert len(mail.outbox) == 1
    world.close()
    world.open()
    assert mail.outbox == []
    assert cache.get("key") is None


LOGGING = {
    "version": 1,
    "formatters": {"plain": {"format": "%(name)s: %(message)s"}},
    "handlers": {
        "memory": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "stream": "ext://escalated_test_stream.STREAM",
        }
    },
    "loggers": {
        "escalated.plugins": {"handlers": ["memory"], "level": "DEBUG", "propagate": False},
        "only.here": {"handlers": ["memory"], "level": "DEBUG", "propagate": False},
    },
    "root": {"handlers": ["memory"], "level": "WARNING"},
}


def logging_state() -> dict[str, Any]:
    loggers = {"root": logging.root, **logging.root.manager.loggerDict}
    return {
        name: (it.level, it.handlers[:], it.filters[:], it.propagate, it.disabled)
        for name, it in loggers.items()
        if isinstance(it, logging.Logger)
    }


def test_logging_is_applied_and_restored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    stream = ModuleType("escalated_test_stream")
    stream.STREAM = StringIO()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "escalated_test_stream", stream)
    plugins = logging.getLogger("escalated.plugins")
    bystander = logging.getLogger("bystander.here")
    file_handler = logging.FileHandler(tmp_path / "log.txt", mode="w")
    bystander.addHandler(file_handler)
    plugins.setLevel(logging.WARNING)
    before = logging_state()
    world = World(settings={"LOGGING": LOGGING})
    world.open()
    try:
        plugins.debug("seen")
        logging.getLogger("only.here").info("too")
        bystander.warning("still here")
        assert not bystander.disabled
    finally:
        world.close()
    bystander.warning("and after")
    after = logging_state()
    assert {name: after[name] for name in before} == before
    assert after["only.here"] == (logging.NOTSET, [], [], True, False)
    said = ["escalated.plugins: seen", "only.here: too", "bystander.here: still here"]
    assert stream.STREAM.getvalue().splitlines() == said
    bystander.removeHandler(file_handler)
    file_handler.close()
    assert (tmp_path / "log.txt").read_text() == "still here\nand after\n"


def test_invalid_logging_is_refused_and_leaves_nothing():
    before = logging_state()
    world = World(settings={"LOGGING": {"version": 1, "handlers": {"x": {"class": "no.such"}}}})
    with pytest.raises(UsageError, match="LOGGING is not a valid logging configuration"):
        world.open()
    assert not world.is_open
    assert logging_state() == before
    other = World()
    other.open()
    other.close()
