"""Whose effects are, how long they are kept, how they are written to files; and odd ones."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from escalated_core.effects.policy import Policy
from escalated_core.records import Effect, Firing
from escalated_core.sessions.session import read
from escalated_workbench import Workbench

Run = Callable[..., Workbench]
RunPython = Callable[[str], str]
Write = Callable[..., Path]

IMPORTS = "import http.client, io, os, socket, threading, urllib.request, requests\n"


def effects_of(firing: Firing) -> tuple[Effect, ...]:
    return firing.steps[0].effects


def only(firing: Firing) -> Effect:
    (effect,) = effects_of(firing)
    return effect


# --- whose they are, and how long they are kept


def test_what_is_sent_while_loading_is_kept(run: Run):
    workbench = run(f"{IMPORTS}\nrequests.get('https://api.example.com/early')")
    workbench.trace.clear()
    (effect,) = workbench.outbox
    assert (effect.plugin, effect.firing_id, effect.step) == ("alpha", None, None)


def test_a_thread_belongs_to_its_step_also_later(run: Run, until: Any):
    workbench = run(f"""{IMPORTS}
gate = threading.Event()

def later():
    gate.wait(10)
    requests.get("https://api.example.com/later")

@on_action("run")
def first(): threading.Thread(target=later).start()

@on_action("run")
def second(): pass

@on_action("open")
def third(): gate.set()
""")
    firing = workbench.fire("run", effects=Policy().answer("*", status=204))
    workbench.fire("open")
    until(lambda: workbench.outbox and workbench.outbox[0].details.get("answer"))
    (effect,) = workbench.outbox
    assert (effect.firing_id, effect.step, effect.plugin) == (firing.id, 0, "alpha")
    assert effect.verdict == "answered"
    assert workbench.trace.require(firing.id).steps[0].effects == (effect,)


def test_the_outbox_goes_with_the_trace(go: Any, run: Run):
    workbench = run(f"{IMPORTS}\n@on_action('run')\ndef go(): requests.get('http://x.example.com')")
    for _ in range(3):
        workbench.fire("run")
    assert [effect.firing_id for effect in workbench.outbox] == [
        firing.id for firing in workbench.trace if firing.hook == "run"
    ]
    workbench.trace.clear()
    assert workbench.outbox == []


def test_the_outbox_is_as_bounded_as_the_trace(run: Run):
    code = "import socket\n@on_action('run')\ndef go():\n    with socket.socket() as s: "
    workbench = run(code + "s.connect(('192.0.2.1', 1))")
    workbench.trace.capacity = 10
    for _ in range(1_100):
        workbench.fire("run")
    assert len(workbench.outbox) == 10
    assert workbench.outbox[-1].firing_id == workbench.trace[-1].id


def test_code_of_the_host_is_left_alone(run: Run, server: Any):
    workbench = run(IMPORTS, effects="capture")
    assert requests.get(f"{server.url}/a", timeout=5).text == "ok"
    with urllib.request.urlopen(f"{server.url}/b") as answer:
        assert answer.read() == b"ok"
    assert subprocess.run([sys.executable, "-c", ""], check=False).returncode == 0
    assert socket.getaddrinfo("localhost", 80)
    assert workbench.outbox == []


def test_closing_leaves_nothing_behind(write: Write, root: Path, run_python: RunPython):
    # In a process of its own: threads that other tests leave behind stay followed.
    write("alpha", f"{IMPORTS}\nkept = requests.get")
    printed = run_python(f"""
        import http.client, socket, subprocess, sys
        from escalated_workbench import Workbench

        owners = [http.client.HTTPConnection, http.client.HTTPSConnection, socket.socket, socket]
        owners += [subprocess.Popen, sys.modules["_socket"], sys.modules["os"]]
        before = [dict(vars(owner)) for owner in owners]
        with Workbench({str(root)!r}):
            print(vars(http.client.HTTPConnection) != before[0])
        ours = [each for each in sys.meta_path if "escalated" in type(each).__module__]
        print([dict(vars(owner)) for owner in owners] == before, ours == [])
    """)
    assert printed == "True\nTrue True\n"


LATE = """
class Late(threading.Thread):
    gate, got = threading.Event(), []

    def run(self):
        self.gate.wait(10)
        self.post()
        timer = threading.Timer(0, self.post)
        timer.start()
        timer.join()

    def post(self):
        self.got.append(requests.post({url!r}).text)
        self.got.append(os.system("exit 3"))

