"""What `fire` and `hooks` print of one firing, and what they refuse."""

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

CODE = """
import datetime

from escalated.hooks import *

PADDING = "a" * 300


@on_filter("ticket_list_query")
def narrow(queryset):
    return queryset.filter(subject="needle")


@on_action("again")
def again():
    do_action("again")


@on_filter("day")
def day(value):
    return datetime.date(2026, 1, 2)


@on_filter("moves")
def moves(value):
    return {"tags": [*value["tags"], "vip"], "kept": 1}


@on_filter("long")
def long(value):
    return value.replace("old", "new")


@on_action("fails")
def outer():
    inner()


def inner():
    try:
        {}["first"]
    except KeyError as error:
        raise ValueError("second") from error


@on_action("user_login")
def talks(user):
    print("\\n".join(f"line {n}" for n in range(21)))


@on_action("ticket_updated")
def takes_one(ticket):
    pass


@on_action("ticket_created")
def takes_three(ticket, user, more):
    pass


add_filter("ticket_deleted", lambda ticket_id: ticket_id)
add_action("plugin_activated_triage", lambda: None)
"""


@pytest.fixture(scope="module")
def root(copied: Copy) -> Path:
    root = copied("triage")
    (root / "triage" / "plugin.py").write_text(CODE, "utf-8")
    return root


@pytest.fixture(scope="module")
def told(run: Run, root: Path) -> Callable[..., str]:
    """`told("fire", ..., code=1)` is what a verb prints."""

    def call(*words: object, code: int = 0) -> str:
        result = run(*words, "-p", root)
        assert result.returncode == code, result.stderr
        return result.stdout

    return call


@pytest.fixture(scope="module")
def refused(run: Run, root: Path) -> Callable[..., str]:
    def call(*words: object) -> str:
        result = run(*words, "-p", root)
        assert (result.returncode, result.stdout) == (2, ""), result.stderr
        return result.stderr

    return call


Told = Callable[..., str]


class TestValues:
    def test_of_long_texts_the_difference_is_shown(self, told: Told) -> None:
        text = told("fire", "long", "-a", f"{'a' * 300}old{'b' * 600}")
        (change,) = re.findall(r"~ (.*)", text)
        before, after = change.removeprefix("value: ").split(" -> ")
        assert re.fullmatch(r"…a+oldb+…", before)
        assert re.fullmatch(r"…a+newb+…", after)
        assert len(before) == len(after) == 60
        (result,) = re.findall(r"^  result  (.*)$", text, re.M)
        assert re.fullmatch(r"'a{99}…a+newb+…", result)
        assert len(result) == 400

    def test_of_a_queryset_too(self, told: Told) -> None:
        text = told("fire", "ticket_list_query")
        (change,) = re.findall(r"~ value: (.*)", text)
        assert "ORDER BY" in change.partition(" -> ")[0]
        assert "WHERE" in change.partition(" -> ")[2]
        assert "needle" in text.partition("  result  ")[2]

    def test_short_ones_are_shown_whole(self, told: Told) -> None:
        text = told("fire", "long", "-a", "old hat")
        assert "~ value: 'old hat' -> 'new hat'" in text
        assert text.endswith("  result  'new hat'\n")

    def test_what_came_and_went_has_one_side(self, told: Told) -> None:
        text = told("fire", "moves", "-a", '{"tags": ["hw"], "kept": 1, "gone": null}')
        changes = re.findall(r"^ +([~+-]) (\S+): (.+)$", text, re.M)
        assert sorted(changes) == [("+", "tags[1]", "'vip'"), ("-", "gone", "None")]


