"""Mail, processes and sockets of plugins: held, let out, refused, and always shown."""

from __future__ import annotations

import socket
import socketserver
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from escalated_core.effects.policy import Policy
from escalated_core.records import Effect, Firing

Go = Callable[..., Firing]


def effects_of(firing: Firing) -> tuple[Effect, ...]:
    return firing.steps[0].effects


def only(firing: Firing) -> Effect:
    (effect,) = effects_of(firing)
    return effect


def said(firing: Firing) -> str:
    return firing.steps[0].output


# --- mail


class MailServer(socketserver.StreamRequestHandler):
    """Takes every message."""

    def handle(self) -> None:
        got: Any = self.server
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            got.commands.append(line.strip().decode())
            verb = line[:4].upper().strip()
            self.wfile.write(
                {b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}.get(verb, b"250 ok\r\n")
            )
            if verb == b"DATA":
                while (part := self.rfile.readline()) != b".\r\n":
                    got.commands.append(part.strip().decode())
                self.wfile.write(b"250 queued\r\n")


@pytest.fixture
def mail_server(serve: Callable[[socketserver.BaseServer], None]) -> Any:
    """A mail server on this machine; `commands` has every line that it got."""
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer)
    server.commands = []
    server.port = server.server_address[1]
    serve(server)
    return server


SEND = """
from django.core import mail
print(mail.send_mail("Hello", "Text", None, ["a@example.com", "b@example.com"]))
print([message.subject for message in mail.outbox])
"""


def test_mail_of_django_counts_as_sent(go: Go):
    firing = go(SEND)
    effect = only(firing)
    assert said(firing) == "1\n['Hello']\n"
    assert (effect.kind, effect.verdict) == ("mail", "held")
    assert effect.target == "a@example.com, b@example.com"
    details = effect.details
    assert (details["sender"], details["subject"]) == ("support@example.com", "Hello")
    assert (details["text"], details["html"], details["bcc"]) == ("Text", "", [])
    assert details["answer"] == {"status": 250, "text": "2.0.0 Ok: simulated"}


def test_mail_with_everything(go: Go):
    firing = go("""
    from django.core.mail import EmailMultiAlternatives
    mail = EmailMultiAlternatives(
        "Grüße", "plain", "Me <me@example.com>", ["To <to@example.com>"],
        cc=["cc@example.com"], bcc=["secret@example.com"], headers={"X-Tag": "7"})
    mail.attach_alternative("<b>rich</b>", "text/html")
    mail.attach("invoice.pdf", b"%PDF", "application/pdf")
    mail.attach("notes.txt", "later", "text/plain")
    print(mail.send())
""")
    details = only(firing).details
    assert said(firing) == "1\n"
    assert (details["subject"], details["text"], details["html"]) == (
        "Grüße",
        "plain",
        "<b>rich</b>",
    )
    assert details["recipients"] == ["to@example.com", "cc@example.com", "secret@example.com"]
    assert (details["to"], details["cc"]) == (["to@example.com"], ["cc@example.com"])
    assert details["bcc"] == ["secret@example.com"]
    assert ("X-Tag", "7") in details["headers"]
    assert not {"Date", "Message-ID"} & {name for name, _ in details["headers"]}
    assert details["attachments"] == [
        {"name": "invoice.pdf", "type": "application/pdf", "size": 4},
        {"name": "notes.txt", "type": "text/plain", "size": 5},
    ]


def test_smtplib_is_talked_to_as_by_a_server(go: Go):
    firing = go("""
    import smtplib
    with smtplib.SMTP("mail.example.com", 587) as client:
        client.starttls()
        client.login("me", "hunter22")
        print(client.sendmail("me@x.org", ["you@y.org"], "Subject: Hi\\n\\n.dots\\n..\\nend"))
        print(client.noop())
    with smtplib.SMTP_SSL("secure.example.com") as client:
        client.sendmail("me@x.org", "you@y.org", b"")
""")
    first, second = effects_of(firing)
    assert said(firing) == "{}\n(250, b'Ok')\n"
    assert first.details["server"] == "mail.example.com:587"
    assert first.details["text"] == ".dots\n..\nend"
    assert second.details["server"] == "secure.example.com:465"
    assert "hunter22" not in str(first)


