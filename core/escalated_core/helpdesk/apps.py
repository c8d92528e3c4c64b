"""The help desk as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class HelpDeskConfig(AppConfig):
    """Labelled like the real package, so that `ForeignKey("escalated.Ticket")` means the same."""

    name = "escalated_core.helpdesk"
    label = "escalated"
    verbose_name = "Help desk"
    default_auto_field = "django.db.models.BigAutoField"
