"""Database queries and HTTP requests of plugin code are told to the scope that makes them."""

from __future__ import annotations

import gc
import http.client
import threading
import urllib.error
import urllib.request
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from contextvars import copy_context
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from escalated_core.effects.following import follow
from escalated_core.effects.outbox import Effects, Outbox
from escalated_core.effects.policy import Policy
from escalated_core.scope import Scope
from escalated_core.sink import CALL_CAP
from escalated_core.trace.calls import query_wrapper
from escalated_workbench import Workbench

Call = tuple[str, str, int, int]
Made = Callable[[Callable[[], object]], list[Call]]


@pytest.fixture
def server(server: Any) -> str:
    """Its address, without the scheme."""
    return f"127.0.0.1:{server.server_port}"


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens to."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    httpd.server_close()
    return httpd.server_port


@pytest.fixture(autouse=True)
def following() -> Iterator[ExitStack]:
    """Follows what is sent, which is let out; `close` ends that."""
    with ExitStack() as stack:
        stack.callback(follow(Effects(Outbox(set), Policy("live"))))
        yield stack


@pytest.fixture
def made() -> Made:
    """`made(work)` runs something in a scope and returns the calls it made."""

    def run(work: Callable[[], object]) -> list[Call]:
        scope = Scope(None, "a test")
        scope.run(work)
        said = scope.said
        calls = said.calls if said else []
        for _, _, began, ended in calls:
            assert scope.started_ns <= began <= ended <= scope.ended_ns
        return calls

    return run


def texts(calls: list[Call]) -> list[str]:
    return [f"{kind} {text}" for kind, text, _, _ in calls]


def plain(server: str, method: str, path: str) -> None:
    connection = http.client.HTTPConnection(server)
    connection.request(method, path, body=b"x" if method == "POST" else None)
    connection.getresponse().read()
    connection.close()


# --- HTTP


def test_every_usual_client_is_seen(made: Made, server: str):
    def work() -> None:
        plain(server, "GET", "/a")
        urllib.request.urlopen(f"http://{server}/b", data=b"x").close()
        requests.post(f"http://{server}/c", json={"a": 1}, timeout=5)
        with requests.Session() as session:
            session.get(f"http://{server}/404", timeout=5)
            session.get(f"http://{server}/d", timeout=5)

    assert texts(made(work)) == [
        f"http GET http://{server}/a -> 200",
        f"http POST http://{server}/b -> 200",
        f"http POST http://{server}/c -> 200",
        f"http GET http://{server}/404 -> 404",
        f"http GET http://{server}/d -> 200",
    ]


def test_each_hop_of_a_redirect_is_a_call(made: Made, server: str):
    calls = made(lambda: requests.get(f"http://{server}/moved", timeout=5))
    assert [text.rpartition("/")[2] for text in texts(calls)] == ["moved -> 302", "there -> 200"]


def test_a_chunked_body_is_one_call(made: Made, server: str):
    def work() -> None:
        connection = http.client.HTTPConnection(server)
        connection.request("GET", "/", body=None, headers={"X": "y"})
        connection.getresponse().read()
        connection.putrequest("POST", "/again")
        connection.putheader("Content-Length", "4")
        connection.endheaders()
        connection.send(b"ab")
        connection.send(b"cd")
        connection.getresponse().read()
        connection.close()

    assert texts(made(work)) == [
        f"http GET http://{server}/ -> 200",
        f"http POST http://{server}/again -> 200",
    ]


@pytest.mark.parametrize("client", [requests.get, urllib.request.urlopen])
def test_a_server_that_cannot_be_reached(made: Made, closed_port: int, client: Any):
    def work() -> None:
        with pytest.raises(OSError, match=r"."):
            client(f"http://127.0.0.1:{closed_port}/x", timeout=5)

    ((kind, text, _, _),) = made(work)
    assert kind == "http"
    assert text.startswith(f"GET http://127.0.0.1:{closed_port}/x -> ")
    assert text.endswith("Error")


@pytest.mark.parametrize("client", [requests.get, urllib.request.urlopen])
def test_a_secure_connection_that_fails_before_the_request(made: Made, server: str, client: Any):
    def work() -> None:
        with pytest.raises(OSError, match=r"."):
            client(f"https://{server}/x", timeout=5)

    ((_, text, _, _),) = made(work)
    assert f"https://{server}" in text
    assert text.endswith("-> SSLError")


def test_a_server_that_goes_away(made: Made, server: str):
    def work() -> None:
        with pytest.raises(http.client.RemoteDisconnected):
            plain(server, "GET", "/gone")

    assert texts(made(work)) == [f"http GET http://{server}/gone -> RemoteDisconnected"]


def test_connecting_beforehand_counts_for_the_request(made: Made, server: str):
    def work() -> None:
        connection = http.client.HTTPConnection(server)
        connection.connect()
        connection.request("GET", "/a")
        connection.getresponse().read()
        connection.close()

    assert texts(made(work)) == [f"http GET http://{server}/a -> 200"]