@on_action("run")
def go(): Late(name="late").start()
"""


@pytest.mark.parametrize("is_followed", [False, True])
def test_threads_that_are_left_behind_are_held(
    run: Run, open_workbench: Run, write: Any, server: Any, is_followed: bool
):
    before = dict(vars(socket.socket)), threading.Thread.start, os.system
    workbench = run(IMPORTS + LATE.format(url=server.url), effects="live")
    workbench.fire("run")
    (late,) = [thread for thread in threading.enumerate() if thread.name == "late"]
    workbench.close()
    write("alpha", "")
    after = open_workbench(effects="live") if is_followed else None
    vars(type(late))["gate"].set()
    late.join()
    assert vars(type(late))["got"] == ['{"simulated": true}', 0] * 2
    assert server.received == []
    assert [effect.verdict for effect in workbench.outbox] == ["held"] * 4
    assert after is None or after.outbox == []
    (after or open_workbench()).close()
    assert (dict(vars(socket.socket)), threading.Thread.start, os.system) == before


def test_what_was_given_up_sends_nothing_later_either(run: Run, server: Any):
    workbench = run(f"""{IMPORTS}
@on_action("run")
def go():
    threading.current_thread().gate = gate = threading.Lock()
    gate.acquire()
    try:
        gate.acquire()
    except BaseException:
        pass
    urllib.request.urlopen({server.url!r})
""")
    workbench.time_limit = 0.05
    assert workbench.fire("run").outcome == "interrupted"
    (stuck,) = [thread for thread in threading.enumerate() if hasattr(thread, "gate")]
    workbench.close()
    vars(stuck)["gate"].release()
    stuck.join()
    assert server.received == []


def test_modules_that_are_loaded_again(write: Any, root: Path, run_python: Callable[[str], str]):
    names = ["http.client", "os", "smtplib", "socket", "ssl", "subprocess"]
    write(
        "alpha",
        f"""
        import importlib, http.client, os, smtplib, socket, ssl, subprocess
        from escalated.hooks import on_action
        old = socket.socket

        @on_action("run")
        def go():
            for name in {names}:
                importlib.reload(importlib.import_module(name))
            for make in (old, socket.socket):
                make().connect(("192.0.2.1", 80))
            client = http.client.HTTPConnection("192.0.2.2")
            client.request("GET", "/")
            print(client.getresponse().status)
            print(smtplib.SMTP("192.0.2.3").sendmail("a@b.c", ["d@e.f"], ""))
            print(subprocess.call(["false"]), os.system("false"))
        """,
    )
    shown = run_python(f"""
        import os, socket, subprocess
        from escalated_workbench import Workbench

        with Workbench({str(root)!r}, effects="capture") as wb:
            for _ in range(2):
                firing = wb.fire("run")
                print(firing.error, firing.steps[0].output.split())
                print({{effect.verdict for effect in wb.outbox}}, len(wb.outbox))
        subprocess.run(["true"], check=True)
        print(os.waitstatus_to_exitcode(os.system("exit 3")))
        print([n for n in ("connect", "sendto") if n in vars(socket.socket)])
    """)
    assert shown.splitlines() == [
        "None ['200', '{}', '0', '0']",
        "{'held'} 6",
        "None ['200', '{}', '0', '0']",
        "{'held'} 12",
        "3",
        "[]",
    ]


# --- secrets and files


def test_secrets_are_masked_in_files(go: Any, open_workbench: Run, tmp_path: Path, root: Path):
    code = """
    url = "https://bob:hunter22@api.example.com/a?api_key=k1234567&page=2"
    requests.post(url, json={"password": "p1234567", "n": 1},
                  headers={"X-Api-Key": "h1234567", "Cookie": "sid=c1234567"})
    requests.post("https://api.example.com/", data={"token": "f1234567"})
    image = {"file": ("a.png", bytes(range(256)))}
    requests.post("https://api.example.com/", data={"password": "m1234567"})
    requests.post("https://api.example.com/", data={"secret": "m7654321", "n": "5"}, files=image)
    requests.post("https://api.example.com/", data={"secret": "t7654321"}, files={"n": "text"})
    import subprocess
    subprocess.run(["true", "--password", "b1234567", "-v", "loud", "--api-key=d1234567"])
