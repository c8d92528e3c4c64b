"""The filter box: a query typed with completions, an error with its cure, terms added by keys."""

# Textual leaves the parameter of App open.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from escalated_core.analysis.query import Query, Term, completions, term_at
from escalated_core.errors import UsageError
from escalated_core.records import Row
from escalated_workbench.tui.look import part

OFFERED = 24
"""Completions that are shown, at most."""
HINT = "hook:ticket_*  plugin:billing  outcome:error  -kind:action  printer"


class FilterInput(Input):
    """Types a query; the keys that choose a completion are its own."""

    HELP = """\
Only the firings that meet every term are listed: `hook:ticket_* -plugin:billing outcome:error
printer`. A minus negates, a comma is an or, a bare word is searched for in everything a firing says
and carries. The list follows as you type; while the text is no query the last one stays."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "take", "Complete", show=False, id="filter.take"),
        Binding("down", "choose(1)", "Next completion", show=False, id="filter.next"),
        Binding("up", "choose(-1)", "Previous completion", show=False, id="filter.previous"),
        Binding("escape", "leave", "Clear, then close", show=False, id="filter.close"),
    ]

    def action_take(self) -> None:
        self.box.take()

    def action_choose(self, direction: int) -> None:
        self.box.choose(direction)

    def action_leave(self) -> None:
        if self.value:
            self.value = ""
        else:
            self.box.close()

    @property
    def box(self) -> FilterBox:
        return next(each for each in self.ancestors if isinstance(each, FilterBox))


class FilterBox(Container):
    """Shown while a query is typed; `text` is what was typed, `query` what of it could be read."""

    DEFAULT_CSS = """
    FilterBox {
        display: none; height: auto; border: round $accent; background: $surface;
        border-title-color: $text-accent; border-subtitle-color: $text-accent;
    }
    FilterBox.-open { display: block; }
    FilterBox Input, FilterBox Input:focus {
        height: 1; border: none; padding: 0 1; background: $surface;
    }
    FilterBox Static { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    FilterBox.-wrong Static { height: auto; text-wrap: wrap; }
    """

    @dataclass
    class Asked(Message):
        """Another query is to be listed."""

        query: Query

    class Closed(Message):
        """The box is closed; the query stays."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.query_terms = Query()
        self._known: Mapping[str, Iterable[str]] = {}
        self._offers: list[str] = []
        self._chosen = 0
        self._wrong: UsageError | None = None
        self._good = Query()
        """What was asked for last that was not half typed."""

    def compose(self) -> ComposeResult:
        self.border_title = "Filter"
        yield FilterInput(placeholder=HINT, id="filter-text", select_on_focus=False)
        yield Static(id="filter-offers", markup=False)

    @property
    def text(self) -> str:
        """What is typed."""
        return self._input.value

    def open(self, known: Mapping[str, Iterable[str]]) -> None:
        """Show the box; `known` are values to complete by key."""
        self._known = known
        self.add_class("-open")
        self._input.focus()
        self._input.cursor_position = len(self.text)
        self._offer()

    def close(self) -> None:
        self.remove_class("-open")
        self.post_message(self.Closed())

    def toggle(self, term: Term) -> bool:
        """Add a term to the query, or take it out again; returns whether it is in it now."""
        terms = self.query_terms.terms
        kept = tuple(each for each in terms if each != term)
        added = len(kept) == len(terms)
        self.ask(str(Query((*terms, term) if added else kept)))
        return added

    def ask(self, text: str) -> None:
        """Put another query in the place of what is typed; what is typed next is a term more."""
        self._input.value = f"{text} " if text else ""

    def choose(self, direction: int) -> None:
        """Move to another completion."""
        if self._offers:
            self._chosen = (self._chosen + direction) % len(self._offers)
            self._draw()

    def take(self) -> None:
        """Put the chosen completion in place of what is typed."""
        if self._offers:
            start, end = term_at(self.text, self._input.cursor_position)
            offer = self._offers[self._chosen]
            done = "" if offer.endswith(":") or self.text[end : end + 1] else " "
            self._input.value = f"{self.text[:start]}{offer}{done}{self.text[end:]}"
            self._input.cursor_position = start + len(offer) + len(done)
            self._offer()

    @on(Input.Changed, "#filter-text")
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._wrong = None
        try:
            query = Query.parse(event.value)
        except UsageError as error:
            self._wrong = error
            # The beginning of a key could be read as a word, and was not meant as one.
            query = self._good
        else:
            if not self._is_half_typed(event.value):
                self._good = query
        if query != self.query_terms:
            self.query_terms = query
            self.post_message(self.Asked(query))
        self._offer()

    @on(Input.Submitted, "#filter-text")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._wrong is None:
            self._good = self.query_terms
            self.close()

    @property
    def _input(self) -> FilterInput:
        return self.query_one(FilterInput)

    def _is_half_typed(self, text: str) -> bool:
        """Whether the cursor is in a word that may become a key."""
        cursor = min(self._input.cursor_position, len(text))
        start, _ = term_at(text, cursor)
        return start < cursor and ":" not in text[start:cursor]

    def _offer(self) -> None:
        cursor = self._input.cursor_position
        self._offers = completions(self.text, cursor, self._known)[:OFFERED]
        self._chosen = 0
        self._draw()

    def _draw(self) -> None:
        """The completions with the chosen one marked, else what is wrong and its cure."""
        leaving = "clears" if self.text else "closes"
        self.border_subtitle = f"tab completes · enter keeps · escape {leaving}"
        offers = self._offers[self._chosen :] + self._offers[: self._chosen]
        is_wrong = self._wrong is not None and not offers
        self.set_class(is_wrong, "-wrong")
        if self._wrong is not None and not offers:
            said = f"✖ {self._wrong.message} {self._wrong.cure}"
            content = Content.assemble(part(said, "$text-error"))
        elif offers:
            first, *others = offers
            content = Content.assemble(
                part(f"▸ {first}", "$text-accent"), part(f"  {'  '.join(others)}", "$text-muted")
            )
        else:
            content = Content("")
        self.query_one("#filter-offers", Static).update(content, layout=is_wrong)


class HideScreen(ModalScreen[Term | None]):
    """What to hide, by one key; what is hidden already is shown again by the same key."""

    HELP = "A key adds a term to the filter, or takes it out again. Escape closes."
    DEFAULT_CSS = """
    HideScreen { align: center middle; }
    HideScreen OptionList {
        width: 64; max-width: 96%; height: auto; max-height: 90%; padding: 0 1;
        background: $surface; border: round $accent; border-title-color: $text-accent;
        border-subtitle-color: $text-accent;
    }
    HideScreen OptionList:focus { border: round $accent; }
    HideScreen OptionList:focus > .option-list--option-highlighted {
        background: $block-cursor-blurred-background; color: $foreground;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "pick('h')", "This hook", show=False, id="hide.hook"),
        Binding("p", "pick('p')", "This plugin", show=False, id="hide.plugin"),
        Binding("k", "pick('k')", "This kind", show=False, id="hide.kind"),
        Binding("n", "pick('n')", "Without callbacks", show=False, id="hide.no-op"),
        Binding("u", "pick('u')", "Without changes", show=False, id="hide.unchanged"),
        Binding("l", "pick('l')", "Plugins coming and going", show=False, id="hide.lifecycle"),
        Binding("escape", "close", "Close", show=False, id="hide.close"),
    ]

    def __init__(self, row: Row | None, query: Query) -> None:
        super().__init__()
        self._choices = choices(row)
        self._query = query

    def compose(self) -> ComposeResult:
        box = OptionList(id="hide", markup=False)
        box.border_title = "Hide"
        box.border_subtitle = "escape closes"
        for key, (words, term) in self._choices.items():
            state = "hidden" if term in self._query.terms else ""
            line = Content.assemble(
                part(f"{key}  ", "bold $text-accent"),
                part(f"{words:<44} "),
                part(state, "$text-warning"),
            )
            box.add_option(Option(line, id=key))
        yield box

    def action_pick(self, key: str) -> None:
        if key in self._choices:
            self.dismiss(self._choices[key][1])

    @on(OptionList.OptionSelected)
    def _picked(self, event: OptionList.OptionSelected) -> None:
        self.action_pick(event.option_id or "")

    def action_close(self) -> None:
        self.dismiss(None)


def choices(row: Row | None) -> dict[str, tuple[str, Term]]:
    """What can be hidden, by key: words and the term that hides it."""
    found: dict[str, tuple[str, Term]] = {}
    if row is not None:
        found["h"] = f"the hook {row.hook}", Term("hook", (row.hook,), negated=True)
        if row.plugins:
            words = f"what {' or '.join(row.plugins)} took part in"
            found["p"] = words, Term("plugin", row.plugins, negated=True)
        found["k"] = f"every {row.kind}", Term("kind", (row.kind,), negated=True)
    found["n"] = "what no callback listened to", Term("plugin", ("*",))
    found["u"] = "what changed nothing", Term("changed", ("yes",))
    found["l"] = "plugins coming and going", Term("cause", ("lifecycle",), negated=True)
    return found