def test_a_connection_lives_no_longer_than_without():
    gc.disable()
    try:
        made = Scope(None, "a test").run(http.client.HTTPConnection, "127.0.0.1")
        reference = weakref.ref(made)
        del made
        assert reference() is None
    finally:
        gc.enable()


def test_secrets_in_addresses_are_masked(made: Made, server: str):
    path = "/p?page=2&api_key=abc&Access%5FToken=def&empty=&flag&author=bob"
    ((_, text, _, _),) = made(lambda: plain(server, "GET", path))
    assert "abc" not in text
    assert "def" not in text
    assert "?page=2&api_key=" in text
    assert text.endswith("&empty=&flag&author=bob -> 200")


def test_a_proxy_is_not_told_for_the_host(made: Made, server: str, closed_port: int):
    def work() -> None:
        connection = http.client.HTTPConnection(server)
        connection.request("GET", "http://user:hunter2@example.test/a")
        connection.getresponse().read()
        connection.close()
        tunnel = http.client.HTTPConnection("127.0.0.1", closed_port)
        tunnel.set_tunnel("example.test", 8000)
        tunnel.putrequest("GET", "/gone")
        with pytest.raises(OSError, match="refused"):
            tunnel.endheaders()

    first, second = texts(made(work))
    assert "hunter2" not in first
    assert first.endswith("@example.test/a -> 200")
    assert second == "http GET http://example.test:8000/gone -> ConnectionRefusedError"


def test_outside_of_scopes_requests_are_only_made(server: str):
    connection = http.client.HTTPConnection(server)
    attributes = set(vars(connection))
    connection.request("GET", "/outside")
    assert connection.getresponse().read() == b"ok"
    connection.close()
    assert set(vars(connection)) == attributes


def test_the_undo_leaves_nothing_behind(server: str, following: ExitStack):
    scope = Scope(None, "a test")
    connection = scope.run(http.client.HTTPConnection, server)
    assert hasattr(http.client.HTTPConnection.send, "__wrapped__")
    following.close()
    assert not hasattr(http.client.HTTPConnection.send, "__wrapped__")
    scope.run(connection.connect)
    connection.close()
    assert scope.said is None


def test_a_thread_of_a_step_notes_where_its_context_does(made: Made, server: str):
    def work() -> None:
        context = copy_context()
        thread = threading.Thread(target=context.run, args=(plain, server, "GET", "/thread"))
        thread.start()
        thread.join()

    assert texts(made(work)) == [f"http GET http://{server}/thread -> 200"]


def test_calls_are_capped(made: Made):
    scope = Scope(None, "a test")
    many = range(CALL_CAP + 5)
    scope.run(lambda: [query_wrapper(lambda *_: None, "SELECT 1", (), False, {}) for _ in many])
    assert (len(scope.sink.calls), scope.sink.dropped) == (CALL_CAP, 5)


# --- queries


def test_queries_are_seen_without_their_parameters(
    write: Callable[..., Path], open_workbench: Callable[..., Workbench]
):
    write(
        "asks",
        """
        from django.db import DatabaseError, connection

        from escalated.hooks import on_action
        from escalated_core.scope import CURRENT
        from escalated_core.trace.calls import query_wrapper

        @on_action("run")
        def ask():
            sink = CURRENT.get().sink
            before = len(sink.calls)
            with connection.execute_wrapper(query_wrapper), connection.cursor() as cursor:
                cursor.execute("SELECT %s", ["hunter2"])
                try:
                    cursor.execute("SELECT nothing FROM nowhere")
                except DatabaseError as error:
                    pass
                cursor.execute("SELECT '" + "x" * 5000 + "'")
            for call in sink.calls[before:]:
                print(call[0], call[1], call[2] <= call[3])
        """,
    )
    (step,) = open_workbench().fire("run").steps
    assert step.error is None
    asked = [line for line in step.output.splitlines() if line.startswith("query")]
    assert asked[0] == "query SELECT %s True"
    assert "query SELECT nothing FROM nowhere -> OperationalError True" in asked
    assert "(5,009 characters) True" in asked[-1]
    assert "hunter2" not in step.output


def test_a_query_outside_of_scopes_is_only_run():
    asked: list[tuple[Any, ...]] = []

    def execute(*args: Any) -> str:
        asked.append(args)
        return "rows"

    assert query_wrapper(execute, "SELECT 1", (2,), False, {"a": 1}) == "rows"
    assert asked == [("SELECT 1", (2,), False, {"a": 1})]


def test_a_statement_that_is_no_text_is_told_by_its_class(made: Made):
    ((_, text, _, _),) = made(lambda: query_wrapper(lambda *_: None, ["x"], None, True, {}))
    assert text == "(list)"
