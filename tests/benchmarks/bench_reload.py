"""From the save of a file to its new callback being live, beside the floor."""

from __future__ import annotations

import builtins
import ctypes
import os
import statistics
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any

import pytest

from escalated_core.records import Reload
from escalated_workbench import Workbench

Measured = Callable[..., None]

SAVES = 60
"""Half of them written in place, half put in place of the old file."""
WARM_UP = 5
DEADLINE = 10.0
IN_CLOSE_WRITE, IN_MOVED_TO = 0x8, 0x80

HEAD = """
import logging
import re
from dataclasses import dataclass

from escalated.hooks import add_filter

logger = logging.getLogger(__name__)
"""

PART = '''

@dataclass
class Rule{n}:
    """One of many rules, so that the file is as long as a real one."""

    name: str
    weight: float = {n}.5

    def applies(self, ticket):
        words = re.findall(r"\\w+", ticket.get("subject", "").lower())
        if self.name in words and len(words) > {n}:
            logger.info("%s applies to %s", self.name, ticket.get("reference"))
            return [word for word in words if word != self.name]
        return {{"rule": self.name, "weight": self.weight * {n}, "words": words[:{n}]}}
'''

TAIL = """

def answer(value):
    return 1{number:06}


add_filter("answer", answer)
"""


def source(number: int) -> str:
    """A plugin of about 200 lines; as long for every number."""
    parts = "".join(PART.format(n=n) for n in range(11))
    return HEAD + parts + TAIL.format(number=number)


def overwrite(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.swp")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)


def floor(path: Path) -> float:
    """Seconds to read, compile and execute a plugin's file, with hooks that do nothing."""
    hooks = ModuleType("escalated.hooks")

    def load(name: str, *args: Any) -> Any:
        return hooks if name == "escalated.hooks" else builtins.__import__(name, *args)

    scope = {"__name__": "floor", "__builtins__": {**vars(builtins), "__import__": load}}
    hooks.__dict__["add_filter"] = lambda *_: None
    began = perf_counter()
    exec(compile(path.read_bytes(), str(path), "exec", dont_inherit=True), scope)
    return perf_counter() - began


class Inotify:
    """The kernel's own word that a file was saved, as directly as Python can have it."""

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._handle = libc.inotify_init()
        libc.inotify_add_watch(self._handle, str(folder).encode(), IN_CLOSE_WRITE | IN_MOVED_TO)
        self._woken = threading.Event()
        self._at = 0.0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while os.read(self._handle, 4096):
            self._at = perf_counter()
            self._woken.set()

    def latency(self, path: Path, save: Callable[[Path, str], None], text: str) -> float:
        """Seconds from the call of `save` to the thread that waits for it."""
        self._woken.clear()
        began = perf_counter()
        save(path, text)
        assert self._woken.wait(DEADLINE)
        return self._at - began


class Live:
    """Tells when a new callback is what a hook runs, without asking for it all the time."""

    def __init__(self, workbench: Workbench) -> None:
        self._registry = workbench._host.registry
        self._lived = threading.Event()
        self._callbacks: list[object] = []
        self._at = 0.0
        workbench.on_reload(self._listen)

    def _listen(self, _: Reload) -> None:
        self._callbacks = [each.callback for each in self._registry.chain("filter", "answer")]
        self._at = perf_counter()
        self._lived.set()

    def latency(self, path: Path, save: Callable[[Path, str], None], text: str) -> float:
        """Seconds from the call of `save` to the new callback being what the hook runs."""
        old = self._callbacks
        self._lived.clear()
        began = perf_counter()
        save(path, text)
        assert self._lived.wait(DEADLINE)
        assert self._callbacks != old
        return self._at - began


def told(seconds: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]


@pytest.mark.parametrize("plugins", [1, 1000])
def test_a_save_is_live(
    plugins: int, root: Path, tmp_path: Path, write: Callable[..., Path], measured: Measured
) -> None:
    for number in range(1, plugins):
        write(f"plugin-{number:04}", "")
    path = write("plugin-0000", source(0)) / "plugin.py"
    other = tmp_path / "other"
    other.mkdir()
    raw = Inotify(other)
    floors: list[float] = []
    wakes: list[float] = []
    ours: dict[str, list[float]] = {"in place": [], "renamed": []}
    with Workbench(root, watch=True) as workbench:
        live = Live(workbench)
        for number in range(WARM_UP):
            live.latency(path, overwrite, source(900_000 + number))
        for number in range(SAVES):
            how, save = ("in place", overwrite) if number % 2 else ("renamed", replace)
            wakes.append(raw.latency(other / "plugin.py", save, source(number)))
            floors.append(floor(path))
            ours[how].append(live.latency(path, save, source(number)))
            assert workbench.fire("answer", None).result == 1_000_000 + number
        assert workbench.plugins["plugin-0000"].generation == SAVES + WARM_UP + 1
    ours["both"] = [*ours["in place"], *ours["renamed"]]
    lines = len(source(0).splitlines())
    subject = f"save -> live, {lines} lines among {counted(plugins)}, median and p95 of {SAVES}"
    base = statistics.median(floors)
    subjects = {
        "floor: read, compile, execute": floors,
        "raw inotify, waking a thread": wakes,
        **{f"escalated-workbench, {how}": seconds for how, seconds in ours.items()},
    }
    for what, seconds in subjects.items():
        middle, late = told(seconds)
        cells = (
            f"{middle * 1e3:6.2f} ms {late * 1e3:6.2f} ms",
            f"{middle / base:.2f}x {late / base:.2f}x the floor",
        )
        if what == "escalated-workbench, both":
            good = middle <= 1.5 * base and late <= 3 * base
            measured(subject, what, *cells, "<= 1.5x, p95 <= 3x", holds=good)
        else:
            measured(subject, what, *cells)


def counted(plugins: int) -> str:
    return f"{plugins:,} plugin{'s' * (plugins != 1)}"
