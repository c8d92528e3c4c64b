"""What plugins write into their own folders while they run, and what that reloads."""

from __future__ import annotations

import builtins
import io
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_core.records import Finding
from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]
Helper = Callable[..., Any]

WRITERS = {
    "a cache": """
        (HERE / "cache.json").write_text(str(os.urandom(8)))
    """,
    "a folder of caches": """
        (HERE / "cache" / "deep").mkdir(parents=True, exist_ok=True)
        with open(HERE / "cache" / "deep" / "tickets.pickle", "wb") as file:
            pickle.dump(os.urandom(8), file)
    """,
    "a cache put in its place": """
        (HERE / "cache.json.new").write_text(str(os.urandom(8)))
        os.replace(HERE / "cache.json.new", HERE / "cache.json")
    """,
    "a temporary file put in its place": """
        handle, name = tempfile.mkstemp(dir=HERE, prefix="cache-")
        with os.fdopen(handle, "w") as file:
            file.write(str(os.urandom(8)))
        os.replace(name, HERE / "cache.json")
    """,
    "a log": """
        handler = logging.FileHandler(HERE / "billing.log")
        log.addHandler(handler)
        log.warning("written")
        log.removeHandler(handler)
        handler.close()
    """,
    "a log that stays open": """
        log.handlers or log.addHandler(logging.FileHandler(HERE / "billing.log"))
        log.warning("written")
    """,
    "a log that is turned over": """
        handler = RotatingFileHandler(HERE / "billing.log", maxBytes=10, backupCount=2)
        log.addHandler(handler)
        for _ in range(5):
            log.warning("written")
        log.removeHandler(handler)
        handler.close()
    """,
    "a database": """
        with contextlib.closing(sqlite3.connect(HERE / "billing.sqlite3")) as database, database:
            database.execute("create table if not exists t (a)")
            database.execute("insert into t values (1)")
    """,
    "from a thread": """
        thread = threading.Thread(target=(HERE / "cache.json").write_text, args=("thread",))
        thread.start()
        thread.join()
    """,
    "a table for its parser": """
        (HERE / "parsetab.py").write_text("TABLE = 1")
    """,
}
"""Code that writes something else each time."""

PLUGIN = """
import contextlib, logging, os, pickle, sqlite3, tempfile, threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from escalated.hooks import add_action

HERE = Path(__file__).parent
log = logging.getLogger("billing")
log.propagate = False

def write():
    {}

add_action("write", write)
add_action("stop", lambda: [handler.close() for handler in log.handlers])
"""


def plugin(body: str, *more: str) -> str:
    lines = [line.removeprefix("    ") for line in body.strip("\n").splitlines()]
    return "\n".join([PLUGIN.format("\n".join(lines).strip()), *more])


@pytest.mark.parametrize("what", WRITERS)
@pytest.mark.parametrize("when", ["when it is fired", "when it is loaded"])
def test_what_a_plugin_writes_is_no_save(
    write: Write,
    open_workbench: Open,
    saves: Helper,
    settle: Helper,
    what: str,
    when: str,
) -> None:
    body = WRITERS[what]
    write("billing", plugin(body, "write()" if when == "when it is loaded" else ""))
    workbench = open_workbench(watch=True)
    for number in range(3):
        firing = workbench.fire("write")
        assert firing.steps[0].error is None
        settle(workbench, f"settled-{number}")
    workbench.fire("stop")
    assert saves(workbench) == []
    assert workbench.plugins["billing"].findings == ()


def test_what_a_linked_plugin_writes_is_no_save(
    write: Write,
    open_workbench: Open,
    tmp_path: Path,
    saves: Helper,
    settle: Helper,
) -> None:
    body = '(HERE.resolve() / "a").write_text("1"); (HERE / "b").write_text("2")'
    folder = write("billing", plugin(body))
    folder.rename(tmp_path / "checkout")
    folder.symlink_to(tmp_path / "checkout", target_is_directory=True)
    workbench = open_workbench(watch=True)
    workbench.fire("write")
    settle(workbench)
    assert saves(workbench) == []


def test_an_edit_of_a_file_that_the_plugin_writes_is_a_save(
    write: Write,
    open_workbench: Open,
    until: Until,
    saves: Helper,
    settle: Helper,
) -> None:
    path = write("billing", plugin(WRITERS["a cache"])) / "cache.json"
    workbench = open_workbench(watch=True)
    workbench.fire("write")
    settle(workbench)
    path.write_text("edited", "utf-8")
    until(lambda: [reload.files for reload in saves(workbench)] == [(str(path),)])
    path.unlink()
    workbench.fire("write")
    settle(workbench, "again")
    path.write_text("edited again", "utf-8")
    until(lambda: saves(workbench)[-1].files == (str(path),) and len(saves(workbench)) > 1)


