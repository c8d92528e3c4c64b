"""Where the time of a step went: within its firing, in queries and requests, over the trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from escalated_core.analysis.timing import Timing
from escalated_core.records import Call, Firing, Step
from escalated_workbench.tui.background import aside, shown_by
from escalated_workbench.tui.look import cut, owner_style, part
from escalated_workbench.tui.widgets.pages import Page
from escalated_workbench.tui.widgets.values import MUTED, Piece
from escalated_workbench.wording import counted, in_milliseconds, milliseconds, safe

BARS = 8, 24
"""Columns at least and at most that stand for the duration of a firing."""
TIMES = 22
"""Columns of the numbers before a bar, and of the space after it."""
OFTEN = 3
"""The same query this often in one step is worth a word."""
CALLS = 200
"""Queries and requests listed."""
TITLES = {"query": ("query", "queries"), "http": ("HTTP request", "HTTP requests")}


class TimePage(Page):
    """Times of a step; what its callback took over the trace is worked out when it is looked at."""

    HELP = """\
How long the selected step took: in all, and without the firings that it caused; where that lies in
the firing; its queries and HTTP requests with when they began and how long they took; a query that
is made again and again; and the median, the 95th percentile and the longest own time of its
callback over everything recorded."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id)
        self._told: tuple[Firing | None, int | None] = None, None
        self._timings: list[Timing] | None = None
        self._counted = 0, 0
        self._width = 0
        self._is_counting = False

    def tell(self, firing: Firing | None, index: int | None) -> None:
        """Tell about the step with this index; without one, about the whole firing."""
        self._told = firing, index
        if self.is_shown:
            self.look()

    @property
    def is_shown(self) -> bool:
        """Whether its tab is the open one."""
        return self.parent is not None and bool(self.parent.display)

    def look(self) -> None:
        """Draw what is told about, and work out what the trace says about it."""
        self._draw()
        if self._told[0] is None or self._is_counting:
            return
        trace = shown_by(self).trace
        counted_now = trace.finished, len(trace)
        if self._counted != counted_now:
            self._counted = counted_now
            self._is_counting = True
            aside(self, trace.timings, self._count)

    def _count(self, timings: list[Timing]) -> None:
        self._timings = timings
        self._is_counting = False
        self._draw()

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._width:
            self._draw()

    def _draw(self) -> None:
        firing, index = self._told
        room = self._width = self.scrollable_content_region.width
        if firing is None:
            self.show([])
        elif index is None:
            self.show(of_firing(firing, room))
        else:
            self.show(of_step(firing, firing.steps[index], self._timings, room))


def of_firing(firing: Firing, room: int) -> list[Piece]:
    """Every step where it lies within the firing, in so many columns."""
    names = [f"{step.callback} · {step.plugin or 'host'}" for step in firing.steps]
    columns = _fitting(room - TIMES - max(map(len, names), default=0))
    pieces: list[Piece] = [part(f"{'at ms':>9} {'took ms':>9}\n", MUTED)]
    for step, name in zip(firing.steps, names, strict=True):
        pieces += [
            part(
                f"{in_milliseconds(step.at_ns):>9} {in_milliseconds(step.duration_ns):>9} ", MUTED
            ),
            part(f"{bar(step, firing.duration_ns, columns)} ", owner_style(step.plugin)),
            part(f"{cut(safe(name), max(room - TIMES - columns, 10))}\n"),
        ]
    calls = [call for step in firing.steps for call in step.calls]
    for kind in TITLES:
        own = [call for call in calls if call.kind == kind]
        pieces.append(part(f"{_number(own, kind)}\n", "" if own else MUTED))
    return pieces


