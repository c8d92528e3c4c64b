"""Recorded firings run again after a save: what it changed, and that nothing of it lasts."""

from __future__ import annotations

import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.host import verdicts
from escalated_core.records import SaveVerdict
from escalated_core.sessions.session import read
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Resave = Callable[[str], SaveVerdict]

TAG = """
from escalated.hooks import *

@on_filter("greet", 10)
def tag(value):
    return [*value, "one"]
"""

MORE = (
    TAG
    + """
@on_filter("greet", 20)
def more(value):
    return sorted(value)
"""
)


@pytest.fixture
def begun(write: Write, open_workbench: Open) -> Callable[..., Resave]:
    """`begun(code, "hook", args)` fires hooks of a plugin; what it gives saves other code of it.

    That gives the verdict of the save.
    """

    def begin(code: str, *fired: tuple[Any, ...], **options: Any) -> Resave:
        write("alpha", code)
        workbench = open_workbench(watch=True, **options)
        for hook, *args in fired:
            workbench.fire(hook, *args)

        def save(new: str) -> SaveVerdict:
            write("alpha", new)
            workbench.watch().wait()
            verdict = workbench.replays.wait()
            assert verdict is not None
            return verdict

        return save

    return begin


def counted(verdict: SaveVerdict) -> dict[str, int]:
    return dict(verdict.counts)


class TestWhatASaveChanged:
    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ('"one"', '"two"', "value"),
            ('"one"]', '"one"] + 1', "raises"),
            ('"one"]', '"one"][:9]', "same"),
        ],
    )
    def test_one_callback(self, begun: Any, old: str, new: str, told: str) -> None:
        save = begun(TAG, ("greet", ["hello"]))
        assert counted(save(TAG.replace(old, new))) == {told: 1}

    def test_what_raised_is_fixed(self, begun: Any) -> None:
        save = begun(TAG.replace("value, ", "value.x, "), ("greet", ["hello"]))
        (found,) = save(TAG).differing()
        assert found.verdict == "fixed"
        assert found.origin is not None
        assert "AttributeError" in str(found.origin.errors[0])

    def test_a_callback_comes(self, begun: Any) -> None:
        save = begun(TAG, ("greet", ["hello"]))
        assert counted(save(MORE)) == {"added": 1}

    def test_a_callback_goes(self, begun: Any) -> None:
        save = begun(MORE, ("greet", ["hello"]))
        assert counted(save(TAG)) == {"removed": 1}

    def test_it_is_as_recorded_again(self, begun: Any) -> None:
        save = begun(TAG, ("greet", ["hello"]))
        assert counted(save(MORE)) == {"added": 1}
        assert counted(save(TAG)) == {"same": 1}

    def test_callbacks_change_places(self, begun: Any) -> None:
        save = begun(MORE, ("greet", ["hello"]))
        (found,) = save(MORE.replace("20", "5")).differing()
        assert "order" in {each.verdict for each in found.differences}

    def test_what_is_sent_changes(self, begun: Any, server: Any) -> None:
        code = """
        import requests
        from escalated.hooks import *

        @on_action("tell")
        def tell(text):
            requests.post({!r}, data=text)
        """
        save = begun(code.format(server.url), ("tell", "hello"))
        assert counted(save(code.format(f"{server.url}/there"))) == {"effect": 1}
        assert len(server.received) == 1

    def test_a_nested_firing_leads_to_it(self, write: Write, open_workbench: Open) -> None:
        outer = """
        from escalated.hooks import *

        @on_filter("outer")
        def ask(value):
            return apply_filters("greet", [value])
        """
        write("alpha", TAG)
        write("beta", outer)
        workbench = open_workbench(watch=True)
        workbench.fire("outer", "hello")
        write("alpha", TAG.replace("one", "two"))
        workbench.watch().wait()
        verdict = workbench.replays.wait()
        assert verdict is not None
        (found,) = verdict.differing()
        assert found.origin is not None
        assert (found.origin.plugin, found.origin.callback) == ("alpha", "tag")
        assert found.recorded is not None
        assert found.recorded.firing.hook == "outer"

    def test_exactly_the_affected_ones(self, write: Write, open_workbench: Open) -> None:
        code = """
        from escalated.hooks import *

        @on_filter("greet_{0}")
        def alone(value):
            return {{**value, "by": "{1}"}}

        @on_filter("all")
        def together(value):
            return {{**value, "{0}": 1}}
        """
        for number in range(20):
            write(f"plugin-{number}", code.format(number, number))
        workbench = open_workbench(watch=True)
        for number in range(480):
            workbench.fire(f"greet_{number % 20}", {"number": number})
        for number in range(20):
            workbench.fire("all", {"number": number})
        write("plugin-7", code.format(7, "somebody"))
        workbench.watch().wait()
        verdict = workbench.replays.wait()
        assert verdict is not None
        assert verdict.state == "done"
        assert verdict.left_out == ()
        assert counted(verdict) == {"value": 24, "same": 20}
        recorded = [each.recorded for each in verdict.differing()]
        assert {run.firing.hook for run in recorded if run is not None} == {"greet_7"}
        told = workbench.replays.replay()
        assert counted(told)["value"] == 24
        assert {each.verdict for each in told.comparisons} == {"value", "same"}


