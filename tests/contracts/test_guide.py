"""The guide's own examples run verbatim, taken out of its text at test time (option --guide)."""

from __future__ import annotations

import ast
import builtins
import json
import re
import symtable
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer
from typing import Any

import pytest

PREAMBLES = {
    "callback": "def callback(*args):\n    print('callback', *map(str, args))\n    return args[0]",
    "ticket": "ticket = 'a ticket'",
    "user": "user = 'a user'",
    "data": "data = {'subject': 'x'}",
    "invoice": "invoice = 'an invoice'",
    "early_handler": "def early_handler(ticket, user):\n    print('early')",
    "late_handler": "def late_handler(ticket, user):\n    print('late')",
    "tax_rate": "def tax_rate(rate, invoice):\n    return rate",
    "send_notification": "def send_notification(ticket):\n    raise OSError('no network')",
    "add_action": "from escalated.hooks import add_action",
    "add_filter": "from escalated.hooks import add_filter",
    "do_action": "from escalated.hooks import do_action",
}
"""What a block leaves undefined, by name; no preamble defines anything else."""


REGISTER = """
from escalated.hooks import add_action
add_action("ticket_created", on_ticket_created)
"""
"""For blocks that leave this to the reader."""


@pytest.fixture(scope="session")
def guide(request: pytest.FixtureRequest) -> list[str]:
    """The Python blocks of the guide, in order."""
    path: Path | None = request.config.getoption("--guide")
    if path is None:
        pytest.skip("the guide's text is not at hand: name it with --guide")
    text = path.read_text("utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def block(guide: list[str], *parts: str) -> str:
    """The one block that has all these parts."""
    found = [text for text in guide if all(part in text for part in parts)]
    assert len(found) == 1, parts
    return found[0]


def undefined(code: str) -> set[str]:
    """Names that a block uses and nobody has defined by then."""
    top = symtable.symtable(code, "block", "exec")
    ever = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    missing = {name for inner in top.get_children() for name in globals_of(inner)} - ever
    so_far: set[str] = set()
    for statement in ast.parse(code).body:
        table = symtable.symtable(ast.unparse(statement), "statement", "exec")
        symbols = table.get_symbols()
        missing |= {s.get_name() for s in symbols if s.is_referenced()} - so_far
        so_far |= {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
    return {name for name in missing if not hasattr(builtins, name)}


def globals_of(table: symtable.SymbolTable) -> set[str]:
    """Global names that a function uses, inner functions included."""
    names = {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return names.union(*(globals_of(inner) for inner in table.get_children()))


def plugin(code: str) -> str:
    """A block as a plugin: behind a preamble that defines just what it leaves undefined."""
    lines = [PREAMBLES[name] for name in sorted(undefined(code))]
    return "\n".join([*lines, code])


def write_beside(write: Any, code: str, main: str, *more: str) -> None:
    """A block as plugin.py, with a main file of the test's beside it."""
    main = f"from .plugin import *\n{main}"
    folder = write("my-plugin", plugin(code), "main.py", main, *more, main_file="main.py")
    assert (folder / "plugin.py").read_text("utf-8").endswith(code)


def test_a_preamble_defines_only_what_a_block_leaves_undefined(guide: list[str]) -> None:
    for code in guide:
        if "LOGGING" in code:
            continue
        missing = undefined(code)
        assert missing <= set(PREAMBLES), code
        for name in missing:
            defined = symtable.symtable(PREAMBLES[name], "preamble", "exec")
            assigned = {s.get_name() for s in defined.get_symbols()} & set(PREAMBLES)
            assert assigned == {name}


def test_every_block_is_run_here(guide: list[str]) -> None:
    """A block that is new in the guide must not go by unnoticed."""
    source = Path(__file__).read_text("utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "block"]
    parts = [[a.value for a in c.args[1:] if isinstance(a, ast.Constant)] for c in names]
    for code in guide:
        assert any(all(part in code for part in wanted) for wanted in parts), code


def test_the_minimal_example(guide: list[str], write: Any, open_workbench: Any) -> None:
    code = block(guide, "New ticket created", "add_action")
    write("my-plugin", plugin(code))
    wb = open_workbench()
    firing = wb.fire("ticket_created", wb.helpdesk.ticket(5), wb.helpdesk.user(1))
    (step,) = firing.steps
    assert step.outcome == "ok"
    assert step.output == "New ticket created: ESC-00005\n"
    (finding,) = wb.findings
    assert finding.code == "callback.surplus-arguments"


def test_actions(guide: list[str], write: Any, open_workbench: Any) -> None:
    write("my-plugin", plugin(block(guide, "remove_action", "do_action")))
    wb = open_workbench()
    assert wb.plugins["my-plugin"].status == "active"
    (fired,) = [f for f in wb.trace if f.hook == "ticket_created"]
    assert fired.cause == "plugin:my-plugin"
    assert [step.output for step in fired.steps] == ["callback a ticket a user\n"]
    assert wb.fire("ticket_created").steps == ()


def test_the_action_decorator(guide: list[str], write: Any, open_workbench: Any) -> None:
    write("my-plugin", plugin(block(guide, "@on_action")))
    (step,) = open_workbench().fire("ticket_created").steps
    assert (step.callback, step.priority, step.outcome) == ("handle_ticket_created", 10, "ok")


def test_filters(guide: list[str], write: Any, open_workbench: Any) -> None:
    write("my-plugin", plugin(block(guide, "remove_filter", "apply_filters")))
    wb = open_workbench()
    (applied,) = [f for f in wb.trace if f.hook == "ticket_data"]
    assert applied.result == {"subject": "x"}
    assert len(applied.steps) == 1
    assert wb.fire("ticket_data", {"subject": "y"}, None).steps == ()


def test_the_filter_decorator(guide: list[str], write: Any, open_workbench: Any) -> None:
    write("my-plugin", plugin(block(guide, "@on_filter")))
    firing = open_workbench().fire("ticket_data", {"subject": "x"}, None)
    assert firing.result == {"subject": "x", "custom_field": "value"}
    (step,) = firing.steps
    assert [(c.kind, c.path, c.after) for c in step.changes] == [
        ("added", ("custom_field",), "value")
    ]
    assert step.mutated


def test_priorities(guide: list[str], write: Any, open_workbench: Any) -> None:
    write("my-plugin", plugin(block(guide, "early_handler", "late_handler")))
    steps = open_workbench().fire("ticket_created").steps
    assert [(step.callback, step.priority) for step in steps] == [
        ("early_handler", 5),
        ("late_handler", 20),
    ]


def test_a_menu_item(guide: list[str], write: Any, open_workbench: Any) -> None:
    write("my-plugin", plugin(block(guide, "register_menu_item")))
    wb = open_workbench()
    (item,) = wb.ui.menu_items("admin")
    assert (item.label, item.priority, item.options["icon"]) == ("Billing", 50, "credit-card")
    assert wb.ui.menu_items("agent") == []
    assert wb.findings == []


def test_a_dashboard_widget(guide: list[str], write: Any, open_workbench: Any) -> None:
    write("my-plugin", plugin(block(guide, "register_dashboard_widget")))
    wb = open_workbench()
    (item,) = wb.ui.widgets("agent")
    assert (item.label, item.options["id"]) == ("Billing Summary", "billing-summary")
    assert wb.findings == []


def test_a_page_component(guide: list[str], write: Any, open_workbench: Any) -> None:
    write("my-plugin", plugin(block(guide, "add_page_component")))
    wb = open_workbench()
    (item,) = wb.ui.components("ticket-detail", "sidebar")
    assert (item.label, item.options["props"]) == ("BillingInfo", {"show_total": True})
    assert wb.findings == []


class Slack:
    """A local server that takes what the notifier posts."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                outer.bodies.append(json.loads(self.rfile.read(length)))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/hook"


@pytest.fixture
def slack(serve: Callable[[BaseServer], None]) -> Slack:
    slack = Slack()
    serve(slack.server)
    return slack


def notifier(guide: list[str], write: Any) -> None:
    code = block(guide, "SLACK_WEBHOOK_URL", "requests.post")
    assert undefined(code) == set()
    write("slack-notifier", code)


def test_the_slack_notifier_posts_its_message(
    guide: list[str], write: Any, open_workbench: Any, slack: Slack
) -> None:
    notifier(guide, write)
    wb = open_workbench(settings={"SLACK_WEBHOOK_URL": slack.url})
    activated = next(f for f in wb.trace if f.hook == "plugin_activated_slack-notifier")
    assert [log.message for log in activated.steps[0].logs] == ["Slack Notifier plugin activated"]
    (step,) = wb.fire("ticket_created", wb.helpdesk.ticket(5), None).steps
    assert step.outcome == "ok"
    ticket = next(row for row in wb.helpdesk.rows("ticket") if row["key"] == 5)
    assert slack.bodies == [
        {
            "text": f"New ticket *{ticket['reference']}*: {ticket['subject']}",
            "attachments": [
                {
                    "color": "good",
                    "fields": [
                        {"title": "Priority", "value": ticket["priority"], "short": True},
                        {"title": "Status", "value": ticket["status"], "short": True},
                    ],
                }
            ],
        }
    ]
    assert step.logs[-1].message == f"Slack notification sent for ticket {ticket['reference']}"
    wb.uninstall("slack-notifier")
    uninstalled = next(f for f in wb.trace if f.hook == "plugin_uninstalling_slack-notifier")
    assert uninstalled.steps[0].logs[-1].message == "Slack Notifier plugin uninstalled"


def test_the_slack_notifier_without_and_with_a_bad_server(
    guide: list[str], write: Any, open_workbench: Any, slack: Slack
) -> None:
    notifier(guide, write)
    (step,) = open_workbench().fire("ticket_created").steps
    assert [(log.level, log.message) for log in step.logs] == [
        ("WARNING", "SLACK_WEBHOOK_URL not configured")
    ]
    slack.status = 500
    wb = open_workbench(settings={"SLACK_WEBHOOK_URL": slack.url})
    (step,) = wb.fire("ticket_created").steps
    assert step.outcome == "ok"
    assert step.logs[-1].level == "ERROR"
    assert step.logs[-1].message.startswith("Failed to send Slack notification: 500")


def test_lazy_imports(guide: list[str], write: Any, open_workbench: Any) -> None:
    code = block(guide, "from .heavy_module import process_ticket")
    heavy = "def process_ticket(ticket):\n    print('processed', ticket.reference)\n"
    others = ("heavy_module.py", heavy, "another_heavy_module.py", "")
    write_beside(write, code, REGISTER, *others)
    wb = open_workbench()
    assert wb.plugins["my-plugin"].error is None
    (step,) = wb.fire("ticket_created", wb.helpdesk.ticket(5), None).steps
    assert step.output == "processed ESC-00005\n"


SETTINGS_MODEL = """
from django.db import models

class PluginSettings(models.Model):
    key = models.CharField(max_length=100)
    value = models.TextField()
"""


def test_activation_migrates_and_makes_its_settings(
    guide: list[str], write: Any, open_workbench: Any
) -> None:
    code = block(guide, "call_command('migrate', 'my_plugin')")
    look = """
from escalated.hooks import on_filter

@on_filter("look")
def look(value):
    from .models import PluginSettings
    return list(PluginSettings.objects.values_list("key", "value"))
"""
    write_beside(write, code, look, "models.py", SETTINGS_MODEL)
    wb = open_workbench()
    activated = next(f for f in wb.trace if f.hook == "plugin_activated_my-plugin")
    assert [step.outcome for step in activated.steps] == ["ok"]
    assert wb.fire("look", []).result == [("default_config", "{}")]


DATA_MODEL = """
from django.db import models

class PluginData(models.Model):
    text = models.TextField()
"""


def test_uninstalling_removes_data_and_scheduled_tasks(
    guide: list[str], write: Any, open_workbench: Any
) -> None:
    code = block(guide, "PeriodicTask.objects.filter(name__startswith='my-plugin').delete()")
    seed = """
from escalated.hooks import add_action, on_filter

@on_filter("seed")
def seed(value):
    from django_celery_beat.models import IntervalSchedule, PeriodicTask
    from .models import PluginData
    PluginData.objects.create(text="x")
    every, _ = IntervalSchedule.objects.get_or_create(every=1, period="hours")
    for name in ("my-plugin-sync", "my-plugin-clean", "other"):
        PeriodicTask.objects.create(name=name, task="t", interval=every)
    return PluginData.objects.count()

def left():
    from .models import PluginData
    print("left:", PluginData.objects.count())

add_action("plugin_uninstalling_my-plugin", left, priority=99)
"""
    count = """
from escalated.hooks import on_filter

@on_filter("count")
def count(value):
    from django_celery_beat.models import PeriodicTask
    return sorted(PeriodicTask.objects.values_list("name", flat=True))
"""
    write_beside(write, code, seed, "models.py", DATA_MODEL)
    write("observer", count)
    wb = open_workbench()
    assert wb.fire("seed", 0).result == 1
    assert wb.fire("count", 0).result == ["my-plugin-clean", "my-plugin-sync", "other"]
    wb.uninstall("my-plugin")
    uninstalling = next(f for f in wb.trace if f.hook == "plugin_uninstalling_my-plugin")
    assert [(s.outcome, s.error, s.output) for s in uninstalling.steps] == [
        ("ok", None, ""),
        ("ok", None, "left: 0\n"),
    ]
    assert wb.fire("count", 0).result == ["other"]


def test_an_object_as_priority_is_shown_as_what_it_is(
    guide: list[str], write: Any, open_workbench: Any
) -> None:
    write("billing", plugin(block(guide, "billing_tax_rate")))
    wb = open_workbench()
    found = wb.plugins["billing"]
    assert found.status == "failed"
    assert found.error is not None
    assert found.error.type == "TypeError"
    assert "billing_tax_rate" in found.error.message
    assert "must be a number, not 'an invoice'" in found.error.message
    assert found.error.line is not None
    source = Path(found.path, "plugin.py").read_text("utf-8").splitlines()
    assert source[found.error.line - 1].startswith("add_filter('billing_tax_rate'")
    (finding,) = found.findings
    assert (finding.severity, finding.line) == ("error", found.error.line)
    (fired,) = [f for f in wb.trace if f.hook == "billing_invoice_created"]
    assert fired.cause == "plugin:billing"


def test_errors_handled_gracefully(guide: list[str], write: Any, open_workbench: Any) -> None:
    code = block(guide, "Don't re-raise - let core continue")
    write_beside(write, code, REGISTER)
    (step,) = open_workbench().fire("ticket_created").steps
    assert step.outcome == "ok"
    assert step.logs[-1].level == "ERROR"
    assert step.logs[-1].message.startswith("Plugin error: no network\nTraceback")


def test_the_debugging_settings(guide: list[str], write: Any, open_workbench: Any) -> None:
    code = block(guide, "LOGGING = {")
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    log = (
        "import logging\nfrom escalated.hooks import on_action\n"
        "@on_action('ticket_created')\n"
        "def on_ticket_created(ticket, user):\n"
        "    logging.getLogger('escalated.plugins').debug('seen %s', ticket.reference)\n"
    )
    write("my-plugin", log)
    wb = open_workbench(settings={"LOGGING": namespace["LOGGING"]})
    (step,) = wb.fire("ticket_created", wb.helpdesk.ticket(5), None).steps
    assert [(line.level, line.message) for line in step.logs] == [("DEBUG", "seen ESC-00005")]
    assert "seen ESC-00005" in step.output
