"""`--json`: what every verb really prints is what docs/workbench-1.schema.json and json.md say."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from escalated_core import records
from escalated_core.analysis import moments, rows

Run = Callable[..., CompletedProcess[str]]
Copy = Callable[..., Path]

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "workbench-1.schema.json").read_text("utf-8"))
DOCUMENTS = {
    name: definition["properties"]["verb"]["const"]
    for name, definition in SCHEMA["$defs"].items()
    if name.startswith("verb-")
}
"""What each document's definition is called, and the verb that prints it."""
HOSTILE = [
    "async-callback",
    "bad-repr",
    "cyclic",
    "exit-at-import",
    "exit-in-callback",
    "giant-value",
    "input-asker",
    "latin1",
    "not-utf8",
    "prints-bytes",
    "recursion",
]

CALLS: dict[str, list[str]] = {
    "version": ["version"],
    "demo": ["demo"],
    "list": ["list"],
    "hooks": ["hooks"],
    "hooks of one plugin": ["hooks", "plugin_activated_x"],
    "check": ["check"],
    "fire an action": ["fire", "ticket_created"],
    "fire a filter": ["fire", "ticket_data"],
    "fire with nested": ["fire", "ticket_status_changed", "-a@ticket:1", "-aopen", "-aresolved"],
    "fire a query": ["fire", "ticket_list_query"],
    "fire a loop": ["fire", "user_login", "--time-limit", "0.6"],
    "fire prints-bytes": ["fire", "comment_created"],
    "fire bad-repr": ["fire", "user_permissions"],
    "fire cyclic": ["fire", "cyclic_run", "-a", "{}"],
    "fire giant-value": ["fire", "giant_value_run", "-a", "{}"],
    "fire and compare": ["fire", "ticket_data", "--mute", "triage:normalise", "--compare"],
    "fire with what-ifs": ["fire", "ticket_data", "--mute", "triage", "--priority", "round_up=1"],
    "whatif": ["whatif", "ticket_data"],
    "fire and save": ["fire", "ticket_data", "--save", "a.session"],
    "trace": ["trace", "a.session"],
    "trace of some": ["trace", "a.session", "--where", "hook:ticket_* outcome:error"],
    "trace at": ["trace", "a.session", "--at", "1"],
    "replay": ["replay", "a.session"],
    "report": ["report", "a.session", "-o", "out.html"],
    "event list": ["event", "list"],
    "event show": ["event", "show", "ticket.status"],
    "event run": ["event", "run", "ticket.create", "--times", "2", "--dry"],
    "event run and compare": ["event", "run", "ticket.create", "--mute", "triage", "--compare"],
    "event run story": ["event", "run", "story.yaml"],
    "event run stories": ["event", "run", "story.yaml", "story.yaml", "stories"],
    "event fuzz": ["event", "fuzz", "--plugin", "triage", "--examples", "5"],
    "desk": ["desk"],
    "desk of one": ["desk", "agent", "2"],
    "config show": ["config", "show", "--seed", "3"],
    "deactivate": ["deactivate", "triage"],
    "activate": ["activate", "triage"],
    "uninstall declined": ["uninstall", "triage"],
    "uninstall": ["uninstall", "triage", "--yes"],
}


@pytest.fixture(scope="module")
def printed(
    run: Run,
    copied: Copy,
    sample_slugs: list[str],
    story_text: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """The document that each of the calls prints, in that order, on samples and hostile plugins."""
    # Without it no plugin imports Django, and only what needs the help desk waits for it.
    root = copied(*sorted({*sample_slugs} - {"slack-notifier"}), *HOSTILE)
    (root / "story.yaml").write_text(story_text(assigned=2), "utf-8")
    (root / "stories").mkdir()
    (root / "stories" / "story.yml").write_text(story_text(), "utf-8")
    env = {"TMPDIR": str(tmp_path_factory.mktemp("demo"))}

    def document(words: list[str]) -> Any:
        result = run(*words, "--json", cwd=root, env=env, input="n\n")
        assert result.returncode in (0, 1), result.stderr
        assert "Traceback" not in result.stderr
        return json.loads(result.stdout, parse_constant=pytest.fail)

    return {name: document(words) for name, words in CALLS.items()}


def definition_of(document: dict[str, Any]) -> str:
    """Which definition a document must be valid against."""
    name = f"verb-{document['verb'].replace(' ', '-')}"
    kinds = [kind for kind in ("story", "stories", "comparison", "moment") if kind in document]
    return "-".join([name, *kinds])


def complaints(document: Any, definition: str = "") -> list[str]:
    """What the schema, or one of its definitions, finds wrong with a document."""
    target = {"$ref": f"#/$defs/{definition}"} if definition else {"oneOf": SCHEMA["oneOf"]}
    validator = Draft202012Validator({**target, "$defs": SCHEMA["$defs"]})
    return [
        f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)
    ]


@pytest.mark.parametrize("name", CALLS)
def test_what_is_printed_is_what_the_schema_says(printed: dict[str, Any], name: str) -> None:
    document = printed[name]
    assert complaints(document, definition_of(document)) == []
    assert document["format"] == "escalated-workbench/1"
    assert document["verb"] == " ".join(CALLS[name])[: len(document["verb"])]


def test_every_verb_is_among_them(printed: dict[str, Any]) -> None:
    from escalated_workbench.cli import main

    # `open` shows a session in the terminal, `watch` has no end, the others print texts.
    without = {"open", "watch", "schema", "completion"}
    verbs = {verb.partition(" ")[0] for verb in DOCUMENTS.values()}
    assert verbs == main.VERBS.keys() - without == {words[0] for words in CALLS.values()}
    assert {definition_of(document) for document in printed.values()} == DOCUMENTS.keys()


