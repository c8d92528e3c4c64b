"""Standard streams: what plugins write stays off standard output, and no reader upsets a verb."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Result = subprocess.CompletedProcess[str]
Run = Callable[..., Result]
Copy = Callable[..., Path]
Shell = Callable[[str], Result]

PREAMBLE = """
import atexit, ctypes, os, subprocess, sys, threading, _thread
from escalated.hooks import add_action, add_filter

"""

EVERY_WAY = """
def write(way):
    print(f"print {way}")
    print(f"stderr {way}", file=sys.stderr)
    sys.__stdout__.write(f"dunder {way}\\n")
    sys.__stdout__.flush()
    os.write(1, f"descriptor 1 {way}\\n".encode())
    os.write(2, f"descriptor 2 {way}\\n".encode())
    subprocess.run(["echo", f"process {way}"])
    os.system(f"echo system {way} >&2")

def loud(data):
    write("in a callback")
    return data

write("at import")
add_filter("loud_run", loud)
atexit.register(lambda: write("at exit"))
"""
WAYS = ("print", "stderr", "dunder", "descriptor 1", "descriptor 2", "process", "system")


@pytest.fixture
def plugin(copied: Copy) -> Callable[[str], Path]:
    """`plugin(code)` is a plugins folder with one plugin of that code."""

    def make(code: str) -> Path:
        root = copied("hello-world")
        (root / "hello-world" / "plugin.py").write_text(PREAMBLE + code, "utf-8")
        return root

    return make


def document(result: Result, code: int = 0) -> dict[str, object]:
    """The JSON document that must be all of standard output."""
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def loud(run: Run, copied: Copy) -> Result:
    root = copied("hello-world")
    (root / "hello-world" / "plugin.py").write_text(PREAMBLE + EVERY_WAY, "utf-8")
    return run("fire", "loud_run", "-a", "1", "-p", root, "--json")


class TestPluginOutput:
    def test_belongs_to_the_step_however_it_is_written(self, loud: Result) -> None:
        step = document(loud)["firing"]["steps"][0]
        assert sorted(step["output"].splitlines()) == sorted(f"{w} in a callback" for w in WAYS)

    def test_is_narrated_where_no_step_can_have_it(self, loud: Result) -> None:
        assert sorted(loud.stderr.splitlines()) == sorted(f"{way} at exit" for way in WAYS)

    def test_two_steps_do_not_share_it(self, run: Run, plugin: Callable[[str], Path]) -> None:
        root = plugin(
            "for number in range(50):\n"
            "    add_filter('many', lambda v, n=number: os.write(1, b'%d;' % n) and v)\n"
        )
        steps = document(run("fire", "many", "-a", "1", "-p", root, "--json"))["firing"]["steps"]
        assert [step["output"] for step in steps] == [f"{number};" for number in range(50)]

    def test_nested_steps_keep_their_own(self, run: Run, plugin: Callable[[str], Path]) -> None:
        root = plugin(
            "from escalated.hooks import do_action\n"
            "def outer():\n"
            "    os.write(1, b'before ')\n"
            "    do_action('inner')\n"
            "    os.write(1, b'after')\n"
            "add_action('outer', outer)\n"
            "add_action('inner', lambda: os.write(1, b'inside') and None)\n"
        )
        told = document(run("fire", "outer", "-p", root, "--json"))
        assert told["firing"]["steps"][0]["output"] == "before after"
        assert told["nested"][0]["steps"][0]["output"] == "inside"

    def test_however_much_it_is(self, run: Run, plugin: Callable[[str], Path]) -> None:
        root = plugin(
            "def much():\n"
            "    os.write(1, b'x' * 3_000_000)\n"
            "    subprocess.run([sys.executable, '-c', 'print(\"y\" * 3_000_000)'])\n"
            "add_action('much', much)\n"
        )
        step = document(run("fire", "much", "-p", root, "--json"))["firing"]["steps"][0]
        assert step["output"] == "x" * 100_000
        assert step["dropped"] == 6_000_001 - 100_000

    def test_whatever_bytes_they_are(self, run: Run, plugin: Callable[[str], Path]) -> None:
        root = plugin(
            "def odd():\n"
            "    os.write(1, b'\\xff\\xc3')\n"
            "    os.write(1, b'\\xa4\\x00\\x1b[2J')\n"
            "add_action('odd', odd)\n"
        )
        step = document(run("fire", "odd", "-p", root, "--json"))["firing"]["steps"][0]
        assert step["output"] == "\\xff\u00e4\0\x1b[2J"

    def test_of_threads_without_a_step_is_narrated_harmlessly(
        self, run: Run, plugin: Callable[[str], Path]
    ) -> None:
        root = plugin(
            "done = threading.Event()\n"
            "def bare():\n"
            "    print('from nobody \\x1b[2J')\n"
            "    sys.stdout.flush()\n"
            "    done.set()\n"
            "def start():\n"
            "    _thread.start_new_thread(bare, ())\n"
            "    done.wait(5)\n"
            "add_action('bare', start)\n"
        )
        result = run("fire", "bare", "-p", root, "--json")
        step = document(result)["firing"]["steps"][0]
        assert "from nobody" in step["output"] + result.stderr
        assert "\x1b" not in result.stderr

    def test_closing_the_descriptors_is_survived(
        self, run: Run, plugin: Callable[[str], Path]
    ) -> None:
        root = plugin("os.close(1)\nos.close(2)\nadd_action('closed', lambda: print('fine'))\n")
        step = document(run("fire", "closed", "-p", root, "--json"))["firing"]["steps"][0]
        assert step["output"] == "fine\n"

    def test_a_process_left_behind_holds_nobody_up(
        self, run: Run, plugin: Callable[[str], Path]
    ) -> None:
        root = plugin("add_action('leave', lambda: subprocess.Popen(['sleep', '30']) and None)\n")
        began = time.monotonic()
        document(run("fire", "leave", "-p", root, "--json"))
        assert time.monotonic() - began < 10


class TestReaders:
    @pytest.mark.parametrize(
        ("words", "code", "narrated"),
        [
            ("fire giant_value_run -a {}", 0, ""),
            ("check", 1, "2 plugins, 1 finding.\n"),
            ("hooks --help", 0, ""),
        ],
    )
    def test_one_that_goes_away(
        self, shell: Shell, copied: Copy, words: str, code: int, narrated: str
    ) -> None:
        root = copied("giant-value", "broken-syntax")
        more = "" if "--help" in words else f"-p {root} --json"
        result = shell(f"workbench {words} {more} | head -1")
        assert (result.returncode, result.stderr) == (code, narrated)
        assert len(result.stdout.splitlines()) == 1

    @pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
    def test_none_at_all(self, shell: Shell, copied: Copy, closed: str) -> None:
        result = shell(f"workbench fire user_login -a 1 -p {copied('triage')} {closed}")
        assert (result.returncode, result.stderr) == (0, "")

    def test_a_full_disk(self, shell: Shell, copied: Copy) -> None:
        result = shell(f"workbench list -p {copied('triage')} > /dev/full")
        assert result.returncode == 3
        assert result.stderr == "Error: The output cannot be written: No space left on device.\n"

    @pytest.mark.parametrize(
        "env", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C"}]
    )
    def test_one_that_knows_no_glyphs(self, run: Run, copied: Copy, env: dict[str, str]) -> None:
        root = copied("broken-syntax", "broken-no-return")
        text = run("list", "-p", root, env=env)
        assert text.returncode == 1
        assert "Traceback" not in text.stderr
        assert re.search(r"^[x✖]  broken-syntax", text.stdout, re.M)
        told = run(
            "fire",
            "ticket_data",
            "-a",
            '{"subject": "Größe \U0001f600 \u2714"}',
            "-a",
            "1",
            "-p",
            root,
            "--json",
            env=env,
        )
        assert document(told)["firing"]["args"][0]["subject"] == "Größe \U0001f600 \u2714"

    def test_a_lone_surrogate_is_still_json(self, run: Run, plugin: Callable[[str], Path]) -> None:
        root = plugin("add_filter('odd', lambda value: '\\ud800 \u2714')\n")
        result = run("fire", "odd", "-a", "1", "-p", root, "--json")
        assert document(result)["firing"]["result"] == "\ud800 \u2714"
        assert run("fire", "odd", "-a", "1", "-p", root).returncode == 0


class TestInterruption:
    @pytest.mark.parametrize(
        "code",
        [
            "def go():\n    met()\n    while True: pass\nadd_action('go', go)\n",
            "def go():\n    met()\n    time.sleep(60)\nadd_action('go', go)\n",
            "met()\nwhile True: pass\n",
        ],
        ids=["loop", "sleep", "loop at import"],
    )
    def test_ctrl_c_ends_it_soon_and_quietly(
        self,
        start: Callable[..., subprocess.Popen[str]],
        plugin: Callable[[str], Path],
        tmp_path: Path,
        code: str,
    ) -> None:
        meeting = tmp_path / "meeting"
        os.mkfifo(meeting)
        root = plugin(f"import time\ndef met():\n    open({str(meeting)!r}, 'w').close()\n{code}")
        with start("fire", "go", "-p", root, "--time-limit", "60") as process:
            meeting.read_bytes()
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
        assert time.monotonic() - began < 4
        assert (process.returncode, out, err) == (130, "", "Interrupted.\n")

    def test_threads_that_never_end_do_not_hold_it_up(
        self, run: Run, plugin: Callable[[str], Path]
    ) -> None:
        root = plugin(
            "def idle():\n"
            "    threading.Thread(target=threading.Event().wait, daemon=False, name='t1').start()\n"
            "add_action('idle', idle)\n"
        )
        began = time.monotonic()
        result = run("fire", "idle", "-p", root)
        assert result.returncode == 0
        assert result.stderr.splitlines() == [
            "The thread t1 still runs.",
            "Threads of plugins still run; they end here.",
        ]
        assert time.monotonic() - began < 9

    def test_threads_that_end_are_waited_for(self, run: Run, plugin: Callable[[str], Path]) -> None:
        root = plugin(
            "def late():\n"
            "    threading.Event().wait(0.3)\n"
            "    print('late')\n"
            "    subprocess.run(['echo', 'later'])\n"
            "add_action('go', lambda: threading.Thread(target=late).start())\n"
        )
        result = run("fire", "go", "-p", root, "--json")
        assert document(result)["firing"]["steps"][0]["output"] == "late\n"
        assert result.stderr == "later\n"


class TestGuard:
    """The guard by itself, as the terminal interface uses it."""

    CODE = """
import os, sys
from escalated_core.trace.descriptors import guarded_descriptors

narrated = []
print("before")
with guarded_descriptors(narrated.append) as streams:
    os.write(1, b"one ")
    print("two", file=sys.stderr)
    os.system("echo three")
    print("four")
    print("out", file=streams.out)
    print("err", file=streams.err)
    os.write(2, b"last words")
print("after", "".join(narrated).split())
with guarded_descriptors() as streams:
    os.write(1, b"to stderr")
"""

    def test_the_real_streams_are_its_user_s_and_come_back(self) -> None:
        result = subprocess.run(
            [sys.executable, "-c", self.CODE],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        told = ["one", "two", "three", "four", "last", "words"]
        assert result.stdout.splitlines()[:2] == ["before", "out"]
        assert sorted(eval(result.stdout.splitlines()[2].removeprefix("after "))) == sorted(told)
        assert result.stderr == "err\nto stderr"
