"""What imports what, how large things may grow, and what the wheel installs."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import escalated_core
import escalated_workbench
from escalated_core.plugins.discovery import discover_installed

REPOSITORY = Path(__file__).parents[2]
SOURCES = [
    str(Path(str(each.__file__)).parents[1]) for each in (escalated_core, escalated_workbench)
]

HEAVY = {"textual", "rich", "django", "faker", "jsonschema", "requests", "watchdog"}

Imported = Callable[..., set[str]]


@pytest.fixture
def imported(tmp_path: Path) -> Imported:
    """`imported("list", ...)` are the top-level modules in a process that ran that verb."""
    code = (
        "import sys\n"
        "from escalated_workbench.cli.main import main\n"
        "try:\n    main(sys.argv[2:])\n"
        "except SystemExit as end:\n    assert end.code == 0, end.code\n"
        "open(sys.argv[1], 'w').write(' '.join(sys.modules))\n"
    )

    def names(*words: object) -> set[str]:
        told = tmp_path / "modules"
        run_python("-c", code, told, *words)
        return {name.partition(".")[0] for name in told.read_text().split()}

    return names


def run_python(*words: object) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(SOURCES)}
    result = subprocess.run(
        [sys.executable, *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


class TestImports:
    @pytest.mark.parametrize("words", ["version", "--help", "fire --help", "version --json"])
    def test_what_runs_no_plugin_imports_nothing_heavy(
        self, imported: Imported, words: str
    ) -> None:
        assert imported(*words.split()) & {*HEAVY, "logging", "asyncio"} == set()

    @pytest.mark.parametrize("words", ["list", "hooks", "check", "list --json"])
    def test_verbs_that_read_import_no_django_and_no_textual(
        self, imported: Imported, words: str, root: Path
    ) -> None:
        for slug in ("billing", "hello-world", "triage"):
            shutil.copytree(REPOSITORY / "sample_plugins" / slug, root / slug)
        assert imported(*words.split(), "-p", root) & (HEAVY - {"watchdog"}) == set()

    def test_firing_imports_no_textual(self, imported: Imported, root: Path) -> None:
        names = imported("fire", "ticket_created", "-p", root)
        assert names & {"textual", "rich"} == set()
        assert "django" in names

    def test_the_core_stands_alone(self) -> None:
        code = (
            "import sys, pkgutil, importlib, escalated_core\n"
            "for each in pkgutil.walk_packages(escalated_core.__path__, 'escalated_core.'):\n"
            "    if not each.name.startswith('escalated_core.helpdesk'):\n"
            "        importlib.import_module(each.name)\n"
            "print(*sys.modules)\n"
        )
        names = {name.partition(".")[0] for name in run_python("-c", code).split()}
        banned = {"escalated_workbench", "textual", "rich", "click", "watchdog", "IPython"}
        assert names & {*banned, "django", "faker"} == set()
        assert "escalated_core" in names


class TestSizes:
    """House limits; a module that grows beyond them wants to be two."""

    @pytest.mark.parametrize("folder", ["core", "workbench", "tests"])
    def test_modules(self, folder: str) -> None:
        limit = 500 if folder == "tests" else 350
        sizes = {path: len(path.read_text("utf-8").splitlines()) for path in modules(folder)}
        assert {str(path): size for path, size in sizes.items() if size > limit} == {}

    def test_classes_functions_and_parameters(self) -> None:
        assert [line for folder in ("core", "workbench") for line in oversized(folder)] == []


def modules(folder: str) -> list[Path]:
    found = (REPOSITORY / folder).rglob("*.py")
    return [path for path in found if not {"data", "__pycache__"} & {*path.parts}]


def oversized(folder: str) -> Iterator[str]:
    for path in modules(folder):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            where = f"{path.relative_to(REPOSITORY)}:{node.lineno} {node.name}"
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > (200 if isinstance(node, ast.ClassDef) else 40):
                yield f"{where} has {lines} lines"
            if not isinstance(node, ast.ClassDef) and len(parameters(node)) > 6:
                yield f"{where} has {len(parameters(node))} parameters"


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    names = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [each.arg for each in names if each.arg not in ("self", "cls")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources in which the samples have been run."""
    for name in ("build", "hatchling"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    folder = tmp_path_factory.mktemp("sources")
    for name in ("core", "workbench", "sample_plugins"):
        shutil.copytree(REPOSITORY / name, folder / name)
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore"):
        shutil.copy(REPOSITORY / name, folder)
    (folder / "docs").mkdir()
    shutil.copy(REPOSITORY / "docs" / "workbench-1.schema.json", folder / "docs")
    for slug in ("triage", "billing"):
        cache = folder / "sample_plugins" / slug / "__pycache__"
        cache.mkdir(exist_ok=True)
        (cache / "plugin.cpython-311.pyc").write_bytes(b"")
    run_python("-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", folder)
    return next((folder / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """A folder with what the wheel installs, and nothing else."""
    target = wheel.parent / "target"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


class TestWheel:
    def test_installs_no_name_but_ours(self, installed: Path) -> None:
        version = escalated_workbench.__version__
        assert sorted(path.name for path in installed.iterdir()) == [
            "escalated_core",
            "escalated_workbench",
            f"escalated_workbench-{version}.dist-info",
        ]

    def test_holds_what_it_needs_to_run(self, installed: Path) -> None:
        data = [
            *("core/" + name for name in files("core") if not name.endswith(".py")),
            *("workbench/" + name for name in files("workbench") if not name.endswith(".py")),
        ]
        assert {Path(name).suffix for name in data} == {".css", ".json", ".tcss", ".typed"}
        assert files("core") <= files("", installed)
        assert files("workbench") <= files("", installed)
        samples = {f"escalated_workbench/sample_plugins/{name}" for name in files("sample_plugins")}
        assert samples <= files("", installed)

    def test_holds_no_bytecode(self, installed: Path) -> None:
        assert [path for path in installed.rglob("*") if path.suffix == ".pyc"] == []
        assert list(installed.rglob("__pycache__")) == []

    def test_its_samples_are_no_installed_plugin(self, installed: Path) -> None:
        assert discover_installed([str(installed)]) == []

    def test_source_roots_are_not_importable(self, installed: Path) -> None:
        code = (
            "import sys; from importlib.util import find_spec\n"
            "sys.path.insert(0, sys.argv[1])\n"
            "found = {name: find_spec(name) for name in ('escalated_core', 'core', 'workbench')}\n"
            "assert found.pop('escalated_core').origin.startswith(sys.argv[1])\n"
            "assert not any(found.values()), found\n"
        )
        run_python("-I", "-c", code, installed)

    def test_the_command_runs_from_it(self, installed: Path, tmp_path: Path) -> None:
        code = (
            "import sys, tempfile; sys.path.insert(0, sys.argv[1])\n"
            "tempfile.tempdir = sys.argv[2]\n"
            "from escalated_workbench.cli.main import main\n"
            "main(['demo', '--print-only'])\n"
        )
        place = Path(run_python("-I", "-c", code, installed, tmp_path).strip())
        assert place.is_relative_to(tmp_path)
        assert (place / "triage" / "plugin.py").is_file()


def files(folder: str, base: Path = REPOSITORY) -> set[str]:
    """The files below a folder, relative to it, without bytecode."""
    found = (path for path in (base / folder).rglob("*") if path.is_file())
    return {
        path.relative_to(base / folder).as_posix()
        for path in found
        if "__pycache__" not in path.parts
    }
