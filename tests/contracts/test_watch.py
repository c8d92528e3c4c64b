"""What the watcher sees: folders that come, go, move and are linked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_workbench import Workbench

Write = Callable[..., Path]
Helper = Callable[..., Any]
Billing = Any
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]


def test_a_new_folder_appears_and_is_activated_once(
    watched: Workbench, write: Write, until: Until, answering: Helper
) -> None:
    write("alpha", answering("alpha").replace("answer", "alpha"))
    until(lambda: watched.fire("alpha", None).result == "alpha")
    assert list(watched.plugins) == ["alpha", "billing"]
    lifecycle = [f for f in watched.trace if f.cause == "lifecycle" and "billing" not in f.args]
    hooks = ["plugin_loaded", "plugin_activated", "plugin_activated_alpha"]
    assert [firing.hook for firing in lifecycle] == ["plugin_activated_billing", *hooks]
    write("alpha", answering("beta").replace("answer", "alpha"))
    until(lambda: watched.fire("alpha", None).result == "beta")


def test_a_new_folder_written_bit_by_bit_comes_up(
    watched: Workbench, root: Path, until: Until, dedent: Helper, answering: Helper
) -> None:
    folder = root / "alpha"
    folder.mkdir()
    (folder / "helpers.py").touch()
    until(lambda: "alpha" in watched.plugins)
    until(lambda: watched.plugins["alpha"].status == "failed")
    (folder / "plugin.json").write_text(
        json.dumps(
            {"name": "A", "slug": "alpha", "version": "1.0.0", "description": "", "author": "A"}
        )
    )
    until(
        lambda: (
            [f.code for f in watched.findings]
            == ["manifest.empty-field", "manifest.main-file-missing"][::-1]
        )
    )
    (folder / "plugin.py").write_text(dedent(answering("alpha").replace("answer", "alpha")))
    until(lambda: watched.fire("alpha", None).result == "alpha")
    assert watched.plugins["alpha"].status == "active"


def test_deleting_a_folder_removes_the_plugin(
    watched: Workbench, write: Write, root: Path, until: Until, answer: Helper, answering: Helper
) -> None:
    write("zeta", answering("zeta"))
    until(lambda: answer(watched) == "zeta")
    shutil.rmtree(root / "zeta")
    until(lambda: "zeta" not in watched.plugins)
    assert answer(watched) == "one"
    assert [finding for finding in watched.findings if finding.plugin == "zeta"] == []
    assert "plugin_deactivated" not in [firing.hook for firing in watched.trace]
    write("zeta", answering("again"))
    until(lambda: answer(watched) == "again")


def test_moving_a_folder_away_and_back(
    billing: Billing, watched: Workbench, root: Path, until: Until, answer: Helper
) -> None:
    folder, elsewhere = root / "billing", root.parent / "elsewhere"
    for _ in range(3):
        folder.rename(elsewhere)
        until(lambda: "billing" not in watched.plugins)
        assert answer(watched) is None
        elsewhere.rename(folder)
        billing.comes_to("one")


def test_renaming_a_folder_is_another_plugin(
    watched: Workbench, root: Path, until: Until, answer: Helper
) -> None:
    (root / "billing").rename(root / "invoices")
    until(lambda: list(watched.plugins) == ["invoices"])
    until(lambda: answer(watched) == "one")


def test_the_root_may_go_and_come_back(
    billing: Billing, watched: Workbench, write: Write, root: Path, until: Until
) -> None:
    for number in range(3):
        shutil.rmtree(root)
        until(lambda: watched.plugins == {})
        root.mkdir()
        write("billing", billing.code(number))
        billing.comes_to(number)
        billing.save(-1)


def test_the_root_may_be_replaced_at_once(billing: Billing, root: Path) -> None:
    other = root.with_name("other")
    for number in range(3):
        shutil.copytree(root, other)
        shutil.rmtree(root)
        other.rename(root)
        billing.save(number)


@pytest.fixture
def linked(write: Write, root: Path, tmp_path: Path, answering: Helper) -> Path:
    """The real folder of a plugin `billing` that is a link in the root."""
    folder = write("billing", answering("one"))
    real = tmp_path / "checkout" / "the-plugin"
    real.parent.mkdir()
    shutil.move(folder, real)
    folder.symlink_to(real, target_is_directory=True)
    return real


def test_a_linked_plugin_is_followed(
    linked: Path,
    open_workbench: Open,
    root: Path,
    answer: Helper,
    billing_at: Callable[..., Billing],
) -> None:
    workbench = open_workbench(watch=True)
    billing = billing_at(workbench, linked)
    assert answer(workbench) == "one"
    billing.save("two")
    billing.replace("three")
    assert [r.files for r in billing.saves()] == [(str(root / "billing" / "plugin.py"),)] * 2


def test_a_plugin_linked_while_running_is_followed(
    watched: Workbench,
    root: Path,
    tmp_path: Path,
    until: Until,
    answer: Helper,
    dedent: Helper,
    answering: Helper,
) -> None:
    real = tmp_path / "checkout"
    shutil.copytree(root / "billing", real)
    (root / "zeta").symlink_to(real, target_is_directory=True)
    until(lambda: "zeta" in watched.plugins)
    (real / "plugin.py").write_text(dedent(answering("linked")), "utf-8")
    until(lambda: answer(watched) == "linked")
    (root / "zeta").unlink()
    until(lambda: "zeta" not in watched.plugins)
    assert answer(watched) == "one"


def test_a_link_that_leads_round_in_circles_does_no_harm(billing: Billing, root: Path) -> None:
    for name in ("circle", "circle-too"):
        (root / "billing" / name).symlink_to(root, target_is_directory=True)
    (root / "self").symlink_to(root / "self")
    billing.save("two")


def test_the_root_may_be_a_link(
    write: Write, root: Path, tmp_path: Path, answering: Helper, billing_at: Callable[..., Billing]
) -> None:
    folder = write("billing", answering("one"))
    link = tmp_path / "link"
    link.symlink_to(root, target_is_directory=True)
    with Workbench(link, watch=True) as workbench:
        billing_at(workbench, folder).save("two")


def test_the_root_may_be_named_by_a_way_up_and_down_again(
    write: Write, root: Path, answering: Helper, billing_at: Callable[..., Billing]
) -> None:
    folder = write("billing", answering("one"))
    with Workbench(root / ".." / "escalated", watch=True) as workbench:
        assert workbench.root == root
        billing_at(workbench, folder).save("two")


NAMES_A_NOTE = """
    from pathlib import Path

    GREETING = Path(__file__).with_name("greeting.txt")
