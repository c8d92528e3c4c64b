"""What one world changes in its process besides the database, and how it is undone."""

from __future__ import annotations

import logging
import logging.config
import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.cache import caches
from django.test.utils import override_settings

from escalated_core.errors import UsageError
from escalated_core.trace.loggers import remember_loggers

LOCAL_CACHE = "django.core.cache.backends.locmem.LocMemCache"


@contextmanager
def overlaid(values: Mapping[str, Any]) -> Generator[None]:
    """Lay `values` over Django's settings, apply their LOGGING, and undo both at the end.

    Settings that plugins assign meanwhile are undone as well, mails and cached values forgotten.

    Raises:
        UsageError: LOGGING is not a valid logging configuration.
    """
    logged = configured_logging(values.get("LOGGING"))
    with _time_zone_kept(), override_settings(**values), logged:
        _forget_mail_and_cache()
        try:
            yield
        finally:
            _forget_mail_and_cache()


@contextmanager
def configured_logging(config: Mapping[str, Any] | None) -> Generator[None]:
    """Apply a logging configuration; at the end every logger is as it was before.

    Raises:
        UsageError: the configuration is not valid; nothing is changed then.
    """
    if not config:
        yield
        return
    restore = remember_loggers(born=config.get("loggers") or ())
    handlers: list[logging.Handler] = []
    try:
        _configure(config, handlers)
        yield
    finally:
        restore()
        for handler in handlers:
            handler.close()


def _configure(config: Mapping[str, Any], handlers: list[logging.Handler]) -> None:
    """Apply `config` and collect the handlers it makes."""
    # dictConfig closes every handler of the process, so it must not see those of others.
    registered: list[Any] = vars(logging)["_handlerList"]
    named: Any = vars(logging)["_handlers"]
    others, names = list(registered), dict(named)
    registered.clear()
    try:
        # Django configures logging before plugins have loggers: there it never disables theirs.
        logging.config.dictConfig({**config, "disable_existing_loggers": False})
    except (ValueError, TypeError, AttributeError, ImportError) as error:
        reason = f"{error} ({error.__cause__})" if error.__cause__ else str(error)
        raise UsageError(
            f"The setting LOGGING is not a valid logging configuration: {reason}.",
            "See https://docs.python.org/3/library/logging.config.html for its form.",
        ) from error
    finally:
        handlers += [handler for ref in registered if (handler := ref()) is not None]
        registered[:0] = others
        for name, handler in names.items():
            named.setdefault(name, handler)


@contextmanager
def _time_zone_kept() -> Generator[None]:
    """Django sets the time zone of the whole process when TIME_ZONE changes."""
    before = os.environ.get("TZ")
    try:
        yield
    finally:
        if os.environ.get("TZ") != before:
            if before is None:
                os.environ.pop("TZ")
            else:
                os.environ["TZ"] = before
            if hasattr(time, "tzset"):
                time.tzset()


def _forget_mail_and_cache() -> None:
    mail.outbox = []
    for alias, options in settings.CACHES.items():
        if options["BACKEND"] == LOCAL_CACHE:
            caches[alias].clear()