class TestWhatIsNotDueToASave:
    @pytest.mark.parametrize(
        "expression",
        [
            "random.random()",
            "str(uuid.uuid4())",
            "str(uuid.uuid1())",
            "secrets.token_hex()",
            "time.time()",
            "datetime.datetime.now()",
            "os.urandom(4)",
            "random.Random().random()",
            "id(object()) + next(count)",
            "next(count)",
            "time.perf_counter()",
        ],
    )
    def test_what_differs_every_time(self, begun: Any, expression: str) -> None:
        code = f"""
        import datetime, itertools, os, random, secrets, time, uuid
        from escalated.hooks import *

        count = itertools.count()

        @on_filter("draw")
        def draw(value):
            return {expression}
        """
        save = begun(code, ("draw", 0), ("draw", 1))
        for number in range(2):
            verdict = save(f"{textwrap.dedent(code)}# {number}\n")
            assert {each.verdict for each in verdict.comparisons} <= {"same", "unsteady"}
            assert not verdict.changed

    def test_what_is_unsteady_is_named_and_hides_nothing_else(self, begun: Any) -> None:
        code = """
        import random
        from escalated.hooks import *

        @on_filter("draw")
        def draw(value):
            return {"luck": random.Random().random(), "by": "one"}
        """
        save = begun(code, ("draw", 0))
        (same,) = save(f"{textwrap.dedent(code)}#\n").comparisons
        assert same.verdict == "unsteady"
        assert "luck" in same.why
        (found,) = save(code.replace("one", "two")).differing()
        assert found.origin is not None
        assert [change.path for change in found.origin.changes if "luck" not in change.path] == [
            ("by",)
        ]

    @pytest.mark.parametrize(
        ("drawn", "ran"),
        [
            ("0", ["one", "two", "one"]),
            ("random.Random().random()", ["one", "two", "one", "one"]),
        ],
    )
    def test_what_did_as_recorded_is_not_run_a_second_time(
        self, begun: Any, monkeypatch: pytest.MonkeyPatch, drawn: str, ran: list[str]
    ) -> None:
        code = f"""
        import random, sys
        from escalated.hooks import *

        @on_filter("draw")
        def draw(value):
            sys.ran.append("one")
            return {{"luck": {drawn}, "by": "one"}}
        """
        monkeypatch.setattr(sys, "ran", [], raising=False)
        save = begun(code, ("draw", 0))
        assert counted(save(code.replace("one", "two"))) == {"value": 1}
        assert vars(sys)["ran"] == ran

    def test_what_was_unsteady_in_one_is_looked_into_in_others(self, begun: Any) -> None:
        code = """
        import itertools, random
        from escalated.hooks import *

        count = itertools.count(0)

        @on_filter("draw")
        def draw(value):
            # The third time it draws something else than the first and the second time.
            return {"luck": next(count) // 2 if value else random.Random().random()}
        """
        save = begun(code, ("draw", 1), ("draw", 0))
        assert counted(save(code.replace("count(0)", "count(10)"))) == {"unsteady": 2}

    def test_what_the_world_has_become(self, begun: Any) -> None:
        code = """
        from escalated.hooks import *
        from escalated_core.helpdesk.models import Ticket

        @on_filter("first")
        def first(value):
            return Ticket.objects.get(pk=1).subject
        """
        save = begun(code, ("first", 0))
        workbench = Workbench.current()
        assert workbench is not None
        workbench.helpdesk.edit(workbench.helpdesk.ticket(1), subject="Fire")
        verdict = save(f"{textwrap.dedent(code)}#\n")
        assert counted(verdict) == {"same": 1}
        assert len(verdict.drifted) == 1

    def test_another_save_is_not_told_again(self, begun: Any) -> None:
        save = begun(TAG, ("greet", ["hello"]))
        assert counted(save(TAG.replace("one", "two"))) == {"value": 1}
        verdict = save(TAG.replace("one", "two") + "#")
        assert counted(verdict) == {"same": 1}
        assert len(verdict.drifted) == 1


