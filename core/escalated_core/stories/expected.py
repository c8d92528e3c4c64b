"""What a story expects of a step, as it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol, get_args

from escalated_core.records import EffectKind, Outcome
from escalated_core.stories import moments
from escalated_core.stories.problems import Problems
from escalated_core.stories.story import Expected, What
from escalated_core.stories.yaml import Entry, Node

NO_ERRORS: Final = "no errors"
KEYS: Final[tuple[What, ...]] = get_args(What)
MANY: Final = 1_000_000


class References(Protocol):
    """What is known of the steps before."""

    @property
    def kinds(self) -> dict[str, str]: ...

    def check_uses(self, node: Node) -> str | None: ...

    def follow(self, node: Node, kind: str, path: tuple[str, ...]) -> str: ...

    def check_hook(self, node: Node, hook: str) -> None: ...


def expectations(
    problems: Problems, node: Node, known: References, kind: str, bare: str = ""
) -> tuple[Expected, ...]:
    """What is expected.

    Args:
        problems: is told what cannot be meant.
        node: `no errors`, or an object.
        known: the steps before.
        kind: what kind of row the step works on; empty if none.
        bare: the hook of a step that fires nothing else.
    """
    if node.value == NO_ERRORS:
        return (Expected("errors", "", 0, node.line, node.column),)
    if node.entries is None:
        problems.wrong(node, "'expect'", f"an object, or `{NO_ERRORS}`")
        return ()
    return tuple(_Reading(problems, known, kind, bare).all(node.entries))


class _Reading:
    def __init__(self, problems: Problems, known: References, kind: str, bare: str) -> None:
        self._problems = problems
        self._known = known
        self._kind = kind
        self._bare = bare

    def all(self, entries: dict[str, Entry]) -> Iterator[Expected]:
        readers: dict[str, Callable[[Node], Iterator[Expected]]] = {
            "outcome": self._outcome,
            "under": self._under,
            "fired": self._fired,
            "row": self._row,
            "effects": self._effects,
            "result": lambda node: self._values("result", node),
            "contains": lambda node: self._values("contains", node),
            "errors": lambda node: self._count("errors", "", node),
            "nones": lambda node: self._count("nones", "", node),
            "mutations": lambda node: self._count("mutations", "", node),
        }
        for key, entry in entries.items():
            if key in readers:
                yield from readers[key](entry.value)
            else:
                self._problems.unknown(entry.key, "expectation called", key, KEYS)

    def _outcome(self, node: Node) -> Iterator[Expected]:
        outcomes: tuple[Outcome, ...] = ("ok", "error", "interrupted")
        yield _at(node, "outcome", "", self._problems.choice(node, "'outcome'", outcomes))

    def _under(self, node: Node) -> Iterator[Expected]:
        length = moments.duration(node.value) if isinstance(node.value, str) else None
        if length is None:
            self._problems.wrong(node, "'under'", "a time such as 5ms or 0.5s")
            return
        yield _at(node, "under", "", length.total_seconds())

    def _count(self, what: What, subject: str, node: Node) -> Iterator[Expected]:
        name = repr(subject or what)
        yield _at(node, what, subject, self._problems.whole(node, name, 0, MANY))

    def _fired(self, node: Node) -> Iterator[Expected]:
        """`hook`, `[hook, ...]`, or `{hook: times}`."""
        if node.entries is not None:
            for hook, entry in node.entries.items():
                self._known.check_hook(entry.key, hook)
                yield from self._count("fired", hook, entry.value)
            return
        for item in [node] if node.items is None else node.items:
            hook = self._problems.text(item, "'fired'")
            self._known.check_hook(item, hook)
            yield _at(item, "fired", hook, None)

    def _values(self, what: What, node: Node) -> Iterator[Expected]:
        """The value itself of a bare hook, or values by hook."""
        self._known.check_uses(node)
        if self._bare:
            yield _at(node, what, self._bare, node.plain())
            return
        for hook, entry in self._problems.mapping(node, f"{what!r}").items():
            self._known.check_hook(entry.key, hook)
            yield _at(entry.value, what, hook, entry.value.plain())

    def _row(self, node: Node) -> Iterator[Expected]:
        self._known.check_uses(node)
        for path, entry in self._problems.mapping(node, "'row'").items():
            first, *rest = path.split(".")
            known = self._known.kinds
            owner, kind = (first, known[first]) if rest and first in known else ("", self._kind)
            fields = tuple(rest) if owner else (first, *rest)
            if not kind:
                cure = "Name another step's: `t.status: open`."
                self._problems.tell(entry.key, "This step leaves no row behind.", cure)
                continue
            self._known.follow(entry.key, kind, fields)
            value: Any = entry.value.plain()
            where = entry.value
            yield Expected("row", ".".join(fields), value, where.line, where.column, owner)

    def _effects(self, node: Node) -> Iterator[Expected]:
        """`times`, or `{kind: times}`."""
        if node.entries is None:
            yield from self._count("effects", "", node)
            return
        kinds: tuple[EffectKind, ...] = get_args(EffectKind)
        for kind, entry in node.entries.items():
            if kind in kinds:
                yield from self._count("effects", kind, entry.value)
            else:
                self._problems.unknown(entry.key, "kind of effects called", kind, kinds)


def _at(node: Node, what: What, subject: str, value: Any) -> Expected:
    return Expected(what, subject, value, node.line, node.column)