class TestSteps:
    def test_an_error_is_told_once_with_the_way_to_it(self, told: Told) -> None:
        text = told("fire", "fails", code=1)
        assert text.count("ValueError") == 2  # its text, and the line that raises it
        assert text.count("second") == 2
        assert "escalated.hooks" not in text
        way = [line.split("  ") for line in text.splitlines() if " in " in line]
        assert [(words[-2].split()[-1], words[-1]) for words in way] == [
            ("outer", "inner()"),
            ("inner", 'raise ValueError("second") from error'),
        ]
        assert "after KeyError: 'first'  (triage/plugin.py:" in text

    def test_output_that_is_cut_names_where_the_rest_is(self, told: Told) -> None:
        text = told("fire", "user_login", "-a", "1")
        assert "| line 19\n          | … 1 more line: --json has the rest\n" in text

    def test_arguments_that_were_dropped_are_noted(self, told: Told) -> None:
        text = told("fire", "ticket_updated", "-a", "1", "-a", "2", "-a", "3")
        assert "does not take the last 2 arguments: escalated-django fails here" in text
        assert "does not take" not in told("fire", "user_login", "-a", "1")

    @pytest.mark.parametrize("given", [1, 2, 3])
    def test_other_arguments_than_the_hook_passes_are_noted(
        self, run: Run, root: Path, given: int
    ) -> None:
        result = run("fire", "comment_created", *["-a", "1"] * given, "-p", root)
        note = f"Note: comment_created passes 2 arguments (comment, ticket); you gave {given}.\n"
        assert (result.returncode, result.stderr) == (0, note if given == 3 else "")

    def test_one_in_order_has_the_others_made(self, told: Told) -> None:
        in_order = told("fire", "comment_content", "-a", "Hi", "--json")
        named = told("fire", "comment_content", "-a", "content=Hi", "--json")
        args = [json.loads(each)["firing"]["args"] for each in (in_order, named)]
        assert args[0] == args[1]
        assert (args[0][0], len(args[0])) == ("Hi", 2)

    def test_what_contradicts_itself(self, refused: Told) -> None:
        assert "exclude each other" in refused("fire", "moves", "--live", "--capture")
        assert "give others by name" in refused("fire", "moves", "--payload", "-", "-a", "1")

    def test_recursion_is_told_in_short(self, told: Told) -> None:
        text = told("fire", "again", code=1)
        assert "63 firings inside of it: --json has them" in text
        assert text.count("again()") < 10

    def test_dates_are_written_plainly(self, told: Told) -> None:
        assert told("fire", "day", "-a", "1").endswith("  result  2026-01-02\n")


class TestHooks:
    def test_a_hook_of_one_plugin_has_its_own_name(self, told: Told) -> None:
        assert told("hooks", "plugin_activated_triage").startswith(
            "action  plugin_activated_triage()  - "
        )

    def test_a_template_is_listed_and_not_fired(self, told: Told, refused: Told) -> None:
        assert "plugin_activated_{slug}()" in told("hooks", "plugin_activated_{slug}")
        message = refused("fire", "plugin_activated_{slug}")
        assert "Put a slug in its place: 'plugin_activated_billing'." in message

    def test_a_callback_of_the_wrong_kind_does_not_hear_the_documented_hook(
        self, run: Run, root: Path, told: Told
    ) -> None:
        text = told("hooks", "ticket_deleted")
        assert re.search(r"^action  ticket_deleted\(ticket_id\)  - [^\n]+\nfilter", text, re.M)
        assert "filter  ticket_deleted  - not documented" in text
        document = json.loads(run("hooks", "ticket_deleted", "-p", root, "--json").stdout)
        heard = [(h["documented"] is not None, len(h["callbacks"])) for h in document["hooks"]]
        assert heard == [(True, 0), (False, 1)]

    def test_a_kind_that_the_hook_does_not_have(self, told: Told, refused: Told) -> None:
        message = refused("fire", "ticket_updated", "--kind", "filter")
        assert "'ticket_updated' is no filter. It is known as an action only." in message
        assert "triage" in told("fire", "ticket_deleted", "--kind", "filter", "-a", "1")

    def test_a_callback_that_needs_too_much_is_found_without_a_firing(self, told: Told) -> None:
        text = told("check", code=1)
        assert re.search(
            r"triage/plugin.py:\d+: error: takes_three\(ticket, user, more\) needs 3 arguments, "
            r"ticket_created passes 2 \(ticket, user\)\. .+ \[callback\.needs-too-many\]",
            text,
        )


def test_who_would_listen_and_could_not_be_loaded_is_named(
    run: Run, write: Callable[..., Path], root: Path
) -> None:
    write("alpha", "from escalated.hooks import *\nadd_filter('own', len)\n")
    write("beta", "from escalated.hooks import *\ndef (\n")
    assert run("fire", "own", "--arg", "[]", "-p", root).stderr == ""
    unheard = run("fire", "other", "--arg", "[]", "-p", root)
    assert "beta/plugin.py:2" in unheard.stderr
    assert "SyntaxError" in unheard.stderr
