"""The verbs as a user or a script calls them: text, exit codes, and what goes to which stream."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Result = CompletedProcess[str]
Run = Callable[..., Result]
Copy = Callable[..., Path]
Shell = Callable[[str], Result]

VERBS = [
    "list", "hooks", "check", "fire", "event", "whatif", "watch", "desk", "activate", "deactivate",
    "uninstall", "open", "trace", "report", "replay", "config", "schema", "completion", "demo",
    "version",
]  # fmt: skip
INNER = ["event list", "event show", "event run", "event fuzz", "event schema", "config show"]


@pytest.fixture(scope="module")
def samples(copied: Copy, sample_slugs: list[str]) -> Path:
    """A copy of the sample plugins that no test changes; none of them imports Django."""
    return copied(*sorted({*sample_slugs} - {"slack-notifier"}))


@pytest.fixture(scope="module")
def healthy(copied: Copy) -> Path:
    return copied("billing", "hello-world", "triage")


LIVELY = """
from escalated.hooks import add_action

add_action("user_login", lambda user: None)
add_action("plugin_activated_triage", lambda: print("set up"))
add_action("plugin_uninstalling_triage", lambda: print("clean up"))
"""


@pytest.fixture
def lively(copied: Copy) -> Path:
    """Plugins of which one, triage, has hooks of the lifecycle."""
    root = copied("hello-world", "triage")
    (root / "triage" / "plugin.py").write_text(LIVELY, "utf-8")
    return root


def refused(result: Result, code: int = 2) -> str:
    """The message of a call that must fail with nothing on standard output."""
    assert (result.returncode, result.stdout) == (code, "")
    assert "Traceback" not in result.stderr
    return result.stderr


def fine(result: Result, code: int = 0) -> str:
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    return result.stdout


@pytest.mark.parametrize("verb", ["", *VERBS, *INNER])
def test_help_is_as_agreed(run: Run, verb: str, snapshot: object) -> None:
    assert fine(run(*verb.split(), "--help")) == snapshot


def test_help_lists_every_verb(run: Run) -> None:
    commands = fine(run("-h")).partition("Commands:")[2]
    assert [line.split()[0] for line in commands.strip().splitlines()] == VERBS
    assert "..." not in commands


class TestReports:
    def test_list_tells_status_and_what_is_wrong(self, run: Run, samples: Path) -> None:
        lines = fine(run("list", "-p", samples), 1).splitlines()
        rows = {line.split()[1]: line for line in lines}
        assert list(rows) == sorted(path.name for path in samples.iterdir())
        assert rows["triage"].split() == ["✔", "triage", "1.2.0", "active", "local", "Triage"]
        assert rows["broken-json"].startswith("✖")
        assert "plugin.json:7" in rows["broken-json"]
        assert "SyntaxError: expected ':'  (broken-syntax/plugin.py:11)" in rows["broken-syntax"]

    def test_list_of_healthy_plugins_is_fine(self, run: Run, healthy: Path) -> None:
        assert len(fine(run("list", "-p", healthy)).splitlines()) == 3

    def test_no_plugins_is_said_and_no_error(self, run: Run, copied: Copy) -> None:
        empty = copied()
        result = run("list", "-p", empty)
        assert fine(result) == ""
        assert result.stderr == f"No plugins in {empty}.\n"
        assert json.loads(fine(run("list", "-p", empty, "--json")))["plugins"] == []

    def test_hooks_shows_who_listens_in_order(self, run: Run, healthy: Path) -> None:
        text = fine(run("hooks", "ticket_data", "-p", healthy))
        assert text.splitlines()[0].startswith("filter  ticket_data(data, ticket)  - ")
        order = re.findall(r"^ +(\d+)  (\w+)  triage  triage/plugin.py:\d+$", text, re.M)
        assert order == [
            ("5", "normalise"),
            ("10", "detect_urgency"),
            ("15", "tag_vip"),
            ("20", "round_up"),
        ]

    def test_hooks_lists_documented_and_private_ones(self, run: Run, healthy: Path) -> None:
        text = fine(run("hooks", "-p", healthy))
        assert "ticket_created(ticket, user)" in text
        assert "billing_invoice_created  - not documented" in text

    def test_hooks_knows_the_hooks_of_one_plugin(self, run: Run, healthy: Path) -> None:
        text = fine(run("hooks", "plugin_activated_triage", "-p", healthy))
        assert text.startswith("action  plugin_activated_")

    def test_check_lists_findings_with_place_and_cure(self, run: Run, samples: Path) -> None:
        result = run("check", "-p", samples)
        text = fine(result, 1)
        assert re.search(
            r"^broken-json/plugin.json:7:\d+: error: Invalid JSON.*\[manifest\.", text, re.M
        )
        assert re.search(
            r"^broken-syntax/plugin.py:11:\d+: error: .*\[load.syntax-error\]$", text, re.M
        )
        assert re.fullmatch(r"11 plugins, \d+ findings\.\n", result.stderr)

    def test_check_can_be_asked_about_some(self, run: Run, samples: Path) -> None:
        result = run("check", "triage", "billing", "triage", "-p", samples)
        assert fine(result) == ""
        assert result.stderr == "2 plugins, 0 findings.\n"

    def test_version_is_the_package_s(self, run: Run) -> None:
        from escalated_workbench import __version__

        assert fine(run("version")).startswith(f"escalated-workbench {__version__} (Python 3.")

    def test_profile_decides_what_fails(self, run: Run, lively: Path) -> None:
        words = ["fire", "user_login", "-a1", "-a2", "-p", lively]
        fine(run(*words))
        strict = run(*words, "--profile", "escalated-django")
        assert "takes 1 positional argument but 2 were given" in fine(strict, 1)


class TestFire:
    def test_shows_every_step_and_the_result(self, run: Run, healthy: Path) -> None:
        text = fine(
            run(
                "fire",
                "ticket_data",
                "-a",
                '{"subject": "RE:  fire"}',
                "-a",
                "@ticket:1",
                "-p",
                healthy,
            )
        )
        assert re.match(r"#\d+ ticket_data · filter · [\d.,]+ ms · ok\n", text)
        assert re.search(r"^ +5 ✔ normalise  triage  [\d.]+ ms$", text, re.M)
        assert "~ subject: 'RE:  fire' -> 'fire'" in text
        assert re.search(r"^  result  \{'subject': 'fire', 'priority': 'urgent'", text, re.M)

    def test_a_failed_step_is_shown_with_its_line_and_exits_1(
        self, run: Run, samples: Path
    ) -> None:
        text = fine(run("fire", "ticket_created", "-p", samples), 1)
        assert "✖ KeyError: 'platinum'  (broken-raise/plugin.py:14)" in text
        assert re.search(r"10 ✔ greet  broken-raise", text)

    def test_nested_firings_are_shown_too(self, run: Run, healthy: Path) -> None:
        arguments = ["-a", "@ticket:1", "-a", "open", "-a", "resolved"]
        text = fine(run("fire", "ticket_status_changed", *arguments, "-p", healthy))
        assert [line.split()[1] for line in text.splitlines() if line.startswith("#")] == [
            "ticket_status_changed",
            "billing_tax_rate",
            "billing_invoice_created",
        ]
        assert "nobody listens" in text

    def test_far_too_much_output_is_cut_and_harmless(self, run: Run, samples: Path) -> None:
        text = fine(run("fire", "ticket_updated", "-p", samples))
        assert "\x1b" not in text
        assert "more lines" in text
        assert "more log lines" in text
        assert len(text.splitlines()) < 60

    def test_a_long_traceback_is_cut(self, run: Run, copied: Copy) -> None:
        root = copied("deep-recursion")
        text = fine(run("fire", "ticket_status_changed", "-a1", "-a2", "-a3", "-p", root), 1)
        assert "RecursionError" in text
        assert "more frames" in text
        assert len(text.splitlines()) < 20

    def test_an_endless_loop_is_interrupted_by_itself(self, run: Run, samples: Path) -> None:
        result = run("fire", "user_login", "-p", samples, "--time-limit", "0.6", "--json")
        step = json.loads(fine(result, 1))["firing"]["steps"][0]
        assert (step["plugin"], step["outcome"]) == ("broken-loop", "interrupted")
        assert 0.6e9 < step["duration_ns"] < 4e9
        assert step["error"]["line"] in (13, 14)

    def test_the_time_limit_holds_while_plugins_load(self, run: Run, copied: Copy) -> None:
        root = copied("loop-at-import", "triage")
        result = run("check", "-p", root, "--time-limit", "0.6")
        assert "[load.stuck]" in fine(result, 1)
        assert result.stderr == "2 plugins, 1 finding.\n"

    @pytest.mark.parametrize(
        ("word", "says"),
        [
            ("@ticket:999999", "999999"),
            ("@tickets:1", "@ticket:1"),
            ("@ticket", "@ticket:1"),
            ('{"subject": fire}', "is not JSON"),
            ("[" * 100_000, "is not JSON"),
        ],
    )
    def test_an_argument_that_cannot_be_meant(
        self, run: Run, healthy: Path, word: str, says: str
    ) -> None:
        assert says in refused(run("fire", "ticket_data", "-a", word, "-p", healthy))

    def test_an_unknown_hook_names_the_nearest(self, run: Run, healthy: Path) -> None:
        for verb in ("fire", "hooks"):
            message = refused(run(verb, "Ticket_create", "-p", healthy))
            assert "Did you mean 'ticket_created'?" in message

    def test_a_hook_of_both_kinds_wants_its_kind(self, run: Run, copied: Copy) -> None:
        root = copied("triage")
        code = "from escalated.hooks import *\nadd_action('both', print)\nadd_filter('both', str)\n"
        (root / "triage" / "plugin.py").write_text(code, "utf-8")
        assert "kind" in refused(run("fire", "both", "-a", "1", "-p", root))
        text = fine(run("fire", "both", "-a", "1", "-p", root, "--kind", "filter"))
        assert text.splitlines()[-1] == "  result  '1'"


class TestLifecycle:
    def test_deactivate_and_activate_are_remembered(self, run: Run, lively: Path) -> None:
        text = fine(run("deactivate", "triage", "-p", lively))
        assert text.split() == ["◌", "triage", "1.2.0", "inactive", "local", "Triage"]
        assert "◌  triage" in fine(run("list", "-p", lively))
        text = fine(run("activate", "triage", "-p", lively))
        assert text.startswith("✔  triage")
        assert "| set up" in text
        assert "✔  triage" in fine(run("list", "-p", lively))
        assert "set up" not in fine(run("activate", "triage", "-p", lively))

    def test_what_cannot_load_cannot_be_activated(self, run: Run, copied: Copy) -> None:
        root = copied("broken-syntax")
        message = refused(run("activate", "broken-syntax", "-p", root), 1)
        assert "broken-syntax/plugin.py:11" in message
        assert "[load.syntax-error]" in message

    @pytest.mark.parametrize("verb", ["activate", "deactivate", "uninstall", "check"])
    def test_an_unknown_plugin_names_the_known(self, run: Run, healthy: Path, verb: str) -> None:
        message = refused(run(verb, "trriage", "-p", healthy))
        assert "There is no plugin 'trriage'." in message
        assert "billing, hello-world, triage" in message

    def test_uninstall_asks_and_deletes_nothing_without_a_yes(self, run: Run, copied: Copy) -> None:
        root = copied("triage")
        declined = run("uninstall", "triage", "-p", root, input="n\n")
        assert fine(declined) == ""
        assert (
            declined.stderr == f"Delete the folder {root / 'triage'}? [y/N] Nothing is deleted.\n"
        )
        unanswered = run("uninstall", "triage", "-p", root)
        assert "Say --yes" in refused(unanswered)
        declined = json.loads(fine(run("uninstall", "triage", "-p", root, "--json", input="no\n")))
        assert declined["deleted"] is False
        assert (root / "triage" / "plugin.py").exists()

    def test_uninstall_runs_the_hooks_and_deletes(self, run: Run, lively: Path) -> None:
        text = fine(run("uninstall", "triage", "-p", lively, input="y\n"))
        assert text.startswith(f"triage is uninstalled; the folder {lively / 'triage'} is deleted.")
        assert "| clean up" in text
        assert sorted(path.name for path in lively.iterdir()) == ["hello-world"]

    def test_uninstall_of_a_link_loses_only_the_link(self, run: Run, copied: Copy) -> None:
        root, elsewhere = copied(), copied("triage")
        (root / "triage").symlink_to(elsewhere / "triage")
        assert "the link" in fine(run("uninstall", "triage", "--yes", "-p", root))
        assert not (root / "triage").is_symlink()
        assert (elsewhere / "triage" / "plugin.py").exists()

    def test_a_failing_lifecycle_hook_exits_1(self, run: Run, copied: Copy) -> None:
        root = copied("triage")
        code = (
            "from escalated.hooks import add_action\n"
            "add_action('plugin_uninstalling_triage', lambda: 1 / 0)\n"
        )
        (root / "triage" / "plugin.py").write_text(code, "utf-8")
        assert "ZeroDivisionError" in fine(run("uninstall", "triage", "--yes", "-p", root), 1)


class TestUsage:
    def test_a_misspelt_verb_names_the_nearest(self, run: Run) -> None:
        assert "Did you mean 'list'?" in refused(run("lst"))
        assert "Did you mean 'deactivate'?" in refused(run("de-activate"))
        assert "The verbs are list, hooks," in refused(run("xyzzy"))

    @pytest.mark.parametrize(
        "words", [["list", "--nonsense"], ["fire"], ["list", "--profile", "x"], ["list", "extra"]]
    )
    def test_wrong_options_and_arguments(self, run: Run, words: list[str]) -> None:
        assert "Usage: escalated-workbench" in refused(run(*words))

    @pytest.mark.parametrize("limit", ["0", "-1", "soon"])
    def test_a_time_limit_must_be_positive(self, run: Run, limit: str) -> None:
        message = refused(run("list", "--time-limit", limit))
        assert f"'--time-limit': '{limit}' is no number of seconds above 0" in message

    def test_the_terminal_needs_one(self, run: Run, healthy: Path) -> None:
        for words in ([], [healthy], ["demo"]):
            message = refused(run(*words))
            assert "standard input is none" in message
            assert "escalated-workbench --help" in message

    def test_a_folder_that_is_not_there(self, run: Run, tmp_path: Path) -> None:
        missing = tmp_path / "nowhere"
        assert f"mkdir -p {missing}" in refused(run("list", "-p", missing))

    @pytest.mark.parametrize("place", ["", "~nobody-of-that-name/plugins", "x" * 5000])
    def test_a_place_that_cannot_be(self, run: Run, place: str) -> None:
        assert refused(run("list", "-p", place)).startswith("Error: ")

    def test_a_working_folder_that_is_gone(self, shell: Shell, healthy: Path) -> None:
        gone = 'mkdir "$0.gone" && cd "$0.gone" && rmdir "$0.gone"'.replace("$0", str(healthy))
        assert "working folder is gone" in refused(shell(f"{gone} && workbench list"))
        assert "triage" in fine(shell(f"{gone} && workbench list -p {healthy}"))

    def test_a_file_for_a_folder(self, run: Run, healthy: Path) -> None:
        assert "is a file" in refused(run("list", "-p", healthy / "triage" / "plugin.py"))

    def test_a_single_plugin_for_the_folder(self, run: Run, healthy: Path) -> None:
        message = refused(run("list", "-p", healthy / "triage"))
        assert "is one plugin" in message
        assert str(healthy) in message

    def test_a_project_for_the_folder(self, run: Run, healthy: Path) -> None:
        assert "triage" in fine(run("list", "-p", healthy.parents[1]))

    def test_the_folder_is_looked_for_upwards(self, run: Run, healthy: Path) -> None:
        assert "triage" in fine(run("list", cwd=healthy / "triage"))

    def test_no_folder_upwards(self, run: Run, tmp_path: Path) -> None:
        message = refused(run("list", cwd=tmp_path))
        assert "plugins/escalated" in message
        assert "escalated-workbench demo" in message

    def test_demo_makes_a_private_copy(
        self, run: Run, tmp_path: Path, sample_slugs: list[str]
    ) -> None:
        places = {
            fine(run("demo", "--print-only", env={"TMPDIR": str(tmp_path)})).strip(),
            json.loads(fine(run("demo", "--json", env={"TMPDIR": str(tmp_path)})))["root"],
        }
        assert len(places) == 2
        for place in places:
            assert Path(place).is_relative_to(tmp_path)
            assert sorted(path.name for path in Path(place).iterdir()) == sample_slugs
