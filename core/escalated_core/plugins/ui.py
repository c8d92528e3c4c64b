"""The UI registry: menu items, dashboard widgets and page components that plugins register."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, cast

from escalated_core.errors import UsageError, meant
from escalated_core.hooks.registration import calling_place
from escalated_core.records import Finding, Location
from escalated_core.scope import APART, Owner, current_owner, refuse_abandoned
from escalated_core.snapshots.snapshot import DictSnapshot, snapshot

Names = tuple[str, ...]
ItemKind = Literal["menu item", "widget", "component"]

SECTIONS = ("admin", "agent", "customer")
PAGES = ("ticket-detail", "dashboard", "user-profile")
PAGE_SECTIONS = ("header", "sidebar", "footer", "tabs")

SPELLINGS: dict[str, str] = {
    "target": "section",
    "position": "priority",
    "data": "props",
    "title": "label",
}
"""Keys of the published package and what the guide calls them."""

PAGE_SPELLINGS = {"ticket.show": "ticket-detail"}


@dataclass(frozen=True, slots=True)
class UiItem:
    """One registration: `options` by the guide's names, `page` only for components."""

    kind: ItemKind
    plugin: str | None
    label: str
    section: str
    priority: float
    options: DictSnapshot
    place: Location
    page: str = ""


class UiRegistry:
    """What plugins added to the interface; items of a generation show once it is live."""

    def __init__(self, report: Callable[[Finding], None]) -> None:
        self._report = report
        self._items: dict[Owner | None, list[UiItem]] = {}
        self._live: dict[str, Owner] = {}
        self._lock = threading.Lock()

    def menu_items(self, section: str | None = None) -> list[UiItem]:
        """Menu items of a section (all when None), by priority."""
        return self._chosen("menu item", section)

    def widgets(self, section: str | None = None) -> list[UiItem]:
        """Dashboard widgets of a section (all when None), by priority."""
        return self._chosen("widget", section)

    def components(self, page: str | None = None, section: str | None = None) -> list[UiItem]:
        """Components of a page and its section (all when None), by priority."""
        found = self._chosen("component", section)
        self._require("component", "page", page, PAGES)
        return [i for i in found if page in (None, i.page)]

    def of(self, slug: str) -> list[UiItem]:
        """Everything that the live generation of a plugin registered."""
        return list(self._items.get(self._live.get(slug), ())) if slug in self._live else []

    def go_live(self, owner: Owner) -> None:
        """Show the items of `owner` in place of its older generation's."""
        with self._lock:
            old = self._live.get(owner.slug)
            self._live[owner.slug] = owner
            if old is not None and old is not owner:
                self._items.pop(old, None)

    def discard(self, owner: Owner) -> None:
        """Take back everything `owner` registered."""
        with self._lock:
            self._items.pop(owner, None)
            if self._live.get(owner.slug) is owner:
                del self._live[owner.slug]

    def add(self, kind: ItemKind, options: object, page: str = "", section: str = "") -> None:
        """Register one item; what is doubtful about it becomes findings with file and line.

        Raises:
            TypeError: `options` is not a mapping, as in the published package.
        """
        refuse_abandoned()
        place, owner = calling_place(), current_owner()
        if not isinstance(options, Mapping):
            raise TypeError(f"A {kind} is registered with a dict, not {options!r} ({place}).")
        if APART.get():
            return
        entries = cast("Mapping[str, Any]", options)
        check = _Check(kind, owner.slug if owner else None, place, self._report)
        named = check.guide_names(entries)
        if kind == "component":
            page = check.spelling(PAGE_SPELLINGS, page, "page")
            check.known("page", page, PAGES)
            check.known("section", section, PAGE_SECTIONS)
        else:
            section = str(named.get("section", "admin"))
            check.known("section", section, SECTIONS)
        needed = "component" if kind == "component" else "label"
        check.present(needed, named)
        if kind == "widget":
            check.present("component", named)
            self._check_duplicate(check, named)
        item = UiItem(
            kind=kind,
            plugin=check.plugin,
            label=str(named.get(needed, "")),
            section=section,
            priority=check.priority(named),
            options=snapshot(named),
            place=place,
            page=page,
        )
        with self._lock:
            self._items.setdefault(owner, []).append(item)

    def _check_duplicate(self, check: _Check, named: dict[str, Any]) -> None:
        check.present("id", named)
        others = [i for i in self._visible() if i.kind == "widget" and i.plugin != check.plugin]
        others += self._items.get(current_owner(), [])
        for other in others:
            if other.kind == "widget" and other.options.get("id") == named.get("id") is not None:
                where = f"{other.plugin or 'the host'} ({other.place})"
                message = f"Widget id {named['id']!r} is taken by {where}."
                check.finding("duplicate-id", message, "Choose another, with your slug in front.")
                break

    def _visible(self) -> Iterator[UiItem]:
        with self._lock:
            groups = {owner: list(items) for owner, items in self._items.items()}
        for owner, items in groups.items():
            if owner is None or self._live.get(owner.slug) is owner:
                yield from items

    def _require(
        self, kind: ItemKind, what: Literal["section", "page"], name: str | None, known: Names
    ) -> None:
        """Raise `UsageError` for a name that is unknown, and that no plugin uses either."""
        used = {getattr(item, what): None for item in self._visible() if item.kind == kind}
        if name is not None and name not in (*known, *used):
            message = f"There is no {what} {name!r} of {kind}s."
            raise UsageError(message, meant(name, (*known, *used)))

    def _chosen(self, kind: ItemKind, section: str | None) -> list[UiItem]:
        known = PAGE_SECTIONS if kind == "component" else SECTIONS
        self._require(kind, "section", section, known)
        chosen = [i for i in self._visible() if i.kind == kind and section in (None, i.section)]
        return sorted(chosen, key=lambda item: item.priority)


