"""The world as it was at a moment of the trace: what was registered, loaded and known then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from escalated_core.analysis.firings import Firings
from escalated_core.analysis.rows import PastRow, args_at, rows_in, shows, unseen
from escalated_core.analysis.tabular import Named, Records
from escalated_core.errors import UsageError
from escalated_core.hooks.catalogue import catalogue_of, hooks_of
from escalated_core.hooks.history import History, World
from escalated_core.records import Callback, Firing, FiringKind, Hook, Snapshot, Standing, Step

Fate = Literal["same", "reloaded", "gone", "new"]
"""What became of a callback since: it is still there, from newer code, gone, or came later."""
ROLES = ("agent", "customer", "admin")


@dataclass(frozen=True, slots=True)
class Link:
    """A callback of then or of now."""

    fate: Fate
    then: Callback | None
    now: Callback | None

    @property
    def callback(self) -> Callback:
        """As it was then, if it was there."""
        found = self.then or self.now
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Stand:
    """How a plugin stood then and stands now; None where it is not there."""

    slug: str
    then: Standing | None
    now: Standing | None


@dataclass(frozen=True, slots=True)
class Since:
    """What is different now."""

    came: tuple[Callback, ...]
    went: tuple[Callback, ...]
    reloaded: tuple[Callback, ...]
    """Those of then that are there, but from other code of their plugin."""
    plugins: tuple[Stand, ...]
    """Plugins that stand otherwise."""

    def __bool__(self) -> bool:
        return bool(self.came or self.went or self.reloaded or self.plugins)


@dataclass(frozen=True, slots=True, repr=False)
class Moment:
    """A moment of the trace: when a firing began, or after one of its steps.

    Everything is as it was then. `is_known` tells whether the registry of that time is known:
    `hooks`, `plugins` and `chain` are empty where it is not.
    """

    firing: Firing
    step: int | None
    """The index of the step that has just run; None for when the firing began."""
    value: Snapshot
    """Of a filter at that point; None of an action."""
    args: tuple[Snapshot, ...]
    """The arguments at that point; the value is the first of a filter's."""
    hooks: Records[Hook]
    plugins: Named[Standing]
    rows: Records[PastRow]
    """The rows in the arguments and the value; others are found by `row`."""
    chain: tuple[Link, ...]
    """The callbacks of the firing's hook then and now, in running order."""
    changed_since: Since
    is_known: bool
    _past: Past = field(repr=False, compare=False)

    def __repr__(self) -> str:
        return f"Moment({self.name}, {len(self.plugins)} plugins, {len(self.rows)} rows)"

    @property
    def name(self) -> str:
        """`#212 ticket_data as it began`, `#212 ticket_data after tag_vip`."""
        ran = (
            "as it began" if self.step is None else f"after {self.firing.steps[self.step].callback}"
        )
        return f"#{self.firing.id} {self.firing.hook} {ran}"

    def row(self, kind: str, key: object) -> PastRow:
        """A row as it was pictured last at or before this moment; `seen` tells where.

        Args:
            kind: of the model: `ticket`, `user`, `comment`, or a plugin's own in small letters.
            key: its id.

        Raises:
            UsageError: nothing that is kept shows it.
        """
        return self._past.row(self, str(kind).lower(), str(key))

    def next(self) -> Moment | None:
        """After the next step, or when the next firing began; None at the end."""
        following = 0 if self.step is None else self.step + 1
        if following < len(self.firing.steps):
            return self._past.at(self.firing.id, following)
        return self.next_firing()

    def previous(self) -> Moment | None:
        """Before the step, or after the last step of the firing before; None at the beginning."""
        if self.step is not None:
            return self._past.at(self.firing.id, self.step - 1 if self.step else None)
        before = self.previous_firing()
        steps = len(before.firing.steps) if before else 0
        return self._past.at(before.firing.id, steps - 1) if before and steps else before

    def next_firing(self) -> Moment | None:
        """When the firing after this one began; None if it is the last."""
        return self._past.beside(self.firing.id, 1)

    def previous_firing(self) -> Moment | None:
        """When the firing before this one began; None if it is the first."""
        return self._past.beside(self.firing.id, -1)


class Past(Protocol):
    """Where moments come from."""

    def at(self, firing: int, step: int | None = None) -> Moment: ...
    def beside(self, firing: int, direction: int) -> Moment | None: ...
    def row(self, moment: Moment, kind: str, key: str) -> PastRow: ...


