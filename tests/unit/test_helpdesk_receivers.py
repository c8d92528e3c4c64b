"""Signal receivers by owner, with Django's own signals."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from escalated_core.helpdesk.references import Reference
from escalated_core.helpdesk.world import World


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.open()
    yield world
    world.close()


class Owned:
    """Receivers whose owner a test sets."""

    def __init__(self) -> None:
        from django.dispatch import Signal

        from escalated_core.helpdesk.receivers import Receivers

        self.owner: object | None = None
        self.signal = Signal()
        self.heard: list[str] = []
        self.receivers = Receivers(lambda: self.owner)
        self.undo = self.receivers.install()

    def make(self, name: str) -> Callable[..., None]:
        def receiver(**_: Any) -> None:
            self.heard.append(name)

        return receiver

    def send(self, sender: Any = None) -> list[str]:
        self.heard.clear()
        self.signal.send(sender)
        return sorted(self.heard)


@pytest.fixture
def owned(world: World) -> Iterator[Owned]:
    owned = Owned()
    yield owned
    owned.undo()


def test_receivers_go_with_their_owner(owned: Owned):
    from django.dispatch import receiver

    host = owned.make("host")
    owned.signal.connect(host)
    owned.owner = "plugin"
    weak, decorated, bound = owned.make("weak"), owned.make("decorated"), Bound(owned.heard)
    owned.signal.connect(weak)
    receiver(owned.signal)(decorated)
    owned.signal.connect(bound.method)
    owned.signal.connect(owned.make("strong"), weak=False)
    owned.signal.connect(owned.make("uid"), weak=False, dispatch_uid="x")
    owned.signal.connect(owned.make("int"), sender=int, weak=False)
    owned.owner = None
    everything = ["bound", "decorated", "host", "int", "strong", "uid", "weak"]
    assert owned.send(int) == everything
    owned.receivers.disconnect_owner("somebody else")
    assert owned.send(int) == everything
    owned.receivers.disconnect_owner("plugin")
    assert owned.send(int) == ["host"]


class Bound:
    def __init__(self, heard: list[str]) -> None:
        self.heard = heard

    def method(self, **_: Any) -> None:
        self.heard.append("bound")


def test_model_signals_are_attributed(owned: Owned, world: World):
    from django.db.models.signals import post_save

    owned.owner = "plugin"
    post_save.connect(owned.make("saved"), sender="escalated.Ticket", weak=False)
    ticket = world.resolve(Reference("ticket", 1))
    ticket.save()
    assert owned.heard == ["saved"]
    owned.receivers.disconnect_owner("plugin")
    ticket.save()
    assert owned.heard == ["saved"]


def test_weak_receivers_still_die_by_themselves(owned: Owned):
    owned.owner = "plugin"
    owned.signal.connect(owned.make("short-lived"))
    gc.collect()
    assert owned.send() == []
    kept = owned.make("kept")
    owned.signal.connect(kept)
    watch = weakref.ref(kept)
    owned.receivers.disconnect_owner("plugin")
    del kept
    gc.collect()
    assert watch() is None


def test_signatures_that_django_remembers_do_not_keep_receivers_alive(owned: Owned):
    from django.test import override_settings

    owned.owner = "plugin"
    receiver = owned.make("debugged")
    with override_settings(DEBUG=True):
        owned.signal.connect(receiver)
    watch = weakref.ref(receiver)
    owned.receivers.disconnect_owner("plugin")
    del receiver
    gc.collect()
    assert watch() is None


def test_a_reload_succeeds_its_old_self_under_the_same_uid(owned: Owned):
    for generation in ("one", "two", "three"):
        owned.owner = generation
        owned.signal.connect(owned.make(generation), weak=False, dispatch_uid="x")
    assert owned.send() == ["one"]
    owned.receivers.disconnect_owner("two")
    assert owned.send() == ["one"]
    owned.receivers.disconnect_owner("one")
    assert owned.send() == ["three"]
    owned.receivers.disconnect_owner("three")
    assert owned.send() == []


def test_receivers_of_others_are_left_alone(owned: Owned):
    host = owned.make("host")
    owned.signal.connect(host, dispatch_uid="x")
    shared = owned.make("shared")
    for owner in ("a", "b"):
        owned.owner = owner
        owned.signal.connect(owned.make(owner), weak=False, dispatch_uid="x")
        owned.signal.connect(shared)
        owned.signal.connect(shared)
    owned.receivers.disconnect_owner("a")
    assert owned.send() == ["host", "shared"]
    owned.signal.disconnect(shared)
    owned.receivers.disconnect_owner("b")
    assert owned.send() == ["host"]


def test_the_undo_disconnects_all_and_restores_connect(owned: Owned):
    from django.dispatch import Signal

    patched = Signal.connect
    for owner in ("a", "b"):
        owned.owner = owner
        owned.signal.connect(owned.make(owner), weak=False)
    owned.undo()
    assert owned.send() == []
    assert Signal.connect is not patched
    assert Signal.connect.__module__ == "django.dispatch.dispatcher"
