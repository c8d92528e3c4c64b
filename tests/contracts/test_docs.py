"""README.md and docs/: what they show runs, and what they list is all there is."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeGuard

import pytest

import escalated_core
import escalated_workbench
from escalated_core.helpdesk.events.catalogue import events

REPOSITORY = Path(__file__).parents[2]
SOURCES = [
    str(Path(str(each.__file__)).parents[1]) for each in (escalated_core, escalated_workbench)
]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]

BLOCK = re.compile(
    r"^(?P<skip><!-- no-run -->\n+)?```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S
)


class Block(NamedTuple):
    """A fenced block: where its code begins, what it is, and the code."""

    line: int
    language: str
    code: str


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that are to be run."""
    text = page.read_text("utf-8")
    return [
        Block(text.count("\n", 0, match.start("code")) + 1, match["language"], match["code"])
        for match in BLOCK.finditer(text)
        if not match["skip"]
    ]


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A page, and a project with sample plugins that work, in which its blocks run.

    Not with the one that imports Django: every command would wait for that.
    """
    for plugin in (REPOSITORY / "sample_plugins").iterdir():
        if not plugin.name.startswith("broken-") and plugin.name != "slack-notifier":
            shutil.copytree(plugin, tmp_path / "plugins" / "escalated" / plugin.name)
    return Project(request.param, tmp_path)


class Project:
    def __init__(self, page: Path, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.bin = folder / ".bin"
        self.bin.mkdir()
        command = self.bin / "escalated-workbench"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m escalated_workbench "$@"\n')
        command.chmod(0o755)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            words,
            cwd=self.folder,
            env={**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(SOURCES)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def test_commands_run(project: Project) -> None:
    """`$ command` lines of console blocks and whole bash blocks; `# exit 1` says what is due."""
    for line, language, code in blocks(project.page):
        if language == "bash":
            commands = [code]
        elif language == "console":
            commands = re.findall(r"^\$ (.*)$", code, re.M)
        else:
            continue
        for command in commands:
            result = project.run("bash", "-e", "-c", command)
            due = re.search(r"# exit (\d+)$", command)
            where = f"{project.page.name}:{line}: {command}\n{result.stdout}{result.stderr}"
            assert result.returncode == int(due[1] if due else 0), where
            assert "Traceback" not in result.stderr, where


def test_python_runs(project: Project) -> None:
    """The python blocks of a page, in order, as one script whose lines are the page's."""
    script = ""
    for line, language, code in blocks(project.page):
        if language == "python":
            script += "\n" * (line - 1 - script.count("\n")) + code
    if script:
        (project.folder / "page.py").write_text(script, "utf-8")
        result = project.run(sys.executable, "-W", "error", "page.py")
        assert result.returncode == 0, f"{project.page.name}: {result.stderr}"


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists() or target.endswith(".svg"), (page.name, target)


def test_every_finding_is_explained() -> None:
    text = (REPOSITORY / "docs" / "findings.md").read_text("utf-8")
    explained = re.findall(r"^\| `([\w.-]+)` \| \w+ \| .+ \| .+ \|$", text, re.M)
    assert sorted(set(codes())) == sorted(explained)


def test_every_event_is_listed_with_what_it_takes_and_fires() -> None:
    text = (REPOSITORY / "docs" / "events.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w.]+)` \| .+ \| (.+) \| (.+) \| (.+) \|$", text, re.M)
    listed = {name: [re.findall(r"`(.+?)`", cell) for cell in cells] for name, *cells in rows}
    assert listed == {
        event.name: [
            [parameter.name for parameter in event.parameters],
            list(event.hooks["guide"]),
            list(event.hooks["escalated-django"]),
        ]
        for event in events().values()
    }


class Template(NamedTuple):
    """A function whose argument number `index`, called `name`, completes a finding's code."""

    function: str
    index: int
    name: str
    text: str


def codes() -> Iterator[str]:
    """Every code that the core gives a finding, told from its source.

    A code is written where a finding is made, or made of a parameter: then the calls of that
    function tell the rest. Codes of failed loads stand in a table.
    """
    trees = [ast.parse(path.read_text("utf-8")) for path in (REPOSITORY / "core").rglob("*.py")]
    functions = [node for tree in trees for node in ast.walk(tree) if is_function(node)]
    templates = [Template("Finding", 0, "code", "{}")]
    for template in templates:
        for function in functions:
            for text, hole in uses(function, template):
                if hole is None:
                    yield text
                else:
                    names = parameters(function)
                    found = Template(function.name, names.index(hole), hole, text)
                    # A function of that name may call one of the same name.
                    if found not in templates:
                        templates.append(found)
    for node in chain.from_iterable(map(ast.walk, trees)):
        match node:
            case ast.Tuple(elts=[ast.Constant(value=str(code)), ast.Constant()]):
                if code.startswith("load."):
                    yield code


def is_function(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef)


def parameters(function: ast.FunctionDef) -> list[str]:
    return [each.arg for each in function.args.args if each.arg != "self"]


def uses(function: ast.FunctionDef, template: Template) -> Iterator[tuple[str, str | None]]:
    """What calls in `function` make of a template: a text, and the parameter it lacks, if any."""
    for call in ast.walk(function):
        argument = given(call, template) if isinstance(call, ast.Call) else None
        for text, hole in spellings(argument, function):
            yield template.text.replace("{}", text), hole


def given(call: ast.Call, template: Template) -> ast.expr | None:
    """The argument of a call that fills a template."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name != template.function:
        return None
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    position = call.args[template.index] if len(call.args) > template.index else None
    return named.get(template.name, position)


def spellings(
    value: ast.expr | None, function: ast.FunctionDef
) -> Iterator[tuple[str, str | None]]:
    """The texts that an expression may be; a parameter in it is a hole, `{}`."""
    match value:
        case ast.Constant(value=str(text)):
            yield text, None
        case ast.IfExp(body=one, orelse=other):
            yield from spellings(one, function)
            yield from spellings(other, function)
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), ast.FormattedValue(value=inner)]):
            yield from ((text + rest, hole) for rest, hole in direct(inner, function))
        case ast.Name(id=name):
            assigned = [
                node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
            ]
            for each in assigned:
                yield from spellings(each, function)
            if not assigned:
                yield from direct(value, function)
        case _:
            return


def direct(value: ast.expr, function: ast.FunctionDef) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, ast.Name) and value.id in parameters(function):
        yield "{}", value.id
