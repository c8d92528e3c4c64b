"""What plugins do inside the help desk: models, migrations, threads."""

from __future__ import annotations

import importlib
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from escalated_core.errors import PluginError, UsageError
from escalated_core.helpdesk.references import Reference
from escalated_core.helpdesk.world import World

MODELS = """
from django.contrib.auth.models import User
from django.db import models

class Rate(models.Model):
    name = models.CharField(max_length=20, unique=True)
    value = models.FloatField(default=1.0, db_index=True)

class Invoice(models.Model):
    ticket = models.ForeignKey("escalated.Ticket", models.CASCADE)
    owner = models.OneToOneField(User, models.CASCADE, null=True)
    rates = models.ManyToManyField(Rate)
    followers = models.ManyToManyField(User, related_name="followed_invoices")

class Proxy(Rate):
    class Meta:
        proxy = True

class Elsewhere(models.Model):
    class Meta:
        app_label = "escalated"
"""
TABLES = [
    "escalated_elsewhere",
    "my_billing_invoice",
    "my_billing_invoice_followers",
    "my_billing_invoice_rates",
    "my_billing_rate",
]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.open()
    yield world
    world.close()


class PluginFolder:
    """A plugin package on disk that a test imports, and whose modules it drops again."""

    def __init__(self, root: Path, package: str, models: str) -> None:
        self.package = package
        self.path = root / package
        self.path.mkdir()
        (self.path / "__init__.py").write_text("")
        (self.path / "models.py").write_text(models)

    def install(self, world: World, slug: str) -> tuple[Any, Callable[[], None]]:
        """The plugin's models module and the undo of its installation."""
        module = importlib.import_module(self.package)
        undo = world.install_models(slug, self.package, module)
        return importlib.import_module(f"{self.package}.models"), undo

    def forget(self) -> None:
        for name in [n for n in sys.modules if n.partition(".")[0] == self.package]:
            del sys.modules[name]


@pytest.fixture
def make_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made: list[PluginFolder] = []

    def make(package: str, models: str = MODELS) -> PluginFolder:
        made.append(PluginFolder(tmp_path, package, models))
        return made[-1]

    yield make
    for plugin in made:
        plugin.forget()


def tables() -> set[str]:
    from django.db import connection

    return set(connection.introspection.table_names())


def migrate(*args: str) -> str:
    from django.core.management import call_command

    out = StringIO()
    call_command("migrate", *args, stdout=out)
    return out.getvalue()


# --- models


def test_models_work_without_an_app_label(world: World, make_plugin: Any):
    models, _ = make_plugin("billing_package").install(world, "my-billing")
    assert models.Rate._meta.app_label == "my_billing"
    assert world.create_tables("my_billing") == TABLES
    assert world.create_tables("my_billing") == []
    ticket = world.resolve(Reference("ticket", 1))
    agent = world.resolve(Reference("agent", 1))
    invoice = models.Invoice.objects.create(ticket=ticket, owner=agent)
    invoice.rates.add(models.Rate.objects.create(name="day"))
    assert list(ticket.invoice_set.all()) == [invoice]
    assert agent.invoice == invoice
    assert models.Proxy.objects.get().name == "day"
    assert models.Elsewhere.objects.count() == 0
    ticket.delete()
    assert models.Invoice.objects.count() == 0


def test_undoing_leaves_nothing_and_allows_another_time(world: World, make_plugin: Any):
    from django.apps import apps
    from django.contrib.auth.models import User

    from escalated_core.helpdesk.models import Ticket

    plugin = make_plugin("billing_package")
    before = dict(vars(Ticket)), dict(vars(User)), set(apps.get_models())
    for _ in range(3):
        models, undo = plugin.install(world, "my-billing")
        world.create_tables("my_billing")
        ticket = world.resolve(Reference("ticket", 1))
        invoice = models.Invoice.objects.create(ticket=ticket)
        invoice.rates.add(models.Rate.objects.create(name="day"))
        undo()
        undo()
        plugin.forget()
        assert "my_billing" not in apps.app_configs
        assert "my_billing" not in apps.all_models
        assert (dict(vars(Ticket)), dict(vars(User)), set(apps.get_models())) == before
        assert not tables() & set(TABLES)
        ticket.delete()
        world.close()
        world.open()


