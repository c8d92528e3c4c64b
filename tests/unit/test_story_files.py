"""Story files: read with every place, refused as a whole, and described by a schema."""

from __future__ import annotations

import json
import re
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from escalated_core.errors import UsageError
from escalated_core.helpdesk.events.catalogue import events
from escalated_core.stories.moments import duration, spelt
from escalated_core.stories.reading import read_story
from escalated_core.stories.references import escaped, resolved
from escalated_core.stories.schema import story_schema
from escalated_core.stories.story import StoryError
from escalated_core.stories.writing import write_story
from escalated_core.stories.yaml import read

DOCS = Path(__file__).parents[2] / "docs"


def story(steps: str, head: str = "name: x\n") -> str:
    return f"{textwrap.dedent(head)}steps:\n{textwrap.indent(textwrap.dedent(steps), '  ')}"


def problems(text: str) -> list[str]:
    with pytest.raises(StoryError) as refused:
        read_story(text)
    return [str(problem) for problem in refused.value.problems]


# --- values


def test_values_are_what_they_look_like() -> None:
    text = """
        - ticket.create:
            subject: no
            description: 2026-01-05
            channel: on
            metadata: {a: yes, b: 12:30, c: 010, d: 0x10, e: 1e3, f: ~, g: true, 1: 0o7, h: 1_0}
            tags: [off, "1", null, .5, +7, Null, TRUE]
    """
    given = read_story(story(text)).steps[0].given
    assert (given["subject"], given["description"], given["channel"]) == ("no", "2026-01-05", "on")
    values = {"a": "yes", "b": "12:30", "c": 10, "d": 16, "e": 1000.0, "f": None, "g": True}
    assert given["metadata"] == values | {"1": 7, "h": "1_0"}
    assert given["tags"] == ["off", "1", None, 0.5, 7, None, True]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "story:1:1: It is empty"),
        ("\n\n", "story:1:1: It is empty"),
        ("# nothing\n", "It is empty"),
        ("5\n", "story:1:1: A story must be an object, not 5."),
        ("a: [\n", "story:2:1: A [ or { is not closed."),
        ("name: x\n\tsteps: y\n", "story:2:1: A tab cannot stand at the beginning of a line."),
        ("name: *x\n", "story:1:7: The alias *x cannot stand in a story"),
        ("name: &x 1\n", "story:1:7: The anchor &x cannot stand in a story"),
        ("a: &a [1]\nb: [*a, *a]\n", "story:1:4: The anchor"),
        ("name: !!python/object:os.system x\n", "story:1:7: The tag"),
        (
            "name: x\nsteps: []\nname: y\n",
            "story:3:1: The key 'name' is here twice, first in line 1",
        ),
        ("name: x\n? [a]\n: b\n", "story:2:3: A key must be text."),
        ("--- {}\n--- {}\n", "Expected a single document"),
        ("name: \x07\n", "story:1:7: The character U+0007 cannot stand in a file."),
        ("a: " + "[" * 60 + "]" * 60 + "\n", "nested too deep"),
        ("a: " + "[" * 50_000 + "\n", "nested too deep"),
        ("a: " + "x" * 16_000_001 + "\n", "At most 16,000,000 are read"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_place(text: str, says: str) -> None:
    (problem,) = problems(text + "\n" * ("\n" not in text))
    assert says in problem


@pytest.mark.parametrize(
    ("steps", "place", "cure"),
    [
        ("- a: {b: ${x}}", "3:11", 'Put the text in quotes, as in "${x}".'),
        ("- a: {b: x", "3:6", "Close it: }"),
        ("- a: {b: 'it's'}", "3:14", "or the text in quotes."),
        ("- a: 'x", "3:6", "End the text with the same quote."),
        ("\t- a", "3:1", "Indent with spaces."),
        ("- a: @foo", "3:6", "Put it in quotes."),
        ("- a: *foo", "3:6", "or put the text in quotes."),
        ("- a: Hello: world", "3:11", 'Put the text in quotes: "Hello: world".'),
        ("- a: [urgent] foo", "3:15", "Put all of it in quotes."),
        ("- ticket.list\n  expect: x", "4:9", "A colon is missing after ticket.list in line 3."),
        ("- ticket.list\n    expect: x", "4:11", "in line 3. Begin both in the same column."),
        ("- a: x\n b: y", "4:2", "Begin all keys of an object in the same column."),
        ("  - a\n- b", "4:1", "Begin all items of a list in the same column."),
    ],
)
def test_common_slips_are_told_with_their_cure(steps: str, place: str, cure: str) -> None:
    (problem,) = problems(f"name: x\nsteps:\n{steps}\n")
    assert problem.startswith(f"story:{place}: ")
    assert problem.endswith(cure)


# --- names and types


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ("- ticket.creat: {}", "story:3:5: There is no event 'ticket.creat'. Did you mean"),
        ("- ticket.creat", "Did you mean 'ticket.create'?"),
        ("- event: ticket.creat", "story:3:12: There is no event 'ticket.creat'."),
        ("- ticket.create: {subjct: x}", "story:3:21: There is no parameter of ticket.create"),
        ("- ticket.create: {priority: hi}", "story:3:31: 'priority' of ticket.create must be one"),
        ("- ticket.create: {subject: 5}", "must be text, not 5."),
        ("- ticket.create: {metadata: [1]}", "must be an object, not a list."),
        ("- ticket.create: x", "must be an object, not 'x'."),
        ("- sla.warning: {minutes: soon}", "must be a number, not 'soon'."),
        ("- sla.warning: {minutes: true}", "must be a number, not True."),
        ("- ticket.assign: {agent: null}", "must be an agent, by number or name"),
        ("- ticket.assign: {ticket: 1.5}", "must be a ticket, by number or name"),
        ("- ticket.assign: {ticket: 0}", "must be a ticket, by number or name"),
        ("- ticket.list:\n  repeat: 0", "story:4:13: 'repeat' must be a whole number from 1"),
        ("- ticket.list:\n  repeat: 10000000", "'repeat' must be a whole number"),
        ("- ticket.list:\n  at: soon", "story:4:9: 'at' must be such as +30m"),
        ("- ticket.list:\n  at: 1999", "'at' must be such as"),
        ("- ticket.list:\n  at: '08:59'", "The step is at 08:59, which is over"),
        ("- ticket.list:\n  at: 2025-01-01", "which is over. It is 2026-01-05 09:00 by then."),
        ("- ticket.list:\n  at: +999w\n  repeat: 1000", "The step comes after 2200"),
        ("- ticket.list:\n  at: '+9999999999d'", "'at' must be such as"),
        ("- ticket.list:\n  as: agent1", "story:4:5: Nobody does ticket.list"),
        ("- ticket.close: {user: 1}\n  as: agent1", "said already"),
        ("- ticket.list:\n  dry: maybe", "'dry' must be true or false"),
        ("- ticket.list:\n  with: {}", "'with' does not go with the short form"),
        ("- ticket.list:\n  args: []", "'args' does not go with an event."),
        ("- fire: x\n  as: agent1", "'as' does not go with a bare hook."),
        ("- fire: x\n  kind: y", "'kind' must be one of action, filter"),
        ("- fire: plugin_activated_{slug}", "stands for one hook of each plugin"),
        ("- {}", "In this step nothing happens."),
        ("- 5", "A step must be an object, not 5."),
        ("- fire: a\n  event: ticket.list", "One step cannot be"),
        ("- ticket.list:\n  ticket.create:", "One step cannot be ticket.list and ticket.create."),
        ("- ticket.list:\n  expct: {}", "story:4:5: There is no event or key of a step called"),
        ("- ticket.list:\n  id: n", "'n' cannot be an id."),
        ("- ticket.list:\n  id: a b", "'a b' cannot be an id."),
        ("- ticket.list:\n  expect: 5", "'expect' must be an object, or `no errors`"),
        (
            "- ticket.list:\n  expect: {fird: x}",
            "story:4:14: There is no expectation called 'fird'.",
        ),
        (
            "- ticket.list:\n  expect: {fired: {ticket_craeted: 1}}",
            "Did you mean 'ticket_created'?",
        ),
        ("- ticket.list:\n  expect: {fired: {x: -1}}", "'x' must be a whole number from 0"),
        ("- ticket.list:\n  expect: {under: 5}", "'under' must be a time such as 5ms"),
        ("- ticket.list:\n  expect: {outcome: fine}", "'outcome' must be one of ok, error"),
        ("- ticket.list:\n  expect: {row: {status: x}}", "This step leaves no row behind."),
        ("- ticket.close:\n  expect: {row: {stats: x}}", "no field of a ticket called 'stats'."),
        ("- ticket.close:\n  expect: {row: {status.x: x}}", "There is no 'x' in a value."),
        ("- ticket.list:\n  expect: {effects: {smtp: 1}}", "no kind of effects called 'smtp'."),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_place(steps: str, says: str) -> None:
    (problem,) = problems(story(steps))
    assert says in problem
    assert re.match(r"story:\d+:\d+: ", problem)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("${x}", "There is no earlier step with the id 'x'. There are: t, gone."),
        ("${t.x}", "There is no field of a ticket called 'x'."),
        ("${t.requester.x}", "There is no field of a user called 'x'."),
        ("${t.subject.x}", "There is no 'x' in a value."),
        ("${gone}", "The step 'gone' leaves no row behind."),
        ("${t", "The reference '${t b' cannot be read."),
        ("${}", "The reference '${}' cannot be read."),
        ("${own}", "The step 'own', in line 8, has not happened yet."),
        ("${later}", "The step 'later', in line 10, has not happened yet."),
    ],
)
def test_references_lead_somewhere(text: str, says: str) -> None:
    steps = f"""
        - id: t
          ticket.create:
        - id: gone
          ticket.delete:
        - id: own
          comment.create: {{body: "a {text} b"}}
        - id: later
          ticket.create:
    """
    (problem,) = problems(story(steps))
    assert says in problem