"""
    go(code)
    path = tmp_path / "x.session"
    Workbench._open.save(path)  # type: ignore[union-attr]
    text = path.read_text("utf-8")
    starts = [f"{letter}1234567" for letter in "kphcfmbd"]
    for secret in ("hunter22", "m7654321", "t7654321", *starts):
        assert secret not in text, secret
    with read(path) as session:
        (effect, *_, last) = session.outbox
        assert last.details["argv"][3:5] == ["-v", "loud"]
        assert effect.target.endswith("&page=2")
        assert effect.details["headers"][0] == ("Host", "api.example.com")
        assert '"n": 1' in effect.details["body"]


def test_a_session_gives_back_what_was_saved(run: Run, tmp_path: Path):
    workbench = run(f"""{IMPORTS}
requests.get("https://api.example.com/early")
@on_action("run")
def go(): requests.post("https://api.example.com/x", json=[1, 2])
""")
    workbench.fire("run")
    workbench.save(tmp_path / "x.session")
    with read(tmp_path / "x.session") as session:
        assert session.outbox == list(workbench.outbox)
        assert [effect.target for effect in session.effects] == [
            "GET https://api.example.com/early"
        ]


def test_older_sessions_have_no_effects(run: Run, tmp_path: Path):
    workbench = run("@on_action('run')\ndef go(): pass")
    workbench.fire("run")
    workbench.save(tmp_path / "new.session")
    lines = [json.loads(line) for line in (tmp_path / "new.session").read_bytes().splitlines()]
    for line in lines:
        for step in line.get("firing", {}).get("steps", ()):
            del step["effects"]
    (tmp_path / "old.session").write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")
    with read(tmp_path / "old.session") as session:
        assert session.outbox == []
        assert len(session) == len(workbench.trace)


def test_a_record_is_immutable(go: Any):
    effect = only(go("requests.get('https://api.example.com/')"))
    with pytest.raises(TypeError):
        effect.details["answer"]["status"] = 5
    assert replace(effect) == effect


# --- hostile


def test_huge_bodies_are_cut_with_a_sign(go: Any):
    firing = go("""
    requests.post("https://api.example.com/text", data="x" * 5_000_000)
    requests.post("https://api.example.com/bytes", data=bytes(range(256)) * 10_000)
    requests.post("https://api.example.com/parts", data=(b"y" * 1000 for _ in range(2000)))
""")
    text, binary, parts = (effect.details for effect in effects_of(firing))
    assert text["body"].endswith("x… (5,000,000 bytes)")
    assert (len(binary["body"]), binary["body_size"]) == (50_000, 2_560_000)
    assert parts["body"].startswith("yyy")
    assert parts["body_size"] >= 2_000_000
    assert len(parts["body"]) < 60_000


def test_a_body_that_raises(go: Any):
    firing = go(
        """
    def parts():
        yield b"first"
        requests.get("https://inner.example.com/")
        raise ValueError("no more")
    try:
        requests.post("https://api.example.com/", data=parts())
    except ValueError as error:
        print(error)
    print(requests.get("https://api.example.com/").status_code)
"""
    )
    outer, inner, after = effects_of(firing)
    assert outer.details["body"] == "first"
    assert "answer" not in outer.details
    assert inner.details["answer"]["status"] == after.details["answer"]["status"] == 200
    assert firing.steps[0].output == "no more\n200\n"


def test_references_that_were_kept_and_patches(run: Run, server: Any):
    workbench = run(f"""{IMPORTS}
from socket import create_connection, getaddrinfo
post, connect = requests.post, socket.socket.connect
sent = requests.Session.send
requests.Session.send = lambda self, request, **more: sent(self, request, **more)

@on_action("run")
def go():
    post("https://api.example.com/", json=1)
    plain = socket.socket()
    connect(plain, ("raw.example.com", 1))
    create_connection(getaddrinfo("kept.example.com", 2)[0][4]).close()
    plain.close()
""")
    try:
        firing = workbench.fire("run")
        assert [effect.target for effect in effects_of(firing)] == [
            "POST https://api.example.com/",
            "raw.example.com:1",
            "kept.example.com:2",
        ]
        assert {effect.verdict for effect in effects_of(firing)} == {"held"}
    finally:
        workbench.close()
        requests.Session.send = requests.Session.send.__globals__["sent"]  # type: ignore[attr-defined]


def test_many_effects_are_capped(go: Any):
    firing = go("""
    with requests.Session() as session:
        c = http.client.HTTPConnection("api.example.com")
        for _ in range(510):
            c.request("GET", "/")
            c.getresponse().read()
""")
    assert len(effects_of(firing)) == 500
    assert firing.steps[0].dropped >= 10
