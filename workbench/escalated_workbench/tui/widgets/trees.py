"""The trees on the left: plugins with what they listen to, hooks with who listens."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from escalated_core.records import Callback, Hook, Location, Plugin
from escalated_core.stepping.breakpoint import Breakpoint, exactly
from escalated_workbench.tui.look import STATUS_STYLES, label, owner_style, themed
from escalated_workbench.wording import STATUS_GLYPHS

MUTED = "$foreground-muted"
MARK = " ⏸ break"
"""After what stops when it is about to run."""

MOVING: list[BindingType] = [
    Binding("j", "cursor_down", "Down", show=False, id="tree.down"),
    Binding("k", "cursor_up", "Up", show=False, id="tree.up"),
    Binding("right", "open(True)", "Open", show=False, id="tree.open"),
    Binding("left", "open(False)", "Close", show=False, id="tree.close"),
]


@dataclass(frozen=True)
class Entry:
    """What a line of a tree stands for; equal entries are the same line before and after."""

    key: str
    plugin: str | None = None
    hook: str | None = None
    place: Location | None = None
    node: str = "line"
    tail: int = 0
    """How many characters at the end of the line are never cut off."""
    callback: str = ""
    breakpoint: Breakpoint | None = None
    """One that stops at it."""


Line = tuple[Entry, Text, list["Line"]]


class RecordTree(Tree[Entry]):
    """A tree drawn from records, which keeps what is open and where the cursor is."""

    BINDINGS: ClassVar[list[BindingType]] = MOVING
    DEFAULT_CSS = """
    RecordTree { scrollbar-size-horizontal: 0; }
    """

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__("", id=id)
        self.show_root = False
        self.guide_depth = 2
        self._marks: Set[Breakpoint] = frozenset()
        self._opened: set[str] = set()
        self._wanted: set[str] = set()

    @property
    def entry(self) -> Entry | None:
        """What the cursor is on."""
        node = self.cursor_node
        return node.data if node else None

    def render_label(self, node: TreeNode[Entry], base_style: Style, style: Style) -> Text:
        """The label, cut with an ellipsis where there is no room; its tail stays."""
        text = themed(super().render_label(node, base_style, style))
        guides = self.guide_depth * (len(_ancestors(node)) - (not self.show_root))
        room = self.scrollable_content_region.width - guides
        tail = node.data.tail if node.data else 0
        if text.cell_len <= room or room <= tail + 1:
            return text
        end = text[len(text) - tail :] if tail else Text()
        head = text[: len(text) - tail]
        head.truncate(room - end.cell_len, overflow="ellipsis")
        return head.append_text(end)

    def action_open(self, opened: bool) -> None:
        """Open or close the line under the cursor; closing a closed one goes to its parent."""
        node = self.cursor_node
        if node is None:
            return
        if opened:
            node.expand()
        elif node.is_expanded and node.allow_expand:
            node.collapse()
        elif node.parent is not None and node.parent is not self.root:
            self.move_cursor(node.parent)

    def open_once(self, key: str) -> None:
        """Let a line be open the next time it is drawn."""
        self._wanted.add(key)

    def draw(self, lines: Iterable[Line]) -> None:
        """Show these lines in the place of the old ones."""
        kept = self.entry
        self._opened |= {n.data.key for n in self._all_nodes() if n.data and n.is_expanded}
        closed = {n.data.key for n in self._all_nodes() if n.data and not n.is_expanded}
        self._opened -= closed - self._wanted
        self._opened |= self._wanted
        self._wanted.clear()
        self.clear()
        self._add(self.root, map(self._marked, lines))
        self._return_to(kept)

    def _marked(self, line: Line) -> Line:
        """A line that says whether a breakpoint is set there."""
        entry, text, inner = line
        inner = [self._marked(each) for each in inner]
        if entry.breakpoint is None or entry.breakpoint not in self._marks:
            return entry, text, inner
        entry = replace(entry, tail=entry.tail + len(MARK))
        return entry, text.append_text(label((MARK, "bold $text-warning"))), inner

    def _add(self, parent: TreeNode[Entry], lines: Iterable[Line]) -> None:
        for entry, text, inner in lines:
            if inner:
                opened = entry.key in self._opened
                node = parent.add(text, entry, expand=opened)
                self._add(node, inner)
            else:
                parent.add_leaf(text, entry)

    def _return_to(self, entry: Entry | None) -> None:
        """Put the cursor back on the line it was on, else on the first."""
        nodes = list(self._all_nodes())
        same = [node for node in nodes if entry and node.data and node.data.key == entry.key]
        if nodes:
            self.call_after_refresh(self.move_cursor, (same or nodes)[0])

    def _all_nodes(self) -> Iterator[TreeNode[Entry]]:
        waiting = list(self.root.children)
        while waiting:
            node = waiting.pop(0)
            yield node
            waiting += node.children


def _ancestors(node: TreeNode[Entry]) -> list[TreeNode[Entry]]:
    found: list[TreeNode[Entry]] = []
    while node.parent is not None:
        node = node.parent
        found.append(node)
    return found


class PluginTree(RecordTree):
    """Every plugin: status, version, badge, generation, error; inside, what it listens to."""

    HELP = """\