def looped(workbench: Workbench) -> list[Finding]:
    return [finding for finding in workbench.findings if finding.code == "reload.loop"]


@pytest.mark.parametrize("written", ["plugin.py", "helper.py", "plugin.json"])
def test_a_plugin_that_rewrites_itself_when_it_is_loaded_is_stopped(
    write: Write,
    open_workbench: Open,
    until: Until,
    saves: Helper,
    settle: Helper,
    written: str,
) -> None:
    code = f"""
        from pathlib import Path
        import helper

        FILE = Path(__file__).with_name({written!r})
        FILE.write_text(FILE.read_text() + " ")
        """
    if written == "plugin.py":
        code = code.replace('" "', '"#"')
    folder = write("billing", code, "helper.py", "")
    workbench = open_workbench(watch=True)
    helper, main = folder / "helper.py", folder / "plugin.py"
    helper.write_text("NUMBER = 1", "utf-8")
    (finding,) = until(lambda: looped(workbench))
    assert (finding.plugin, finding.file, finding.line) == ("billing", str(main), 6)
    assert str(folder / written) in finding.message
    assert finding.cure
    settle(workbench)
    count = len(saves(workbench))
    settle(workbench, "still")
    assert len(saves(workbench)) == count

    main.write_text("import helper", "utf-8")
    until(lambda: len(saves(workbench)) > count and not looped(workbench))
    helper.write_text("NUMBER = 2", "utf-8")
    until(lambda: saves(workbench)[-1].files == (str(helper),))


def test_a_plugin_that_updates_itself_when_it_is_asked_to_is_loaded_again(
    write: Write, open_workbench: Open, until: Until, saves: Helper
) -> None:
    body = '(HERE / "helper.py").write_text("NUMBER = 2")'
    write("billing", plugin(body, "import helper"), "helper.py", "NUMBER = 1")
    workbench = open_workbench(watch=True)
    workbench.fire("write")
    until(lambda: len(saves(workbench)) == 1)
    assert workbench.findings == []


def test_what_no_python_of_ours_writes_cannot_loop_for_ever(
    write: Write, open_workbench: Open, until: Until, saves: Helper, settle: Helper
) -> None:
    code = """
        import os, subprocess
        subprocess.run(["sh", "-c", "echo $$ > data.json"], cwd=os.path.dirname(__file__))
        """
    folder = write("billing", code)
    workbench = open_workbench(watch=True)
    workbench.reload("billing")
    (finding,) = until(lambda: looped(workbench))
    assert finding.file == str(folder / "data.json")
    count = len(saves(workbench))
    settle(workbench)
    assert len(saves(workbench)) == count


def test_closing_puts_everything_back(write: Write, open_workbench: Open) -> None:
    def now() -> list[object]:
        return [builtins.open, io.open, os.open, os.rename, os.replace, sqlite3.connect]

    before, supported = now(), set(os.supports_dir_fd)
    write("billing", plugin(WRITERS["a database"]))
    workbench = open_workbench()
    assert not {*before} & {*now()}
    workbench.close()
    assert now() == before
    assert os.supports_dir_fd == supported


def test_functions_are_as_those_in_c(write: Write, open_workbench: Open) -> None:
    """They become no methods, are copied as themselves, and are found by name."""
    code = """
    import copy, inspect, os, pickle, socket, sqlite3
    from escalated.hooks import on_action

    class Store:
        opener = open
        mover = os.rename
        shell = os.system
        lookup = socket.gethostbyname
        database = sqlite3.connect

    @on_action("run")
    def go():
        store = Store()
        with store.opener(__file__) as file:
            print(len(file.read()) > 0, store.shell("exit 0"))
        print(store.lookup("127.0.0.1"), store.database(":memory:").close())
        store.opener(__file__ + ".x", "w").close()
        store.mover(__file__ + ".x", __file__ + ".y")
        print(copy.deepcopy([open, os.open]) == [open, os.open], Store.opener is not None)
        print(*inspect.signature(os.rename).parameters, os.rename.__name__)
    """
    write("billing", code)
    firing = open_workbench().fire("run")
    assert firing.outcome == "ok", firing.error
    assert firing.steps[0].output.split("\n") == [
        "True 0",
        "127.0.0.1 None",
        "True True",
        "src dst src_dir_fd dst_dir_fd rename",
        "",
    ]
