"""Save -> live: how soon after a save the new callback is what the registry runs.

`make bench` prints median and p95 beside the floor (compiling and running the same file) and a raw
inotify wake-up, all measured in this run. Machines differ and are noisy: read the ratios.
"""

from __future__ import annotations

import ctypes
import os
import select
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any

SAVES = 60
BODY = "\n".join(
    f"def helper_{n}(value, *, factor={n}, label='h{n}'):\n"
    f"    rows = [item * factor for item in range(value) if item % 3]\n"
    f"    return {{'label': label, 'rows': rows, 'sum': sum(rows)}}\n"
    for n in range(48)
)


def source(number: int) -> str:
    return (
        f"{BODY}\nfrom escalated.hooks import add_action\n"
        f"def callback_{number:05}(ticket, user):\n    return {number}\n"
        f"add_action('ticket_created', callback_{number:05})\n"
    )


def in_place(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def by_rename(path: Path, text: str) -> None:
    temporary = path.with_name(".plugin.py.tmp")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:7.2f} ms"


def floor(text: str) -> float:
    """Compiling and running a file; its registration is left out, or it would be the host's."""
    text = text.replace("add_action(", "print if True else (")
    began = perf_counter()
    exec(compile(text, "plugin.py", "exec"), {"__name__": "floor"})
    return perf_counter() - began


class Inotify:
    """A raw watch on one folder."""

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None)
        self.fd = libc.inotify_init1(os.O_NONBLOCK)
        close_write, moved_to = 0x8, 0x80
        libc.inotify_add_watch(self.fd, os.fsencode(folder), close_write | moved_to)

    def wait(self) -> None:
        select.select([self.fd], [], [], 5)
        os.read(self.fd, 65536)


def wake_up(folder: Path, text: str, save: Callable[[Path, str], None]) -> float:
    """A save until a raw watch has woken up."""
    watch = Inotify(folder)
    began = perf_counter()
    save(folder / "plugin.py", text)
    watch.wait()
    took = perf_counter() - began
    os.close(watch.fd)
    return took


def p95(samples: list[float]) -> float:
    return quantiles(samples, n=20)[-1]


def test_save_to_live(write: Any, open_workbench: Any, root: Path, tmp_path: Path) -> None:
    write("mine", source(0))
    for other in range(9):
        write(f"other-{other}", "from escalated.hooks import add_action\nadd_action('x', print)\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    wb = open_workbench(watch=True)
    path = root / "mine" / "plugin.py"
    live: dict[str, list[float]] = {"in place": [], "by rename": []}
    floors: list[float] = []
    wakes: list[float] = []
    sleep(1)  # the watcher takes up what happened before it stood
    for number in range(1, SAVES + 1):
        name, save = ("in place", in_place) if number % 2 else ("by rename", by_rename)
        text = source(number)
        floors.append(floor(text))
        wakes.append(wake_up(elsewhere, text, save))
        began = perf_counter()
        save(path, text)
        wanted = f"callback_{number:05}"
        registry = wb._host.registry
        while [r.name for r in registry.chain("action", "ticket_created")] != [wanted]:
            assert perf_counter() - began < 5, "a save was missed"
            sleep(0.0002)
        live[name].append(perf_counter() - began)
        sleep(0.05)
    base = median(floors)
    print(f"\nsave -> live, {SAVES} saves of {len(source(0).splitlines())} lines, ten plugins")
    print(f"  floor: compile and run   {ms(base)}")
    print(f"  raw inotify wake-up      {ms(median(wakes))}  p95 {ms(p95(wakes))}")
    for name, samples in live.items():
        middle, high = median(samples), p95(samples)
        print(
            f"  saved {name:10}         {ms(middle)}  p95 {ms(high)}   "
            f"{middle / base:.2f}x and {high / base:.2f}x the floor"
        )
