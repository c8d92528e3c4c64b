"""The history of the registry: what was registered, and which plugins ran, when a firing began.

It holds records only, so no code of an old generation lives on in it. It goes by the ids of
firings, which are given out in the order they begin: no clock is asked, and firing costs nothing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable as Function
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from time import time

from escalated_core.records import Callback, Kind, Standing, Turnover
from escalated_core.scope import surrounding

KEPT = 10_000
"""Callbacks that came or went, and plugins that stood otherwise, of which is known when."""

Chains = dict[tuple[Kind, str], tuple[Callback, ...]]


@dataclass(frozen=True, slots=True)
class World:
    """What was registered, and how plugins stood."""

    callbacks: dict[int, Callback] = field(default_factory=dict[int, Callback])
    """By their own turn, which no other has."""
    plugins: dict[str, Standing] = field(default_factory=dict[str, Standing])

    def turn(self, turnover: Turnover) -> None:
        """Have it as it was after a change."""
        for callback in turnover.went:
            self.callbacks.pop(callback.place[1], None)
        for callback in turnover.came:
            self.callbacks[callback.place[1]] = callback
        for standing in turnover.plugins:
            self.plugins[standing.slug] = standing

    def copy(self) -> World:
        return World(dict(self.callbacks), dict(self.plugins))

    @property
    def chains(self) -> Chains:
        """The callbacks of each hook that has some, in running order."""
        found: dict[tuple[Kind, str], list[Callback]] = {}
        for callback in sorted(self.callbacks.values(), key=lambda c: (c.priority, c.place)):
            found.setdefault((callback.kind, callback.hook), []).append(callback)
        return {key: tuple(chain) for key, chain in found.items()}

    @property
    def standing(self) -> dict[str, Standing]:
        """The plugins that were there, by slug."""
        return {slug: each for slug, each in self.plugins.items() if each.status != "removed"}


class History:
    """Every change, oldest first; of the oldest ones is only kept what they came to.

    Args:
        begun: gives the id of the firing that began last.
        kept: how many callbacks and plugins the changes may name together.
    """

    def __init__(self, begun: Function[[], int] = lambda: 0, kept: int = KEPT) -> None:
        self._begun = begun
        self._room = kept
        self._turnovers: deque[Turnover] = deque()
        self._size = 0
        self._count = 0
        self._stood: dict[str, Standing] = {}
        self._base = World()
        self._forgotten: Turnover | None = None
        """The newest of those that are no longer kept one by one."""
        self._is_over = False
        self._lock = threading.RLock()

    def turn(self, came: Iterable[Callback] = (), went: Iterable[Callback] = ()) -> None:
        """These callbacks came, and these went, at this instant."""
        self._note(tuple(came), tuple(went), ())

    def stand(self, standing: Standing) -> None:
        """A plugin stands like this from now on."""
        with self._lock:
            if self._stood.get(standing.slug) != standing:
                self._stood[standing.slug] = standing
                self._note((), (), (standing,))

    def end(self) -> None:
        """What goes from now on goes because all of it ends, and is not told."""
        self._is_over = True

    def __iter__(self) -> Iterator[Turnover]:
        """What can be saved: the first stands for all that are no longer kept one by one."""
        with self._lock:
            kept = list(self._turnovers)
            old = self._forgotten
            if old is not None:
                base = self._base
                came, stood = tuple(base.callbacks.values()), tuple(base.plugins.values())
                kept.insert(0, Turnover(old.number, old.after, old.at, came, (), stood))
        return iter(kept)

    @property
    def now(self) -> World:
        """The world after the newest change."""
        return self.after(self._count)

    def after(self, number: int) -> World:
        """The world after the change of that number.

        Raises:
            LookupError: it is no longer known.
        """
        with self._lock:
            if self._forgotten is not None and number < self._forgotten.number:
                raise LookupError(f"change {number} is no longer kept")
            world = self._base.copy()
            for turnover in self._turnovers:
                if turnover.number > number:
                    break
                world.turn(turnover)
        return world

    def at(self, firing_id: int, step: int | None = None) -> World:
        """The world as a firing found it; with what its steps changed, up to and with `step`.

        Raises:
            LookupError: it is no longer known.
        """
        with self._lock:
            if self._forgotten is not None and firing_id <= self._forgotten.after:
                raise LookupError(f"firing {firing_id} is older than what is kept")
            world = self._base.copy()
            for turnover in self._turnovers:
                if turnover.after < firing_id or _is_by(turnover, firing_id, step):
                    world.turn(turnover)
        return world

    def add(self, turnover: Turnover) -> None:
        """Take up the next one of another history, as that gave it."""
        if turnover.number == self._count + 1:
            self._turnovers.append(turnover)
        else:
            self._base.turn(turnover)
            self._forgotten = turnover
        self._count = turnover.number

    def _note(
        self,
        came: tuple[Callback, ...],
        went: tuple[Callback, ...],
        plugins: tuple[Standing, ...],
    ) -> None:
        if self._is_over or not (came or went or plugins):
            return
        by = running_steps()
        with self._lock:
            self._count += 1
            turnover = Turnover(self._count, self._begun(), time(), came, went, plugins, by)
            self._turnovers.append(turnover)
            self._size += _size(turnover)
            while self._size > self._room:
                oldest = self._forgotten = self._turnovers.popleft()
                self._base.turn(oldest)
                self._size -= _size(oldest)


def running_steps() -> tuple[tuple[int, int], ...]:
    """The steps that this thread is running, as id of the firing and index, outermost first."""
    found: list[tuple[int, int]] = []
    scope = surrounding()
    while scope is not None:
        if scope.firing is scope:
            found.append((scope.firing.id, scope.step or 0))
        elif scope.firing is not None:
            break  # what a step started and that goes on by itself
        scope = scope.parent
    return tuple(reversed(found))


def _is_by(turnover: Turnover, firing_id: int, step: int | None) -> bool:
    return step is not None and any(
        number == firing_id and index <= step for number, index in turnover.by
    )


def _size(turnover: Turnover) -> int:
    return len(turnover.came) + len(turnover.went) + len(turnover.plugins)
