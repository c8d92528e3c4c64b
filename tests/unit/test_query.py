"""The query language: what each term finds, what each mistake is told, and its laws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from escalated_core.analysis.query import Query, Term, completions, term_at
from escalated_core.analysis.query_keys import KEYS
from escalated_core.errors import UsageError
from escalated_core.records import ErrorRecord, Firing, Kind, LogLine, Outcome, Row, Step
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.snapshot import snapshot

NOON = datetime(2024, 3, 5, 12, 0).timestamp()


def step(**fields: Any) -> Step:
    given: dict[str, Any] = {
        "plugin": "billing",
        "callback": "lookup",
        "file": "plugin.py",
        "line": 3,
        "priority": 10,
        "outcome": "ok",
        "duration_ns": 1_000_000,
    }
    return Step(**{**given, **fields})


def writing(before: object, after: object) -> Step:
    return step(changes=changes(snapshot(before), snapshot(after)))


def firing(*steps: Step, **fields: Any) -> Firing:
    given: dict[str, Any] = {
        "id": 12,
        "hook": "ticket_data",
        "kind": "filter",
        "cause": "workbench",
        "parent_id": None,
        "depth": 0,
        "thread": "plugins",
        "args": (),
        "kwargs": snapshot({}),
        "steps": steps,
        "result": None,
        "started_at": NOON,
        "duration_ns": 2_000_000,
    }
    return Firing(**{**given, **fields})


def row(of: Firing) -> Row:
    return Row(
        id=of.id,
        parent_id=of.parent_id,
        depth=of.depth,
        hook=of.hook,
        kind=of.kind,
        cause=of.cause,
        outcome=of.outcome,
        steps=len(of.steps),
        changed=of.changed,
        duration_ns=of.duration_ns,
        started_at=of.started_at,
        plugins=tuple(dict.fromkeys(each.plugin or "host" for each in of.steps)),
    )


def log(level: str, message: str = "") -> LogLine:
    return LogLine(level, "billing", message, NOON, "plugin.py", 3)


FAILED = step(
    outcome="error",
    error=ErrorRecord("KeyError", "'plan'", cause=ErrorRecord("OSError", "no network")),
)
TICKET = {"subject": "Printer", "tags": ["a", "b"], "meta": {"owner": {"name": "Ann"}}}

FOUND = [
    ("hook:ticket_data", firing()),
    ("hook:TICKET_*", firing()),
    ("hook:ticket_dat?", firing()),
    ("hook:a,*_data", firing()),
    ("Kind:Filter", firing()),
    ("kind:filter,action", firing(kind="action")),
    ("plugin:bill*", firing(step())),
    ("plugin:host", firing(step(plugin=None))),
    ("callback:Rules.*", firing(step(), step(callback="Rules.lookup"))),
    ("outcome:ok", firing()),
    ("outcome:error", firing(step(), FAILED)),
    ("outcome:interrupted", firing(FAILED, step(outcome="interrupted"))),
    ("outcome:skipped", firing(step(outcome="skipped"))),
    ("cause:plugin:*", firing(cause="plugin:billing")),
    ('cause:"a story"', firing(cause="a story")),
    ("id:12", firing()),
    ("id:1,10..12", firing()),
    ("id:12.. id:..12", firing()),
    ("parent:7", firing(parent_id=7)),
    ("depth:2", firing(depth=2)),
    ("changed:yes", firing(step(mutated=True))),
    ("changed:no", firing(step())),
    ("slow:>1.9ms slow:<=2 slow:2ms", firing()),
    ("slow:<0.1s slow:>=2000us slow:>1999999ns", firing()),
    ("slow:<1ms,>1ms", firing()),
    ("step:>5ms", firing(step(), step(duration_ns=5_000_001))),
    ("log:warning", firing(step(logs=(log("INFO"), log("ERROR"))))),
    ("log:info", firing(step(logs=(log("Level 25"),)))),
    ("says:DONE", firing(step(output="all done\n"))),
    ('says:"all done"', firing(step(logs=(log("INFO", "All done"),)))),
    ("error:keyerror", firing(FAILED)),
    ("error:\"KeyError: 'plan'\"", firing(FAILED)),
    ("error:network", firing(FAILED)),
    ("ticket", firing()),
    ("look", firing(step())),
    ("BILLING", firing(step())),
    ("done", firing(step(output="Done"))),
    ("done", firing(step(logs=(log("INFO", "Done"),)))),
    ("network", firing(FAILED)),
    ("print ann", firing(args=(snapshot(TICKET),))),
    ("ann", firing(result=snapshot([TICKET]))),
    ("ann", firing(kwargs=snapshot({"user": "Ann"}))),
    ("-b -d -f", firing(hook="x", args=(snapshot("x" * 30_000),))),
    ('"a:b, c"', firing(step(output="a:b, c"))),
    ("hook:ticket_* -kind:action -printer", firing()),
    ("", firing()),
]

NOT_FOUND = [
    ("hook:ticket", firing()),
    ("hook:ticket.data", firing()),
    ("plugin:host", firing(step())),
    ("plugin:*", firing()),
    ("callback:look", firing(step())),
    ("outcome:error", firing(step(outcome="skipped"))),
    ("outcome:skipped", firing(step(), FAILED)),
    ("parent:0..", firing()),
    ("id:13..", firing()),
    ("slow:>2ms", firing()),
    ("step:<1ms", firing()),
    ("log:error", firing(step(logs=(log("WARNING"), log("MINE"))))),
    ("says:lookup", firing(step())),
    ("error:lookup", firing(FAILED)),
    ("error:plan", firing(replace(FAILED, outcome="ok"))),
    ("subject", firing(args=(snapshot(TICKET),))),
    ("-ticket", firing()),
    ("-error:other,plan", firing(FAILED)),
    ("hook:ticket_* kind:action", firing()),
]


@pytest.mark.parametrize(("text", "fired"), FOUND)
def test_a_term_finds(text: str, fired: Firing) -> None:
    query = Query.parse(text)
    assert query.matches(fired)
    assert query.matches_row(row(fired)) is not False
    assert Query.parse(str(query)) == query


@pytest.mark.parametrize(("text", "fired"), NOT_FOUND)
def test_a_term_leaves_out(text: str, fired: Firing) -> None:
    query = Query.parse(text)
    assert not query.matches(fired)
    assert query.matches_row(row(fired)) is not True


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("subject", {**TICKET, "subject": "Fire"}),
        ("sub*", {**TICKET, "subject": "Fire"}),
        ("tags", {**TICKET, "tags": ["a", "c"]}),
        ("tags[1]", {**TICKET, "tags": ["a", "c"]}),
        ("tags.1", {**TICKET, "tags": ["a", "c"]}),
        ("tags[*]", {**TICKET, "tags": ["a", "b", "c"]}),
        ("meta", {**TICKET, "meta": {"owner": {"name": "Bob"}}}),
        ("meta.*.name", {**TICKET, "meta": {"owner": {"name": "Bob"}}}),
        ("subject,meta.owner", {**TICKET, "meta": {"owner": {"name": "Bob"}}}),
        ("meta.owner.name", {**TICKET, "meta": None}),
        ("meta.team.name", {**TICKET, "meta": {"team": {"name": "Desk"}}}),
        ("subject", None),
        ("value", None),
        ('x["a.b"]', {**TICKET, "x": {"a.b": 1}}),
        ("*", {**TICKET, "extra": 1}),
    ],
)
def test_wrote_finds_the_path_and_what_is_below(path: str, after: object) -> None:
    assert Query.parse(f"wrote:{path}").matches(firing(writing(TICKET, after)))


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("subject", {**TICKET, "meta": None}),
        ("subject", dict(reversed(TICKET.items()))),
        ("tags[0]", {**TICKET, "tags": ["a", "c"]}),
        ("meta.owner.age", {**TICKET, "meta": None}),
        ("value", {**TICKET, "subject": "Fire"}),
        ("name", {**TICKET, "meta": {"owner": {"name": "Bob"}}}),
    ],
)
def test_wrote_leaves_out_other_paths(path: str, after: object) -> None:
    assert not Query.parse(f"wrote:{path}").matches(firing(writing(TICKET, after)))


def test_wrote_finds_list_items_by_their_identity() -> None:
    before, after = {"comments": [{"id": 5, "body": "x"}]}, {"comments": [{"id": 5, "body": "y"}]}
    for path in ("comments[id=5].body", "comments[*].body", "comments"):
        assert Query.parse(f"wrote:{path}").matches(firing(writing(before, after)))


def test_moments_count_from_now() -> None:
    def finds(text: str, now: float) -> bool:
        found = Query.parse(text).matches(firing(), now)
        assert Query.parse(text).matches_row(row(firing()), now) is found
        return found

    assert finds("since:-10s until:-10s", NOON + 10)
    assert not finds("since:-10s", NOON + 11)
    assert finds("since:-5m,-1h", NOON + 3000)
    assert finds("since:12:00 until:12:00:00", NOON)
    assert finds("since:11:59:59.9", NOON)
    assert not finds("since:12:00:00.5", NOON)
    assert not finds("until:11:59", NOON)
    assert not finds("since:9:00", NOON + 86_400)
    assert finds("until:9:00", NOON + 86_400)


def test_filter_counts_from_the_newest_firing() -> None:
    fired = [firing(id=number, started_at=NOON + number) for number in (0, 30, 60)]
    assert [each.id for each in Query.parse("since:-30s").filter(fired)] == [30, 60]
    assert Query.parse("since:12:00:30").filter(iter(fired)) == fired[1:]
    assert Query.parse("since:-30s").filter([]) == []


def test_a_row_decides_what_it_can() -> None:
    quiet, failed = row(firing(step())), row(firing(FAILED))
    bare = row(firing())
    for text, of, answer in [
        ("hook:ticket_data plugin:billing kind:filter slow:>1ms", quiet, True),
        ("billing", quiet, True),
        ("-billing", quiet, False),
        ("printer", quiet, None),
        ("printer hook:other", quiet, False),
        ("error:plan", quiet, False),
        ("-error:plan", quiet, True),
        ("error:plan", failed, None),
        ("wrote:subject", quiet, False),
        ("says:done", quiet, None),
        ("says:done", bare, False),
        ("callback:*", bare, False),
        ("outcome:skipped", quiet, None),
        ("outcome:skipped,ok", quiet, True),
    ]:
        assert Query.parse(text).matches_row(of) is answer, text


QUOTE = "To search for the text, quote it:"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a  hok:b", f"4: there is no key 'hok'. Did you mean hook:? {QUOTE} \"hok:b\"."),
        ("-kinds:b", f"1: there is no key 'kinds'. Did you mean kind:? {QUOTE} \"kinds:b\"."),
        (
            "http://x/y",
            f"1: there is no key 'http'. {QUOTE} \"http://x/y\". Keys: {', '.join(KEYS)}.",
        ),
        (
            "x kind:acton",
            "3: kind takes action, filter or event, not 'acton'. Did you mean kind:action?",
        ),
        ("hook:", "1: hook needs a name or a glob such as ticket_*. Write hook:ticket_*."),
        ("error:a,", "1: error needs a part of an error's type or message. Write error:KeyError."),
        ('x says:"a', '3: the quote is not closed. Close it with ".'),
        ("x -", "3: there is nothing to search for. Write a word, or delete it."),
        ("--x", '1: one minus negates a term. Quote the text: "--x".'),
        (
            "a OR",
            "3: there are no operators between terms. Terms are joined by AND, values by a comma: "
            'hook:a,b. The text: "OR".',
        ),
    ],
)
def test_a_mistake_names_term_column_and_cure(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        Query.parse(text)
    term = text.rpartition(" ")[2]
    assert str(raised.value) == f"{term!r} at column {message}"


@pytest.mark.parametrize(
    ("term", "takes", "cure"),
    [
        ("outcome:eror", "ok, error, interrupted or skipped", "Did you mean outcome:error?"),
        ("changed:1", "yes or no", "Write changed:yes."),
        ("log:warn", "debug, info, warning, error or critical", "Did you mean log:warning?"),
        ("slow:quick", "a duration such as >5ms, <=0.5s or >200us", "Write slow:>5ms."),
        ("step:>5min", "a duration such as >5ms, <=0.5s or >200us", "Write step:>5ms."),
        ("id:20..10", "a number or a range such as 10..20", "Write id:10..20."),
        ("id:..", "a number or a range such as 10..20", "Write id:10..20."),
        ("id:9999999999999999999", "a number or a range such as 10..20", "Write id:10..20."),
        ("parent:none", "a number or a range such as 10..20", "Write parent:12."),
        ("depth:-1", "a number or a range such as 10..20", "Write depth:0."),
        ("since:10s", KEYS["since"].takes, "Did you mean since:-10s?"),
        ("since:25:00", KEYS["since"].takes, "Write since:-5m."),
        ("until:noon", KEYS["until"].takes, "Write until:12:30."),
        ("wrote:[]", "a path such as tags[0] or meta.*", "Write wrote:tags[*]."),
    ],
)
def test_a_wrong_value_is_told_what_the_key_takes(term: str, takes: str, cure: str) -> None:
    with pytest.raises(UsageError) as raised:
        Query.parse(term)
    key, _, value = term.partition(":")
    assert raised.value.message == f"{term!r} at column 1: {key} takes {takes}, not {value!r}."
    assert raised.value.cure == cure


def test_every_example_is_taken() -> None:
    for name, key in KEYS.items():
        for value in (key.example, *key.offers):
            assert str(Query.parse(f"{name}:{value}")) == f"{name}:{value}"


def test_every_key_is_explained() -> None:
    page = (Path(__file__).parents[2] / "docs" / "query.md").read_text("utf-8")
    explained = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert [each.partition(":")[0] for each in explained] == list(KEYS)
    for each in explained:
        Query.parse(each)


KNOWN = {"hook": ["ticket_created", "comment_created", "ticket_data"], "cause": ["a story"]}


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("|", [f"{key}:" for key in KEYS]),
        ("hook:a |", [f"hook:a {key}:" for key in KEYS]),
        ("x -k|", ["x -kind:"]),
        ("ho|k:ticket_data", ["hook:ticket_data"]),
        ("hook:ti|", ["hook:ticket_created", "hook:ticket_data"]),
        ("hook:CREATED|", ["hook:ticket_created", "hook:comment_created"]),
        ("hook:co|ment plugin:x", ["hook:comment_created plugin:x"]),
        ("-hook:a,co|,b", ["-hook:a,comment_created,b"]),
        ("hook:ticket_data|", []),
        ("plugin:|", ["plugin:host"]),
        ("kind:|", ["kind:action", "kind:filter", "kind:event"]),
        ('cause:"a s|', ['cause:"a story"']),
        ("cause:st|", ['cause:"a story"']),
        ("word|", []),
        ("unknown:x|", []),
    ],
)
def test_completions(text: str, completed: list[str]) -> None:
    cursor, text = text.index("|"), text.replace("|", "")
    start, end = term_at(text, cursor)
    found = completions(text, cursor, KNOWN)
    assert [text[:start] + each + text[end:] for each in found] == completed


# Laws.

TEXTS = st.text(st.sampled_from('ab -:,"\\*?\n.é'), min_size=1, max_size=6)
NAMES = st.sampled_from(["ticket_data", "ticket_created", "a", "plugin:a", "OR"])
NUMBERS = st.integers(0, 3)
DURATIONS = st.sampled_from([0, 999_999, 1_000_000, 5_000_000])
VALUES: dict[str, st.SearchStrategy[str]] = {
    **dict.fromkeys(("", "hook", "plugin", "callback", "cause", "error", "says"), TEXTS | NAMES),
    **{name: st.sampled_from(KEYS[name].offers) for name in ("kind", "outcome", "changed", "log")},
    **dict.fromkeys(("slow", "step"), st.sampled_from([">1ms", "<1", "1", ">=5ms", "<=0s"])),
    **dict.fromkeys(("id", "parent", "depth"), st.sampled_from(["0", "1..2", "2..", "..1"])),
    **dict.fromkeys(("since", "until"), st.sampled_from(["12:00", "-1s", "-0.5m", "11:59:58"])),
    "wrote": st.sampled_from(["a", "a.b", "a[*]", "*", "value", "a.*.b"]),
}
assert set(VALUES) == {"", *KEYS}


@st.composite
def terms(draw: st.DrawFn) -> Term:
    key = draw(st.sampled_from(list(VALUES)))
    values = draw(st.lists(VALUES[key], min_size=1, max_size=3 if key else 1))
    return Term(key, tuple(values), draw(st.booleans()))


QUERIES = st.lists(terms(), max_size=4).map(lambda found: Query(tuple(found)))
PICTURES = st.recursive(
    NUMBERS | TEXTS | st.none(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=5,
).map(snapshot)
ERRORS = st.builds(ErrorRecord, st.sampled_from(["KeyError", "a"]), TEXTS)
LOGS = st.builds(log, st.sampled_from(["INFO", "WARNING", "ERROR", "MINE"]), TEXTS)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    before, after = draw(PICTURES), draw(PICTURES)
    return step(
        plugin=draw(st.sampled_from([None, "a", "billing"])),
        callback=draw(NAMES),
        outcome=draw(st.sampled_from(get_args(Outcome))),
        duration_ns=draw(DURATIONS),
        changes=draw(st.sampled_from([(), changes(before, after)])),
        mutated=draw(st.booleans()),
        error=draw(st.none() | ERRORS),
        output=draw(st.just("") | TEXTS),
        logs=tuple(draw(st.lists(LOGS, max_size=1))),
    )


FIRINGS = st.builds(
    lambda parts, **fields: firing(*parts, **fields),
    st.lists(steps(), max_size=2),
    id=NUMBERS,
    hook=NAMES,
    kind=st.sampled_from(get_args(Kind)),
    cause=NAMES,
    parent_id=st.none() | NUMBERS,
    depth=NUMBERS,
    args=st.tuples(PICTURES),
    result=PICTURES,
    started_at=st.integers(-3, 0).map(lambda seconds: NOON + seconds),
    duration_ns=DURATIONS,
)


@given(QUERIES)
@example(Query((Term("", ("-OR",), True), Term("says", ('a "b", \\"',)))))
def test_the_normal_form_parses_to_the_same(query: Query) -> None:
    assert Query.parse(str(query)) == query
    assert hash(Query.parse(str(query))) == hash(query)


@given(st.text(st.sampled_from('hok:k -,"\\a>5OR\n'), max_size=12))
def test_whatever_parses_has_a_normal_form(text: str) -> None:
    try:
        query = Query.parse(text)
    except UsageError:
        assume(False)
    else:
        assert Query.parse(str(query)) == query


@given(QUERIES, FIRINGS)
def test_a_row_never_contradicts_its_firing(query: Query, fired: Firing) -> None:
    assert query.matches_row(row(fired), NOON) in (None, query.matches(fired, NOON))


@given(terms(), FIRINGS)
def test_negation_is_the_complement(term: Term, fired: Firing) -> None:
    query = Query((term,))
    negated = Query((replace(term, negated=not term.negated),))
    assert query.matches(fired, NOON) is not negated.matches(fired, NOON)
    answers = {query.matches_row(row(fired), NOON), negated.matches_row(row(fired), NOON)}
    assert answers in ({None}, {True, False})


@given(terms(), terms(), FIRINGS)
def test_terms_are_joined_by_and(one: Term, other: Term, fired: Firing) -> None:
    both = Query((one, other)).matches(fired, NOON)
    assert both is all(Query((term,)).matches(fired, NOON) for term in (one, other))


@given(st.text(st.sampled_from('hok: -,"a'), max_size=8), st.integers(0, 9))
def test_completions_never_fail(text: str, cursor: int) -> None:
    start, end = term_at(text, cursor)
    assert 0 <= start <= min(cursor, len(text)) <= end <= len(text)
    assert all(isinstance(each, str) for each in completions(text, cursor, KNOWN))


def test_recorded_firings_agree_with_their_rows(
    samples: Path, open_workbench: Callable[..., Any]
) -> None:
    wb = open_workbench()
    for hook in ("ticket_data", "ticket_created", "ticket_updated"):
        wb.fire(hook)
    rows, _ = wb.trace.rows()
    for text in (*(f"{name}:{key.example}" for name, key in KEYS.items()), "printer", "wrote:*"):
        query = Query.parse(text)
        now = rows[-1].started_at
        for each in rows:
            found = query.matches(wb.trace.get(each.id), now)
            assert query.matches_row(each, now) in (None, found), text
    found = Query.parse("wrote:metadata.triage_summary").filter(wb.trace)
    assert [each.hook for each in found] == ["ticket_data"]
