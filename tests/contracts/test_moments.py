"""The world as it was: what was registered, loaded and known when a firing began."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.analysis.moments import Moment
from escalated_core.errors import UsageError
from escalated_core.hooks.history import KEPT
from escalated_core.sessions.session import read
from escalated_workbench import Workbench

Open = Callable[..., Workbench]
Write = Callable[..., Path]
Run = Callable[..., Workbench]


def chain(moment: Moment) -> list[tuple[str, str, int]]:
    """What became of the callbacks of the firing's hook, with the generation they were of."""
    return [(each.fate, each.callback.callback, each.callback.generation) for each in moment.chain]


def then(moment: Moment, name: str) -> list[tuple[str, int]]:
    """The callbacks of a hook at that time, with their generation."""
    (hook,) = [hook for hook in moment.hooks if hook.name == name]
    return [(callback.callback, callback.generation) for callback in hook.callbacks]


def test_each_firing_finds_the_generation_it_ran(write: Write, open_workbench: Open) -> None:
    def code(names: str) -> str:
        made = "\n".join(f"@on_filter('answer')\ndef {n}(v):\n    return v + 1" for n in names)
        return f"from escalated.hooks import *\n{made}\n"

    write("alpha", code("ab"))
    workbench = open_workbench()
    firings = [workbench.fire("answer", 1)]
    for names in ("b", "bc"):
        write("alpha", code(names), version=f"1.{len(firings)}.0")
        workbench.reload("alpha")
        firings.append(workbench.fire("answer", 1))
    moments = [workbench.at(firing) for firing in firings]
    assert [moment.plugins["alpha"].generation for moment in moments] == [1, 2, 3]
    assert [moment.plugins["alpha"].version for moment in moments] == ["1.0.0", "1.1.0", "1.2.0"]
    assert [then(moment, "answer") for moment in moments] == [
        [("a", 1), ("b", 1)],
        [("b", 2)],
        [("b", 3), ("c", 3)],
    ]
    assert chain(moments[0]) == [("gone", "a", 1), ("reloaded", "b", 1), ("new", "c", 3)]
    assert chain(moments[2]) == [("same", "b", 3), ("same", "c", 3)]
    since = moments[0].changed_since
    assert [each.callback for each in since.went] == ["a"]
    assert [each.callback for each in since.came] == ["c"]
    assert [each.callback for each in since.reloaded] == ["b"]
    assert [(each.slug, each.now and each.now.generation) for each in since.plugins] == [
        ("alpha", 3)
    ]
    assert not moments[2].changed_since
    assert moments[2].hooks == workbench.hooks


def test_the_value_is_that_of_each_step(run: Run) -> None:
    workbench = run("add_filter('answer', lambda v: v + [1])\nadd_filter('answer', lambda v: 7)")
    firing = workbench.fire("answer", [])
    moment = workbench.at(firing.id)
    seen = [moment.value]
    while (following := moment.next()) is not None:
        moment = following
        seen.append(moment.value)
    assert seen == [[], [1], 7]
    assert moment.args == (7,)
    back = [moment := moment.previous() or moment for _ in range(2)]
    assert [each.value for each in back] == [[1], []]
    assert workbench.at(firing, 1).previous_firing() == workbench.at(firing.id - 1)
    assert workbench.at(firing).next_firing() is None


def test_what_running_code_adds_and_removes_is_seen_from_its_step_on(run: Run) -> None:
    workbench = run("""
    def first():
        add_action("run", last, 20)
        add_action("later", last)

    def second():
        remove_action("run", first)
        do_action("inner")

    def last():
        pass

    add_action("run", first)
    add_action("run", second)
    add_action("inner", lambda: add_action("inside", print))
    """)
    firing = workbench.fire("run")
    (inner,) = workbench.trace.children(firing.id)
    began, first, second = (workbench.at(firing, step) for step in (None, 0, 1))
    names = [[name for name, _ in then(each, "run")] for each in (began, first, second)]
    assert names == [["first", "second"], ["first", "second", "last"], ["second", "last"]]
    assert "later" not in [hook.name for hook in began.hooks]
    assert "inside" not in [hook.name for hook in first.hooks]
    assert then(second, "inside") == [("print", 1)]
    assert then(workbench.at(inner), "run") == [("second", 1), ("last", 1)]
    assert [each.fate for each in began.chain] == ["gone", "same", "new"]
    assert then(workbench.at(workbench.fire("run")), "run") == [("second", 1), ("last", 1)]