"""


@pytest.mark.parametrize(
    "name", ["README.md", "notes.TXT", "changes.rst", "LICENSE", "COPYING.LIB"]
)
def test_notes_beside_the_manifest_do_not_count(
    watched: Workbench, root: Path, name: str, saves: Helper, settle: Helper
) -> None:
    (root / "billing" / name).write_text("For people.", "utf-8")
    settle(watched)
    assert saves(watched) == []


def test_a_note_that_the_code_names_counts(
    write: Write, open_workbench: Open, until: Until, saves: Helper
) -> None:
    folder = write("billing", NAMES_A_NOTE)
    watched = open_workbench(watch=True)
    (folder / "greeting.txt").write_text("Hello", "utf-8")
    until(lambda: [r.files for r in saves(watched)] == [(str(folder / "greeting.txt"),)])


@pytest.mark.parametrize(
    "name",
    [
        "plugin.py~",
        ".plugin.py.swp",
        ".plugin.py.swx",
        "plugin.py.swo",
        "4913",
        "#plugin.py#",
        ".#plugin.py",
        "__pycache__/plugin.cpython-311.pyc",
        ".git/index",
        "helper.pyc",
        ".DS_Store",
    ],
)
def test_editor_droppings_do_not_count(
    watched: Workbench, root: Path, name: str, saves: Helper, settle: Helper
) -> None:
    path = root / "billing" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("dropped", "utf-8")
    settle(watched)
    path.write_text("dropped again", "utf-8")
    path.unlink()
    settle(watched)
    assert saves(watched) == []