class Travel:
    """Goes to the moments of recorded firings.

    Args:
        firings: a live trace, or a session.
        history: of the registry; None if it is not known, as in older session files.
    """

    def __init__(self, firings: Firings, history: History | None) -> None:
        self._firings = firings
        self._history = history

    def at(self, firing: int | Firing, step: int | None = None) -> Moment:
        """The world as a firing found it, or after a step of it.

        Raises:
            UsageError: the firing is not kept, or has no such step.
        """
        record = firing if isinstance(firing, Firing) else self._firings.require(firing)
        _check(record, step)
        then, now = self._worlds(record.id, step)
        args = args_at(record, step)
        return Moment(
            firing=record,
            step=step,
            value=args[0] if record.kind == "filter" and args else None,
            args=args,
            hooks=Records(Hook, _hooks(record, then)),
            plugins=Named(Standing, then.standing if then else {}),
            rows=Records(PastRow, rows_in(record, step)),
            chain=_chain(record.kind, record.hook, then, now) if then else (),
            changed_since=since(then or now, now),
            is_known=then is not None,
            _past=self,
        )

    def beside(self, firing: int, direction: int) -> Moment | None:
        """When the firing began that is kept before (-1) or after (1) another."""
        ids = self._firings.ids
        others = [number for number in ids if (number - firing) * direction > 0]
        if not others:
            return None
        return self.at(min(others) if direction > 0 else max(others))

    def row(self, moment: Moment, kind: str, key: str) -> PastRow:
        """See `Moment.row`."""
        if kind in ROLES:
            raise UsageError(
                f"A trace does not tell who is {kind} {key}.", "Name a user by its id."
            )
        for firing, step in self._before(moment.firing, moment.step):
            # First whether it is there: what the step changed in it takes longer to tell.
            if shows(firing, step, kind, key):
                return next(r for r in rows_in(firing, step) if (r.kind, r.key) == (kind, key))
        before = self._before(moment.firing, moment.step)
        raise unseen(before, moment.name, kind, key)

    def _before(self, firing: Firing, step: int | None) -> Iterator[tuple[Firing, int | None]]:
        """The moments up to this one, newest first, by who caused what: clocks may be set."""
        yield from self._within(firing, step)
        parent = self._firings.get(firing.parent_id) if firing.parent_id is not None else None
        if parent is None:
            for number in reversed(self._firings.ids):
                other = self._firings.get(number) if number < firing.id else None
                if other is not None and other.depth == 0:
                    yield from self._whole(other)
            return
        for child in reversed(self._firings.children(parent.id)):
            if child.id < firing.id and child.parent_step == firing.parent_step:
                yield from self._whole(child)
        at = firing.parent_step or 0
        yield from self._before(parent, at - 1 if at else None)

    def _whole(self, firing: Firing) -> Iterator[tuple[Firing, int | None]]:
        return self._within(firing, len(firing.steps) - 1 if firing.steps else None)

    def _within(self, firing: Firing, step: int | None) -> Iterator[tuple[Firing, int | None]]:
        """The moments of a firing and of all it caused, up to a step, newest first."""
        children = self._firings.children(firing.id) if step is not None else []
        for index in reversed(range(0 if step is None else step + 1)):
            yield firing, index
            for child in reversed(children):
                if (child.parent_step or 0) == index:
                    yield from self._whole(child)
        yield firing, None

    def _worlds(self, firing: int, step: int | None) -> tuple[World | None, World]:
        if self._history is None:
            return None, World()
        try:
            return self._history.at(firing, step), self._history.now
        except LookupError:
            return None, self._history.now


def since(then: World, now: World) -> Since:
    """What is different now from what was then."""
    links = _links(then.callbacks.values(), now.callbacks.values())
    fates: dict[Fate, list[Callback]] = defaultdict(list)
    for link in links:
        fates[link.fate].append(link.callback)
    slugs = dict.fromkeys((*then.standing, *now.standing))
    stands = [Stand(slug, then.standing.get(slug), now.standing.get(slug)) for slug in slugs]
    return Since(
        came=tuple(fates["new"]),
        went=tuple(fates["gone"]),
        reloaded=tuple(fates["reloaded"]),
        plugins=tuple(stand for stand in stands if stand.then != stand.now),
    )


def link_of(moment: Moment) -> Link | None:
    """The callback whose step has just run; None if none has, or it is not known."""
    if moment.step is None:
        return None
    left = list(moment.chain)
    found: Link | None = None
    for step in moment.firing.steps[: moment.step + 1]:
        found = next((link for link in left if _is_of(link, step)), None)
        if found is not None:
            left.remove(found)
    return found


def _is_of(link: Link, step: Step) -> bool:
    then = link.callback
    return (then.plugin, then.callback, then.priority) == (
        step.plugin,
        step.callback,
        step.priority,
    )


def _check(firing: Firing, step: object) -> None:
    """Raise `UsageError` for a step that a firing does not have."""
    count = len(firing.steps)
    if step is not None and not (type(step) is int and 0 <= step < count):
        has = f"It has 0 to {count - 1}." if count else "It has none."
        raise UsageError(f"Firing {firing.id} has no step {step!r}.", has)


def _hooks(firing: Firing, then: World | None) -> list[Hook]:
    return hooks_of(catalogue_of(firing.profile), then.chains) if then else []


def _chain(kind: FiringKind, hook: str, then: World, now: World) -> tuple[Link, ...]:
    """The callbacks of a hook then and now, where they ran or would run."""
    chains = [
        [each for each in world.callbacks.values() if (each.kind, each.hook) == (kind, hook)]
        for world in (then, now)
    ]
    return tuple(_links(*chains))


def _links(then: Iterable[Callback], now: Iterable[Callback]) -> list[Link]:
    """Each callback of then with what it is now, and those that are new, in running order."""
    left = {callback.place[1]: callback for callback in now}
    others: list[Callback] = []
    links: list[Link] = []
    for callback in then:
        same = left.pop(callback.place[1], None)
        if same is None:
            others.append(callback)
        else:
            links.append(Link("same", callback, same))
    alike: dict[object, list[Callback]] = defaultdict(list)
    for callback in sorted(left.values(), key=_turn):
        alike[_identity(callback)].append(callback)
    for callback in sorted(others, key=_turn):
        again = alike[_identity(callback)]
        if again:
            other = again.pop(0)
            fate: Fate = "same" if other.generation == callback.generation else "reloaded"
            links.append(Link(fate, callback, other))
        else:
            links.append(Link("gone", callback, None))
    links += [Link("new", None, callback) for found in alike.values() for callback in found]
    return sorted(links, key=lambda link: _turn(link.callback))


def _turn(callback: Callback) -> tuple[str, str, float, tuple[int, int]]:
    return callback.kind, callback.hook, callback.priority, callback.place


def _identity(callback: Callback) -> tuple[object, ...]:
    """What makes it the same callback to a person, whichever load of its plugin it is from."""
    what = callback.kind, callback.hook, callback.plugin, callback.callback
    return (*what, callback.priority)
