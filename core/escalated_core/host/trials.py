"""Firings tried out with and without what-ifs, and in each way that the matrix of a hook asks for.

Nothing of them lasts: see `Isolation`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from time import time
from typing import TYPE_CHECKING, Any

from escalated_core.errors import Abandoned, UsageError
from escalated_core.helpdesk.references import Reference
from escalated_core.host.event_run import EventRun
from escalated_core.host.isolation import Aside
from escalated_core.host.thread import stuck
from escalated_core.records import Comparison, Firing, Kind, Matrix, Run, Trial
from escalated_core.replay.comparing import compare
from escalated_core.snapshots.copying import copier
from escalated_core.whatif import matrix
from escalated_core.whatif.overlay import ChangeChain

if TYPE_CHECKING:
    from escalated_core.host.host import EmbeddedHost

UNTOUCHED = "the what-ifs change nothing about the callbacks that ran"
"""Told of a comparison that shows nothing: they are about others."""
Fire = Callable[[], None]
"""Makes something happen on the plugin thread, with the same arguments each time."""


def firing(
    host: EmbeddedHost,
    hook: str,
    kind: Kind,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    overrides: Mapping[str, Any] | None,
) -> Fire:
    """Fires a hook with copies of the arguments.

    Raises:
        UsageError: an argument cannot be copied.
    """
    given = [_again(arg, f"Argument {place}") for place, arg in enumerate(args, 1)]
    named = {name: _again(arg, f"The argument {name}") for name, arg in kwargs.items()}
    over = {
        path: _again(value, f"The value of {path}") for path, value in (overrides or {}).items()
    }

    def fire() -> None:
        anew = {path: make() for path, make in over.items()}
        keywords = {name: make() for name, make in named.items()}
        positional = tuple(make() for make in given)
        host.dispatch.fire_here(hook, kind, positional, keywords, anew or None)

    return fire


def again(host: EmbeddedHost, recorded: Firing, changes: Mapping[str, Any] | None) -> Fire:
    """Fires what is recorded, with the arguments it had, but for some values by path.

    Raises:
        UsageError: a value cannot be copied.
    """
    made = {path: _again(value, f"The value of {path}") for path, value in (changes or {}).items()}

    def fire() -> None:
        host.dispatch.again_here(recorded, {path: make() for path, make in made.items()})

    return fire


def happening(host: EmbeddedHost, name: str, given: Mapping[str, Any]) -> Fire:
    """Makes an event happen; raises `UsageError` if it cannot be meant."""
    EventRun(name, given)
    made = {key: _again(value, f"The value of {key}") for key, value in given.items()}

    def happen() -> None:
        host.dispatch.happen_here(EventRun(name, {key: make() for key, make in made.items()}))

    return happen


def compare_whatifs(host: EmbeddedHost, what: str, fire: Fire) -> Comparison:
    """The same without what-ifs (`old`) and with them (`new`).

    Raises:
        UsageError: there are no what-ifs, or nothing was fired.
    """
    laid = host.overlay.laid
    if not laid.entries:
        raise UsageError("There is no what-if to compare with.", "Mute a callback, say.")
    with _trials(host, what) as trials:
        old, new, again = (trials.run(fire, change) for change in (_as_it_is, laid, _as_it_is))
        found = compare(old, new)
        notes = (*found.notes, *([] if _is_meant(new) else [UNTOUCHED]))
        found = replace(found, uncontrolled=trials.uncontrolled, notes=notes)
        noise = matrix.Noise(compare(old, again))
    if noise.words:
        why = f"Without it, two runs differ in {', '.join(noise.words)}."
        return replace(found, verdict="unsteady", why=why)
    return found


def matrix_of(host: EmbeddedHost, hook: str, kind: Kind, fire: Fire) -> Matrix:
    """Fires the hook in each way there is.

    Raises:
        UsageError: nobody listens, or the hook does not come to its end by itself.
    """
    laid = host.overlay.laid
    chain = laid(host.registry.chain(kind, hook))
    callbacks = matrix.taking_part(chain)
    if not callbacks:
        raise UsageError(f"Nobody listens to {hook!r}.", "Name a hook that has callbacks.")
    names = matrix.labels(callbacks)
    runs: dict[matrix.Way, Run] = {}
    with _trials(host, f"the matrix of {hook}") as trials:

        def run(way: matrix.Way) -> Run:
            return trials.run(fire, matrix.in_place_of(chain, way, laid))

        runs[matrix.Way()] = run(matrix.Way())
        if runs[matrix.Way()].firing.outcome == "interrupted":
            cure = "Give its loops and waits an end."
            raise UsageError(f"{hook!r} does not come to its end.", cure)
        noise = matrix.Noise(compare(runs[matrix.Way()], run(matrix.Way())))
        found: list[Trial] = []
        for plan in matrix.plans(chain):
            if plan.against not in runs:
                runs[plan.against] = run(plan.against)
            new = run(plan.way)
            told = noise.without(matrix.trial(plan, names, compare(runs[plan.against], new)))
            if told.matters:
                twice = noise.without(matrix.trial(plan, names, compare(new, run(plan.way))))
                told = replace(told, steady=not twice.matters)
            found.append(told)
    heard = tuple(names[each] for each in callbacks)
    return Matrix(hook, kind, heard, tuple(found), noise.words, trials.uncontrolled)


class _Trials:
    """Runs that are compared with each other: at one moment, by the same callbacks."""

    def __init__(self, host: EmbeddedHost, what: str, aside: Aside) -> None:
        self._host = host
        self._what = what
        self._aside = aside
        self._moment = time()
        self._revision = host.registry.revision
        self._uncontrolled: dict[str, None] = {}

    @property
    def uncontrolled(self) -> tuple[str, ...]:
        return tuple(self._uncontrolled)

    def run(self, fire: Fire, change: ChangeChain) -> Run:
        """Make it happen once with chains changed like this.

        Raises:
            PluginError: code of a plugin cannot be stopped.
            UsageError: other callbacks are registered than at first.
        """

        def work() -> None:
            with self._host.overlay.instead(change):
                fire()

        try:
            tried = self._aside.run(self._what, work, moment=self._moment)
        except Abandoned as gone:
            raise stuck(gone) from None
        if self._host.registry.revision != self._revision:
            raise UsageError(f"Callbacks changed during {self._what}.", "Ask again.")
        self._uncontrolled |= dict.fromkeys(tried.uncontrolled)
        first, *nested = tried.firings
        return Run(first, tuple(nested))


@contextmanager
def _trials(host: EmbeddedHost, what: str) -> Generator[_Trials]:
    with host.isolation.opened() as aside:
        yield _Trials(host, what, aside)


def _is_meant(run: Run) -> bool:
    """Whether a what-if changed a callback of it."""
    return any(step.note for each in (run.firing, *run.nested) for step in each.steps)


def _as_it_is(chain: Any) -> Any:
    return chain


def _again(value: Any, what: str) -> Callable[[], Any]:
    return (lambda: value) if isinstance(value, Reference) else copier(value, what)
