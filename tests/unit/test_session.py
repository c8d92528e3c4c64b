"""Session files: what is written is read, without secrets, and what is broken is said."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from escalated_core.errors import UsageError
from escalated_core.records import (
    Call,
    Change,
    ErrorRecord,
    Finding,
    Firing,
    Frame,
    LogLine,
    Plugin,
    Reload,
    Step,
)
from escalated_core.sessions.session import (
    FORMAT,
    Header,
    Session,
    SessionPlugin,
    SessionWriter,
    read,
    write,
)
from escalated_core.snapshots.diff import changes
from escalated_core.snapshots.pictures import same
from escalated_core.snapshots.redaction import MASK, is_secret, masked_firing, masked_text
from escalated_core.snapshots.snapshot import snapshot

HEADER = Header(
    versions={"workbench": "0.1", "python": "3.11.2"},
    profile="guide",
    seed=7,
    root="/plugins",
    started_at=1_700_000_000.5,
    plugins=(SessionPlugin("a", "1.0.0", "local", 2, {"plugin.py": "00ff"}),),
)
PLAIN = Step("a", "f", "/a/plugin.py", 3, 10, "ok", 1_000)


def filtered(number: int, *values: Any, parent: int | None = None, **more: Any) -> Firing:
    """A firing of a filter whose value went through `values`."""
    pictures = [snapshot(value) for value in values]
    steps = tuple(
        replace(PLAIN, before=before, after=after, changes=changes(before, after))
        for before, after in pairwise(pictures)
    )
    given: dict[str, Any] = {
        "id": number,
        "hook": "ticket_subject",
        "kind": "filter",
        "cause": "workbench",
        "parent_id": parent,
        "depth": int(parent is not None),
        "thread": "plugins",
        "args": (pictures[0],),
        "kwargs": snapshot({}),
        "steps": steps,
        "result": pictures[-1],
        "started_at": 1_700_000_001.0,
        "duration_ns": 5_000,
    }
    return Firing(**{**given, **more})


def saved(path: Path, *records: Any) -> Session:
    write(path, HEADER, records)
    return read(path)


@pytest.mark.parametrize("name", ["a.session", "a.session.gz"])
def test_a_session_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    ticket = {"id": 1, "tags": ("x", "y"), "subject": "Hé 😀"}
    firings = [
        filtered(2, ticket, {**ticket, "subject": "New"}, parent=1),
        filtered(3, ticket, None, parent=1),
        filtered(1, "a" * 100, "b" * 100, "a\ud800"),
    ]
    reload = Reload(1, "a", "save", ("plugin.py",), 2, (), (), 1.5, 10)
    finding = Finding("hook.unknown", "warning", "No such hook.")
    with saved(tmp_path / name, *firings, reload, finding) as session:
        assert session.header == HEADER
        assert [firing.id for firing in session] == [1, 2, 3]
        assert list(session) == [firings[2], *firings[:2]]
        assert same(session.get(3).result, None)  # type: ignore[union-attr]
        assert session.get(4) is None
        assert len(session) == 3
        assert [firing.id for firing in session.children(1)] == [2, 3]
        assert session.reloads == [reload]
        assert session.findings == [finding]
        assert not session.incomplete


def test_a_value_that_is_passed_on_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    value = {"text": "needle", "more": list(range(9))}
    with saved(path, filtered(1, value, 5)) as session:
        firing = next(iter(session))
    assert path.read_bytes().count(b"needle") == 1
    assert firing.args[0] is firing.steps[0].before is firing.steps[0].changes[0].before
    line = json.loads(path.read_text("utf-8").splitlines()[1])
    assert line["firing"]["args"] == [{"$ref": 0}]
    assert line["values"] == [value]


def test_what_was_added_can_be_read_at_once_and_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    with SessionWriter(path, HEADER) as writer:
        writer.add(filtered(1, "a", "b"))
        with read(path) as session:
            assert len(session) == 1
        writer.add(filtered(2, "a", "b"))
    whole = path.read_bytes()
    for cut in range(whole.rindex(b'{"firing"') + 1, len(whole) - 1, 9):
        path.write_bytes(whole[:cut])
        with read(path) as session:
            assert session.incomplete
            assert [firing.id for firing in session] == [1]
    path.write_bytes(whole[:-1])
    with read(path) as session:
        assert not session.incomplete
        assert len(session) == 2


def test_a_compressed_session_is_readable_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.session.gz"
    writer = SessionWriter(path, HEADER)
    writer.add(filtered(1, "a", "b"))
    with read(path) as session:
        assert [firing.id for firing in session] == [1]
        assert session.incomplete
    writer.close()


def test_a_stream_stays_open() -> None:
    stream = io.BytesIO()
    write(stream, HEADER, [filtered(1, "a")])
    assert stream.getvalue().count(b"\n") == 2


def header(**other: Any) -> bytes:
    return json.dumps({"format": FORMAT, **other}).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n", "no session"),
        (b"hello\n", "no session"),
        (b"[1]\n", "no session"),
        (b'{"format": "escalated-workbench/1"}\n', "no session"),
        (bytes(range(256)) * 20, "no session"),
        (b"[" * 100_000, "no session"),
        (header()[:20], "no session"),
        (header(), "a.session:1: The line is broken"),
        (b'{"format": "escalated-workbench-session/2"}\n', "Update escalated-workbench"),
    ],
    ids=range(10),
)
def test_what_is_no_session_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.session"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read(path)


def test_files_that_cannot_be_read_or_written_are_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read(tmp_path / "none")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read(tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        write(tmp_path / "none" / "a.session", HEADER, [])
    fake = tmp_path / "a.gz"
    fake.write_bytes(header())
    with pytest.raises(UsageError, match="no gzip file"):
        read(fake)


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"5",
        b'{"firing": {"id": 2, "parent_id": null, "hook": 5}}',
        b'{"firing": {"id": 2, "parent_id": null}, garbage}',
        b'{"firing": {"id": "x"}}',
        b'{"finding": {"code": 1}}',
        b'{"firing": [1]}',
        b"\xff\xfe",
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "a.session"
    write(path, HEADER, [filtered(1, "a", "b")])
    path.write_bytes(path.read_bytes() + line + b"\n" + b"\n")
    with (
        pytest.raises(UsageError, match=r"a\.session:3: The line is broken"),
        read(path) as session,
    ):
        list(session)


def test_lines_of_other_kinds_and_other_spacing_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    write(path, HEADER, [filtered(5, "a", "b")])
    first, second = path.read_text("utf-8").splitlines()
    content = json.loads(second)["firing"]
    again = json.dumps({"firing": dict(reversed(content.items()))}, separators=(",", ":"))
    path.write_text(f'{first}\n\n{{"mark": {{"text": "later"}}}}\n{again}\n', "utf-8")
    with read(path) as session:
        assert list(session) == [filtered(5, "a", "b")]


def test_a_failed_save_leaves_the_file_of_before(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    write(path, HEADER, [filtered(1, "a")])

    def breaks() -> Iterator[Firing]:
        yield filtered(2, "a")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(path, HEADER, breaks())
    with read(path) as session:
        assert [firing.id for firing in session] == [1]
    assert [each.name for each in tmp_path.iterdir()] == ["a.session"]


def test_many_firings_are_not_all_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.session"
    one = filtered(1, {"text": "x" * 2_000}, {"text": "y" * 2_000})
    write(path, HEADER, (replace(one, id=number) for number in range(1, 601)))
    tracemalloc.start()
    try:
        with read(path) as session:
            assert session.get(599) == replace(one, id=599)
            assert sum(1 for _ in session) == 600
        used = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert used < path.stat().st_size / 4


def test_the_plugins_of_a_header_have_the_digests_of_their_files(tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_bytes(b"x = 1\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_bytes(b"")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_bytes(b"")
    (tmp_path / "gone").symlink_to("nowhere")
    names = ("slug", "name", "version", "description", "author")
    plugin = Plugin(
        **dict.fromkeys(names, "a"),
        source="local",
        status="active",
        generation=3,
        path=str(tmp_path),
        main_file="plugin.py",
        manifest={},
    )
    known = SessionPlugin.of(plugin)
    assert list(known.files) == ["data/a.txt", "plugin.py"]
    assert known.files["data/a.txt"].startswith("e3b0c44298fc1c14")
    assert list(SessionPlugin.of(replace(plugin, source="composer")).files) == ["plugin.py"]


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "PASSWORD",
        "user_password",
        "passwordHash",
        "new-password",
        "token",
        "accessToken",
        "X-Auth-Token",
        "SLACK_BOT_TOKEN",
        "api_key",
        "apiKey",
        "apikey",
        "X-Api-Key",
        "APIKey",
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "private_key",
        "credentials",
        "secret",
        "client_secret",
        "SECRET_KEY",
        "session_id",
        "sessionid",
        "csrftoken",
        "smtp_pass",
        "auth",
        "OAuth2Token",
        "passwd",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "token_count",
        "token_type",
        "password_changed_at",
        "author",
        "key",
        "public_id",
        "subject",
        "tokenize",
        "compass",
        "passenger",
        "keyboard",
        "authorized_by",
        "secretary",
        "password_field",
        "expires_in",
        "id",
        "monkey",
        "",
    ],
)
def test_names_that_are_none(name: str) -> None:
    assert not is_secret(name)


class Client:
    def __init__(self) -> None:
        self.api_key = "sk_object_key"
        self.name = "client"


class Text(str):
    __slots__ = ()


Login = namedtuple("Login", "user password")
SECRET = "s3cr3t-Value"
HIDDEN: list[Any] = [
    {"password": SECRET},
    {"a": [{"deep": ({"Token": SECRET},)}]},
    {"credentials": {"user": "me", "pw": SECRET}},
    {"tokens": [SECRET]},
    {"api_key": SECRET.encode()},
    {"secret": Text(SECRET)},
    [("Authorization", SECRET)],
    Login("me", SECRET),
    {"a": Login("me", 1234)},
    {"key": "api_key", "value": SECRET},
    f"https://example.com/?a=1&token={SECRET}&b=2",
    f"postgres://user:{SECRET}@localhost/db",
    f"Authorization: Bearer {SECRET}",
    f'{{"password": "{SECRET}", "user": "me"}}',
    {f"password={SECRET}": 1},
    {f"password={SECRET}"},
    Text(f"token={SECRET}"),
    f"SELECT * FROM t WHERE \"token\" = '{SECRET}'",
]


@pytest.mark.parametrize("value", HIDDEN, ids=str)
def test_secrets_do_not_reach_the_file(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "a.session"
    with saved(path, filtered(1, value, {"nested": value}, "other")) as session:
        assert MASK in path.read_text("utf-8")
        assert SECRET not in path.read_text("utf-8")
        assert "1234" not in repr(list(session))
        assert "s3cr3t" not in repr(list(session))


def test_changes_show_that_a_secret_changed_but_not_what() -> None:
    before, after = {"a": {"password": "old-one"}}, {"a": {"password": "new-one"}}
    assert masked_firing(filtered(1, before, after)).steps[0].changes == (
        Change("changed", ("a", "password"), MASK, MASK),
    )
    inside = [{"tokens": {"a", "first-token"}}, {"tokens": {"a", "second-token"}}]
    assert "token'" not in repr(masked_firing(filtered(1, *inside)).steps[0].changes)
    setting = [{"id": 1, "key": "api_key", "value": text} for text in ("old-key", "new-key")]
    masked = masked_firing(filtered(1, [setting[0]], [setting[1]]))
    assert masked.steps[0].changes == (Change("changed", ("id=1", "value"), MASK, MASK),)


def test_errors_locals_output_logs_and_calls_are_masked() -> None:
    frame = Frame(
        "/a/plugin.py",
        2,
        "f",
        ((1, 'API_KEY = "of-nobody"'), (2, "token = get(token, 'x?token=abc')"), (3, SECRET)),
        locals=(("password", SECRET), ("client", snapshot(Client())), ("auth", snapshot(("u", 1)))),
    )
    error = ErrorRecord("ValueError", f"Bad {SECRET}", (frame,))
    step = replace(
        PLAIN,
        outcome="error",
        error=ErrorRecord("RuntimeError", f"token={SECRET}", cause=error),
        output=f"sent {SECRET}\n",
        logs=(LogLine("INFO", "x", f"password: {SECRET}", 1.0, "f", 1),),
        calls=(Call("http", f"GET https://x.test/?api_key={SECRET}", 0, 1),),
    )
    masked = masked_firing(filtered(1, "a", steps=(step,)))
    assert "s3cr3t" not in repr(masked)
    assert "sk_object_key" not in repr(masked)
    source = masked.steps[0].error.cause.frames[0].source  # type: ignore[union-attr]
    lines = [f'API_KEY = "{MASK}"', f"token = get(token, 'x?token={MASK}')", MASK]
    assert source == tuple(enumerate(lines, 1))


def test_what_tells_nothing_stays() -> None:
    value = {
        "token_count": 5,
        "max_tokens": 4_096,
        "password": None,
        "token": "",
        "requires_auth": True,
        "token_type": "bearer",
        "subject": "The password is wrong: please help",
        "reason": "token: must not be empty, password == other, a=b",
    }
    firing = filtered(1, value, 2)
    masked = masked_firing(firing)
    assert masked == firing
    assert masked.args[0] is firing.args[0]


@pytest.mark.parametrize(
    "text",
    [
        "xoxb-1234567890-abcdefghij",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_DEF-123",
        "https://hooks.slack.com/services/T000/B000/XXXX",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        "Cookie: sessionid=abc; csrftoken=def",
        "Basic dXNlcjpwYXNzd29yZDEyMw==",
        "password: hunter2",
        "--password=hunter2",
        "{'token': 'it\\'s'}",
    ],
)
def test_secrets_in_text_are_told_by_their_look(text: str) -> None:
    assert MASK in masked_text(text)
    assert masked_text(masked_text(text)) == masked_text(text)


@pytest.mark.parametrize("unit", ["a", "a.", 'token="', "eyJaaaaaaaa", " ", "token =", "://a:"])
def test_long_texts_take_no_time(unit: str) -> None:
    assert masked_text("token " + unit * (200_000 // len(unit)))