def test_rows_of_another_kind_are_refused() -> None:
    steps = """
        - id: u
          user.create:
        - ticket.close: {ticket: "${u}"}
    """
    (problem,) = problems(story(steps))
    assert problem.endswith("must be a ticket, not '${u}'. That is a user.")


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("nme: x\n", "There is no key of a story called 'nme'. Did you mean 'name'?"),
        ("name: x\nprofile: y\n", "'profile' must be one of guide, escalated-django"),
        ("name: x\nseed: -1\n", "'seed' must be a whole number"),
        ("name: x\nstart: monday\n", "'start' must be a moment such as"),
        ("name: x\nsla: soon\n", "'sla' must be how long before"),
        ("name: x\nsettings: {a_b: 1}\n", "Did you mean A_B?"),
        ("name: 5\n", "'name' must be text, not 5. Put it in quotes."),
        ("name: x\nexpect: {row: {status: x}}\n", "leaves no row behind"),
    ],
)
def test_the_head_of_a_story_is_checked(head: str, says: str) -> None:
    assert any(says in problem for problem in problems(story("- ticket.list", head)))


def test_all_problems_are_told_at_once_in_order() -> None:
    steps = """
        - ticket.creat:
        - ticket.create: {subject: 5, priority: hi}
          expect: {errs: 0}
    """
    found = problems(story(steps, "name: x\nseed: y\n"))
    places = [tuple(map(int, re.findall(r":(\d+):(\d+):", each)[0])) for each in found]
    assert len(found) == 5
    assert places == sorted(places)
    with pytest.raises(UsageError, match="The story has 5 problems:\n  story:2:7: "):
        read_story(story(steps, "name: x\nseed: y\n"))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "story.yaml"
    with pytest.raises(UsageError, match=r"story\.yaml cannot be read: No such file"):
        read_story(path)
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_story(str(tmp_path))
    for nothing in ("", None):
        with pytest.raises(UsageError, match=r"is no story\. Name a story file"):
            read_story(nothing)  # pyright: ignore[reportArgumentType]
    path.write_bytes("name: x\nsteps: [é".encode() + b"\xff]\n")
    with pytest.raises(StoryError, match=r"story\.yaml:2:10: The byte 0xFF is no UTF-8."):
        read_story(path)
    path.write_bytes(b"\xef\xbb\xbfname: x\r\nsteps:\r\n  - ticket.list\r\n")
    assert read_story(path).steps[0].event == "ticket.list"


