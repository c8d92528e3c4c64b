"""HTTP that plugins send: held, let out, refused, delayed or answered, and always shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from escalated_core.effects.policy import Policy
from escalated_core.errors import UsageError
from escalated_core.records import Effect, Firing
from escalated_workbench import Workbench

Run = Callable[..., Workbench]

MARK = ("X-Escalated-Workbench", "simulated")
IMPORTS = "import http.client, io, os, socket, threading, urllib.request, requests\n"

# Each posts `x` to URL and prints status, mark and body of the answer.
CLIENTS = {
    "requests": "r = requests.post(URL, b'x', timeout=5)\n"
    "    print(r.status_code, r.headers.get('X-Escalated-Workbench'), r.text)",
    "urllib": "with urllib.request.urlopen(URL, b'x', timeout=5) as r:\n"
    "        print(r.status, r.headers.get('X-Escalated-Workbench'), r.read().decode())",
    "http.client": "from urllib.parse import urlsplit\n"
    "    parts = urlsplit(URL)\n"
    "    kind = 'HTTPSConnection' if parts.scheme == 'https' else 'HTTPConnection'\n"
    "    c = getattr(http.client, kind)(parts.netloc)\n"
    "    c.request('POST', parts.path, b'x')\n"
    "    r = c.getresponse()\n"
    "    print(r.status, r.headers.get('X-Escalated-Workbench'), r.read().decode())\n"
    "    c.close()",
    "httpx": "import httpx\n"
    "    r = httpx.post(URL, content=b'x')\n"
    "    print(r.status_code, r.headers.get('X-Escalated-Workbench'), r.text)",
    "httpx async": "import asyncio, httpx\n"
    "    async def post():\n"
    "        async with httpx.AsyncClient() as client:\n"
    "            return await client.post(URL, content=b'x')\n"
    "    r = asyncio.run(post())\n"
    "    print(r.status_code, r.headers.get('X-Escalated-Workbench'), r.text)",
}
KNOWN = [name for name in CLIENTS if "httpx" not in name or find_spec("httpx")]


def effects_of(firing: Firing) -> tuple[Effect, ...]:
    return firing.steps[0].effects


def only(firing: Firing) -> Effect:
    (effect,) = effects_of(firing)
    return effect


# --- the guide's own example


URL = "https://hooks.slack.com/services/T0/B0/secret"


def test_the_slack_notifier_with_an_outside_url(samples: Path, open_workbench: Run):
    workbench = open_workbench(settings={"SLACK_WEBHOOK_URL": URL})
    firing = workbench.fire("ticket_created")
    step = next(step for step in firing.steps if step.plugin == "slack-notifier")
    (effect,) = step.effects
    assert (effect.kind, effect.verdict, effect.simulated) == ("http", "held", True)
    assert (effect.plugin, effect.firing_id) == ("slack-notifier", firing.id)
    assert firing.steps[effect.step or 0] is step
    assert effect.target == f"POST {URL}"
    assert ("Content-Type", "application/json") in effect.details["headers"]
    assert json.loads(effect.details["body"])["text"].startswith("New ticket *")
    assert effect.details["answer"]["status"] == 200
    assert MARK in effect.details["answer"]["headers"]
    assert effect.duration_ns > 0
    assert "Slack notification sent" in step.logs[0].message
    assert effect in workbench.outbox


def test_no_packet_is_sent(samples: Path, run_python: Callable[[str], str]):
    said = run_python(f"""
        import sys

        network = []

        def watch(event, args):
            if event.startswith(("socket.connect", "socket.get", "socket.send")):
                network.append((event, args))

        sys.addaudithook(watch)
        from escalated_workbench import Workbench

        with Workbench({str(samples)!r}, settings={{"SLACK_WEBHOOK_URL": {URL!r}}}) as wb:
            wb.fire("ticket_created")
            print([effect.target for effect in wb.outbox], network)
    """)
    assert said.strip() == f"['POST {URL}'] []"


def test_with_a_loopback_url_the_server_receives_it(
    samples: Path, open_workbench: Run, server: Any
):
    workbench = open_workbench(settings={"SLACK_WEBHOOK_URL": f"{server.url}/slack"})
    workbench.fire("ticket_created")
    (effect,) = workbench.outbox
    ((_, path, body),) = server.received
    assert (path, body.decode()) == ("/slack", effect.details["body"])
    assert (effect.verdict, effect.simulated) == ("sent", False)
    assert effect.details["answer"]["body"] == "ok"


def test_capture_holds_that_too(samples: Path, open_workbench: Run, server: Any):
    workbench = open_workbench(
        settings={"SLACK_WEBHOOK_URL": f"{server.url}/slack"}, effects="capture"
    )
    workbench.fire("ticket_created")
    assert workbench.outbox[0].verdict == "held"
    workbench.fire("ticket_created", effects="live")
    assert workbench.outbox[1].verdict == "sent"
    assert len(server.received) == 1


def test_events_have_a_policy_of_their_own_too(samples: Path, open_workbench: Run, server: Any):
    workbench = open_workbench(settings={"SLACK_WEBHOOK_URL": server.url})
    busy = Policy().answer("127.0.0.1", status=503)
    workbench.event("ticket.create", effects=busy)
    (effect,) = workbench.outbox
    assert (effect.verdict, server.received) == ("answered", [])
    firing = workbench.trace.require(effect.firing_id or 0)
    step = firing.steps[effect.step or 0]
    assert firing.hook == "ticket_created"
    assert "503 Server Error" in step.logs[0].message


# --- clients


@pytest.mark.parametrize("client", KNOWN)
class TestClients:
    def test_held(self, go: Any, client: str):
        firing = go(CLIENTS[client].replace("URL", "'https://api.example.com/a'"))
        effect = only(firing)
        assert firing.steps[0].output == '200 simulated {"simulated": true}\n'
        assert effect.target == "POST https://api.example.com/a"
        assert (effect.details["body"], effect.details["body_size"]) == ("x", 1)
        assert effect.details["answer"]["body"] == '{"simulated": true}'
        assert [call.text for call in firing.steps[0].calls] == [f"{effect.target} -> 200"]

    def test_sent(self, go: Any, server: Any, client: str):
        firing = go(CLIENTS[client].replace("URL", f"'{server.url}/a'"))
        effect = only(firing)
        assert firing.steps[0].output == "200 None ok\n"
        assert server.received == [("POST", "/a", b"x")]
        assert (effect.verdict, effect.details["body"]) == ("sent", "x")
        assert effect.details["answer"]["body"] == "ok"
        assert [call.text for call in firing.steps[0].calls] == [f"{effect.target} -> 200"]

    def test_refused(self, go: Any, client: str):
        code = CLIENTS[client].replace("URL", "'https://api.example.com/a'")
        firing = go(code, Policy().refuse("api.example.com"), is_ok=False)
        assert "refused (simulated" in str(firing.error)
        assert "Conn" in str(firing.error) or "URLError" in str(firing.error)
        assert {effect.verdict for effect in effects_of(firing)} == {"refused"}
        assert effects_of(firing)[0].details["error"] in ("ConnectionRefusedError", "ConnectError")

    def test_answered(self, go: Any, client: str):
        code = CLIENTS[client].replace("URL", "'https://api.example.com/a'")
        answer = Policy().answer("POST https://api.example.com/*", {"n": 1}, headers={"X": "y"})
        firing = go(code, answer)
        assert firing.steps[0].output == '200 simulated {"n": 1}\n'
        assert only(firing).verdict == "answered"
        assert ("X", "y") in only(firing).details["answer"]["headers"]


def test_bodies_of_all_kinds(go: Any, server: Any):
    for base in ("https://api.example.com", server.url):
        firing = go(f"""
    def parts():
        yield b"ab"
        yield b"cd"
    requests.post("{base}/generator", data=parts())
    requests.post("{base}/file", data=io.BytesIO(b"file"))
    requests.post("{base}/form", data={{"a": 1}}, files={{"f": ("n.txt", b"content")}})
    asked = urllib.request.Request("{base}/iterable", [b"x", b"y"], {{"A": "b"}})
    urllib.request.urlopen(asked).close()
    with requests.packages.urllib3.PoolManager() as pool:
        pool.request("POST", "{base}/text", body=io.StringIO("té"))