Every plugin with its status (`✔` active, `◌` inactive, `✖` failed), version and generation: how
often it was loaded; `⟲ g1 again` if somebody went back to that. `composer` marks installed
distributions. `enter` opens a plugin: the hooks it listens to with their callbacks. `a` activates
or deactivates, `ctrl+r` loads it again. `m` mutes it, a hook of it or a callback until `m` is
pressed once more: what is muted (`◌`) is skipped."""

    def __init__(self, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id)
        self._failed: set[str] = set()
        self._muted: Collection[str] = ()

    def show(
        self,
        plugins: Collection[Plugin],
        hooks: list[Hook],
        muted: Collection[str] = (),
        marks: Set[Breakpoint] = frozenset(),
    ) -> None:
        """Draw the plugins; one that has just failed is opened, so that its error is seen.

        Those are marked that are `muted` as a whole, and the places of breakpoints, `marks`.
        """
        self._muted = muted
        self._marks = marks
        failed = {plugin.slug for plugin in plugins if plugin.error is not None}
        for slug in failed - self._failed:
            self.open_once(slug)
        self._failed = failed
        self.draw([self._plugin(plugin, hooks) for plugin in plugins])

    def _plugin(self, plugin: Plugin, hooks: list[Hook]) -> Line:
        failing = _failing_line(plugin)
        generation = f" g{plugin.generation}" if plugin.generation else ""
        generation += f" ⟲ g{plugin.undone} again" if plugin.undone else ""
        badge = f" {plugin.badge}" if plugin.badge else ""
        muted = " ◌ muted" if plugin.slug in self._muted else ""
        tail = len(f"{generation}{badge}{muted}{failing}")
        at = exactly(plugin=plugin.slug)
        place = _main_file(plugin)
        entry = Entry(plugin.slug, plugin.slug, None, place, "plugin", tail, breakpoint=at)
        mark = "✖" if plugin.stale else STATUS_GLYPHS[plugin.status]
        style = "$text-error" if plugin.stale else STATUS_STYLES[plugin.status]
        text = label(
            (f"{mark} ", style),
            (plugin.slug, f"bold {owner_style(plugin.slug)}" if plugin.generation else "bold"),
            (f" {plugin.version}" if plugin.version else "", ""),
            (generation, MUTED),
            (badge, "italic"),
            (muted, "$text-warning"),
            (failing, "$text-error"),
        )
        return entry, text, [*self._problems(plugin), *self._hooks(plugin, hooks)]

    def _problems(self, plugin: Plugin) -> Iterator[Line]:
        if plugin.error is None:
            return
        frame = plugin.error.frame
        place = Location(frame.file, frame.line) if frame else None
        where = f"line {frame.line}: " if frame else ""
        entry = Entry(f"{plugin.slug}/error", plugin.slug, place=place, node="error")
        yield entry, label((f"{where}{plugin.error}", "$text-error")), []
        if plugin.stale and plugin.loaded_at is not None:
            since = datetime.fromtimestamp(plugin.loaded_at).astimezone()
            words = f"running last good from {since:%H:%M:%S}"
            yield Entry(f"{plugin.slug}/stale", plugin.slug), label((words, "$text-warning")), []

    def _hooks(self, plugin: Plugin, hooks: list[Hook]) -> Iterator[Line]:
        for hook in hooks:
            own = [c for c in hook.callbacks if c.plugin == plugin.slug]
            if own:
                key = f"{plugin.slug}/{hook.kind}/{hook.name}"
                count = f"  {len(own)}"
                text = label((hook.name, ""), (count, MUTED))
                inner = [_callback(callback, key, n, "") for n, callback in enumerate(own)]
                place = _only_place(own)
                at = exactly(hook=hook.name, plugin=plugin.slug)
                entry = Entry(key, plugin.slug, hook.name, place, "hook", len(count), breakpoint=at)
                yield entry, text, inner


class HookTree(RecordTree):
    """Every hook by category, with its callbacks in running order."""

    HELP = """\
