"""Saves: each is one reload of one plugin, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from escalated_workbench import Workbench

Write = Callable[..., Path]
Helper = Callable[..., Any]
Billing = Any
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]


def test_writing_in_place_is_one_reload(billing: Billing) -> None:
    billing.save("two")
    (reload,) = billing.saves()
    assert (reload.files, reload.generation) == ((str(billing.path),), 2)
    assert reload.ok


def test_a_temporary_file_put_in_place_is_one_reload(billing: Billing) -> None:
    billing.replace("two")
    (reload,) = billing.saves()
    assert reload.files == (str(billing.path),)


@pytest.mark.parametrize(
    "beside",
    ["plugin.py.tmp", "plugin.py~", "plugin.py___jb_tmp___", "tmpab12cd_x", "plugin.py.1234"],
)
def test_what_an_editor_leaves_a_while_beside_the_file_is_no_reload(
    billing: Billing, beside: str
) -> None:
    path = billing.path.with_name(beside)
    path.write_text(billing.code("two"), "utf-8")
    assert billing.saves() == []
    path.replace(billing.path)
    billing.comes_to("two")
    assert len(billing.saves()) == 1


def test_edits_of_the_same_size_shortly_after_each_other_are_never_missed(
    billing: Billing,
) -> None:
    for number in range(100, 120):
        if number % 2:
            billing.replace(number)
        else:
            billing.save(number)
    assert len(billing.saves()) == 20


def test_a_save_that_changes_nothing_is_no_reload(billing: Billing) -> None:
    billing.save("one")
    os.utime(billing.path)
    assert billing.saves() == []


def test_code_that_does_not_compile_leaves_the_old_callback_answering(
    watched: Workbench,
    write: Write,
    root: Path,
    until: Until,
    answer: Helper,
    saves: Helper,
    answering: Helper,
) -> None:
    before = watched.plugins["billing"]
    folder = write("billing", "\n    def answer(value)\n        return 2")
    until(lambda: watched.plugins["billing"].error)

    plugin = watched.plugins["billing"]
    assert answer(watched) == "one"
    assert (plugin.status, plugin.generation, plugin.stale) == ("active", 1, True)
    assert plugin.loaded_at == before.loaded_at
    error = plugin.error
    assert error is not None
    frame = error.frame
    assert frame is not None
    assert (error.type, error.file, error.line) == ("SyntaxError", str(folder / "plugin.py"), 2)
    assert frame.column == 18
    assert dict(frame.source)[2] == "def answer(value)"
    (finding,) = watched.findings
    assert (finding.file, finding.line, finding.column) == (error.file, 2, 18)
    (reload,) = saves(watched)
    assert not reload.ok
    assert reload.error == error

    write("billing", answering("two"))
    until(lambda: answer(watched) == "two")
    plugin = watched.plugins["billing"]
    assert (plugin.error, plugin.stale, plugin.generation) == (None, False, 2)
    assert watched.findings == []


def test_code_that_raises_takes_back_what_it_registered(
    watched: Workbench, write: Write, until: Until, answer: Helper
) -> None:
    write(
        "billing",
        """
        from escalated.hooks import add_action, add_filter, remove_filter
        from escalated.plugin_ui_service import register_menu_item
        add_filter("answer", lambda value: "new")
        add_action("more", print)
        register_menu_item({"label": "More", "section": "admin"})
        raise RuntimeError("half way")
        """,
    )
    until(lambda: watched.plugins["billing"].error)
    assert answer(watched) == "one"
    assert watched.fire("more").steps == ()
    assert watched.ui.menu_items() == []
    assert watched.plugins["billing"].error.line == 7  # type: ignore[union-attr]


def test_an_old_generation_shows_the_source_it_was_loaded_from(
    write: Write, open_workbench: Open, until: Until
) -> None:
    code = "from escalated.hooks import add_action\n\ndef fail():\n    return 1 / 0\n\n"
    write("billing", code + 'add_action("fail", fail)')
    workbench = open_workbench(watch=True)
    write("billing", "# a line more\n" + code + "def broken(")
    until(lambda: workbench.plugins["billing"].error)
    frame = workbench.fire("fail").steps[0].error.frame  # type: ignore[union-attr]
    assert frame is not None
    assert dict(frame.source)[frame.line] == "    return 1 / 0"


def test_while_it_loads_a_plugin_sees_its_own_staged_registrations_and_not_its_old_ones(
    write: Write, open_workbench: Open, until: Until
) -> None:
    code = """
        from escalated.hooks import add_filter, apply_filters, has_filter
        before = has_filter("answer")
        add_filter("answer", lambda value: [*value, NUMBER])
        SEEN = apply_filters("answer", [])
        add_filter("seen", lambda value: [before, SEEN])
        NUMBER = 0
        """
    write("billing", code.replace("\n        NUMBER = 0", "").replace("NUMBER", "1"))
    write("zeta", 'from escalated.hooks import on_filter\n@on_filter("all")\ndef f(v): return v')
    workbench = open_workbench(watch=True)
    assert workbench.fire("seen", None).result == [False, [1]]
    write("billing", code.replace("\n        NUMBER = 0", "").replace("NUMBER", "2"))
    until(lambda: workbench.fire("seen", None).result == [False, [2]])
    assert workbench.fire("answer", []).result == [2]


def test_while_it_loads_nobody_else_sees_what_it_stages(write: Write, open_workbench: Open) -> None:
    write(
        "billing",
        """
        import threading
        from escalated.hooks import add_action, has_action
        add_action("staged", print)
        seen = []
        import contextvars
        thread = threading.Thread(
            target=contextvars.Context().run, args=(lambda: seen.append(has_action("staged")),)
        )
        thread.start()
        thread.join()
        print(seen)
        """,
    )
    assert open_workbench().reloads[-1].output == "[False]\n"


def half_written(path: Path, text: str, until: Until, half: str) -> None:
    """Write a file as a slow editor does: emptied, half of it, then all of it."""
    handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        for part in ("", half, text[len(half) :]):
            os.write(handle, part.encode())
            ready = monotonic() + 0.02
            until(lambda ready=ready: monotonic() > ready)
    finally:
        os.close(handle)


def test_a_file_caught_half_written_is_one_reload(billing: Billing, until: Until) -> None:
    text = billing.code("two")
    half = text[: text.index("return") - 2]
    with pytest.raises(SyntaxError):
        compile(half, "half", "exec")
    half_written(billing.path, text, until, half)
    billing.comes_to("two")
    (reload,) = billing.saves()
    assert reload.ok


def test_a_manifest_caught_half_written_is_one_reload(billing: Billing, until: Until) -> None:
    path = billing.path.with_name("plugin.json")
    text = path.read_text("utf-8").replace("1.0.0", "1.1.0")
    half_written(path, text, until, text[:30])
    until(lambda: billing.workbench.plugins["billing"].version == "1.1.0")
    (reload,) = billing.saves()
    assert reload.ok


def test_an_empty_file_counts_when_it_stays_empty(
    watched: Workbench, root: Path, until: Until, answer: Helper, saves: Helper
) -> None:
    (root / "billing" / "plugin.py").write_text("", "utf-8")
    until(lambda: answer(watched) is None and len(saves(watched)) == 1)


def test_helper_modules_count(
    write: Write, open_workbench: Open, until: Until, answer: Helper, answering: Helper
) -> None:
    code = answering("x").replace("'x'", "__import__('helper').NAME")
    code = code.replace("def answer", "import helper\n    import parts.deep\n\n    def answer")
    code = code.replace("__import__('helper').NAME", "[helper.NAME, parts.deep.NAME]")
    files = ["helper.py", "NAME = 1", "parts/__init__.py", "", "parts/deep.py", "NAME = 1"]
    folder = write("billing", code, *files)
    workbench = open_workbench(watch=True)
    assert answer(workbench) == [1, 1]
    (folder / "helper.py").write_text("NAME = 2", "utf-8")
    until(lambda: answer(workbench) == [2, 1])
    (folder / "parts" / "deep.py").write_text("NAME = 2", "utf-8")
    until(lambda: answer(workbench) == [2, 2])
    (folder / "helper.py").unlink()
    until(lambda: workbench.plugins["billing"].stale)
    assert answer(workbench) == [2, 2]
    (folder / "helper.py").write_text("NAME = 3", "utf-8")
    until(lambda: answer(workbench) == [3, 2])


def test_the_manifest_counts(
    watched: Workbench, write: Write, until: Until, answer: Helper, answering: Helper
) -> None:
    folder = write("billing", answering("one"), version="1.1.0")
    until(lambda: watched.plugins["billing"].version == "1.1.0")
    assert watched.plugins["billing"].generation == 2

    (folder / "plugin.json").write_text("{", "utf-8")
    until(lambda: watched.plugins["billing"].error)
    plugin = watched.plugins["billing"]
    assert (plugin.status, plugin.version, plugin.stale) == ("active", "1.1.0", True)
    assert answer(watched) == "one"
    assert watched.findings[0].file == str(folder / "plugin.json")

    write("billing", answering("one"), version="1.2.0")
    until(lambda: watched.plugins["billing"].version == "1.2.0")
    assert watched.findings == []


@pytest.mark.parametrize(
    "name", ["templates/ticket.html", "templates/mail.txt", "data.json", "style.css"]
)
def test_templates_and_other_files_count(
    watched: Workbench, root: Path, until: Until, name: str, saves: Helper, settle: Helper
) -> None:
    path = root / "billing" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("old", "utf-8")
    until(lambda: [r for r in saves(watched) if str(path) in r.files])
    settle(watched)
    before = len(saves(watched))
    path.write_text("new", "utf-8")
    until(lambda: len(saves(watched)) == before + 1)
    assert saves(watched)[-1].files == (str(path),)


def test_only_the_changed_plugin_is_touched(
    write: Write, open_workbench: Open, until: Until, settle: Helper, answering: Helper
) -> None:
    for slug in ("alpha", "billing", "zeta"):
        write(slug, answering(slug))
    workbench = open_workbench(watch=True)
    before = workbench.plugins
    write("billing", answering("changed"))
    until(lambda: workbench.plugins["billing"].generation == 2)
    settle(workbench)
    after = workbench.plugins
    assert {slug: after[slug] for slug in ("alpha", "zeta")} == {
        slug: before[slug] for slug in ("alpha", "zeta")
    }
    assert [r.plugin for r in workbench.reloads if r.trigger == "save"] == ["billing", "settled"]


def test_a_reload_keeps_the_plugins_place_among_equal_priorities(
    write: Write, open_workbench: Open, until: Until
) -> None:
    def code(letter: str) -> str:
        return f"""
            from escalated.hooks import add_filter
            add_filter("chain", lambda value: value + {letter!r})
            add_filter("chain", lambda value: value + {letter.upper()!r})
            add_filter("chain", lambda value: value + "first ", priority=1)
            """

    for letter in "abc":
        write(f"plugin-{letter}", code(letter))
    workbench = open_workbench(watch=True)
    assert workbench.fire("chain", "").result == "first first first aAbBcC"
    for letter, then in (("a", "xXbBcC"), ("b", "xXyYcC"), ("c", "xXyYzZ")):
        new = {"a": "x", "b": "y", "c": "z"}[letter]
        write(f"plugin-{letter}", code(new))
        until(lambda then=then: workbench.fire("chain", "").result == f"first first first {then}")


def test_findings_go_when_their_cause_goes(watched: Workbench, write: Write, until: Until) -> None:
    none = 'from escalated.hooks import on_filter\n@on_filter("answer")\ndef f(value): {}'
    write("billing", none.format("pass"))
    until(lambda: watched.plugins["billing"].generation == 2)
    watched.fire("answer", 1)
    assert [finding.code for finding in watched.findings] == ["filter.returned-none"]

    write("billing", "from escalated.plugin_ui_service import *\nregister_menu_item({})")
    until(lambda: watched.plugins["billing"].generation == 3)
    assert [finding.code for finding in watched.findings] == ["ui.missing-label"]

    write("billing", "import nothing_of_that_name")
    until(lambda: watched.plugins["billing"].stale)
    assert [f.code for f in watched.findings] == ["load.import-error", "ui.missing-label"]

    write("billing", none.format("return value"))
    until(lambda: watched.plugins["billing"].generation == 4)
    assert watched.findings == []


def test_a_reload_fires_plugin_loaded_and_no_activation_hook(
    watched: Workbench, write: Write, until: Until, answering: Helper
) -> None:
    watched.trace.clear()
    write("billing", answering("two"))
    until(lambda: [firing for firing in watched.trace if firing.hook == "plugin_loaded"])
    assert [firing.hook for firing in watched.trace] == ["plugin_loaded"]
    (firing,) = watched.trace
    assert firing.args[0] == "billing"


def test_a_reload_tells_what_it_changed(
    watched: Workbench, write: Write, until: Until, saves: Helper, answering: Helper
) -> None:
    write(
        "billing",
        answering("two")
        + """
    from escalated.hooks import add_action
    from escalated.plugin_ui_service import register_menu_item

    add_action("ticket_created", print, priority=5)
    register_menu_item({"label": "Billing", "section": "admin"})
    print("loading")
