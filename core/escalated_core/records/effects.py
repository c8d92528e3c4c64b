"""What plugin code sent out of the process's memory, or would have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from escalated_core.records.findings import Snapshot

EffectKind = Literal["http", "mail", "subprocess", "socket"]
Verdict = Literal["sent", "held", "refused", "answered"]


@dataclass(frozen=True, slots=True)
class Effect:
    """One request, message, process or connection of plugin code, and how it was answered.

    `details` is a picture of a dict. Of `http`: `method`, `url`, `headers` (pairs), `body`,
    `body_size` and `answer` (`status`, `reason`, `headers`, `body`, `body_size`). Of `mail`:
    `server`, `sender`, `recipients`, `to`, `cc`, `bcc`, `subject`, `headers`, `text`, `html`,
    `attachments` and `answer` (`status`, `text`). Of `subprocess`: `argv`, `shell`, `cwd` and
    `exit_code`. Of `socket`: `host`, `port`, `protocol`, and unless it is a real connection `body`
    and `body_size`. `error` names what was raised in place of an answer. Bodies are capped, their
    sizes in bytes are not.
    """

    kind: EffectKind
    verdict: Verdict
    target: str
    """`POST https://hooks.example.com/x`, recipients, a command line, or `host:port`."""
    details: Snapshot
    at: float
    duration_ns: int
    """Until the answer; 0 as long as there is none."""
    plugin: str | None
    firing_id: int | None = None
    step: int | None = None
    """Which step of the firing it belongs to, from 0; None outside of steps."""

    @property
    def simulated(self) -> bool:
        """Whether the workbench answered: nothing has left the process."""
        return self.verdict != "sent"
