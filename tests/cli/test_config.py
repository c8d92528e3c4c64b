"""The project's file, the environment and the command line: what counts, and what is refused."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalated_core.errors import UsageError
from escalated_workbench import Workbench
from escalated_workbench.config import NAME, Config, load
from escalated_workbench.toml import Document, read

Run = Callable[..., CompletedProcess[str]]
Copy = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "plugins" / "escalated").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def write(project: Path) -> Callable[[str | bytes], Path]:
    """Writes the project's file."""

    def make(text: str | bytes) -> Path:
        path = project / NAME
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


def loaded(project: Path, environment: dict[str, str] | None = None, **given: Any) -> Config:
    return load(project / "plugins" / "escalated", given, environment=environment or {})


Write = Callable[[str | bytes], Path]


class TestWhatCounts:
    def test_command_line_environment_file_default(self, project: Path, write: Write) -> None:
        path = write('[workbench]\nseed = 1\ntime_limit = 1\nprofile = "escalated-django"\n')
        environment = {"ESCALATED_WORKBENCH_SEED": "2", "ESCALATED_WORKBENCH_TIME_LIMIT": "2"}
        config = loaded(project, environment, seed=3, time_limit=None)
        assert (config.seed, config.time_limit, config.profile) == (3, 2.0, "escalated-django")
        assert (config.slow, config.effects, config.state_dir) == (0.05, "local", None)
        places = {value.name: (value.source, value.place) for value in config.values}
        assert places == {
            "seed": ("given", ""),
            "time_limit": ("environment", "ESCALATED_WORKBENCH_TIME_LIMIT"),
            "profile": ("file", f"{path}:4:1"),
            "slow": ("default", ""),
            "effects": ("default", ""),
            "state_dir": ("default", ""),
        }

    def test_settings_are_put_together_one_by_one(self, project: Path, write: Write) -> None:
        write('[settings]\nA = "file"\nB = "file"\nC = {x = 1}\n')
        environment = {
            "ESCALATED_WORKBENCH_SETTINGS_B": '{"y": [1]}',
            "ESCALATED_WORKBENCH_SETTINGS_D": "plain text",
        }
        config = loaded(project, environment, settings={"A": None})
        assert config.settings == {"A": None, "B": {"y": [1]}, "C": {"x": 1}, "D": "plain text"}

    def test_the_nearest_file_upwards(
        self, project: Path, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        outer = write("[workbench]\nseed = 1\n")
        inner = project / "plugins" / NAME
        inner.write_text("[workbench]\nseed = 2\n", "utf-8")
        assert loaded(project).file == inner
        inner.unlink()
        assert loaded(project).file == outer
        monkeypatch.chdir(project / "plugins")
        assert load(Path("/nowhere"), environment={}).file == outer
        assert (
            load(
                None,
                environment={"ESCALATED_WORKBENCH_CONFIG": str(inner.parent / "x")},
                file=outer,
            ).file
            == outer
        )

    def test_paths_are_seen_from_the_file(self, project: Path, write: Write) -> None:
        write('[workbench]\nstate_dir = "state"\n')
        assert loaded(project).state_dir == project / "state"
        assert loaded(project, state_dir="state").state_dir == Path("state")

    def test_python_reads_it_when_asked(self, project: Path, write: Write) -> None:
        write('[workbench]\nseed = 5\ntime_limit = 2\n[settings]\nSLACK_WEBHOOK_URL = "x"\n')
        with Workbench.from_config(project, profile="escalated-django") as wb:
            assert (wb.seed, wb.time_limit, wb.profile) == (5, 2.0, "escalated-django")
            assert wb.config.settings == {"SLACK_WEBHOOK_URL": "x"}
        with Workbench(project) as wb:
            assert (wb.seed, wb.time_limit, wb.config.settings) == (0, 5.0, {})


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("[workbench]\n\nsede = 1", "3:1: There is no key 'sede'. Did you mean 'seed'?"),
            ("[workbench]\n  xyz = 1", "2:3: There is no key 'xyz'. There are: profile, seed,"),
            ("[workbanch]", "1:1: There is no table 'workbanch'. Did you mean 'workbench'?"),
            ("seed = 1", "1:1: There is no table 'seed'. There are: workbench, settings."),
            ("workbench = 1", "1:1: workbench must be a table. Write [workbench] above it."),
            ('[workbench]\nseed = "7"', "2:1: seed must be a whole number, not '7'."),
            ("[workbench]\nseed = true", "2:1: seed must be a whole number, not True."),
            ("[workbench]\nslow = 0", "2:1: slow must be a number of seconds above 0, not 0."),
            ("[workbench]\nslow = nan", "2:1: slow must be a number of seconds above 0, not nan."),
            ('[workbench]\nprofile = "gide"', "2:1: profile must be one of 'guide', 'escalated-"),
            ("[workbench]\nstate_dir = 1", "2:1: state_dir must be the path of a folder, not 1."),
            ('[workbench]\neffects = "off"', "effects must be one of 'local', 'live', 'capture'"),
            ("# x\n[settings]\ndebug = 1", "3:1: 'debug' cannot be a Django setting. Did you mean"),
            ("[settings]\nDATABASES = {}", "2:1: The setting DATABASES is the help desk's own."),
            ("[workbench]\nseed = 1x", "2:9: Expected newline"),
            ("[workbench", "1:11: Expected ']'"),
            (b"[workbench]\nprofile = '\xc3\xa4\xff'", "2:13: the byte 0xFF is no UTF-8."),
        ],
    )
    def test_with_its_line_and_column(
        self, project: Path, write: Write, text: str | bytes, says: str
    ) -> None:
        path = write(text)
        with pytest.raises(UsageError) as refused:
            loaded(project)
        assert str(refused.value).startswith(f"{path}:")
        assert says in str(refused.value)

    @pytest.mark.parametrize(
        ("environment", "says"),
        [
            ({"ESCALATED_WORKBENCH_SEED": "x"}, "ESCALATED_WORKBENCH_SEED: seed must be a whole"),
            ({"ESCALATED_WORKBENCH_SEED": "1.5"}, "not 1.5"),
            ({"ESCALATED_WORKBENCH_SETTINGS_debug": "1"}, "Did you mean DEBUG?"),
            ({"ESCALATED_WORKBENCH_CONFIG": "/nowhere"}, "cannot be read: No such file"),
        ],
    )
    def test_of_the_environment(
        self, project: Path, environment: dict[str, str], says: str
    ) -> None:
        with pytest.raises(UsageError, match=says.replace("?", r"\?")):
            loaded(project, environment)

    @pytest.mark.parametrize("given", [{"sede": 1}, {"profile": "x"}, {"settings": 1}])
    def test_of_python(self, project: Path, given: dict[str, Any]) -> None:
        with pytest.raises(UsageError):
            Workbench.from_config(project, **given)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x7f"), max_size=20)
VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | TEXTS,
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


def toml_of(value: Any) -> str:
    """A value as TOML, over several lines where that is possible."""
    if isinstance(value, list):
        return f"[\n{''.join(f'  {toml_of(item)},  # x{chr(10)}' for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


@given(st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), VALUES)))
def test_every_key_is_found_in_its_line(tables: dict[str, dict[str, Any]]) -> None:
    lines: list[str] = []
    due: dict[tuple[str, ...], int] = {}
    for table, values in tables.items():
        lines += ["# a comment", f"[{table}]"]
        due[(table,)] = len(lines)
        for key, value in values.items():
            due[table, key] = len(lines) + 1
            lines += [*f"{key} = {toml_of(value)}".split("\n"), ""]
    text = "\n".join(lines)
    document = Document(Path("x"), tomllib.loads(text), text)
    assert {key: document.place(key).line for key in due} == due


def test_lines_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b'[a]\r\nb = """\r\n"""\r\nc = 1\r\n')
    assert read(path).place(("a", "c")) == (4, 1)


class TestOnTheCommandLine:
    def test_show_tells_each_value_with_its_place(self, run: Run, project: Path) -> None:
        path = project / NAME
        path.write_text('[workbench]\nslow = 0.5\n[settings]\nAPI_TOKEN = "abcdef"\n', "utf-8")
        env = {"ESCALATED_WORKBENCH_SEED": "4"}
        result = run("config", "show", "--capture", cwd=project, env=env)
        assert result.returncode == 0
        rows = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
        assert {name: " ".join(rest.split()) for name, rest in rows.items()} == {
            "profile": '"guide" default',
            "seed": "4 ESCALATED_WORKBENCH_SEED",
            "time_limit": "5.0 default",
            "slow": f"0.5 {path}:2:1",
            "state_dir": "null default",
            "effects": '"capture" command line',
            "settings.API_TOKEN": f'"‹masked›" {path}:4:1',
        }

    def test_the_file_holds_for_verbs(self, run: Run, copied: Copy) -> None:
        root = copied("triage")
        (root / "triage" / "plugin.py").write_text(
            "from django.conf import settings\n"
            "from escalated.hooks import add_action\n"
            "add_action('user_login', lambda user: print(settings.GREETING))\n",
            "utf-8",
        )
        file = root.parents[1] / NAME
        file.write_text('[settings]\nGREETING = "Servus"\n', "utf-8")
        assert "| Servus" in run("fire", "user_login", "-p", root).stdout
        file.write_text("[settings]\nGREETING = Servus\n", "utf-8")
        result = run("fire", "user_login", "-p", root)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == (f"Error: {file}:2:12: Invalid value. Texts stand in quotes.\n")

    def test_options_may_stand_in_front(self, run: Run, project: Path) -> None:
        words = ["--seed", "9", "--profile", "escalated-django", "--plain"]
        text = run(*words, "config", "show", "--profile", "guide", cwd=project).stdout
        assert 'profile, "guide", command line\nseed, 9, command line\n' in text
        text = run(*words, "event", "show", "ticket.list", cwd=project).stdout
        assert text == "ticket.list: An agent looks at the list of tickets\n  fires no hook\n"
