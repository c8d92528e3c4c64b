"""Django's settings, configured once per process for every world that follows."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

from escalated_core.errors import UsageError

FIXED: Final = frozenset({"AUTH_USER_MODEL", "DATABASES", "INSTALLED_APPS"})
"""Settings that Django reads once per process, so no world can have its own."""


def check_django() -> None:
    """Raise `UsageError` if somebody else has configured Django in this process.

    Imports nothing: it may be asked by processes that never need Django.
    """
    conf = sys.modules.get("django.conf")
    if conf is None or not conf.settings.configured or configure_django.cache_info().currsize:
        return
    module = getattr(conf.settings, "SETTINGS_MODULE", None)
    raise UsageError(
        "Django is already configured in this process" + (f" (by {module})." if module else "."),
        "The embedded help desk needs a process of its own: run `escalated-workbench` in a"
        " terminal, or restart the notebook and open the workbench before Django.",
    )


@cache
def configure_django() -> None:
    """Set Django up for the help desk; later calls do nothing.

    Raises:
        UsageError: somebody else configured Django in this process.
    """
    check_django()
    import django
    from django.conf import settings

    settings.configure(**_settings())
    django.setup()


def _settings() -> dict[str, Any]:
    apps = ["django.contrib.contenttypes", "django.contrib.auth", "escalated_core.helpdesk"]
    if find_spec("django_celery_beat") and find_spec("celery"):
        apps.append("django_celery_beat")
    loaders = ["django.template.loaders.app_directories.Loader"]
    return {
        "AUTH_PASSWORD_VALIDATORS": [],
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ""}},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "DEFAULT_FROM_EMAIL": "support@example.com",
        "EMAIL_BACKEND": "escalated_core.helpdesk.mail.EmailBackend",
        # Nobody's: what is sent without a server of the plugin author's own must go nowhere.
        "EMAIL_HOST": "no-mail-server.invalid",
        "ESCALATED": {"MODE": "self_hosted", "PLUGINS_ENABLED": True},
        "INSTALLED_APPS": apps,
        # Logging belongs to the workbench; a world applies the LOGGING it was given.
        "LOGGING_CONFIG": None,
        "MIGRATION_MODULES": NoMigrations(),
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "SECRET_KEY": "the help desk keeps no secrets",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                # Not APP_DIRS: its loader is cached and would keep a plugin's old templates.
                "OPTIONS": {"loaders": loaders},
            }
        ],
        "TIME_ZONE": "UTC",
        "USE_I18N": False,
        "USE_TZ": True,
    }


class NoMigrations(dict[str, None]):
    """Says of every application that it has no migrations: tables are made from the models."""

    def __contains__(self, label: object) -> bool:
        return True

    def __getitem__(self, label: str) -> None:
        return None
