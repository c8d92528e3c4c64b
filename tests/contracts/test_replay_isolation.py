"""A replay repeats nothing: what it sends is held, what it writes is thrown away."""

from __future__ import annotations

import socketserver
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.records import SaveVerdict
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]

SMTP_ANSWERS = {"DATA": "354 go on", "QUIT": "221 bye"}


class _Mail(socketserver.StreamRequestHandler):
    """As much of a mail server as a message needs."""

    def handle(self) -> None:
        got: Any = self.server
        self.wfile.write(b"220 ready\r\n")
        reading = False
        for raw in self.rfile:
            line = raw.decode().strip().upper()
            if reading:
                reading = line != "."
                if not reading:
                    got.messages.append(line)
                    self.wfile.write(b"250 ok\r\n")
                continue
            reading = line == "DATA"
            self.wfile.write(f"{SMTP_ANSWERS.get(line, '250 ok')}\r\n".encode())


@pytest.fixture
def mail(serve: Callable[[Any], None]) -> Any:
    """A mail server on this machine; `messages` counts what it got."""
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail)
    server.daemon_threads, server.messages = True, []
    serve(server)
    return server


@pytest.fixture
def save(write: Write) -> Callable[[Workbench, str], SaveVerdict]:
    """`save(workbench, code)` saves the plugin `alpha`; gives the verdict."""

    def saved(workbench: Workbench, code: str) -> SaveVerdict:
        write("alpha", code)
        workbench.watch().wait()
        verdict = workbench.replays.wait()
        assert verdict is not None
        return verdict

    return saved


EVERYTHING = """
    import concurrent.futures, multiprocessing, os, smtplib, sqlite3, subprocess, threading
    import requests
    from pathlib import Path
    from django.core.mail import send_mail
    from django.db import connection, transaction
    from escalated.hooks import *
    from escalated.plugin_ui_service import register_menu_item
    from escalated_core.helpdesk.models import Tag, Ticket
    from .models import Note

    HERE = Path({folder!r})
    def write_in_thread():
        Note.objects.create(text="thread")
        requests.post({url!r} + "/thread")
        do_action("inner")

    @on_action("inner")
    def inner():
        Note.objects.create(text="inner")

    @on_action("run")
    def send(ticket):
        requests.post({url!r} + "/run", data="x")
        with smtplib.SMTP("127.0.0.1", {port}) as server:
            server.sendmail("a@x.test", ["b@x.test"], "Subject: hello")
        ticket.subject = "written"
        ticket.save()
        with transaction.atomic():
            Note.objects.create(text="atomic")
            transaction.on_commit(lambda: Note.objects.create(text="committed"))
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS mine (x)")
            cursor.execute("INSERT INTO mine VALUES (1)")
        connection.commit()
        connection.close()
        Tag.objects.create(name=f"tag {{Tag.objects.count()}}", slug=f"t{{Tag.objects.count()}}")
        thread = threading.Thread(target=write_in_thread)
        thread.start()
        thread.join()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(write_in_thread).result()
        subprocess.run(["sh", "-c", f"echo ran >> {{HERE}}/process"])
        os.system(f"echo ran >> {{HERE}}/system")
        with (HERE / "file").open("a") as file:
            file.write("x")
        (HERE / "file").with_suffix(".new").write_text("new")
        os.replace(HERE / "file.new", HERE / "moved")
        with sqlite3.connect(HERE / "own.sqlite3") as own:
            own.execute("CREATE TABLE IF NOT EXISTS own (x)")
            own.execute("INSERT INTO own VALUES (1)")
        own.close()
        (HERE / "old").unlink(missing_ok=True)
        (HERE / "made").mkdir(exist_ok=True)
        add_filter("late", lambda value: value)
        register_menu_item({{"label": "Late", "url": "/late"}})
        try:
            child = multiprocessing.get_context("fork").Process(target=os.getpid)
            child.start()
            child.join()
        except OSError:
            pass
"""


