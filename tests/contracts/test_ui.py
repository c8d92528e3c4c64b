"""What plugins add to the interface: menu items, widgets, page components, and what is doubtful."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from escalated_workbench import Workbench

Open = Callable[..., Workbench]
Write = Callable[..., Path]

IMPORT = """
from escalated.plugin_ui_service import (
    add_page_component, register_dashboard_widget, register_menu_item,
)
"""


def codes(workbench: Workbench) -> list[tuple[str, int | None]]:
    return [(f.code, f.line) for f in workbench.findings if f.code.startswith("ui.")]


def test_items_come_by_section_and_priority(write: Write, open_workbench: Open) -> None:
    write(
        "menu",
        IMPORT
        + "register_menu_item({'label': 'Late', 'section': 'agent', 'priority': 50})\n"
        + "register_menu_item({'label': 'Early', 'section': 'agent', 'priority': 5})\n"
        + "register_menu_item({'label': 'Mine', 'section': 'customer'})\n",
    )
    wb = open_workbench()
    assert [item.label for item in wb.ui.menu_items("agent")] == ["Early", "Late"]
    assert [item.label for item in wb.ui.menu_items("customer")] == ["Mine"]
    assert {item.plugin for item in wb.ui.menu_items()} == {"menu"}
    assert codes(wb) == []


def test_components_come_by_page_and_section(write: Write, open_workbench: Open) -> None:
    write(
        "page",
        IMPORT
        + "add_page_component('dashboard', 'header', {'component': 'B', 'priority': 20})\n"
        + "add_page_component('dashboard', 'header', {'component': 'A'})\n"
        + "add_page_component('user-profile', 'tabs', {'component': 'C'})\n",
    )
    wb = open_workbench()
    assert [item.label for item in wb.ui.components("dashboard", "header")] == ["A", "B"]
    assert [item.label for item in wb.ui.components("user-profile", "tabs")] == ["C"]
    assert wb.ui.components("ticket-detail") == []


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("register_menu_item({'section': 'admin'})", "ui.missing-label"),
        ("register_menu_item({'label': 'x', 'section': 'admn'})", "ui.unknown-section"),
        ("register_menu_item({'label': 'x', 'priority': '5'})", "ui.priority"),
        ("register_dashboard_widget({'id': 'x', 'label': 'x'})", "ui.missing-component"),
        ("register_dashboard_widget({'label': 'x', 'component': 'x'})", "ui.missing-id"),
        ("add_page_component('tickets', 'header', {'component': 'x'})", "ui.unknown-page"),
        ("add_page_component('dashboard', 'left', {'component': 'x'})", "ui.unknown-section"),
        ("add_page_component('dashboard', 'header', {})", "ui.missing-component"),
        ("register_menu_item({'title': 'x', 'section': 'admin'})", "ui.spelling"),
        ("add_page_component('ticket.show', 'tabs', {'component': 'x'})", "ui.spelling"),
    ],
)
def test_doubts_are_findings_with_their_line(
    call: str, code: str, write: Write, open_workbench: Open
) -> None:
    folder = write("doubtful", f"{IMPORT}\n{call}\n")
    wb = open_workbench()
    assert wb.plugins["doubtful"].status == "active"
    line = (folder / "plugin.py").read_text("utf-8").splitlines().index(call) + 1
    assert codes(wb) == [(code, line)]


def test_the_packages_spellings_are_understood(write: Write, open_workbench: Open) -> None:
    write(
        "package",
        IMPORT
        + "register_menu_item({'label': 'x', 'target': 'agent', 'position': 3})\n"
        + "add_page_component('ticket.show', 'tabs', {'component': 'y', 'data': {'a': 1}})\n",
    )
    wb = open_workbench()
    (item,) = wb.ui.menu_items("agent")
    assert item.priority == 3
    (component,) = wb.ui.components("ticket-detail", "tabs")
    assert component.options["props"] == {"a": 1}
    assert {code for code, _ in codes(wb)} == {"ui.spelling"}


def test_a_widget_id_is_taken_once(write: Write, open_workbench: Open) -> None:
    widget = "register_dashboard_widget({'id': 'w', 'label': 'W', 'component': 'W'})\n"
    write("first", IMPORT + widget)
    write("second", IMPORT + widget)
    wb = open_workbench()
    (finding,) = [f for f in wb.findings if f.code == "ui.duplicate-id"]
    assert finding.plugin == "second"
    assert "first" in finding.message


def test_what_is_no_dict_fails_the_load(write: Write, open_workbench: Open) -> None:
    write("wrong", IMPORT + "register_menu_item('Billing')\n")
    wb = open_workbench()
    assert wb.plugins["wrong"].status == "failed"
    assert "registered with a dict" in str(wb.plugins["wrong"].error)
    assert wb.ui.menu_items() == []


def test_items_follow_their_plugin(write: Write, open_workbench: Open) -> None:
    write("menu", IMPORT + "register_menu_item({'label': 'One'})\n")
    wb = open_workbench()
    write("menu", IMPORT + "register_menu_item({'label': 'Two'})\n")
    reload = wb.reload("menu")
    assert [item.label for item in wb.ui.menu_items()] == ["Two"]
    assert reload.added == ("menu item Two (admin)",)
    assert reload.removed == ("menu item One (admin)",)
    write("menu", IMPORT + "register_menu_item({'label': 'Three'})\nraise ValueError\n")
    with pytest.raises(Exception, match="ValueError"):
        wb.reload("menu")
    assert [item.label for item in wb.ui.menu_items()] == ["Two"]
    wb.deactivate("menu")
    assert wb.ui.menu_items() == []