def test_a_mail_server_on_this_machine_gets_it(run: Any, mail_server: Any):
    code = "@on_action('run')\ndef go():" + SEND.replace("\n", "\n    ")
    here = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": mail_server.port}
    workbench = run(code, settings=here)
    effect = only(workbench.fire("run"))
    assert effect.verdict == "sent"
    assert effect.details["answer"] == {"status": 250, "text": "queued"}
    assert "Subject: Hello" in mail_server.commands
    before = len(mail_server.commands)
    some = Policy().hold("a@example.com").refuse("b@example.com")
    held = workbench.fire("run", effects=some)
    assert [effect.verdict for effect in effects_of(held)] == ["refused", "held"]
    assert "Subject: Hello" not in mail_server.commands[before:]
    assert said(held).startswith("1\n")


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        (Policy().refuse(kind="mail"), "ConnectionRefusedError"),
        (Policy().refuse("*@example.com"), "smtplib.SMTPRecipientsRefused"),
        (
            Policy().answer("*", "Try later", status=451),
            "smtplib.SMTPDataError: (451, b'Try later')",
        ),
    ],
)
def test_mail_that_is_not_taken(go: Go, policy: Policy, error: str):
    firing = go(SEND, policy, is_ok=False)
    assert str(firing.error).startswith(error)
    assert effects_of(firing)[0].verdict == ("answered" if "Data" in error else "refused")


def test_mail_that_a_rule_sends_to_a_server_that_is_held(go: Go):
    firing = go(SEND, Policy().send("*@example.com", "mail"), settings={"EMAIL_HOST": "x.test"})
    effect = only(firing)
    assert (effect.verdict, effect.details["server"]) == ("held", "x.test:25")
    assert "simulated" in effect.details["answer"]["text"]


# --- processes


PYTHON = repr(sys.executable)


def test_a_process_runs_and_is_shown(go: Go):
    firing = go(f"""
    import subprocess, sys
    print(subprocess.run([{PYTHON}, "-c", "print(input())"], input="in", text=True,
          capture_output=True).stdout)
    print(subprocess.call("exit 3", shell=True, cwd="/"))
    print(os.waitstatus_to_exitcode(os.system("exit 4")))
    with os.popen("echo five") as said:
        print(said.read())
""")
    assert said(firing).split() == ["in", "3", "4", "five"]
    found = [(e.verdict, e.target, e.details["exit_code"]) for e in effects_of(firing)]
    assert found[1:] == [
        ("sent", "exit 3", 3),
        ("sent", "exit 4", 4),
        ("sent", "echo five", 0),
    ]
    assert effects_of(firing)[0].details["argv"] == [sys.executable, "-c", "print(input())"]
    assert effects_of(firing)[1].details["cwd"] == "/"
    assert all(effect.duration_ns > 0 for effect in effects_of(firing))


def test_capture_holds_processes(go: Go, tmp_path: Any):
    firing = go(
        f"""
    import subprocess
    file = {str(tmp_path / "made")!r}
    print(subprocess.run(["touch", file], check=True).returncode)
    print(subprocess.check_output(["touch", file]), os.system(f"touch {{file}}"))
    process = subprocess.Popen(["touch", file], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    print(process.communicate("x" * 200_000), process.poll(), process.wait(1), process.kill())
    with subprocess.Popen("touch x", shell=True, stdin=subprocess.PIPE) as process:
        process.stdin.write(b"in")
    print(process.returncode, os.path.exists(file))
""",
        effects="capture",
    )
    assert said(firing) == "0\nb'' 0\n('', '') 0 0 None\n0 False\n"
    assert {e.verdict for e in effects_of(firing)} == {"held"}
    assert [e.details["exit_code"] for e in effects_of(firing)] == [0] * 5


def test_a_canned_answer_of_a_process(go: Go, tmp_path: Any):
    policy = Policy().answer("git", "a1b2\n").answer("deploy *", "no", status=7)
    firing = go(
        f"""
    import subprocess
    print(subprocess.check_output(["git", "rev-parse", "HEAD"], text=True))
    with open({str(tmp_path / "out")!r}, "w+b") as file:
        print(subprocess.call("deploy now", shell=True, stdout=file))
        file.seek(0)
        print(file.read())
    try:
        subprocess.run("deploy now", shell=True, check=True)
    except subprocess.CalledProcessError as error:
        print(error.returncode)
    print(os.system("deploy now"))
""",
        policy,
    )
    assert said(firing).split() == ["a1b2", "7", "b'no'", "7", str(7 << 8)]
    assert {e.verdict for e in effects_of(firing)} == {"answered"}


