"""`migrate` for plugins: their tables are made from their models."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from escalated_core.helpdesk.plugin_models import (
    create_tables,
    drop_tables,
    is_plugin,
    plugin_labels,
)


class Command(migrate.Command):
    """Makes the missing tables of a plugin, or drops them when asked to migrate to `zero`.

    Without a label, every plugin's tables are made. Everything else goes to Django's own command.
    """

    def handle(self, *args: Any, **options: Any) -> str | None:
        label = options["app_label"]
        if label and is_plugin(label):
            if options["migration_name"] == "zero":
                self._report(label, "dropped", drop_tables(label))
            else:
                self._report(label, "created", create_tables(label))
            return None
        if not label:
            for plugin in plugin_labels():
                self._report(plugin, "created", create_tables(plugin))
        return super().handle(*args, **options)

    def _report(self, label: str, done: str, tables: list[str]) -> None:
        self.stdout.write(
            f"{label}: {done} {', '.join(tables)}" if tables else f"{label}: nothing to do"
        )