""")
        bodies = [effect.details["body"] for effect in effects_of(firing)]
        assert bodies[:2] == ["abcd", "file"]
        assert "content" in bodies[2]
        assert bodies[3] == "xy"
        assert len(bodies) == 5
    assert [body for _, _, body in server.received[:2]] == [b"abcd", b"file"]


def test_answers_of_all_kinds(go: Any, server: Any):
    firing = go(f"""
    with requests.get("{server.url}/chunks", stream=True) as r:
        print(list(r.iter_content(2)))
    print(requests.get("{server.url}/moved").url)
    print(requests.head("https://api.example.com/").content)
""")
    chunks, moved, there, head = effects_of(firing)
    assert chunks.details["answer"]["body"] == "abcde"
    assert moved.details["answer"]["status"] == 302
    assert there.target == f"GET {server.url}/there"
    assert head.details["answer"]["body"] == ""
    assert "/there" in firing.steps[0].output


def test_a_canned_redirect_is_followed(go: Any):
    moved = Policy().answer("*/old", status=301, headers={"Location": "https://new.example.com/"})
    firing = go("print(requests.get('https://api.example.com/old').url)", moved)
    assert firing.steps[0].output == "https://new.example.com/\n"
    assert [effect.verdict for effect in effects_of(firing)] == ["answered", "held"]


def test_connections_are_kept_alive_as_ever(go: Any, server: Any):
    go(f"""
    with requests.Session() as session:
        for _ in range(3):
            session.get("{server.url}/a")
            session.get("https://api.example.com/")