Every documented hook, and every other that somebody listens to. Inside: the callbacks in the order
they run, with their priority. `enter` opens a hook, `f` fires the one under the cursor, `m` mutes
it or a callback until `m` is pressed once more: what is muted (`◌`) is skipped."""

    def show(self, hooks: list[Hook], marks: Set[Breakpoint] = frozenset()) -> None:
        """Draw the hooks by category."""
        self._marks = marks
        groups: dict[str, list[Hook]] = {}
        for hook in hooks:
            category = hook.documented.category if hook.documented else "own hooks of plugins"
            groups.setdefault(category, []).append(hook)
        if not self._opened:
            self._opened |= {f"category/{category}" for category in groups}
        self.draw([self._category(name, inside) for name, inside in groups.items()])

    def _category(self, name: str, hooks: list[Hook]) -> Line:
        heard = sum(bool(hook.callbacks) for hook in hooks)
        count = f"  {heard} of {len(hooks)} heard"
        text = label((name, "bold"), (count, MUTED))
        at = exactly(category=name) if any(hook.documented for hook in hooks) else None
        entry = Entry(f"category/{name}", node="category", tail=len(count), breakpoint=at)
        return entry, text, [self._hook(hook) for hook in hooks]

    def _hook(self, hook: Hook) -> Line:
        key = f"{hook.kind}/{hook.name}"
        sign = "▷" if hook.kind == "filter" else "•"
        style = "" if hook.callbacks else MUTED
        count = f"  {len(hook.callbacks)}" if hook.callbacks else ""
        text = label((f"{sign} ", MUTED), (hook.name, style), (count, MUTED))
        inner = [
            _callback(c, key, n, f"  {c.plugin or 'host'}") for n, c in enumerate(hook.callbacks)
        ]
        place, tail = _only_place(hook.callbacks), len(count)
        at = exactly(hook=hook.name)
        entry = Entry(key, hook=hook.name, place=place, node="hook", tail=tail, breakpoint=at)
        return entry, text, inner


def _callback(callback: Callback, parent: str, number: int, owner: str) -> Line:
    place = _place(callback)
    note = f" {callback.note}" if callback.note else ""
    key, tail = f"{parent}/{number}", len(owner)
    at = exactly(hook=callback.hook, plugin=callback.plugin or "", callback=callback.callback)
    names = callback.plugin, callback.hook
    entry = Entry(key, *names, place, "callback", tail, callback.callback, at)
    text = label(
        (f"{callback.priority:>4g} ", MUTED),
        ("◌ " if note else "", "$text-warning"),
        (callback.callback, MUTED if callback.muted else ""),
        (note, "$text-warning"),
        (owner, owner_style(callback.plugin)),
    )
    return entry, text, []


def _place(callback: Callback) -> Location:
    return callback.defined_at or Location(callback.file, callback.line)


def _only_place(callbacks: Sequence[Callback]) -> Location | None:
    """Where a hook's callback is, if it has just one."""
    return _place(callbacks[0]) if len(callbacks) == 1 else None


def _failing_line(plugin: Plugin) -> str:
    frame = plugin.error.frame if plugin.error else None
    return f" {Path(frame.file).name}:{frame.line}" if frame else ""


def _main_file(plugin: Plugin) -> Location | None:
    if plugin.error is not None and plugin.error.frame is not None:
        return Location(plugin.error.frame.file, plugin.error.frame.line)
    return Location(f"{plugin.path}/{plugin.main_file or 'plugin.json'}", 1)