def test_an_asynchronous_process(go: Go):
    policy = (
        Policy().answer("git *", "a1b2\n").answer("cat", "x" * 1_000_000).answer("no", status=7)
    )
    firing = go(
        """
    import asyncio
    from asyncio.subprocess import PIPE, STDOUT
    async def run(*argv, **pipes):
        process = await asyncio.create_subprocess_exec(*argv, **pipes)
        said, _ = await process.communicate(b"in" if "stdin" in pipes else None)
        print(said and len(said), await process.wait(), process.returncode)
    async def main():
        await run("git", "log", stdout=PIPE, stderr=PIPE)
        await run("cat", stdin=PIPE, stdout=PIPE, stderr=STDOUT)
        await run("no")
        await (await asyncio.create_subprocess_shell("rm x; ls", stdin=PIPE)).wait()
    asyncio.run(main())
""",
        policy.hold("rm"),
    )
    assert said(firing) == "5 0 0\n1000000 0 0\nNone 7 7\n"
    found = [(effect.verdict, effect.details["exit_code"]) for effect in effects_of(firing)]
    assert found == [("answered", 0), ("answered", 0), ("answered", 7), ("held", 0)]


def test_a_process_that_prints_much(go: Go):
    firing = go(
        """
    import subprocess
    print(len(subprocess.check_output(["cat", "all"])))
    with subprocess.Popen(["cat", "all"], stdout=subprocess.PIPE) as process:
        print(process.wait(), len(process.stdout.read(5)))
""",
        Policy().answer("cat", "x" * 1_000_000),
    )
    assert said(firing) == "1000000\n0 5\n"


def test_a_process_goes_when_its_plugin_lets_go_of_it(run: Any):
    workbench = run(f"""
import subprocess, weakref
seen = []

@on_action("run")
def go():
    with subprocess.Popen([{PYTHON}, "-c", "exit(3)"], stdout=subprocess.PIPE) as process:
        seen.append(weakref.ref(process))

@on_action("look")
def look():
    print(seen[0]())
""")
    firing = workbench.fire("run")
    assert said(workbench.fire("look")) == "None\n"
    assert only(firing).details["exit_code"] == 3


def test_a_process_that_cannot_be(go: Go):
    firing = go(
        """
    import subprocess
    for program in ("no-such-program", "sudo"):
        try:
            subprocess.run([program], stdout=subprocess.PIPE)
        except OSError as error:
            print(type(error).__name__)
""",
        Policy().refuse("sudo"),
    )
    assert said(firing) == "FileNotFoundError\nPermissionError\n"
    missing, refused = effects_of(firing)
    assert (missing.verdict, missing.details["error"]) == ("sent", "FileNotFoundError")
    assert (refused.verdict, refused.details["error"]) == ("refused", "PermissionError")


# --- sockets


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_connections_to_outside_are_held(go: Go):
    firing = go("""
    with socket.create_connection(("raw.example.com", 4000), timeout=2) as plain:
        plain.sendall(b"hello ")
        with plain.makefile("rwb") as file:
            file.write(b"world")
            file.flush()
            print(file.readline(), plain.recv(10), plain.getpeername()[1])
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.shutdown(socket.SHUT_RDWR)
    with socket.socket() as other:
        print(other.connect_ex(("192.0.2.1", 5)), other.connect_ex(("192.0.2.1", 5)) > 0)
    with socket.socket(socket.AF_INET6) as sixth:
        sixth.connect(("2001:db8::1", 6, 0, 0))
""")
    first, second, third = effects_of(firing)
    assert said(firing) == "b'' b'' 4000\n0 True\n"
    assert (first.kind, first.target) == ("socket", "raw.example.com:4000")
    assert (first.verdict, first.details["protocol"]) == ("held", "tcp")
    assert first.details["body"] == "hello world"
    assert second.target == "192.0.2.1:5"
    assert third.target == "[2001:db8::1]:6"