class TestNothingToReplay:
    def test_a_plugin_that_nobody_recorded(self, begun: Any) -> None:
        verdict = begun(TAG)(TAG.replace("one", "two"))
        assert (verdict.state, verdict.comparisons) == ("done", ())
        assert str(verdict) == "nothing recorded runs code of it"

    def test_a_syntax_error(self, begun: Any) -> None:
        save = begun(TAG, ("greet", ["hello"]))
        verdict = save("def greet(:")
        assert (verdict.state, verdict.comparisons) == ("failed", ())
        assert "SyntaxError" in verdict.error
        workbench = Workbench.current()
        assert workbench is not None
        assert workbench.fire("greet", []).result == ["one"]
        # Compared is what worked last.
        assert counted(save(TAG + "#")) == {"same": 2}

    def test_arguments_that_cannot_be_made_again(self, begun: Any) -> None:
        code = TAG.replace("*value, ", "")
        (found,) = begun(code, ("greet", open))(code + "#").comparisons
        assert (found.verdict, found.new) == ("missing", None)
        assert found.why

    def test_what_somebody_changed_by_hand_or_by_a_what_if(
        self, begun: Any, tmp_path: Path
    ) -> None:
        save = begun(MORE)
        workbench = Workbench.current()
        assert workbench is not None
        with workbench.step("greet", ["hello"]) as run:
            run.skip()
            run.go_on()
        with workbench.step("greet", ["hello"]) as run:
            run.edit(["Hello"])
            run.go_on()
        with workbench.step("greet", ["hello"]) as run:
            run.next()
            run.go_on()
        with workbench.whatif.mute(callback="more"):
            workbench.fire("greet", ["hello"])
        workbench.save(tmp_path / "by.session")
        with read(tmp_path / "by.session") as session:
            told = [save(MORE.replace("one", "two")), workbench.replays.replay_session(session)]
        for verdict in told:
            assert {each.why for each in verdict.left_out} == {
                f"its course was changed when it was recorded ({what})"
                for what in ("tag: skipped by hand", "edited by hand", "more: muted")
            }
            assert verdict.counts["value"] == 1

    def test_it_is_turned_off(self, begun: Any) -> None:
        save = begun(TAG, ("greet", ["hello"]))
        workbench = Workbench.current()
        assert workbench is not None
        workbench.replays.enabled = False
        with pytest.raises(AssertionError):
            save(TAG + "#")
        assert workbench.replays.last is None