def test_what_a_thread_changes_belongs_to_no_step(run: Run) -> None:
    workbench = run("""
    from threading import Thread

    @on_action("run")
    def start():
        thread = Thread(target=lambda: add_action("run", print))
        thread.start()
        thread.join()
    """)
    firing = workbench.fire("run")
    assert then(workbench.at(firing, 0), "run") == [("start", 1)]
    assert then(workbench.at(workbench.fire("run")), "run") == [("start", 1), ("print", 1)]


def test_plugins_stand_as_they_stood(write: Write, open_workbench: Open) -> None:
    code = "from escalated.hooks import *\nadd_action('run', print)\n"
    write("alpha", code)
    write("beta", "from escalated.hooks import *\nadd_action('run', repr)\n")
    workbench = open_workbench()
    firings = [workbench.fire("run")]
    workbench.deactivate("beta")
    firings.append(workbench.fire("run"))
    write("alpha", "1 +\n")
    with pytest.raises(Exception, match="could not be loaded"):
        workbench.reload("alpha")
    firings.append(workbench.fire("run"))
    write("alpha", code)
    workbench.reload("alpha")
    workbench.activate("beta")
    firings.append(workbench.fire("run"))
    workbench.uninstall("beta")
    firings.append(workbench.fire("run"))

    def stood(slug: str) -> list[Any]:
        found = [workbench.at(firing).plugins.get(slug) for firing in firings]
        return [(each.status, each.generation, each.stale) if each else None for each in found]

    assert stood("alpha") == [
        ("active", 1, False),
        ("active", 1, False),
        ("active", 1, True),
        ("active", 2, False),
        ("active", 2, False),
    ]
    assert stood("beta") == [
        ("active", 1, False),
        ("inactive", 1, False),
        ("inactive", 1, False),
        ("active", 2, False),
        None,
    ]
    assert [len(then(workbench.at(each), "run")) for each in firings] == [2, 1, 1, 2, 1]


def test_a_plugins_own_hooks_of_its_activation_find_it_active(run: Run) -> None:
    workbench = run("add_action('plugin_activated', print)")
    (firing,) = [each for each in workbench.trace if each.hook == "plugin_activated"]
    assert workbench.at(firing).plugins["alpha"].status == "active"
    assert then(workbench.at(firing), "plugin_activated") == [("print", 1)]


def test_rows_are_those_that_were_seen(run: Run) -> None:
    workbench = run("""
    @on_action("ticket_created")
    def louder(ticket, user):
        ticket.subject = ticket.subject.upper()
    """)
    ticket = workbench.helpdesk.ticket(1)
    workbench.helpdesk.edit(ticket, subject="First")
    first = workbench.fire("ticket_created", ticket, workbench.helpdesk.user(1))
    workbench.helpdesk.edit(ticket, subject="Second")
    between = workbench.fire("nobody_listens", 1)
    second = workbench.fire("ticket_created", ticket, workbench.helpdesk.user(1))
    assert workbench.at(first).row("ticket", 1)["subject"] == "First"
    after = workbench.at(first, 0).row("ticket", 1)
    assert (after["subject"], after.seen) == ("FIRST", f"#{first.id} after louder")
    assert [(change.path, change.before, change.after) for change in after.changes] == [
        (("subject",), "First", "FIRST")
    ]
    # Nothing has shown the edit by then, so what was seen last is told, with where.
    assert workbench.at(between).rows == []
    seen = workbench.at(between).row("ticket", 1)
    assert (seen["subject"], seen.seen) == ("FIRST", f"#{first.id} after louder")
    assert workbench.at(second).row("ticket", 1)["subject"] == "Second"
    assert [(row.kind, row.key) for row in workbench.at(second).rows] == [
        ("ticket", "1"),
        ("user", "1"),
    ]