def test_closing_removes_models_that_were_left(world: World, make_plugin: Any):
    from django.apps import apps

    _, undo = make_plugin("billing_package").install(world, "my-billing")
    world.close()
    assert "my_billing" not in apps.app_configs
    undo()


def test_a_second_installation_shares_the_first(world: World, make_plugin: Any):
    from django.apps import apps

    plugin = make_plugin("billing_package")
    models, old = plugin.install(world, "my-billing")
    same, new = plugin.install(world, "my-billing")
    assert same is models
    old()
    assert apps.get_app_config("my_billing").get_model("rate") is models.Rate
    new()
    assert "my_billing" not in apps.app_configs


def test_half_defined_models_are_taken_back_too(world: World, make_plugin: Any):
    from django.db import models as django_models

    broken = (
        "from django.db import models\n"
        "class A(models.Model):\n"
        "    b = models.ForeignKey('B', models.CASCADE)\n"
    )
    plugin = make_plugin("billing_package", broken + "1 / 0")
    module = importlib.import_module("billing_package")
    undo = world.install_models("my-billing", "billing_package", module)
    with pytest.raises(ZeroDivisionError):
        importlib.import_module("billing_package.models")
    undo()
    plugin.forget()
    (plugin.path / "models.py").write_text(broken + "class B(models.Model): pass\n")
    importlib.invalidate_caches()
    models, _ = plugin.install(world, "my-billing")
    assert world.create_tables("my_billing") == ["my_billing_a", "my_billing_b"]
    assert isinstance(models.A(b=models.B()).b, django_models.Model)
    assert len(models.B._meta.related_objects) == 1


@pytest.mark.parametrize(
    ("slug", "reason"),
    [
        ("a_b", "plugin 'a-b' has already"),
        ("auth", "'django.contrib.auth' has already"),
        ("escalated", "'escalated_core.helpdesk' has already"),
        ("2-many", "not a Python identifier"),
    ],
)
def test_label_clashes_are_findings(world: World, make_plugin: Any, slug: str, reason: str):
    make_plugin("first_package").install(world, "a-b")
    second = make_plugin("second_package")
    with pytest.raises(PluginError, match=reason) as caught:
        second.install(world, slug)
    finding = caught.value.finding
    assert (finding.code, finding.severity, finding.plugin) == ("models.label", "error", slug)
    assert finding.file == str(second.path / "models.py")
    assert "Rename" in finding.cure


def test_a_plugins_commands_and_templates_are_found(world: World, make_plugin: Any):
    from django.core.management import call_command
    from django.template import TemplateDoesNotExist
    from django.template.loader import render_to_string

    plugin = make_plugin("billing_package")
    (plugin.path / "templates").mkdir()
    page = plugin.path / "templates" / "billing.txt"
    page.write_text("{{ n }} invoices")
    commands = plugin.path / "management" / "commands"
    commands.mkdir(parents=True)
    (commands / "bill.py").write_text(
        "from django.core.management import BaseCommand\n"
        "class Command(BaseCommand):\n"
        "    def handle(self, **options): self.stdout.write('billed')\n"
    )
    _, undo = plugin.install(world, "my-billing")
    assert render_to_string("billing.txt", {"n": 3}) == "3 invoices"
    page.write_text("{{ n }} bills")
    assert render_to_string("billing.txt", {"n": 3}) == "3 bills"
    out = StringIO()
    call_command("bill", stdout=out)
    assert out.getvalue() == "billed\n"
    undo()
    with pytest.raises(TemplateDoesNotExist):
        render_to_string("billing.txt")


# --- migrate


def test_migrate_makes_a_plugins_tables(world: World, make_plugin: Any):
    make_plugin("billing_package").install(world, "my-billing")
    assert migrate("my_billing") == f"my_billing: created {', '.join(TABLES)}\n"
    assert migrate("my_billing") == "my_billing: nothing to do\n"
    assert migrate("my_billing", "zero") == f"my_billing: dropped {', '.join(TABLES)}\n"
    assert not tables() & set(TABLES)
    assert "my_billing: created" in migrate()
    assert tables() >= set(TABLES)


def test_migrate_works_inside_a_transaction_that_is_rolled_back(world: World, make_plugin: Any):
    from django.db import transaction

    models, _ = make_plugin("billing_package").install(world, "my-billing")
    with transaction.atomic():
        world.resolve(Reference("tag", 2)).delete()
        migrate("my_billing")
        models.Rate.objects.create(name="day")
        transaction.set_rollback(True)
    assert not tables() & set(TABLES)
    assert world.resolve(Reference("tag", 2))
    migrate("my_billing")
    assert models.Rate.objects.count() == 0


