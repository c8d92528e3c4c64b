"""Which folder is taken for the plugins, what is deleted in it, and where the terminal opens."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Result = CompletedProcess[str]
Run = Callable[..., Result]
Copy = Callable[..., Path]


def refused(result: Result, code: int = 2) -> str:
    """The message of a call that must fail with nothing on standard output."""
    assert (result.returncode, result.stdout) == (code, ""), result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr


def fine(result: Result, code: int = 0) -> str:
    assert result.returncode == code, result.stderr
    return result.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with folders, of which none is for plugins."""
    for name in ("important/papers.txt", "src/manage.py", "tests/test_it.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("mine", "utf-8")
    return tmp_path


class TestRoot:
    @pytest.mark.parametrize("verb", ["list", "check", "uninstall important --yes", "activate src"])
    def test_a_folder_of_other_things_is_none(self, run: Run, project: Path, verb: str) -> None:
        message = refused(run(*verb.split(), "-p", project))
        assert f"No folder in {project} has a plugin.json." in message
        assert f"mkdir -p {project}/plugins/escalated" in message
        assert (project / "important" / "papers.txt").read_text("utf-8") == "mine"

    def test_the_folder_above_names_the_one_that_was_meant(self, run: Run, copied: Copy) -> None:
        root = copied("triage")
        message = refused(run("list", "-p", "plugins", cwd=root.parents[1]))
        assert "Did you mean plugins/escalated?" in message

    def test_by_its_name_it_may_hold_what_is_no_plugin_yet(self, run: Run, copied: Copy) -> None:
        root = copied()
        (root / "notes").mkdir()
        (root / "begun").mkdir()
        (root / "begun" / "plugin.py").touch()
        plugins = json.loads(fine(run("list", "-p", root, "--json"), 1))["plugins"]
        assert [(plugin["slug"], plugin["status"]) for plugin in plugins] == [("begun", "failed")]
        assert plugins[0]["findings"][0]["code"] == "manifest.missing"

    def test_by_another_name_it_needs_a_plugin(self, run: Run, copied: Copy) -> None:
        root = copied("triage").rename(copied().parent / "mine")
        (root / "assets").mkdir()
        assert fine(run("list", "-p", root)).split()[1] == "triage"

    def test_an_empty_one_is_fine_whatever_its_name(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "README.md").touch()
        (tmp_path / ".git").mkdir()
        result = run("list", "-p", tmp_path)
        assert (fine(result), result.stderr) == ("", f"No plugins in {tmp_path}.\n")


class TestUninstall:
    @pytest.mark.parametrize("yes", [["--yes"], []])
    def test_a_folder_without_a_manifest_stays(
        self, run: Run, copied: Copy, yes: list[str]
    ) -> None:
        root = copied("triage")
        (root / "triage" / "plugin.json").unlink()
        message = refused(run("uninstall", "triage", *yes, "-p", root), 1)
        assert "has no plugin.json" in message
        assert "[uninstall.no-manifest]" in message
        assert (root / "triage" / "plugin.py").exists()

    def test_a_folder_that_is_no_plugin_is_not_known(self, run: Run, copied: Copy) -> None:
        root = copied("triage")
        (root / "important").mkdir()
        (root / "important" / "papers.txt").write_text("mine", "utf-8")
        message = refused(run("uninstall", "important", "--yes", "-p", root))
        assert "There is no plugin 'important'." in message
        assert (root / "important" / "papers.txt").exists()

    def test_a_slip_names_the_nearest(self, run: Run, copied: Copy) -> None:
        message = refused(run("activate", "triag", "-p", copied("billing", "triage")))
        assert "Did you mean 'triage'? Known plugins: billing, triage." in message


class TestForgetting:
    @pytest.fixture
    def forgetful(self, copied: Copy) -> Path:
        """A plugins folder beside which nothing can be remembered."""
        root = copied("triage")
        (root.parent / ".escalated-workbench").write_text("in the way", "utf-8")
        return root

    @pytest.mark.parametrize(
        ("verb", "status"), [("activate", "active"), ("deactivate", "inactive")]
    )
    def test_what_is_not_remembered_is_no_success(
        self, run: Run, forgetful: Path, verb: str, status: str
    ) -> None:
        message = refused(run(verb, "triage", "-p", forgetful), 3)
        assert f"triage is {status} until this command ends, and no longer." in message
        assert "Make it a folder you may write to" in message

    def test_list_and_uninstall_say_so(self, run: Run, forgetful: Path) -> None:
        for words in (["list"], ["uninstall", "triage", "--yes"]):
            result = run(*words, "-p", forgetful)
            assert "triage" in fine(result)
            assert result.stderr.startswith("Warning: ")
            assert ".escalated-workbench cannot be written" in result.stderr


class TestTerminal:
    def test_a_path_that_cannot_be_opened_is_told_first(self, run: Run, project: Path) -> None:
        assert "There is no folder ./nope." in refused(run("./nope", cwd=project))
        assert "has a plugin.json" in refused(run(".", cwd=project))

    @pytest.mark.parametrize("stream", ["input", "output", "error"])
    def test_each_stream_must_be_one(
        self, at_terminal: Callable[..., Run], copied: Copy, stream: str
    ) -> None:
        names = {"input": "stdin", "output": "stdout", "error": "stderr"}
        others = [name for word, name in names.items() if word != stream]
        result = at_terminal(*others)(copied("triage"))
        (line,) = (str(result.args) + result.stderr).splitlines()
        assert f"standard {stream} is none" in line
        assert result.returncode == 2

    def test_a_person_who_waits_is_told_what_for(
        self, at_terminal: Callable[..., Run], copied: Copy
    ) -> None:
        root = copied("loop-at-import", "triage")
        result = at_terminal("stderr")("list", "-p", root, "--time-limit", "1.6")
        assert result.args == "Waiting for loop-at-import, 1.6 s at most ...\r\n"
        assert result.returncode == 1

    def test_the_profile_stands_before_the_folder_or_the_verb(self, run: Run, copied: Copy) -> None:
        root = copied("triage")
        early = ["--profile", "escalated-django"]
        assert "opens in a terminal" in refused(run(*early, root))
        code = "from escalated.hooks import *\nadd_action('user_login', lambda: None)\n"
        (root / "triage" / "plugin.py").write_text(code, "utf-8")
        words = ["fire", "user_login", "-a", "1", "-p", root]
        assert "takes 0 positional arguments" in fine(run(*early, *words), 1)
        assert "ok" in fine(run(*early, *words, "--profile", "guide"))

    def test_version_is_an_option_too(self, run: Run) -> None:
        assert fine(run("--version")) == fine(run("version"))