def test_twenty_saves_repeat_no_effect(
    write: Write,
    open_workbench: Open,
    save: Any,
    server: Any,
    mail: Any,
    note: str,
    tmp_path: Path,
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    port = mail.server_address[1]
    code = EVERYTHING.format(folder=str(there), url=server.url, port=port)
    write("alpha", code, "models.py", note)
    workbench = open_workbench(watch=True)

    def state() -> tuple[Any, ...]:
        files = {each.name: each.read_bytes() for each in there.iterdir() if each.is_file()}
        firing = workbench.fire("look", 0)
        return (
            len(server.received),
            len(mail.messages),
            sorted(each.name for each in there.iterdir()),
            files,
            [workbench.helpdesk.rows("ticket"), workbench.helpdesk.rows("tag")],
            len(workbench.outbox),
            firing.result,
            len(workbench.ui.menu_items("admin")),
            [hook.callbacks for hook in workbench.hooks if hook.name == "late"],
            [each.code for each in workbench.findings],
        )

    looking = """
        from escalated.hooks import *

        @on_filter("look")
        def look(value):
            from django.apps import apps
            from django.db import connection
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM mine")
                return [apps.get_model("alpha", "Note").objects.count(), cursor.fetchone()]
        """
    write("beta", looking)
    workbench.watch().wait()
    assert workbench.fire("run", workbench.helpdesk.ticket(1)).error is None
    assert (len(server.received), len(mail.messages)) == (3, 1)
    before, count = state(), len(workbench.trace)
    for number in range(20):
        verdict = save(workbench, textwrap.dedent(code) + f"# {number}\n")
        assert not verdict.changed
        (told,) = [each.verdict for each in verdict.comparisons]
        # It starts threads and processes: on a busy machine two runs of it may differ.
        assert told in ("same", "unsteady")
    # What it registered while it ran went with its generation.
    assert [*state()[:7]] == [*before[:7]]
    firings = workbench.trace[count:]
    assert {each.hook for each in firings} == {"look", "plugin_loaded"}


def test_a_row_that_is_gone_is_there_for_the_replay_only(
    write: Write, open_workbench: Open, save: Any
) -> None:
    code = """
    from django.db.models.signals import post_save
    from escalated.hooks import *
    from escalated_core.helpdesk.models import Ticket

    def on_save(sender, created, **kwargs):
        do_action("written", created)

    post_save.connect(on_save, sender=Ticket)

    @on_action("ticket_created")
    def touch(ticket, user):
        ticket.subject = "one"
        ticket.save()
        assert Ticket.objects.get(pk=ticket.pk).subject == "one"
    """
    write("alpha", code)
    with open_workbench(watch=True) as workbench:
        workbench.event("ticket.create", subject="Short-lived")
        workbench.helpdesk.reset()
        before = workbench.helpdesk.rows("ticket")
        verdict = save(workbench, code.replace("one", "two"))
        (found,) = [each for each in verdict.comparisons if each.old.firing.hook != "plugin_loaded"]
        assert (found.verdict, [each.hook for each in found.new.nested]) == ("value", ["written"])
        assert found.new.nested[0].args == (False,)
        assert not found.origin.effects
        assert any(each.endswith("made from what was recorded") for each in found.uncontrolled)
        assert workbench.helpdesk.rows("ticket") == before


def test_uncontrolled_is_named(write: Write, open_workbench: Open, save: Any, until: Until) -> None:
    code = """
        import os, sys, threading
        from escalated.hooks import *

        # One for all generations: no later test is to find their threads.
        go_on = vars(sys).setdefault("go_on", threading.Event())

        @on_action("run")
        def start():
            threading.Thread(target=go_on.wait, name="worker", daemon=True).start()
            try:
                os.fork()
            except OSError:
                pass

        @on_action("stop")
        def stop():
            go_on.set()
    """
    write("alpha", code.replace("os.fork()", "pass"))
    workbench = open_workbench(watch=True)
    workbench.fire("run")
    verdict = save(workbench, code)
    (found,) = [each for each in verdict.comparisons if each.new and each.new.firing.hook == "run"]
    assert "the thread worker runs on" in found.uncontrolled
    assert any("process" in each for each in found.uncontrolled)
    workbench.fire("stop")
    until(lambda: not any(each.name == "worker" for each in threading.enumerate()))
    del vars(sys)["go_on"]


def test_new_code_that_never_ends_is_interrupted(
    write: Write, open_workbench: Open, save: Any
) -> None:
    code = """
        from escalated.hooks import *

        @on_filter("count")
        def count(value):
            while {}:
                pass
            return value
    """
    write("alpha", code.format("False"))
    workbench = open_workbench(watch=True)
    workbench.fire("count", 1)
    before = [*workbench.findings]
    (found,) = save(workbench, code.format("True")).differing()
    assert found.verdict == "raises"
    assert found.new is not None
    assert found.new.firing.outcome == "interrupted"
    assert [*workbench.findings] == before
    assert save(workbench, code.format("False") + "#").changed is False
    assert workbench.fire("count", 1).result == 1


def test_a_newer_save_does_not_wait_for_a_replay(
    write: Write, open_workbench: Open, save: Any
) -> None:
    code = """
        from escalated.hooks import *

        @on_filter("count")
        def count(value):
            while {}:
                pass
            return value
    """
    write("alpha", code.format("False"))
    workbench = open_workbench(watch=True)
    for number in range(50):
        workbench.fire("count", number)
    write("alpha", code.format("True"))
    workbench.watch().wait()
    verdict = save(workbench, code.format("False"))
    assert verdict.generation == 3
    assert dict(verdict.counts) == {"same": 50}
    states = [each.state for each in workbench.replays]
    assert states[-1] == "done"
    assert states[0] in ("cancelled", "late")


def test_one_that_is_given_up_costs_no_other(write: Write, open_workbench: Open, save: Any) -> None:
    code = """
        import time
        from escalated.hooks import *

        @on_filter("match")
        def match(value):
            time.sleep(5 if value == "a" else 0)
            return False
    """
    write("alpha", code.replace("5 if", "0 if"))
    workbench = open_workbench(watch=True)
    workbench.fire("match", "a")
    workbench.fire("match", "b")
    verdict = save(workbench, code)
    assert {each.verdict for each in verdict.comparisons} <= {"raises", "same"}
    assert workbench.fire("match", "b").result is False