def test_migrate_leaves_everything_else_to_django(world: World):
    from django.core.management import CommandError

    with pytest.raises(CommandError, match="No installed app with label 'nobody'"):
        migrate("nobody")
    with pytest.raises(CommandError, match="'auth' does not have migrations"):
        migrate("auth")
    assert "No migrations to apply" in migrate()


def test_the_guides_clean_up_of_periodic_tasks_works(world: World):
    beat = pytest.importorskip("django_celery_beat", reason="an optional application")
    assert beat
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    every = IntervalSchedule.objects.create(every=1, period="days")
    PeriodicTask.objects.create(name="my-plugin-sync", task="x", interval=every)
    PeriodicTask.objects.filter(name__startswith="my-plugin").delete()
    assert PeriodicTask.objects.count() == 0


# --- threads


def on_a_thread(function: Callable[[], Any]) -> Any:
    """What `function` returns or raises, on a new thread."""
    result: list[Any] = []

    def work() -> None:
        try:
            result.append(function())
        except Exception as error:  # noqa: BLE001 - handed to the test
            result.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return result[0]


def test_a_world_lives_on_a_worker_thread():
    world = World()

    def work() -> list[Any]:
        world.open()
        subject = world.resolve(Reference("ticket", 1)).subject
        inner = on_a_thread(lambda: world.resolve(Reference("ticket", 1)).subject)
        world.close()
        return [subject, inner]

    subject, inner = on_a_thread(work)
    assert subject == inner
    assert not world.is_open
    world.open()
    assert world.resolve(Reference("ticket", 1)).subject == subject
    world.close()


class Stuck:
    """A thread that holds the write lock of the database until it is told to go on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.locked, self.go_on = threading.Event(), threading.Event()
        self.error: Exception | None = None
        self.last_error: Exception | None = None
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        from django.core.exceptions import ImproperlyConfigured
        from django.db import DatabaseError, InterfaceError, connection, transaction

        self.world.open()
        try:
            with transaction.atomic():
                self.world.resolve(Reference("ticket", 1)).delete()
                self.locked.set()
                self.go_on.wait(10)
                self.world.resolve(Reference("ticket", 2)).delete()
        except (DatabaseError, InterfaceError) as error:
            self.error = error
        try:
            connection.close()
            self.world.resolve(Reference("ticket", 2)).delete()
        except (DatabaseError, ImproperlyConfigured) as error:
            self.last_error = error

    def __enter__(self) -> Stuck:
        self.thread.start()
        self.locked.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self.thread.join()


def test_a_fresh_thread_takes_over_from_a_stuck_one():
    world = World()
    with Stuck(world) as stuck:
        world.renew_connection()
        ticket = world.resolve(Reference("ticket", 1))
        ticket.subject = "not locked"
        ticket.save()
    assert stuck.error is not None
    assert stuck.last_error is not None
    assert world.resolve(Reference("ticket", 2))
    world.renew_connection()
    assert world.resolve(Reference("ticket", 1)).subject == "not locked"
    world.close()


def test_a_world_closes_and_reopens_although_a_thread_is_stuck():
    world = World()
    with Stuck(world) as stuck:
        world.close()
        world.open()
    assert stuck.error is not None
    assert len(world.rows("ticket")) == 30
    world.close()


def test_the_main_thread_may_look_into_one_world_after_another():
    world = World()
    for _ in range(3):
        on_a_thread(world.open)
        assert len(world.rows("ticket")) == 30
        on_a_thread(world.close)
        assert not world.is_open


def test_connections_of_ended_threads_are_closed(world: World):
    from django.db import connection

    def connect() -> sqlite3.Connection:
        world.resolve(Reference("ticket", 1))
        return connection.connection

    ended = on_a_thread(connect)
    on_a_thread(connect)
    with pytest.raises(sqlite3.ProgrammingError):
        ended.execute("SELECT 1")


def test_an_event_loop_is_told_so(world: World):
    import asyncio

    from django.core.exceptions import SynchronousOnlyOperation

    async def look() -> None:
        world.resolve(Reference("ticket", 1))

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run(look())


def test_a_closed_world_installs_no_models():
    with pytest.raises(UsageError, match="not open"):
        World().install_models("x", "x", ModuleType("x"))
