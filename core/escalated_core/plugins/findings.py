"""The findings that hold now, by plugin; each goes when its cause goes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Literal

from escalated_core.records import Finding

Topic = Literal["discovery", "manifest", "load", "live", "memory"]

_SEVERITY = {"error": 0, "warning": 1, "info": 2}


class Findings:
    """Findings by plugin and topic: a topic is replaced as a whole, live findings add up.

    What is about no plugin is held under None.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[str | None, Topic], dict[Finding, None]] = {}
        self._lock = threading.Lock()
        self.revision = 0
        """Goes up with every change, for whoever polls."""

    def replace(self, plugin: str | None, topic: Topic, findings: Iterable[Finding]) -> None:
        with self._lock:
            self._held[plugin, topic] = dict.fromkeys(findings)
            self.revision += 1

    def report(self, finding: Finding, topic: Topic = "live") -> None:
        """Add one; the same finding is held once, whatever its message says of the run.

        Those that have no place are told apart by their messages.
        """
        with self._lock:
            held = self._held.setdefault((finding.plugin, topic), {})
            if any(_identity(other) == _identity(finding) for other in held):
                return
            held[finding] = None
            self.revision += 1

    def take(self, plugin: str, topic: Topic) -> list[Finding]:
        """Remove and return the findings of a plugin on a topic."""
        with self._lock:
            self.revision += 1
            return list(self._held.pop((plugin, topic), ()))

    def forget(self, plugin: str | None, *topics: Topic) -> None:
        """Drop the findings of a plugin on these topics, or all of them."""
        with self._lock:
            self.revision += 1
            for key in [k for k in self._held if k[0] == plugin and (not topics or k[1] in topics)]:
                del self._held[key]

    def of(self, plugin: str, *topics: Topic) -> tuple[Finding, ...]:
        """Those of a plugin, on these topics or all of them, in the same order."""
        with self._lock:
            held = [
                finding
                for (owner, topic), findings in self._held.items()
                if owner == plugin and (not topics or topic in topics)
                for finding in findings
            ]
        return tuple(sorted(held, key=_order))

    def __iter__(self) -> Iterator[Finding]:
        """Worst first, then by plugin and place."""
        with self._lock:
            held = [finding for findings in self._held.values() for finding in findings]
        return iter(sorted(held, key=_order))


def _order(finding: Finding) -> tuple[int, str, str, int]:
    place = finding.plugin or "", finding.file or "", finding.line or 0
    return _SEVERITY[finding.severity], *place


def _identity(finding: Finding) -> tuple[object, ...]:
    what = finding.message if finding.file is None else None
    return finding.code, finding.file, finding.line, what
