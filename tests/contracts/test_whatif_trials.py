"""The same firing with and without what-ifs, and the matrix of a hook: tried out, never done."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.records import Matrix, Trial
from escalated_core.snapshots.plain import to_plain
from escalated_workbench import Workbench

Run = Callable[..., Workbench]

CHAIN = """
@on_filter("data", 5)
def plan(data):
    data["plan"] = "pro"
    return data

@on_filter("data", 10)
def price(data):
    data["price"] = 10 if data["plan"] == "pro" else 5
    return data

@on_filter("data", 10)
def idle(data):
    return data

@on_filter("data", 10)
def double(data):
    data["price"] = data.get("price", 1) * 2
    return data
"""


def trial(matrix: Matrix, *names: str) -> Trial:
    """The trial about these callbacks of the plugin `alpha`."""
    return next(t for t in matrix.trials if t.callbacks == tuple(f"alpha:{n}" for n in names))


def affected(found: Trial) -> list[str]:
    return [str(each) for each in found.affected]


class TestComparing:
    def test_the_old_run_is_without_and_the_new_one_with_them(self, run: Run) -> None:
        wb = run(CHAIN)
        wb.whatif.mute(callback="plan")
        found = wb.whatif.compare("data", {"a": 1})
        assert found.new is not None
        assert found.old.firing.result == {"a": 1, "plan": "pro", "price": 20}
        assert found.new.firing.result == {"a": 1, "price": 2}
        assert [str(each) for each in found.differences] == [
            "alpha:plan call removed",
            "alpha:price now raises: KeyError: 'plan'",
            "alpha:idle value changed",
            "alpha:double value changed",
        ]
        assert (found.verdict, found.differences[0].follows) == ("raises", None)
        assert found.new.firing.steps[0].note == "muted"
        assert json.dumps(to_plain(found))

    def test_nothing_of_it_lasts(self, run: Run) -> None:
        wb = run("""
        @on_action("run")
        def go():
            import requests
            from escalated_core.helpdesk.models import Ticket

            Ticket.objects.all().delete()
            requests.post("http://127.0.0.1:1/", timeout=5)
            do_action("inner")
            raise ValueError

        on_action("inner")(say("inner"))
        """)
        tickets = wb.helpdesk.rows("ticket")
        wb.whatif.mute("inner")
        found = wb.whatif.compare("run")
        assert [f.hook for f in found.old.nested] == ["inner"]
        assert [e.verdict for e in found.old.firing.steps[0].effects] == ["held"]
        assert [str(each) for each in found.differences] == [
            "alpha:say.<locals>.<lambda> call removed"
        ]
        assert wb.helpdesk.rows("ticket") == tickets
        assert (list(wb.outbox), wb.findings) == ([], [])
        assert [f.hook for f in wb.trace if f.hook in ("run", "inner")] == []

    def test_each_run_gets_arguments_of_its_own(self, run: Run) -> None:
        wb = run("""
        @on_action("run")
        def go(ticket, tags):
            ticket.subject += "!"
            tags.append("x")
        """)
        tags = ["a"]
        wb.whatif.mute("other")
        found = wb.whatif.compare("run", wb.helpdesk.ticket(1), tags)
        assert (found.verdict, tags) == ("same", ["a"])
        with pytest.raises(UsageError, match=r"Argument 1 cannot be copied"):
            wb.whatif.compare("run", (each for each in ()))

    def test_arguments_are_made_and_overridden_as_by_fire(self, run: Run) -> None:
        wb = run("add_filter('ticket_data', lambda data, ticket: {**data, 'seen': ticket.subject})")
        wb.whatif.mute("ticket_data")
        found = wb.whatif.compare("ticket_data", overrides={"ticket.subject": "Hello"})
        assert found.old.firing.result["seen"] == "Hello"

    def test_events_are_compared_with_all_they_fire(self, run: Run) -> None:
        wb = run("""
        @on_filter("ticket_data")
        def tidy(data, ticket):
            return {**data, "subject": "tidy"}
        """)
        before = len(wb.helpdesk.rows("ticket"))
        wb.whatif.mute(plugin="alpha")
        found = wb.whatif.compare_event("ticket.create", subject="x")
        assert (found.old.firing.hook, found.old.firing.kind) == ("ticket.create", "event")
        assert {"ticket_data", "ticket_created"} <= {f.hook for f in found.old.nested}
        assert "alpha:tidy call removed" in map(str, found.differences)
        assert len(wb.helpdesk.rows("ticket")) == before
        with pytest.raises(UsageError, match="no event"):
            wb.whatif.compare_event("ticket.craete")

    def test_a_recorded_firing_is_tried_out_with_what_it_was_given(self, run: Run) -> None:
        wb = run(CHAIN)
        recorded = wb.fire("data", {"a": 1})
        wb.whatif.mute(callback="double")
        found = wb.whatif.compare(recorded, overrides={"[0].a": 2})
        assert found.old.firing.result == {"a": 2, "plan": "pro", "price": 20}
        assert wb.whatif.matrix(recorded).callbacks[0] == "alpha:plan"
        happened = wb.event("ticket.create")
        assert wb.whatif.compare(happened.event).verdict == "same"
        for wrong in ({"kind": "filter"}, {"data": 1}):
            with pytest.raises(UsageError, match="has its arguments"):
                wb.whatif.compare(recorded, **wrong)
        with pytest.raises(UsageError, match="is an event"):
            wb.whatif.matrix(happened.event)

    def test_what_differs_anyway_is_said_and_not_blamed(self, run: Run) -> None:
        wb = run("""
        add_filter("data", lambda data: {**data, "turn": got.append(1) or len(got)})
        add_filter("data", lambda data: data)
        """)
        wb.whatif.mute("other")
        found = wb.whatif.compare("data", {})
        assert found.verdict == "unsteady"
        assert "two runs differ in turn" in found.why

    def test_without_what_ifs_there_is_nothing_to_compare(self, run: Run) -> None:
        with pytest.raises(UsageError, match="no what-if to compare with"):
            run(CHAIN).whatif.compare("data", {})


class TestMatrix:
    def test_which_callbacks_others_need(self, run: Run) -> None:
        found = run(CHAIN).whatif.matrix("data", {})
        assert affected(trial(found, "plan")) == [
            "alpha:price now raises KeyError: 'plan'",
            "alpha:double does something else",
        ]
        assert affected(trial(found, "price")) == ["alpha:double does something else"]
        only_result = trial(found, "double")
        assert affected(only_result) == []
        assert [change.path for change in only_result.result] == [("price",)]
        assert not trial(found, "idle").matters
        assert found.needed == (
            ("alpha:plan", "alpha:price"),
            ("alpha:plan", "alpha:double"),
            ("alpha:price", "alpha:double"),
        )

    def test_which_pairs_depend_on_their_order(self, run: Run) -> None:
        found = run(CHAIN).whatif.matrix("data", {})
        assert found.order_dependent == (("alpha:price", "alpha:double"),)
        assert trial(found, "price", "double").between == ("alpha:idle",)
        swapped = [t.callbacks for t in found.trials if t.does == "swap"]
        assert len(swapped) == 3, "plan has another priority"

    def test_three_that_add_to_a_text_depend_on_each_other_only_by_order(self, run: Run) -> None:
        code = "\n".join(
            f"@on_filter('text')\ndef {n}(value):\n    return value + '{n}'\n" for n in "abc"
        )
        found = run(code).whatif.matrix("text", "")
        assert list(found.order_dependent) == [
            ("alpha:a", "alpha:b"),
            ("alpha:a", "alpha:c"),
            ("alpha:b", "alpha:c"),
        ]
        assert found.needed == ()

    def test_actions_are_judged_by_what_they_leave_behind(self, run: Run) -> None:
        wb = run("""
        @on_action("run")
        def mark(ticket):
            ticket.subject = "marked"

        @on_action("run")
        def shout(ticket):
            ticket.subject = ticket.subject.upper()

        @on_action("run")
        def post(ticket):
            import requests
            requests.post("http://example.com/", json={"subject": ticket.subject})
        """)
        found = wb.whatif.matrix("run", wb.helpdesk.ticket(1))
        assert found.order_dependent == (
            ("alpha:mark", "alpha:shout"),
            ("alpha:mark", "alpha:post"),
            ("alpha:shout", "alpha:post"),
        )
        assert "alpha:post sends something else" in affected(trial(found, "mark"))
        assert {c.path for c in trial(found, "mark", "shout").arguments} == {(0, "subject")}

    def test_what_is_only_sent_or_written_counts(self, run: Run) -> None:
        wb = run("""
        from django.core.mail import send_mail
        from escalated_core.helpdesk.models import Ticket

        @on_action("ticket_created")
        def post(ticket):
            import requests
            requests.post("http://example.com/", json={"id": ticket.pk})

        @on_action("ticket_created")
        def mail(ticket):
            send_mail("New", ticket.subject, "a@example.com", ["b@example.com"])

        @on_action("ticket_created")
        def fire(ticket):
            do_action("inner", ticket)

        @on_action("inner")
        def write(ticket):
            Ticket.objects.filter(pk=ticket.pk).update(status="open")

        @on_action("ticket_created")
        def idle(ticket):
            pass

        @on_action("ticket_created")
        def save(ticket):
            ticket.subject = "saved"
            ticket.save()
        """)
        found = wb.whatif.matrix("ticket_created", wb.helpdesk.ticket(5))

        def lost(*names: str) -> list[tuple[str, str]]:
            return [(c.kind, str(c.path[0])) for c in trial(found, *names).effects]

        assert lost("post") == [("removed", "http POST http://example.com/")]
        assert lost("mail") == [("removed", "mail b@example.com")]
        assert {name for _, name in lost("fire")} == {"database escalated_ticket"}
        assert not trial(found, "idle").matters
        assert not trial(found, "post", "mail").matters
        assert found.order_dependent == (
            ("alpha:mail", "alpha:save"),
            ("alpha:fire", "alpha:save"),
        )
        paths = [change.path for change in trial(found, "save").arguments]
        assert ("ticket", "subject") in paths

        wb.whatif.mute(callback="fire")
        wb.whatif.mute(callback="mail")
        assert [
            (each.callback, [(c.kind, c.before["kind"]) for c in each.effects])
            for each in wb.whatif.compare("ticket_created", wb.helpdesk.ticket(5)).differences
        ] == [("mail", [("removed", "mail")]), ("fire", [("removed", "database")])]

    def test_the_same_callback_twice_is_two(self, run: Run) -> None:
        wb = run("""
        def add(value):
            return value + 1

        add_filter("count", add)
        add_filter("count", add)
        """)
        found = wb.whatif.matrix("count", 0)
        assert found.callbacks == ("alpha:add", "alpha:add #2")
        assert found.order_dependent == ()
        assert [t.result[0].after for t in found.trials if t.does == "leave out"] == [1, 1]

    def test_what_differs_anyway_is_not_blamed(self, run: Run) -> None:
        wb = run("""
        @on_filter("data")
        def turn(data):
            got.append(1)
            return {**data, "turn": len(got)}

        @on_filter("data")
        def idle(data):
            return data

        @on_filter("data")
        def mark(data):
            return {**data, "mark": True}
        """)
        found = wb.whatif.matrix("data", {})
        assert found.unsteady == ("turn", "alpha:turn")
        assert [t.callbacks for t in found.trials if t.matters] == [("alpha:mark",)]

    def test_a_trial_that_goes_another_way_each_time_is_named(self, run: Run) -> None:
        wb = run("""
        @on_filter("data")
        def calm(data):
            return {**data, "calm": True}

        @on_filter("data")
        def moody(data):
            got.append(1)
            return data if "calm" in data else {**data, "turn": len(got)}
        """)
        found = wb.whatif.matrix("data", {})
        assert (found.unsteady, trial(found, "calm").steady) == ((), False)
        assert (found.needed, found.order_dependent) == ((), ())

    def test_time_and_chance_are_no_noise(self, run: Run) -> None:
        wb = run("""
        import random, time, uuid

        @on_filter("data")
        def stamp(data):
            return {**data, "at": time.time(), "id": str(uuid.uuid4()), "n": random.random()}

        add_filter("data", lambda data: data)
        """)
        found = wb.whatif.matrix("data", {})
        assert (found.unsteady, [t.callbacks for t in found.trials if t.matters]) == (
            (),
            [("alpha:stamp",)],
        )

    def test_what_ifs_that_stand_hold_for_all_of_it(self, run: Run) -> None:
        wb = run(CHAIN)
        wb.whatif.mute(callback="plan")
        wb.whatif.prioritise(20, callback="double")
        found = wb.whatif.matrix("data", {})
        assert found.callbacks == ("alpha:price", "alpha:idle", "alpha:double")
        assert [t.callbacks for t in found.trials if t.does == "swap"] == [
            ("alpha:price", "alpha:idle")
        ]

    def test_nothing_of_it_lasts_and_it_is_plain_data(self, run: Run) -> None:
        wb = run(CHAIN)
        before = len(wb.trace)
        found = wb.whatif.matrix("data", {})
        assert (len(wb.trace), wb.findings, len(wb.whatif)) == (before, [], 0)
        document: dict[str, Any] = json.loads(json.dumps(to_plain(found)))
        assert document["order_dependent"] == [["alpha:price", "alpha:double"]]
        assert document["trials"][0]["affected"][0]["how"] == "raises"

    def test_a_hook_that_nobody_hears_or_that_never_ends_is_refused(self, run: Run) -> None:
        wb = run(
            """
        @on_action("run")
        def spin():
            while True:
                pass
        """,
            time_limit=0.2,
        )
        with pytest.raises(UsageError, match="Nobody listens"):
            wb.whatif.matrix("other", 1)
        with pytest.raises(UsageError, match="does not come to its end"):
            wb.whatif.matrix("run")
