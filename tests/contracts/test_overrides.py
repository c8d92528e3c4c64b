"""`fire(overrides=...)`: other values in the arguments that a hook would pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_workbench import Workbench

Open = Callable[..., Workbench]


@pytest.fixture
def workbench(open_workbench: Open) -> Workbench:
    return open_workbench()


def test_rows_go_by_reference_number_or_name(workbench: Workbench) -> None:
    for ticket in (workbench.helpdesk.ticket(5), 5, "ESC-00005"):
        fired = workbench.fire("ticket_created", overrides={"ticket": ticket})
        assert fired.args[0].fields["id"] == 5
        assert fired.args[1].fields["id"] == fired.args[0].fields["requester_id"]
    fired = workbench.fire("ticket_created", overrides={"user": None, "ticket": {"odd": 1}})
    assert fired.args == ({"odd": 1}, None)


def test_values_are_written_in_their_order(workbench: Workbench) -> None:
    overrides = {"ticket": 3, "ticket.subject": "Hello", "ticket.assigned_to": 2}
    workbench.fire("ticket_created", overrides=overrides)
    assert workbench.helpdesk.rows("ticket")[2]["subject"] == "Hello"


def test_what_was_given_is_not_changed(workbench: Workbench) -> None:
    given = {"a": [1, {"b": 2}], "t": (1, 2)}
    overrides = {"[0].a[1].b": 3, "[0].t[0]": 0, "[0].new": 1}
    fired = workbench.fire("own", given, kind="filter", overrides=overrides)
    assert fired.result == {"a": [1, {"b": 3}], "t": (0, 2), "new": 1}
    assert given == {"a": [1, {"b": 2}], "t": (1, 2)}


@pytest.mark.parametrize(
    "overrides",
    [
        {"ticket.subject": "Other", "ticket.status": "done"},
        {"ticket.subject": "Other", "user.name": "x"},
        {"ticket.subject": "Other", "nobody": 1},
    ],
)
def test_nothing_is_half_done(workbench: Workbench, overrides: dict[str, Any]) -> None:
    before, fired = workbench.helpdesk.rows("ticket"), len(workbench.trace)
    with pytest.raises(UsageError):
        workbench.fire("ticket_created", overrides=overrides)
    assert workbench.helpdesk.rows("ticket") == before
    assert len(workbench.trace) == fired
