"""Options and fixtures of the whole suite."""

from __future__ import annotations

import json
import shutil
import textwrap
import threading
from collections.abc import Callable, Collection, Iterator
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from escalated_workbench import Workbench

# On a busy machine an example takes as long as it takes.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

REPOSITORY = Path(__file__).parents[1]
SAMPLES = REPOSITORY / "sample_plugins"
HOSTILE = REPOSITORY / "tests" / "data" / "hostile"

Write = Callable[..., Path]
Open = Callable[..., Workbench]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--guide", type=Path, help="The Plugin Authoring Guide, whose examples must run."
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty plugins folder."""
    folder = tmp_path / "plugins" / "escalated"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def write(root: Path) -> Write:
    """`write("billing", "code", "helpers.py", "code")` makes or changes a plugin's files."""

    def make(slug: str, code: str = "", *more: str, **manifest: object) -> Path:
        folder = root / slug
        folder.mkdir(exist_ok=True)
        fields: dict[str, object] = {
            "name": slug.title(),
            "slug": slug,
            "version": "1.0.0",
            "description": "A plugin of a test.",
            "author": "Tests",
            **manifest,
        }
        text = json.dumps({k: v for k, v in fields.items() if v is not ...}, indent=2)
        if not (folder / "plugin.json").exists() or manifest:
            (folder / "plugin.json").write_text(text, "utf-8")
        files = {"plugin.py": code, **dict(zip(more[::2], more[1::2], strict=True))}
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(content), "utf-8")
        return folder

    return make


@pytest.fixture
def open_workbench(root: Path) -> Iterator[Open]:
    """`open_workbench(watch=True, ...)` opens one on `root`; it is closed at the end."""
    opened: list[Workbench] = []

    def make(**options: object) -> Workbench:
        for earlier in opened:
            earlier.close()
        opened.append(Workbench(root, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for workbench in opened:
        workbench.close()


@pytest.fixture
def samples(root: Path) -> Path:
    """A copy of the sample plugins in `root`."""
    shutil.copytree(SAMPLES, root, dirs_exist_ok=True)
    return root


@pytest.fixture
def hostile(root: Path) -> Callable[..., Path]:
    """`hostile("sleeper", ...)` copies plugins of the hostile corpus into `root`."""

    def copy(*slugs: str) -> Path:
        for slug in slugs:
            shutil.copytree(HOSTILE / slug, root / slug)
        return root

    return copy


# --- HTML


class Page(HTMLParser):
    """The elements and the words of HTML; fails where elements are not nested well.

    Those in `void` have no end.
    """

    def __init__(self, html: str, void: Collection[str] = ()) -> None:
        super().__init__()
        self.words = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._void = void
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self._void:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words += data

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.elements}

    def all(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of each element of this name."""
        return [attributes for tag, attributes in self.elements if tag == name]

    def values(self, attribute: str) -> list[str | None]:
        """What each element that has this attribute gives it."""
        return [given[attribute] for _, given in self.elements if attribute in given]

    def active(self) -> set[str]:
        """The elements and handlers that run, fetch or embed something."""
        harmful = {"script", "img", "iframe", "link", "object"}
        attributes = {key for _, given in self.elements for key in given}
        return self.names & harmful | {key for key in attributes if key.startswith("on")}


@pytest.fixture(scope="session")
def read_html() -> Callable[..., Page]:
    """`read_html(text, void={"br"})` is the page that this HTML is."""
    return Page


# --- servers on this machine


class _Server(BaseHTTPRequestHandler):
    """Answers `ok`; 404 at `/404`; redirects at `/moved`; goes away at `/gone`.

    At `/chunks` it streams in chunks.
    """

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        got: Any = self.server
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        got.received.append((self.command, self.path, body))
        got.peers.add(self.client_address)
        if self.path == "/gone":
            self.close_connection = True
            return
        self.send_response({"/404": 404, "/moved": 302}.get(self.path, 200))
        if self.path == "/moved":
            self.send_header("Location", "/there")
        if self.path == "/chunks":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
            return
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_GET = do_POST  # noqa: N815 - the base's name

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[BaseServer], None]]:
    """`serve(server)` lets it answer, in a thread, until the test ends."""
    serving: list[tuple[BaseServer, threading.Thread]] = []

    def start(server: BaseServer) -> None:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.append((server, thread))
        thread.start()

    yield start
    for server, thread in serving:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server(serve: Callable[[BaseServer], None]) -> Any:
    """A server on this machine; `received` has what it got, `peers` who connected."""
    httpd: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    httpd.received, httpd.peers = [], set()
    httpd.url = f"http://127.0.0.1:{httpd.server_port}"
    serve(httpd)
    return httpd