def test_a_row_that_a_nested_firing_shows_is_known_from_then_on(run: Run) -> None:
    workbench = run("""
    from escalated_core.helpdesk.models import Ticket

    add_action("run", lambda: None)
    add_action("run", lambda: do_action("inner", Ticket.objects.get(pk=1)))
    """)
    firing = workbench.fire("run")
    (inner,) = workbench.trace.children(firing.id)
    assert workbench.at(firing, 1).row("ticket", 1).firing_id == inner.id
    with pytest.raises(UsageError, match="shows ticket 1"):
        workbench.at(firing, 0).row("ticket", 1)


def test_what_cannot_be_known_is_said(run: Run) -> None:
    workbench = run("add_action('run', print)")
    moment = workbench.at(workbench.fire("run"))
    with pytest.raises(UsageError, match=f"up to #{moment.firing.id} run as it began shows ticket"):
        moment.row("ticket", 77)
    with pytest.raises(UsageError, match="who is agent 2"):
        moment.row("agent", 2)
    with pytest.raises(UsageError, match="no step 1") as refused:
        workbench.at(moment.firing, 1)
    assert refused.value.cure == "It has 0 to 0."
    wrong: Any = "0"
    with pytest.raises(UsageError, match="no step '0'"):
        workbench.at(moment.firing, wrong)
    with pytest.raises(UsageError, match="no firing 999"):
        workbench.at(999)


def test_a_registry_that_is_changed_in_a_loop_takes_no_more_memory(run: Run) -> None:
    workbench = run(f"""
    @on_action("loop")
    def loop():
        for _ in range({KEPT // 2 + 10}):
            add_action("other", print)
            remove_action("other", print)
    """)
    workbench.time_limit = 120  # on a busy machine it takes as long as it takes
    old = workbench.fire("run")
    workbench.fire("loop")
    history = list(workbench.history)
    assert sum(len(each.came) + len(each.went) for each in history) <= KEPT + 3
    assert len(history) <= KEPT + 1
    assert not workbench.at(old).is_known
    assert workbench.at(old).hooks == []
    now = workbench.at(workbench.fire("run"))
    assert (now.is_known, now.hooks) == (True, workbench.hooks)
    assert now.plugins["alpha"].generation == 1


def test_no_code_of_an_old_generation_lives_on_in_the_history(run: Run, write: Write) -> None:
    workbench = run("add_action('run', lambda: None)")
    write("alpha", "")
    workbench.reload("alpha")
    history = list(workbench.history)
    assert [each.callback for turnover in history for each in turnover.went] == ["<lambda>"]
    # A function cannot be pickled that nobody finds by its name.
    assert pickle.loads(pickle.dumps(history)) == history


def test_a_saved_session_knows_the_same(run: Run, write: Write, tmp_path: Path) -> None:
    workbench = run("add_action('run', print)\nadd_action('run', lambda: add_action('x', print))")
    workbench.fire("ticket_created", workbench.helpdesk.ticket(1), workbench.helpdesk.user(1))
    workbench.fire("run")
    write("alpha", "")
    workbench.reload("alpha")
    workbench.fire("run")
    workbench.save(tmp_path / "a.session")
    with read(tmp_path / "a.session") as session:
        assert list(session.history or ()) == workbench.history
        for firing in session:
            for step in (None, *range(len(firing.steps))):
                saved, live = session.at(firing, step), workbench.at(firing.id, step)
                assert (saved.hooks, saved.plugins) == (live.hooks, live.plugins)
                assert (saved.chain, saved.changed_since) == (live.chain, live.changed_since)
        assert session.at(session.ids[-1]).row("ticket", 1).kind == "ticket"


def test_an_older_session_file_says_that_it_is_not_known(run: Run, tmp_path: Path) -> None:
    workbench = run("add_filter('answer', lambda v: v + 1)")
    workbench.fire("answer", 1)
    path = tmp_path / "a.session"
    workbench.save(path)
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"turnover"' not in line), "utf-8")
    with read(path) as session:
        moment = session.at(session.ids[-1], 0)
        assert (moment.value, moment.is_known, moment.plugins) == (2, False, {})


def test_it_can_be_asked_after_the_workbench_is_closed(run: Run) -> None:
    workbench = run("add_action('run', print)")
    firing = workbench.fire("run")
    workbench.close()
    assert then(workbench.at(firing), "run") == [("print", 1)]
    assert not workbench.at(firing).changed_since