# --- written


def test_what_is_written_says_the_same() -> None:
    steps = r"""
        - id: t
          at: +1d 2h
          ticket.create:
            subject: "no"
            description: "a\nb \u202e \x07 \U0001F600 'x' \"y\" ${n}"
            metadata: {"12:30": "1", deep: [{a: null, b: 1.5, c: true}]}
          repeat: 3
          expect: {errors: 0, fired: [a, b], row: {status: open, t.id: 1}, under: 5ms}
        - fire: x
          kind: filter
          args: [1, "${t}"]
          kwargs: {a: 1}
          expect: {result: {a: 1}, effects: {http: 0}, outcome: ok}
        - ticket.list:
          dry: true
    """
    head = (
        "name: 'on'\nprofile: guide\nseed: 7\nstart: 2026-02-03 04:05\nsla: 1h\nexpect: no errors\n"
    )
    steps = steps.replace(", t.id: 1", "")
    first = read_story(story(steps, head))
    text = write_story(first)
    second = read_story(text)
    assert write_story(second) == text
    assert [each.given for each in second.steps] == [each.given for each in first.steps]
    assert second.start == datetime(2026, 2, 3, 4, 5, tzinfo=UTC)
    assert "\u202e" not in text
    assert yaml.safe_load(text)["name"] == "on"


