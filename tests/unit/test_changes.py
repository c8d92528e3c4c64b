"""What the system tells of changed files."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from escalated_workbench.changes import Changes

TIMEOUT = 0.05
DEADLINE = 20.0


class Listener:
    """Gathers what is told of some folders, on a thread of its own."""

    def __init__(self, *folders: Path) -> None:
        self.told: set[str] = set()
        self._more = threading.Condition()
        self._sets = 0
        self._closing = False
        self._changes = Changes([str(folder) for folder in folders], TIMEOUT)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with self._changes:
            for paths in self._changes:
                with self._more:
                    self._sets += 1
                    self.told |= paths
                    self._more.notify_all()
                    if self._closing:
                        return

    def hears(self, *paths: Path) -> None:
        """Wait until all of these have been told, and forget what was told."""
        expected = {str(path) for path in paths}
        with self._more:
            assert self._more.wait_for(lambda: expected <= self.told, DEADLINE), self.told
            self.told.clear()

    def ends(self) -> None:
        """Wait until nothing more is told."""
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()

    def close(self) -> None:
        with self._more:
            self._closing = True
        self._changes.wake()
        self.ends()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    listeners: list[Listener] = []

    def make(*folders: Path) -> Listener:
        listeners.append(Listener(*folders))
        return listeners[-1]

    yield make
    for listener in listeners:
        listener.close()


def test_saves_are_told(listen: Callable[..., Listener], tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    listener = listen(tmp_path)
    for path in (tmp_path / "a.py", tmp_path / "deep" / "b.py", tmp_path / "deep" / "er" / "c.py"):
        path.write_text("1")
        listener.hears(path)
        path.write_text("2")
        listener.hears(path)
        (tmp_path / "beside").write_text("3")
        (tmp_path / "beside").replace(path)
        listener.hears(path)
        path.unlink()
        listener.hears(path)


def test_what_is_in_a_new_folder_is_told(listen: Callable[..., Listener], tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "sub").mkdir(parents=True)
    (elsewhere / "sub" / "old.py").write_text("1")
    listener = listen(root)
    elsewhere.rename(root / "new")
    listener.hears(root / "new", root / "new" / "sub" / "old.py")
    (root / "new" / "sub" / "later.py").write_text("1")
    listener.hears(root / "new" / "sub" / "later.py")
    (root / "fresh" / "er").mkdir(parents=True)
    (root / "fresh" / "er" / "at_once.py").write_text("1")
    listener.hears(root / "fresh" / "er" / "at_once.py")


def test_it_ends_when_a_folder_goes(listen: Callable[..., Listener], tmp_path: Path) -> None:
    for name in ("moved", "removed"):
        (tmp_path / "root" / name / "deep").mkdir(parents=True)
    listener = listen(tmp_path / "root")
    (tmp_path / "root" / "moved").rename(tmp_path / "away")
    listener.ends()
    listener = listen(tmp_path / "root")
    shutil.rmtree(tmp_path / "root" / "removed" / "deep")
    listener.ends()
    listener = listen(tmp_path / "away", tmp_path / "root")
    shutil.rmtree(tmp_path / "away")
    listener.ends()


def test_a_folder_that_is_not_there_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with pytest.raises(FileNotFoundError):
        Changes([str(tmp_path / "missing")], TIMEOUT)
    for thread in set(threading.enumerate()) - before:
        thread.join(DEADLINE)
        assert not thread.is_alive()