""")
    assert len(server.received) == 3
    assert len(server.peers) == 1


def test_a_secure_connection_is_held_before_any_handshake(go: Any):
    firing = go("""
    c = http.client.HTTPSConnection("api.example.com")
    c.connect()
    c.putrequest("GET", "/")
    c.endheaders()
    r = c.getresponse()
    print(r.peek(3)[:3], r.read1(2), r.readline())
""")
    assert firing.steps[0].output == """b'{"s' b'{"' b'simulated": true}'\n"""
    assert only(firing).target == "GET https://api.example.com/"
    assert only(firing).details["answer"]["body"] == '{"simulated": true}'


def test_a_secure_connection_that_fails_is_shown(go: Any, server: Any):
    url = server.url.replace("http:", "https:")
    firing = go(f"requests.get('{url}/')", is_ok=False)
    assert "SSLError" in str(firing.error)
    assert only(firing).details["error"] == "SSLError"


def test_a_proxy_on_this_machine_does_not_make_it_local(go: Any, server: Any):
    firing = go(f"""
    proxies = {{"http": "{server.url}", "https": "{server.url}"}}
    requests.get("http://api.example.com/plain", proxies=proxies)
    requests.get("https://api.example.com/tunnel", proxies=proxies)
""")
    assert [effect.verdict for effect in effects_of(firing)] == ["held", "held"]
    assert effects_of(firing)[1].target == "GET https://api.example.com/tunnel"
    assert server.received == []


# --- policies


def test_a_delay_is_waited_for(go: Any, server: Any):
    slow = Policy().delay("*", 0.05)
    firing = go(f"requests.get('https://x.example.com'); requests.get('{server.url}/')", slow)
    assert all(effect.duration_ns >= 50_000_000 for effect in effects_of(firing))


@pytest.mark.parametrize("client", [c for c in ("requests", "httpx") if c in KNOWN])
def test_a_client_gives_up_waiting(go: Any, client: str):
    code = f"import {client}\n{client}.get('https://api.example.com/', timeout=0.01)"
    firing = go(code, Policy().delay("*", 60), is_ok=False)
    assert "ReadTimeout" in str(firing.error)
    assert "Timeout" in only(firing).details["error"]


def test_waiting_can_be_interrupted(run: Run):
    workbench = run("import requests\n@on_action('run')\ndef go(): requests.get('http://x.test')")
    workbench.time_limit = 0.1
    firing = workbench.fire("run", effects=Policy().delay("*", 60))
    assert firing.outcome == "interrupted"
    assert "stopped after" in str(firing.error)


def test_rules_go_before_the_mode_and_the_first_one_counts(go: Any, server: Any):
    policy = (
        Policy("capture")
        .send(f"{server.url}/open")
        .answer("*/teapot", "short", status=418)
        .refuse("*/teapot")
        .hold("*")
    )
    firing = go(
        f"""
    for path in ("open?a=1", "teapot", "other"):
        print(requests.get("{server.url}/" + path).status_code)
""",
        effects=policy,
    )
    assert firing.steps[0].output == "200\n418\n200\n"
    assert [e.verdict for e in effects_of(firing)] == ["sent", "answered", "held"]
    assert [path for _, path, _ in server.received] == ["/open?a=1"]


def test_live_lets_it_out(samples: Path, run_python: Callable[[str], str]):
    said = run_python(f"""
        import sys

        def watch(event, args):
            if event == "socket.getaddrinfo":
                raise OSError(f"asked for {{args[0]}}")

        sys.addaudithook(watch)
        from escalated_workbench import Workbench

        settings = {{"SLACK_WEBHOOK_URL": "https://nobody.invalid/x"}}
        with Workbench({str(samples)!r}, settings=settings, effects="live") as wb:
            wb.fire("ticket_created")
            print(wb.outbox[0].verdict, wb.outbox[0].details["error"])
            wb.fire("ticket_created", effects="local")
            print(wb.outbox[-1].verdict, len(wb.outbox))
    """)
    assert said.splitlines() == ["sent NewConnectionError", "held 2"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: "loud",
        lambda: 5,
        lambda: Policy("loud"),  # type: ignore[arg-type]
        lambda: Policy().refuse("*", kind="fax"),  # type: ignore[arg-type]
        lambda: Policy().delay("*", -1),
        lambda: Policy().delay("*", float("nan")),
    ],
)
def test_what_cannot_be_meant(run: Run, wrong: Callable[[], Any]):
    workbench = run("")
    with pytest.raises(UsageError, match=r"effects|delay"):
        workbench.fire("run", effects=wrong())
    assert len(workbench.trace) < 5
