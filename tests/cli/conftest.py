"""The command line as a process of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import escalated_core
import escalated_workbench

REPOSITORY = Path(__file__).parents[2]
SOURCES = [
    str(Path(str(each.__file__)).parents[1]) for each in (escalated_core, escalated_workbench)
]

COMMAND = [sys.executable, "-m", "escalated_workbench"]
ENVIRONMENT = {
    **{
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("PYTHON", "LC_", "LANG", "ESCALATED_WORKBENCH"))
    },
    "PYTHONPATH": os.pathsep.join(SOURCES),
    "COLUMNS": "80",
    "LANG": "C.UTF-8",
}

Result = subprocess.CompletedProcess[str]
Run = Callable[..., Result]
Copy = Callable[..., Path]


@pytest.fixture(scope="session")
def run() -> Run:
    """`run("list", cwd=..., env={...}, input=...)`; standard input is empty unless given."""

    def call(
        *words: object, cwd: Path | None = None, env: dict[str, str] | None = None, **more: object
    ) -> Result:
        options = {"input": "", "timeout": 60, **more}
        return subprocess.run(
            [*COMMAND, *map(str, words)],
            cwd=cwd,
            env={**ENVIRONMENT, **(env or {})},
            capture_output=True,
            encoding="utf-8",
            check=False,
            **options,  # type: ignore[call-overload]
        )

    return call


@pytest.fixture(scope="session")
def shell() -> Callable[[str], Result]:
    """Runs a line in which `workbench` is the command; it fails if a part of a pipe does."""
    head = f'set -o pipefail; workbench() {{ {shlex.join(COMMAND)} "$@"; }}'

    def call(line: str) -> Result:
        return subprocess.run(
            ["bash", "-c", f"{head}\n{line}"],
            env=ENVIRONMENT,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )

    return call


@pytest.fixture(scope="session")
def start() -> Callable[..., subprocess.Popen[str]]:
    """`start("fire", ...)` is the running process."""

    def call(*words: object) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        line = [*COMMAND, *map(str, words)]
        return subprocess.Popen(
            line,
            env=ENVIRONMENT,
            stdout=pipe,
            stderr=pipe,
            text=True,
            preexec_fn=heed_ctrl_c,  # noqa: PLW1509 - no other thread of the tests runs meanwhile
        )

    return call


@pytest.fixture(scope="session")
def at_terminal() -> Callable[..., Run]:
    """`at_terminal("stderr")("list", ...)`: those streams are a terminal, the others are pipes.

    What the terminal shows is the result's `args`.
    """

    def streams(*names: str) -> Run:
        def call(*words: object) -> Result:
            master, terminal = pty.openpty()
            pipe = subprocess.PIPE
            given = {n: terminal if n in names else pipe for n in ("stdin", "stdout", "stderr")}
            line = [*COMMAND, *map(str, words)]
            with subprocess.Popen(line, env=ENVIRONMENT, text=True, **given) as process:  # type: ignore[call-overload]
                os.close(terminal)
                out, err = process.communicate(timeout=60)
            shown = b"".join(iter(lambda: read_terminal(master), b""))
            os.close(master)
            return Result(shown.decode(), process.returncode, out or "", err or "")

        return call

    return streams


class Terminal:
    """A command whose streams, other than standard output, are a terminal of its own."""

    def __init__(self, words: tuple[object, ...]) -> None:
        self._screen, stream = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, words)],
            env=ENVIRONMENT,
            stdin=stream,
            stdout=subprocess.PIPE,
            stderr=stream,
            preexec_fn=own_terminal,  # noqa: PLW1509 - no other thread of the tests runs meanwhile
        )
        os.close(stream)
        self.shown = ""

    def until(self, text: str) -> None:
        """Wait until the terminal shows it."""
        while text not in self.shown:
            read = read_terminal(self._screen)
            assert read, self.shown
            self.shown += read.decode()

    def type(self, text: str) -> None:
        """Press keys; what was shown so far is forgotten."""
        self.shown = ""
        os.write(self._screen, text.encode())

    def end(self) -> tuple[int, str]:
        """The exit code and standard output."""
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._screen)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """`terminal("fire", ...)` is a command that somebody sits at."""
    begun: list[Terminal] = []

    def call(*words: object) -> Terminal:
        begun.append(Terminal(words))
        return begun[-1]

    yield call
    for each in begun:
        each.close()


def own_terminal() -> None:
    """Make standard input the terminal whose ctrl+c reaches this process."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    heed_ctrl_c()


def heed_ctrl_c() -> None:
    """A shell's background jobs ignore it, and so do all processes that they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def read_terminal(descriptor: int) -> bytes:
    """What a pseudo-terminal still holds; nothing once it is read out and nobody writes to it."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


@pytest.fixture(scope="session")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """`copied("triage", "cyclic")` is a new folder with those sample or hostile plugins in it."""
    corpora = (REPOSITORY / "sample_plugins", REPOSITORY / "tests" / "data" / "hostile")

    def copy(*slugs: str) -> Path:
        root = tmp_path_factory.mktemp("project") / "plugins" / "escalated"
        root.mkdir(parents=True)
        for slug in slugs:
            source = next(corpus / slug for corpus in corpora if (corpus / slug).is_dir())
            shutil.copytree(source, root / slug, ignore=shutil.ignore_patterns("__pycache__"))
        return root

    return copy


@pytest.fixture(scope="session")
def sample_slugs() -> list[str]:
    return sorted(path.parent.name for path in REPOSITORY.glob("sample_plugins/*/plugin.json"))


@pytest.fixture(scope="session")
def story_text() -> Callable[..., str]:
    """`story_text()` is a story that goes as expected; `assigned=2` expects one firing too many."""

    def text(assigned: int = 1) -> str:
        return f"""\
name: An escalated ticket
steps:
  - id: t
    ticket.create:
      subject: "RE:  Fire"
    expect:
      fired:
        ticket_created: 1
  - at: +30m
    ticket.assign:
      ticket: ${{t}}
    expect:
      fired:
        ticket_assigned: {assigned}
"""

    return text