@pytest.mark.parametrize("value", ["${x}", "$${x}", "a $ { ${", "$", "${x", {"a": ["${b}"]}])
def test_escaped_values_are_no_references(value: Any) -> None:
    assert resolved(escaped(value), lambda use: pytest.fail(use.text)) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5ms", 0.005), ("5 ms", 0.005), ("1d 2h", 93_600), ("1.5h", 5_400), ("1w1s", 604_801)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)
    if seconds >= 1:
        assert duration(spelt(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "h", "1h x", "-1h", "1 y", "1e3s", "٣h"])
def test_what_is_no_duration(text: str) -> None:
    assert duration(text) is None


# --- the schema


SCHEMA = Draft202012Validator(story_schema())


def test_the_schema_is_one_and_knows_every_event() -> None:
    Draft202012Validator.check_schema(story_schema())
    for name, event in events().items():
        given: dict[str, Any] = {
            each.name: each.choices[0] for each in event.parameters if each.choices
        }
        for step in (name, {name: None}, {name: given}, {"event": name, "with": given}):
            SCHEMA.validate({"name": "x", "steps": [step]})
        assert not SCHEMA.is_valid({"name": "x", "steps": [{name: {"nonsense": 1}}]})


@pytest.mark.parametrize(
    "data",
    [
        {"steps": ["ticket.list"]},
        {"name": "x", "steps": []},
        {"name": "x", "steps": ["ticket.lst"]},
        {"name": "x", "steps": [{"ticket.list": None, "fire": "x"}]},
        {"name": "x", "steps": [{"ticket.create": {"priority": "hi"}}]},
        {"name": "x", "steps": [{"ticket.list": None, "expect": {"under": 5}}]},
        {"name": "x", "steps": [{"ticket.list": None, "expect": {"outcome": "fine"}}]},
        {"name": "x", "steps": [{"ticket.list": None, "repeat": 0}]},
        {"name": "x", "sla": True, "steps": ["ticket.list"]},
        {"name": "x", "nme": "y", "steps": ["ticket.list"]},
    ],
)
def test_the_schema_refuses_what_is_refused(data: dict[str, Any]) -> None:
    assert not SCHEMA.is_valid(data)
    assert problems(json.dumps(data) + "\n")


def test_the_stories_of_the_documentation_are_stories() -> None:
    text = (DOCS / "stories.md").read_text("utf-8")
    told = re.findall(r"^```yaml\n(.*?)^```$", text, re.M | re.S)
    assert len(told) >= 2
    for each in told:
        SCHEMA.validate(read(each).plain())
        assert read_story(each).steps


def test_the_published_schema_is_this_one() -> None:
    published = json.loads((DOCS / "story-1.schema.json").read_text("utf-8"))
    assert published == story_schema()