class _Check:
    """Turns what is doubtful about one registration into findings."""

    def __init__(
        self, kind: ItemKind, plugin: str | None, place: Location, report: Callable[[Finding], None]
    ) -> None:
        self.kind = kind
        self.plugin = plugin
        self._place = place
        self._report = report

    def finding(self, code: str, message: str, cure: str = "", info: bool = False) -> None:
        severity = "info" if info else "warning"
        file, line = self._place.file, self._place.line
        self._report(Finding(f"ui.{code}", severity, message, cure, self.plugin, file, line))

    def guide_names(self, options: Mapping[str, Any]) -> dict[str, Any]:
        named: dict[str, Any] = {}
        for key, value in options.items():
            name = SPELLINGS.get(key, key) if SPELLINGS.get(key) not in options else key
            if name != key:
                message = f"{key!r} of a {self.kind} is escalated-django's spelling."
                self.finding("spelling", message, f"The guide calls it {name!r}.", info=True)
            named[name] = value
        return named

    def spelling(self, spellings: Mapping[str, str], value: str, what: str) -> str:
        if value in spellings:
            message = f"{value!r} is escalated-django's spelling of a {what}."
            self.finding(
                "spelling", message, f"The guide calls it {spellings[value]!r}.", info=True
            )
        return spellings.get(value, value)

    def known(self, what: str, value: str, choices: tuple[str, ...]) -> None:
        if value in choices:
            return
        message = f"{value!r} is no {what} of a {self.kind}."
        self.finding(f"unknown-{what}", message, meant(str(value), choices, "Known"))

    def present(self, key: str, options: Mapping[str, Any]) -> None:
        if not options.get(key):
            self.finding(f"missing-{key}", f"A {self.kind} without {key!r}.", f"Add a {key!r}.")

    def priority(self, options: Mapping[str, Any]) -> float:
        value = options.get("priority", 10)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value == value:
            return value
        message = f"Priority {value!r} of a {self.kind} is no number; 10 is used."
        self.finding("priority", message, "Give a number.")
        return 10


def ui_module(registry: UiRegistry) -> ModuleType:
    """What plugins import as `escalated.plugin_ui_service`."""

    def register_menu_item(item: Mapping[str, Any]) -> None:
        """Add an entry to the menu of a section."""
        registry.add("menu item", item)

    def register_dashboard_widget(widget: Mapping[str, Any]) -> None:
        """Add a widget to the dashboard of a section."""
        registry.add("widget", widget)

    def add_page_component(page: str, section: str, component: Mapping[str, Any]) -> None:
        """Add a component to a section of a page."""
        registry.add("component", component, page, section)

    module = ModuleType("escalated.plugin_ui_service", "Provided by escalated-workbench.")
    for function in (register_menu_item, register_dashboard_widget, add_page_component):
        setattr(module, function.__name__, function)
    return module