class TestTheDoor:
    def test_accepted_is_what_it_is_compared_with(self, begun: Any) -> None:
        save = begun(TAG, ("greet", ["hello"]))
        workbench = Workbench.current()
        assert workbench is not None
        with pytest.raises(UsageError, match="no verdict"):
            workbench.replays.accept()
        save(TAG.replace("one", "two"))
        assert workbench.replays.replay().changed
        save(TAG.replace("one", "two") + "#")
        assert workbench.replays.accept() == 1
        assert not workbench.replays.replay().changed
        verdict = save(TAG.replace("one", "two") + "##")
        assert (counted(verdict), verdict.drifted) == ({"same": 1}, ())
        assert counted(save(TAG)) == {"value": 1}

    def test_undone_until_the_next_save(self, begun: Any) -> None:
        save = begun(TAG, ("greet", ["hello"]))
        workbench = Workbench.current()
        assert workbench is not None
        with pytest.raises(UsageError, match="Nothing was saved"):
            workbench.replays.undo()
        with pytest.raises(UsageError, match="no generation before"):
            workbench.replays.undo("alpha")
        save(TAG.replace("one", "two"))
        workbench.replays.undo()
        plugin = workbench.plugins["alpha"]
        assert (plugin.generation, plugin.undone, plugin.status) == (3, 1, "active")
        assert workbench.reloads[-1].trigger == "undo"
        assert workbench.fire("greet", []).result == ["one"]
        with pytest.raises(UsageError, match="undone already: generation 1 of it runs again"):
            workbench.replays.undo()
        assert counted(save(TAG.replace("one", "three")))["value"] == 2
        assert workbench.plugins["alpha"].undone is None
        assert workbench.fire("greet", []).result == ["three"]

    def test_listeners_and_progress(self, begun: Any) -> None:
        save = begun(TAG, ("greet", ["hello"]))
        workbench = Workbench.current()
        assert workbench is not None
        heard: list[SaveVerdict] = []
        undo = workbench.replays.on_verdict(heard.append)
        first = save(TAG + "#")
        undo()
        save(TAG + "##")
        assert heard == [first]
        assert next(iter(workbench.replays)) == first
        assert workbench.replays.progress is None

    def test_what_is_stopped_meanwhile_takes_none_of_its_time(self, begun: Any, until: Any) -> None:
        begun(TAG, ("greet", ["hello"]))
        workbench = Workbench.current()
        assert workbench is not None
        workbench.breakpoints.add("alpha:tag")

        def fire() -> list[Any]:
            return [workbench.fire("greet", [number]) for number in range(2)]

        with workbench.attended(fire) as run:
            reload = threading.Thread(target=workbench.reload, args=("alpha",))
            reload.start()
            until(lambda: "reloading alpha" in workbench.waiting)
            assert run.go_on() is not None
            reload.join()
            until(lambda: workbench.waiting)
            stopped = monotonic()
            until(lambda: monotonic() > stopped + verdicts.SECONDS)
        verdict = workbench.replays.wait()
        assert (verdict.state, verdict.left_out) == ("done", ())
        assert verdict.comparisons

    def test_kept_ones_by_id(self, begun: Any) -> None:
        begun(TAG, ("greet", ["hello"]), ("greet", ["again"]))
        workbench = Workbench.current()
        assert workbench is not None
        chosen = [each.id for each in workbench.trace if each.hook == "greet"]
        assert {*chosen} <= {*workbench.replays.kept}
        verdict = workbench.replays.replay(chosen[:1])
        (found,) = verdict.comparisons
        assert found.recorded is not None
        assert found.recorded.firing.id == chosen[0]
        with pytest.raises(UsageError, match="not kept"):
            workbench.replays.replay([10_000])

    def test_slower_by_more_than_one_sample(self, begun: Any) -> None:
        slow = TAG.replace("    return", "    import time; time.sleep(0.02)\n    return")
        save = begun(TAG, ("greet", ["hello"]))
        (found,) = save(slow).comparisons
        assert found.verdict == "slower"
        assert found.pace is not None
        assert found.pace.pairs == 8
