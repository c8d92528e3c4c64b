"""What crosses to a front end: immutable records, readable after the workbench is closed.

A record holds plain data and snapshots, never a live object of a plugin, so a firing looks the
same whether its host runs in this process, in a child process or is read from a file.
Durations are nanoseconds, moments are seconds since the epoch, lines and columns count from 1.
"""

from __future__ import annotations

from escalated_core.records.effects import Effect, EffectKind, Verdict
from escalated_core.records.events import Event, EventParameter, Happened, Rehearsed
from escalated_core.records.findings import (
    ErrorRecord,
    Finding,
    Frame,
    Location,
    Severity,
    Snapshot,
)
from escalated_core.records.firings import (
    Call,
    Change,
    Firing,
    FiringKind,
    Kind,
    LogLine,
    Outcome,
    Profile,
    Row,
    Step,
)
from escalated_core.records.history import Standing, Turnover
from escalated_core.records.plugins import (
    Activity,
    Callback,
    CataloguedHook,
    Hook,
    Import,
    Parameter,
    Plugin,
    Reload,
    Source,
    Status,
)
from escalated_core.records.replays import (
    VERDICTS,
    Comparison,
    Difference,
    Pace,
    ReplayVerdict,
    Run,
)
from escalated_core.records.verdicts import (
    LeftOut,
    ReplayCause,
    ReplayProgress,
    ReplayState,
    SaveVerdict,
)
from escalated_core.records.whatif import HOWS, Affected, Does, How, Matrix, Trial, WhatIf

__all__ = [
    "HOWS",
    "VERDICTS",
    "Activity",
    "Affected",
    "Call",
    "Callback",
    "CataloguedHook",
    "Change",
    "Comparison",
    "Difference",
    "Does",
    "Effect",
    "EffectKind",
    "ErrorRecord",
    "Event",
    "EventParameter",
    "Finding",
    "Firing",
    "FiringKind",
    "Frame",
    "Happened",
    "Hook",
    "How",
    "Import",
    "Kind",
    "LeftOut",
    "Location",
    "LogLine",
    "Matrix",
    "Outcome",
    "Pace",
    "Parameter",
    "Plugin",
    "Profile",
    "Rehearsed",
    "Reload",
    "ReplayCause",
    "ReplayProgress",
    "ReplayState",
    "ReplayVerdict",
    "Row",
    "Run",
    "SaveVerdict",
    "Severity",
    "Snapshot",
    "Source",
    "Standing",
    "Status",
    "Step",
    "Trial",
    "Turnover",
    "Verdict",
    "WhatIf",
]