def test_the_schema_is_one_and_tells_the_verbs_apart(printed: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert complaints(printed["version"]) == []
    assert complaints(printed["hooks"]) == []
    assert complaints({**printed["version"], "verb": "list"}) != []
    assert complaints({**printed["version"], "more": 1}) != []
    assert complaints({**printed["version"], "format": "escalated-workbench/2"}) != []


RECORDS = {
    "plugin": records.Plugin,
    "finding": records.Finding,
    "hook": records.Hook,
    "documentation": records.CataloguedHook,
    "parameter": records.Parameter,
    "callback": records.Callback,
    "location": records.Location,
    "firing": records.Firing,
    "step": records.Step,
    "change": records.Change,
    "log": records.LogLine,
    "error": records.ErrorRecord,
    "frame": records.Frame,
    "call": records.Call,
    "import": records.Import,
    "event": records.Event,
    "event-parameter": records.EventParameter,
    "effect": records.Effect,
    "reload": records.Reload,
    "what-if": records.WhatIf,
    "comparison": records.Comparison,
    "compared-run": records.Run,
    "difference": records.Difference,
    "pace": records.Pace,
    "save-verdict": records.SaveVerdict,
    "left-out": records.LeftOut,
    "matrix": records.Matrix,
    "trial": records.Trial,
    "affected": records.Affected,
    "standing": records.Standing,
    "moment": moments.Moment,
    "link": moments.Link,
    "since": moments.Since,
    "stand": moments.Stand,
    "past-row": rows.PastRow,
}


@pytest.mark.parametrize("name", RECORDS)
def test_each_record_has_exactly_the_keys_of_its_definition(name: str) -> None:
    kind = RECORDS[name]
    names = {f.name for f in dataclasses.fields(kind) if not f.name.startswith("_")}
    names |= {key for key, member in vars(kind).items() if isinstance(member, property)}
    definition = SCHEMA["$defs"][name]
    assert names == set(definition["properties"]) == set(definition["required"])


def test_every_definition_is_used() -> None:
    used = set(re.findall(r'"#/\$defs/([\w-]+)"', json.dumps(SCHEMA)))
    assert used | {"watched"} == set(SCHEMA["$defs"])


class TestWhatItTells:
    """The documents hold what happened, not only the right keys."""

    def test_firing(self, printed: dict[str, Any]) -> None:
        firing = printed["fire a filter"]["firing"]
        steps = [step for step in firing["steps"] if step["plugin"] == "triage"]
        assert [step["callback"] for step in steps] == [
            "normalise",
            "detect_urgency",
            "tag_vip",
            "round_up",
        ]
        assert all(step["outcome"] == "ok" for step in steps)
        assert firing["args"][1]["kind"] == "model"
        assert firing["result"] == firing["steps"][-1]["after"]
        assert [change["path"] for change in steps[-1]["changes"]] == [["metadata"]]

    def test_nested(self, printed: dict[str, Any]) -> None:
        told = printed["fire with nested"]
        assert {nested["parent_id"] for nested in told["nested"]} == {told["firing"]["id"]}
        assert {nested["cause"] for nested in told["nested"]} == {"plugin:billing"}

    def test_query(self, printed: dict[str, Any]) -> None:
        assert printed["fire a query"]["firing"]["args"][0]["kind"] == "queryset"

    def test_loop(self, printed: dict[str, Any]) -> None:
        assert printed["fire a loop"]["firing"]["outcome"] == "interrupted"

    def test_values_that_are_hard_to_picture(self, printed: dict[str, Any]) -> None:
        assert "cycle" in json.dumps(printed["fire cyclic"]["firing"]["result"])
        assert "truncated" in json.dumps(printed["fire giant-value"]["firing"]["result"])
        assert "$object" in printed["fire bad-repr"]["firing"]["result"]
        output = printed["fire prints-bytes"]["firing"]["steps"][0]["output"]
        assert "not utf-8: \\xff\\xfe\0" in output

    def test_failed_plugins(self, printed: dict[str, Any]) -> None:
        status = {plugin["slug"]: plugin["status"] for plugin in printed["list"]["plugins"]}
        failed = {slug for slug, value in status.items() if value == "failed"}
        assert failed >= {"broken-json", "broken-main-file", "broken-syntax", "exit-at-import"}
        codes = {(f["plugin"], f["code"]) for f in printed["check"]["findings"]}
        assert ("exit-at-import", "load.exited") in codes

    def test_lifecycle(self, printed: dict[str, Any]) -> None:
        assert printed["deactivate"]["plugin"]["status"] == "inactive"
        hooks = [firing["hook"] for firing in printed["activate"]["firings"]]
        assert hooks == ["plugin_loaded", "plugin_activated", "plugin_activated_triage"]
        assert printed["uninstall declined"]["deleted"] is False
        assert printed["uninstall"]["deleted"] is True
        assert not Path(printed["uninstall"]["path"]).exists()
        hooks = [firing["hook"] for firing in printed["uninstall"]["firings"]]
        assert hooks[:2] == ["plugin_uninstalling", "plugin_uninstalling_triage"]


def examples() -> list[tuple[str, str]]:
    """The JSON of docs/json.md: which definition it shows (none: a document), and its text."""
    text = (DOCS / "json.md").read_text("utf-8")
    return re.findall(r"^```json(?: (\w+))?\n(.*?)^```$", text, re.M | re.S)


def test_the_examples_of_the_documentation_are_valid() -> None:
    for definition, block in examples():
        for text in block.splitlines() if definition == "snapshot" else [block]:
            assert complaints(json.loads(text), definition) == [], text


def test_every_verb_has_an_example() -> None:
    documents = [json.loads(block) for definition, block in examples() if not definition]
    assert sorted(map(definition_of, documents)) == sorted(DOCUMENTS)