def test_a_secure_connection_needs_no_handshake(go: Go):
    firing = go("""
    import ssl
    context = ssl.create_default_context()
    with socket.create_connection(("a.example.com", 443)) as plain:
        with context.wrap_socket(plain, server_hostname="a.example.com") as secure:
            secure.sendall(b"one")
            print(secure.recv(5))
    with context.wrap_socket(socket.socket(), server_hostname="b.example.com") as secure:
        secure.connect(("b.example.com", 443))
        secure.send(b"two")
        print(secure.read(5))
""")
    assert said(firing) == "b''\nb''\n"
    assert [e.details["body"] for e in effects_of(firing)] == ["one", "two"]


def test_datagrams(go: Go, until: Any):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 0))
        port = here.getsockname()[1]
        firing = go(f"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        print(sock.sendto(b"near", ("127.0.0.1", {port})))
        print(sock.sendto(b"far", 0, ("stats.example.com", 8125)))
        print(sock.sendmsg([b"f", b"ar"], [], 0, ("192.0.2.1", 8125)))
        sock.connect(("192.0.2.1", 53))
        sock.settimeout(0.5)
        sock.send(b"?")
        try:
            sock.recvfrom(10)
        except TimeoutError as error:
            print(error)
""")
        assert here.recv(10) == b"near"
    assert said(firing) == "4\n3\n3\ntimed out\n"
    assert [(e.verdict, e.details["body"]) for e in effects_of(firing)] == [
        ("sent", "near"),
        ("held", "far"),
        ("held", "far"),
        ("held", "?"),
    ]
    assert effects_of(firing)[1].target == "stats.example.com:8125"


def test_loopback_is_real(go: Go, listener: socket.socket):
    port = listener.getsockname()[1]
    firing = go(f"""
    for host in ("127.0.0.1", "localhost"):
        with socket.create_connection((host, {port})) as sock:
            sock.sendall(b"x")
""")
    reached = [e for e in effects_of(firing) if "error" not in e.details]
    assert {e.verdict for e in effects_of(firing)} == {"sent"}
    assert len(reached) == 2
    for _ in reached:
        with listener.accept()[0] as other:
            assert other.recv(5) == b"x"


def test_sockets_by_rules(go: Go, listener: socket.socket):
    port = listener.getsockname()[1]
    policy = Policy().answer("redis.example.com:6379", b"+PONG\r\n").refuse(f"*:{port}")
    firing = go(
        f"""
    with socket.create_connection(("redis.example.com", 6379)) as sock:
        sock.sendall(b"PING\\r\\n")
        print(sock.recv(3), sock.recv(100), sock.recv(1))
    with socket.socket() as sock:
        print(sock.connect_ex(("127.0.0.1", {port})) > 0)
    socket.create_connection(("localhost", {port}))
""",
        policy,
        is_ok=False,
    )
    assert said(firing) == "b'+PO' b'NG\\r\\n' b''\nTrue\n"
    assert str(firing.error).startswith("ConnectionRefusedError")
    assert effects_of(firing)[0].verdict == "answered"
    assert {e.verdict for e in effects_of(firing)[1:]} == {"refused"}


def test_an_asynchronous_client(go: Go):
    firing = go("""
    import asyncio
    async def talk():
        reader, writer = await asyncio.open_connection("raw.example.com", 7)
        writer.write(b"hello")
        await writer.drain()
        print(await reader.read())
        writer.close()
    asyncio.run(talk())
""")
    assert said(firing) == "b''\n"
    assert only(firing).details["body"] == "hello"


def test_names_are_not_looked_up(go: Go):
    firing = go("""
    address = socket.gethostbyname("api.example.com")
    print(address == socket.getaddrinfo("api.example.com", 80)[0][4][0])
    print(socket.gethostbyname_ex("api.example.com")[2] == [address])
    print(socket.getnameinfo((address, 80), 0)[0] == address)
    print(socket.gethostbyname("localhost"))
    socket.create_connection((address, 80)).close()
""")
    assert said(firing) == "True\nTrue\nTrue\n127.0.0.1\n"
    assert only(firing).target == "api.example.com:80"


def test_local_sockets_stay_real(go: Go, tmp_path: Any):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        firing = go(f"""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect({path!r})
""")
    assert (only(firing).target, only(firing).details["protocol"]) == (path, "local")