""",
    )
    until(lambda: saves(watched))
    (reload,) = saves(watched)
    assert reload.added == ("ticket_created ← print (5)", "menu item Billing (admin)")
    assert reload.removed == ()
    assert reload.output == "loading\n"
    write("billing", "")
    until(lambda: len(saves(watched)) == 2)
    assert saves(watched)[1].removed == (
        "answer ← answer (10)",
        "ticket_created ← print (5)",
        "menu item Billing (admin)",
    )


def test_an_inactive_plugin_is_not_loaded_by_a_save(
    watched: Workbench,
    write: Write,
    until: Until,
    answer: Helper,
    settle: Helper,
    answering: Helper,
) -> None:
    watched.deactivate("billing")
    write("billing", answering("two"), version="2.0.0")
    until(lambda: watched.plugins["billing"].version == "2.0.0")
    settle(watched)
    assert answer(watched) is None
    assert watched.plugins["billing"].status == "inactive"
    watched.activate("billing")
    assert answer(watched) == "two"


def test_signal_receivers_follow_the_code(write: Write, open_workbench: Open, until: Until) -> None:
    code = """
        from django.db.models.signals import post_save
        from django.dispatch import Signal, receiver
        from escalated.hooks import add_action

        @receiver(post_save, dispatch_uid="billing")
        def saved(**kwargs):
            print({number})

        def save():
            from escalated_core.helpdesk.models import Ticket
            Ticket.objects.first().save()

        add_action("save", save)
        """
    write("billing", code.format(number=1))
    workbench = open_workbench(watch=True)
    assert workbench.fire("save").steps[0].output == "1\n"
    write("billing", code.format(number=2))
    until(lambda: workbench.fire("save").steps[0].output == "2\n")
    write("billing", code.format(number=3) + "\n        1/0")
    until(lambda: workbench.plugins["billing"].stale)
    assert workbench.fire("save").steps[0].output == "2\n"