def of_step(firing: Firing, step: Step, timings: Sequence[Timing] | None, room: int) -> list[Piece]:
    """A step's own times, its calls, and its callback over the trace, in so many columns."""
    whole = milliseconds(firing.duration_ns)
    pieces: list[Piece] = [
        part("total ", MUTED),
        part(f"{milliseconds(step.duration_ns)}  "),
        part("self ", MUTED),
        part(f"{milliseconds(step.own_ns)}  "),
        part("at ", MUTED),
        part(f"{milliseconds(step.at_ns)}\n"),
        part("in the firing ", MUTED),
        part(
            bar(step, firing.duration_ns, _fitting(room - 15 - len(whole))),
            owner_style(step.plugin),
        ),
        part(f" {whole}\n"),
    ]
    for kind in TITLES:
        pieces += _calls([call for call in step.calls if call.kind == kind], kind)
    return [*pieces, *_over_the_trace(firing, step, timings)]


def bar(step: Step, duration_ns: int, columns: int = BARS[1]) -> str:
    """Where a step lies within the duration of its firing."""
    whole = max(duration_ns, step.at_ns + step.duration_ns, 1)
    first = min(step.at_ns * columns // whole, columns - 1)
    length = max(min(round(step.duration_ns * columns / whole), columns - first), 1)
    return f"{'─' * first}{'█' * length}{'─' * (columns - first - length)}"


def _fitting(room: int) -> int:
    """The columns of a bar for which there is so much room."""
    return max(BARS[0], min(room, BARS[1]))


def _number(calls: Sequence[Call], kind: str) -> str:
    """`3 queries, 1.20 ms`"""
    one, many = TITLES[kind]
    if not calls:
        return f"no {many}"
    took = milliseconds(sum(call.duration_ns for call in calls))
    return f"{len(calls):,} {one if len(calls) == 1 else many}, {took}"


def repeated(calls: Iterable[Call]) -> list[tuple[str, int]]:
    """Queries with the same text, and how often; the most frequent first."""
    count = Counter(call.text for call in calls if call.kind == "query")
    return [(text, number) for text, number in count.most_common() if number >= OFTEN]


def of_callback(timings: Iterable[Timing], hook: str, step: Step) -> Timing | None:
    """What is known about the callback of a step; among namesakes, the one on its line."""
    who = hook, step.plugin, step.callback
    found = [timing for timing in timings if (timing.hook, timing.plugin, timing.callback) == who]
    here = [timing for timing in found if (timing.file, timing.line) == (step.file, step.line)]
    return next(iter(here or found), None)


def _calls(calls: Sequence[Call], kind: str) -> list[Piece]:
    title = f"\n{_number(calls, kind)}\n"
    if not calls:
        return [part(title, MUTED)]
    pieces: list[Piece] = [part(title, "$text-accent")]
    for text, number in repeated(calls):
        hint = f"! the same query {number:,} times: fetch it once (N+1)\n    {text}\n"
        pieces.append(part(hint, "$text-warning"))
    pieces.append(part(f"{'at ms':>9} {'took ms':>9}\n", MUTED))
    for call in calls[:CALLS]:
        times = f"{in_milliseconds(call.at_ns):>9} {in_milliseconds(call.duration_ns):>9}  "
        pieces += [part(times, MUTED), part(f"{call.text}\n")]
    if len(calls) > CALLS:
        pieces.append(part(f"… {counted(len(calls) - CALLS, 'more call')}\n", MUTED))
    return pieces


def _over_the_trace(firing: Firing, step: Step, timings: Sequence[Timing] | None) -> list[Piece]:
    heading = part("\nself time over the trace\n", "$text-accent")
    if timings is None:
        return [heading, part("… being worked out\n", MUTED)]
    found = of_callback(timings, firing.hook, step)
    if found is None:
        return [heading, part("nothing recorded\n", MUTED)]
    times = (found.p50_ns, found.p95_ns, found.max_ns)
    shown = zip(("p50", "p95", "max"), map(milliseconds, times), strict=True)
    return [
        heading,
        part(f"{counted(found.count, 'step')}  ", MUTED),
        *(part(f"{name} {time}  ") for name, time in shown),
        part(f"{found.share:.0%} of all\n", MUTED),
    ]
